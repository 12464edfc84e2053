use tenantry_kernel::testing::SequentialIds;
use tenantry_kernel::{Currency, Money, Permission, Ratio};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::super::line::{Basis, LineKind};
use super::super::model::Purpose;
use super::*;
use crate::account::BillingAccount;
use crate::payment::{Collection, Draft};
use crate::period::Period;
use crate::testing::{FakeBillingStore, MemoryBillingStore, TestGateway};

const NOW: OffsetDateTime = datetime!(2026-11-21 02:00:00 UTC);

struct World {
    store: MemoryBillingStore,
    service: InvoiceService,
    collection: Collection,
}

impl World {
    async fn new(credit_minor: i64) -> Self {
        let gateway = Arc::new(TestGateway::default());
        let store = MemoryBillingStore::default();
        let collection = Collection::new(gateway, Arc::new(SequentialIds::default()));
        let world = Self {
            service: InvoiceService::new(Arc::new(store.clone())),
            store,
            collection,
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
}

fn scope(permissions: &[Permission]) -> TenantScope {
    TenantScope::for_test(1, permissions)
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
    let service = InvoiceService::new(Arc::new(store));
    let id = InvoiceId::from_uuid(Uuid::from_u128(1));

    assert!(matches!(
        service.list(&scope(&[]), PageRequest::first()).await,
        Err(InvoiceError::Denied(_))
    ));
    assert!(matches!(
        service.show(&scope(&[]), id).await,
        Err(InvoiceError::Denied(_))
    ));
    assert_eq!(committed.actions(), None);
}

#[tokio::test]
async fn an_unknown_invoice_is_not_found() {
    let world = World::new(0).await;
    let unknown = InvoiceId::from_uuid(Uuid::from_u128(99));

    let refused = world.service.show(&scope(&[INVOICES_READ]), unknown).await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::NotFound);
}
