use tenantry_kernel::Ratio;
use time::macros::datetime;
use uuid::Uuid;

use super::super::explain;
use super::super::line::{BrokenLine, LineId, LineKind, Rule};
use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00 UTC);

fn period() -> Period {
    Period::new(NOW, datetime!(2026-12-21 02:00:00 UTC)).unwrap()
}

fn charge(minor: i64) -> Line {
    let basis = Basis::charge(
        LineKind::Subscription,
        "Pro (monthly)".to_owned(),
        Ratio::ONE,
        Ratio::whole(i128::from(minor)),
        (period(), Ratio::ONE),
        Currency::USD,
    );
    Line {
        id: LineId::from_uuid(Uuid::from_u128(1)),
        basis: basis.unwrap(),
    }
}

fn credit(billed: i64) -> Line {
    let half = Ratio::new(1, 2).unwrap();
    let price = Ratio::whole(i128::from(billed));
    let billed = Money::new(billed, Currency::USD);
    let basis = Basis::residual("Unused".to_owned(), Ratio::ONE, price, (period(), half), billed);
    Line {
        id: LineId::from_uuid(Uuid::from_u128(2)),
        basis: basis.unwrap(),
    }
}

fn draft(lines: Vec<Line>, credit_minor: i64) -> Invoice {
    let id = InvoiceId::from_uuid(Uuid::from_u128(9));
    let credit = Money::new(credit_minor, Currency::USD);
    Invoice::draft(id, None, Purpose::Manual, lines, credit, NOW).unwrap()
}

#[test]
fn credit_is_used_up_to_what_is_owed_and_a_negative_sum_grants_credit() {
    for (lines, available, subtotal, applied, due) in [
        (vec![charge(1_000)], 0, 1_000, 0, 1_000),
        (vec![charge(1_000)], 400, 1_000, 400, 600),
        (vec![charge(1_000)], 5_000, 1_000, 1_000, 0),
        (vec![charge(1_000), credit(4_001)], 300, -1_000, -1_000, 0),
    ] {
        let invoice = draft(lines, available);

        assert_eq!(invoice.subtotal().amount_minor(), subtotal);
        assert_eq!(invoice.credit_applied().amount_minor(), applied);
        assert_eq!(invoice.amount_due().amount_minor(), due);
    }
}

#[test]
fn a_draft_is_issued_then_paid_and_nothing_else_follows() {
    let mut invoice = draft(vec![charge(1_000)], 0);
    assert_eq!(invoice.pay(NOW), Err(InvoiceRule::Draft));

    invoice.finalize(InvoiceNumber(42), NOW).unwrap();
    assert_eq!(invoice.number().unwrap().to_string(), "INV-000042");
    assert_eq!(invoice.finalize(InvoiceNumber(43), NOW), Err(InvoiceRule::Issued));
    assert_eq!(invoice.discard(NOW), Err(InvoiceRule::Issued));
    invoice.pay(NOW).unwrap();

    assert_eq!(invoice.status(), InvoiceStatus::Paid { at: NOW });
    assert_eq!(invoice.pay(NOW), Err(InvoiceRule::Paid));
    assert_eq!(invoice.void(NOW), Err(InvoiceRule::Paid));
    assert_eq!(invoice.discard(NOW), Err(InvoiceRule::Paid));
    assert_eq!(invoice.number(), Some(InvoiceNumber(42)));
}

#[test]
fn a_draft_that_is_given_up_never_gets_a_number() {
    let mut invoice = draft(vec![charge(1_000)], 0);

    invoice.discard(NOW).unwrap();

    assert_eq!(invoice.status(), InvoiceStatus::Void { at: NOW });
    assert_eq!(invoice.number(), None);
    assert_eq!(invoice.finalize(InvoiceNumber(1), NOW), Err(InvoiceRule::Void));
}

#[test]
fn a_line_that_does_not_follow_from_its_basis_is_refused() {
    let good = credit(4_001).basis;
    let restore = |amount: Money| {
        Basis::restore(
            good.kind(),
            good.description().to_owned(),
            good.quantity(),
            good.unit_price(),
            good.period(),
            good.fraction(),
            good.rule(),
            amount,
        )
    };

    assert_eq!(restore(good.amount()).unwrap(), good);
    assert_eq!(restore(Money::new(-2_001, Currency::USD)), Err(BrokenLine));
}

#[test]
fn stored_parts_that_contradict_each_other_are_refused() {
    let issue = Some(Issue {
        number: InvoiceNumber(1),
        at: NOW,
    });
    let parts = |status, issue, credit_minor| InvoiceParts {
        id: InvoiceId::from_uuid(Uuid::from_u128(9)),
        subscription: None,
        purpose: Purpose::Manual,
        status,
        issue,
        lines: vec![charge(1_000)],
        credit_applied: Money::new(credit_minor, Currency::USD),
        created_at: NOW,
        version: 1,
    };

    for broken in [
        parts(InvoiceStatus::Draft, issue, 0),
        parts(InvoiceStatus::Open, None, 0),
        parts(InvoiceStatus::Paid { at: NOW }, None, 0),
    ] {
        assert_eq!(Invoice::restore(broken), Err(BrokenInvoice::Number));
    }
    assert_eq!(
        Invoice::restore(parts(InvoiceStatus::Open, issue, 1_001)),
        Err(BrokenInvoice::Amounts)
    );
    assert!(Invoice::restore(parts(InvoiceStatus::Open, issue, 1_000)).is_ok());
}

#[test]
fn an_explanation_recomputes_every_line_to_the_cent() {
    let invoice = draft(vec![charge(1_000), credit(333)], 100);

    let explained = explain(&invoice).unwrap();

    assert!(explained.agrees);
    // 333 × 1/2 = 166.5, kept 167, credited 166.
    assert_eq!(explained.lines[1].exact_minor, Ratio::new(333, 2).unwrap());
    assert_eq!(explained.lines[1].rounded.amount_minor(), 167);
    assert_eq!(explained.lines[1].amount.amount_minor(), -166);
    assert!(explained.lines[1].sentence.contains("333/2"));
    assert_eq!(explained.amount_due.amount_minor(), 1_000 - 166 - 100);
    assert!(matches!(invoice.lines()[1].basis.rule(), Rule::Residual { .. }));
}
