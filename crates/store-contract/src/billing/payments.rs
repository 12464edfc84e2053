//! Payment methods and attempts.

use tenantry_billing::gateway::{MethodDetails, MethodToken};
use tenantry_billing::invoice::Purpose;
use tenantry_billing::payment::{AttemptStatus, PAYMENT_IN_PROGRESS, PaymentAttempt, PaymentAttemptId, Source};
use tenantry_billing::payment_method::{PAYMENT_METHOD_EXISTS, PaymentMethod, PaymentMethodId};
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;

use super::{BillingHarness, NOW, begin, draft, found_with_credit, invoice_id, keep_invoices, read, usd};
use crate::{is_stale, next_page, refused_by};

fn method_id(number: u128) -> PaymentMethodId {
    PaymentMethodId::from_uuid(Uuid::from_u128(number))
}

fn details() -> MethodDetails {
    MethodDetails {
        brand: "visa".to_owned(),
        last4: "0042".to_owned(),
    }
}

fn method(number: u128, is_default: bool) -> PaymentMethod {
    PaymentMethod {
        id: method_id(number),
        token: MethodToken::try_from(format!("card_{number}").as_str()).unwrap(),
        details: details(),
        is_default,
        created_at: NOW,
    }
}

async fn keep_methods(store: &impl BillingHarness, tenant: u128, methods: &[PaymentMethod]) {
    let mut unit = begin(store, tenant).await;
    for method in methods {
        unit.payment_methods().insert(method).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

pub(super) fn attempt(number: u128, invoice: u128, source: Source) -> PaymentAttempt {
    PaymentAttempt {
        id: PaymentAttemptId::from_uuid(Uuid::from_u128(number)),
        invoice: invoice_id(invoice),
        source,
        token: MethodToken::try_from("card_1").unwrap(),
        amount: usd(9_900),
        status: AttemptStatus::Pending,
        created_at: NOW,
    }
}

/// A method comes back as it went, by id, by token and as the default, for its own tenant only.
pub async fn a_method_comes_back_whole_for_its_tenant(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    let mine = method(1, true);
    keep_methods(store, 1, std::slice::from_ref(&mine)).await;

    let mut unit = read(store, 1).await;
    assert_eq!(unit.payment_methods().find(mine.id).await.unwrap(), Some(mine.clone()));
    assert_eq!(
        unit.payment_methods().find_by_token(&mine.token).await.unwrap(),
        Some(mine.clone())
    );
    assert_eq!(
        unit.payment_methods().default_method().await.unwrap(),
        Some(mine.clone())
    );
    drop(unit);
    let mut unit = begin(store, 2).await;
    assert_eq!(unit.payment_methods().find(mine.id).await.unwrap(), None);
    assert_eq!(unit.payment_methods().find_by_token(&mine.token).await.unwrap(), None);
    assert_eq!(unit.payment_methods().default_method().await.unwrap(), None);
    assert!(!unit.payment_methods().set_default(mine.id).await.unwrap());
    assert!(!unit.payment_methods().delete(mine.id).await.unwrap());
    unit.payment_methods().insert(&mine).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
}

/// A method is on file once per tenant.
pub async fn a_method_is_on_file_once(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_methods(store, 1, &[method(1, true)]).await;
    let again = PaymentMethod {
        id: method_id(2),
        ..method(1, false)
    };

    let mut unit = begin(store, 1).await;
    let refused = unit.payment_methods().insert(&again).await;

    assert_eq!(refused_by(refused), PAYMENT_METHOD_EXISTS);
}

/// There is one default: a new one replaces the old one, by insertion or by choice.
pub async fn there_is_one_default(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_methods(store, 2, &[method(1, true)]).await;
    keep_methods(store, 1, &[method(1, true), method(2, false), method(3, true)]).await;
    let default = async |tenant| {
        let mut unit = read(store, tenant).await;
        unit.payment_methods().default_method().await.unwrap().unwrap().id
    };
    assert_eq!(default(1).await, method_id(3));

    let mut unit = begin(store, 1).await;
    assert!(unit.payment_methods().set_default(method_id(2)).await.unwrap());
    assert!(!unit.payment_methods().set_default(method_id(9)).await.unwrap());
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(default(1).await, method_id(2));
    assert_eq!(default(2).await, method_id(1));
    let mut unit = read(store, 1).await;
    let listed = unit
        .payment_methods()
        .list(next_page::<()>(10, None))
        .await
        .unwrap()
        .items;
    assert_eq!(listed, [method(3, false), method(2, true), method(1, false)]);
}

/// Methods are listed newest first, in pages, and one that is removed is gone.
pub async fn methods_are_listed_in_pages_and_removed(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_methods(store, 1, &[method(1, true), method(2, false), method(3, false)]).await;
    let mut unit = begin(store, 1).await;

    let first = unit.payment_methods().list(next_page::<()>(2, None)).await.unwrap();
    let second = unit.payment_methods().list(next_page(2, Some(&first))).await.unwrap();

    assert_eq!(first.items, [method(3, false), method(2, false)]);
    assert_eq!((second.items, second.next), (vec![method(1, true)], None));
    assert!(unit.payment_methods().delete(method_id(2)).await.unwrap());
    assert!(!unit.payment_methods().delete(method_id(2)).await.unwrap());
    assert_eq!(unit.payment_methods().find(method_id(2)).await.unwrap(), None);
}

/// Every field comes back as it went, in every state, for its own tenant only.
pub async fn an_attempt_comes_back_whole_for_its_tenant(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[draft(1, Purpose::Manual, 0)]).await;
    let new = Source::New {
        id: method_id(8),
        details: details(),
    };
    let succeeded = PaymentAttempt {
        status: AttemptStatus::Succeeded {
            charge_id: "charge_1".to_owned(),
            at: NOW + Duration::microseconds(1),
        },
        ..attempt(1, 1, Source::OnFile(method_id(7)))
    };
    let failed = PaymentAttempt {
        status: AttemptStatus::Failed {
            code: "card_declined".to_owned(),
            at: NOW,
        },
        ..attempt(2, 1, new.clone())
    };
    let all = [succeeded, failed, attempt(3, 1, new)];
    let mut unit = begin(store, 1).await;
    for attempt in &all {
        unit.payment_attempts().insert(attempt).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = read(store, 1).await;
    assert_eq!(unit.payment_attempts().of_invoice(invoice_id(1)).await.unwrap(), all);
    assert_eq!(
        unit.payment_attempts().find(all[1].id).await.unwrap().as_ref(),
        Some(&all[1])
    );
    assert_eq!(unit.payment_attempts().pending().await.unwrap().as_ref(), Some(&all[2]));
    drop(unit);
    let mut unit = begin(store, 2).await;
    assert_eq!(
        unit.payment_attempts().of_invoice(invoice_id(1)).await.unwrap(),
        Vec::new()
    );
    assert_eq!(unit.payment_attempts().find(all[1].id).await.unwrap(), None);
    assert_eq!(unit.payment_attempts().pending().await.unwrap(), None);
    assert!(is_stale(&unit.payment_attempts().settle(&all[2]).await));
}

/// One payment of a tenant is under way at a time, also when several begin at once.
pub async fn one_attempt_is_pending_also_under_concurrency(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    for tenant in [1, 2] {
        keep_invoices(store, tenant, &[draft(1, Purpose::Manual, 0)]).await;
    }
    let insert = async |number: u128| {
        let mut unit = begin(store, 1).await;
        let attempt = attempt(number, 1, Source::OnFile(method_id(1)));
        unit.payment_attempts().insert(&attempt).await?;
        tokio::task::yield_now().await;
        unit.commit(Vec::new()).await
    };

    let begun = futures_util::future::join_all((1..=4).map(insert)).await;

    let (winners, losers): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!(winners.len(), 1);
    for loser in losers {
        assert_eq!(refused_by(loser), PAYMENT_IN_PROGRESS);
    }
    let mut unit = begin(store, 2).await;
    let theirs = attempt(1, 1, Source::OnFile(method_id(1)));
    unit.payment_attempts().insert(&theirs).await.unwrap();
}

/// A result is recorded once; afterwards another payment may begin.
pub async fn a_result_is_recorded_once(store: &impl BillingHarness) {
    found_with_credit(store, 0).await;
    keep_invoices(store, 1, &[draft(1, Purpose::Manual, 0)]).await;
    let pending = attempt(1, 1, Source::OnFile(method_id(1)));
    let failed = PaymentAttempt {
        status: AttemptStatus::Failed {
            code: "card_declined".to_owned(),
            at: NOW,
        },
        ..pending.clone()
    };
    let mut unit = begin(store, 1).await;
    unit.payment_attempts().insert(&pending).await.unwrap();

    unit.payment_attempts().settle(&failed).await.unwrap();
    let again = unit.payment_attempts().settle(&failed).await;

    assert!(is_stale(&again), "{again:?}");
    assert_eq!(unit.payment_attempts().find(pending.id).await.unwrap(), Some(failed));
    assert_eq!(unit.payment_attempts().pending().await.unwrap(), None);
    let next = attempt(2, 1, Source::OnFile(method_id(1)));
    unit.payment_attempts().insert(&next).await.unwrap();
}
