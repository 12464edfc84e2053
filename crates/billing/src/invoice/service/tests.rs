use tenantry_kernel::testing::{FixedClock, SequentialIds};
use tenantry_kernel::{Currency, IdSource, Money, Permission, Ratio};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::super::line::{Basis, LineKind};
use super::super::model::{InvoiceStatus, Purpose};
use super::*;
use crate::account::BillingAccount;
use crate::payment::Draft;
use crate::period::Period;
use crate::testing::{FakeBillingStore, MemoryBillingStore, TestGateway};

const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00 UTC);

struct World {
    store: MemoryBillingStore,
    gateway: Arc<TestGateway>,
    service: InvoiceService,
    collection: Collection,
    ids: Arc<SequentialIds>,
}

impl World {
    async fn new(credit_minor: i64) -> Self {
        let gateway = Arc::new(TestGateway::default());
        let ids = Arc::new(SequentialIds::default());
        let store = MemoryBillingStore::default();
        let collection = Collection::new(gateway.clone(), ids.clone());
        let clock = Arc::new(FixedClock::at(NOW));
        let world = Self {
            service: InvoiceService::new(Arc::new(store.clone()), collection.clone(), clock),
            store,
            gateway,
            collection,
            ids,
        };
        let account = BillingAccount::restore(Money::new(credit_minor, Currency::USD)).unwrap();
        let mut unit = world.store.begin(&scope(&[])).await.unwrap();
        unit.billing_accounts().insert(&account).await.unwrap();
        unit.commit(vec![]).await.unwrap();
        world
    }

    /// Issues an invoice over 10 dollars.
    async fn issue(&self) -> InvoiceId {
        let period = Period::new(NOW, datetime!(2026-12-21 02:00:00 UTC)).unwrap();
        let line = Basis::charge(
            LineKind::Subscription,
            "Pro".to_owned(),
            Ratio::ONE,
            Ratio::whole(1_000),
            (period, Ratio::ONE),
            Currency::USD,
        );
        let draft = Draft {
            subscription: None,
            purpose: Purpose::Manual,
            lines: vec![line.unwrap()],
        };
        let mut unit = self.store.begin(&scope(&[])).await.unwrap();
        let (invoice, events) = self.collection.issue(&mut *unit, draft, NOW).await.unwrap().unwrap();
        unit.commit(events).await.unwrap();
        invoice.id()
    }

    async fn pay(&self, invoice: InvoiceId, token: &str) -> Result<Invoice, InvoiceError> {
        let request = PayInvoice {
            invoice,
            payment_method: Some(token.to_owned()),
        };
        self.service.pay(&scope(&[BILLING_MANAGE]), request).await
    }
}

fn scope(permissions: &[Permission]) -> TenantScope {
    TenantScope::for_test(1, permissions)
}

#[tokio::test]
async fn an_open_invoice_is_paid_once() {
    let world = World::new(0).await;
    let invoice = world.issue().await;

    let paid = world.pay(invoice, "card_ok").await.unwrap();
    let again = world.pay(invoice, "card_ok").await.unwrap_err();

    assert_eq!(paid.status(), InvoiceStatus::Paid { at: NOW });
    assert_eq!(again.code(), "invoice_already_paid");
    assert_eq!(world.gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_refused_card_leaves_the_invoice_open_to_another() {
    let world = World::new(0).await;
    let invoice = world.issue().await;

    let refused = world.pay(invoice, "card_declined").await.unwrap_err();
    let paid = world.pay(invoice, "card_ok").await;

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::PaymentRequired, "payment_required")
    );
    assert_eq!(refused.details(), vec![("decline_code", "card_declined".into())]);
    assert!(paid.is_ok());
}

#[tokio::test]
async fn a_payment_that_was_cut_off_is_finished_and_not_made_twice() {
    let world = World::new(0).await;
    let invoice = world.issue().await;
    let mut unit = world.store.begin(&scope(&[])).await.unwrap();
    let card = world.collection.pay_with(Some("card_ok")).await.unwrap();
    let begun = world.collection.begin(&mut *unit, invoice, &card, NOW).await.unwrap();
    unit.commit(vec![]).await.unwrap();
    world.collection.charge(&begun.attempt).await.unwrap();

    let paid = world.pay(invoice, "card_other").await.unwrap();

    assert_eq!(paid.status(), InvoiceStatus::Paid { at: NOW });
    assert_eq!(world.gateway.charges().len(), 1);
    assert_eq!(world.gateway.times_asked(), 1);
}

#[tokio::test]
async fn a_waived_invoice_returns_its_credit_and_cannot_be_paid() {
    let world = World::new(300).await;
    let invoice = world.issue().await;

    let void = world.service.void(&scope(&[PLATFORM_MANAGE]), invoice).await.unwrap();
    let refused = world.pay(invoice, "card_ok").await.unwrap_err();

    assert_eq!(void.status(), InvoiceStatus::Void { at: NOW });
    let account = world.store.book(scope(&[]).tenant_id()).account.unwrap();
    assert_eq!(account.credit().amount_minor(), 300);
    assert_eq!(refused.code(), "invoice_void");
}

#[tokio::test]
async fn an_invoice_is_not_waived_while_it_is_being_paid() {
    let world = World::new(0).await;
    let invoice = world.issue().await;
    let mut unit = world.store.begin(&scope(&[])).await.unwrap();
    let card = world.collection.pay_with(Some("card_ok")).await.unwrap();
    world.collection.begin(&mut *unit, invoice, &card, NOW).await.unwrap();
    unit.commit(vec![]).await.unwrap();

    let refused = world.service.void(&scope(&[PLATFORM_MANAGE]), invoice).await;

    assert!(matches!(refused, Err(InvoiceError::InProgress)));
}

#[tokio::test]
async fn an_invoice_explains_itself() {
    let world = World::new(300).await;
    let invoice = world.issue().await;

    let explained = world.service.explain(&scope(&[INVOICES_READ]), invoice).await.unwrap();

    assert!(explained.agrees);
    assert_eq!(explained.amount_due.amount_minor(), 700);
}

#[tokio::test]
async fn without_the_permission_the_store_is_never_reached() {
    let store = FakeBillingStore::with([]);
    let committed = store.committed();
    let ids: Arc<dyn IdSource> = Arc::new(SequentialIds::default());
    let gateway = Arc::new(TestGateway::default());
    let clock = Arc::new(FixedClock::at(NOW));
    let service = InvoiceService::new(Arc::new(store), Collection::new(gateway, ids), clock);
    let id = InvoiceId::from_uuid(Uuid::from_u128(1));
    let pay = PayInvoice {
        invoice: id,
        payment_method: None,
    };
    let reader = scope(&[INVOICES_READ]);

    assert!(matches!(
        service.list(&scope(&[]), PageRequest::first()).await,
        Err(InvoiceError::Denied(_))
    ));
    assert!(matches!(
        service.show(&scope(&[]), id).await,
        Err(InvoiceError::Denied(_))
    ));
    assert!(matches!(service.pay(&reader, pay).await, Err(InvoiceError::Denied(_))));
    assert!(matches!(
        service.void(&scope(&[BILLING_MANAGE]), id).await,
        Err(InvoiceError::Denied(_))
    ));
    assert_eq!(committed.actions(), None);
}

#[tokio::test]
async fn an_unknown_invoice_is_not_found_and_nothing_is_charged() {
    let world = World::new(0).await;
    let unknown = InvoiceId::from_uuid(world.ids.next());

    let refused = world.pay(unknown, "card_ok").await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::NotFound);
    assert_eq!(world.gateway.times_asked(), 0);
}
