use tenantry_billing::invoice::InvoiceStatus;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{DomainError, ErrorKind, StoreError};

use super::*;
use crate::sign_up::SignedUp;
use crate::testing::House;

/// A tenant on a plan without a trial, and what it owes for its first period.
async fn owing(house: &House) -> (SignedUp, InvoiceId) {
    let made = house.found("acme", "team").await;
    let invoice = house.store.book(made.tenant.id()).invoices[0].id();
    (made, invoice)
}

fn with(invoice: InvoiceId, card: &str) -> PayInvoice {
    PayInvoice {
        invoice,
        payment_method: Some(card.to_owned()),
    }
}

async fn operator_in(house: &House, made: &SignedUp) -> TenantScope {
    let session = made.owner.id().as_uuid();
    let gate = house.gate();
    let (user, session) = (made.owner.user(), tenantry_kernel::SessionId::from_uuid(session));
    let entered = gate.enter_operator(
        made.tenant.id(),
        user,
        session,
        false,
        tenantry_kernel::Origin::default(),
    );
    entered.await.unwrap()
}

#[tokio::test]
async fn an_open_invoice_is_paid_once() {
    let house = House::default();
    let (made, invoice) = owing(&house).await;
    let scope = house.owner_of(&made).await;

    let paid = house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_ok"))
        .await
        .unwrap();
    let again = house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_ok"))
        .await
        .unwrap_err();

    assert!(matches!(paid.status(), InvoiceStatus::Paid { .. }));
    assert_eq!(again.code(), "invoice_already_paid");
    assert_eq!(house.gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_refused_card_leaves_the_invoice_open_to_another() {
    let house = House::default();
    let (made, invoice) = owing(&house).await;
    let scope = house.owner_of(&made).await;

    let refused = house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_declined"))
        .await
        .unwrap_err();
    let paid = house.owed_invoices().pay(&scope, with(invoice, "card_ok")).await;

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::PaymentRequired, "payment_required")
    );
    assert_eq!(refused.details(), vec![("decline_code", "card_declined".into())]);
    assert!(paid.is_ok());
}

#[tokio::test]
async fn a_payment_that_was_cut_off_is_finished_and_not_made_twice() {
    let house = House::default();
    let (made, invoice) = owing(&house).await;
    let scope = house.owner_of(&made).await;
    house
        .store
        .fail_commit_after(1, StoreError::Unavailable("killed".into()));
    house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_ok"))
        .await
        .unwrap_err();

    let paid = house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_other"))
        .await
        .unwrap();

    assert!(matches!(paid.status(), InvoiceStatus::Paid { .. }));
    assert_eq!(house.gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_waived_invoice_cannot_be_paid() {
    let house = House::default();
    let (made, invoice) = owing(&house).await;
    let operator = operator_in(&house, &made).await;

    let void = house.owed_invoices().void(&operator, invoice).await.unwrap();
    let scope = house.owner_of(&made).await;
    let refused = house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_ok"))
        .await
        .unwrap_err();

    assert!(matches!(void.status(), InvoiceStatus::Void { .. }));
    assert_eq!(refused.code(), "invoice_void");
    assert_eq!(house.gateway.charges(), vec![]);
}

#[tokio::test]
async fn an_invoice_is_not_waived_while_it_is_being_paid() {
    let house = House::default();
    let (made, invoice) = owing(&house).await;
    let scope = house.owner_of(&made).await;
    house
        .owed_invoices()
        .pay(&scope, with(invoice, "card_timeout_before_charge"))
        .await
        .unwrap_err();

    let operator = operator_in(&house, &made).await;
    let refused = house.owed_invoices().void(&operator, invoice).await;

    assert!(matches!(refused, Err(InvoiceError::InProgress)));
}

#[tokio::test]
async fn without_the_permission_nothing_is_written() {
    let house = House::default();
    let (made, invoice) = owing(&house).await;
    let before = house.store.commits().len();
    let nobody = TenantScope::for_test(1, &[]);
    let owner = house.owner_of(&made).await;

    let pay = house.owed_invoices().pay(&nobody, with(invoice, "card_ok")).await;
    let void = house.owed_invoices().void(&owner, invoice).await;

    assert!(matches!(pay, Err(InvoiceError::Denied(_))));
    assert!(matches!(void, Err(InvoiceError::Denied(_))));
    assert_eq!(house.store.commits().len(), before);
}

#[tokio::test]
async fn an_unknown_invoice_is_not_found_and_nothing_is_charged() {
    let house = House::default();
    let (made, _) = owing(&house).await;
    let scope = house.owner_of(&made).await;
    let unknown = InvoiceId::from_uuid(Uuid::from_u128(99));

    let refused = house
        .owed_invoices()
        .pay(&scope, with(unknown, "card_ok"))
        .await
        .unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(house.gateway.charges(), vec![]);
}
