//! One unit over every domain.

use tenantry_activity::audit::AuditFilter;
use tenantry_billing::account::BillingAccount;
use tenantry_identity::testing::fixtures::{user, user_id};
use tenantry_kernel::error::IDEMPOTENCY_KEY_USED;
use tenantry_kernel::{Event, Receipt, StoreError, TenantScope};
use tenantry_lifecycle::store::LifecycleUnit;
use tenantry_quotas::gauge::Consumption;
use tenantry_quotas::testing::code;
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{member, tenant, tenant_id};

use super::LifecycleHarness;
use crate::activity::entries;
use crate::billing::usd;
use crate::refused_by;
use crate::tenancy::scope;

const OPERATION: &str = "signup";

fn owner() -> Membership {
    member(10, SystemRole::Owner)
}

fn receipt(platform: bool) -> Receipt {
    Receipt {
        operation: OPERATION,
        key: "k".into(),
        body_digest: [7; 32],
        platform,
    }
}

/// Registers person `number` and founds a tenant of that number, as a sign-up does, without committing.
async fn found(
    store: &impl LifecycleHarness,
    scope: &TenantScope,
    number: u128,
) -> Result<Box<dyn LifecycleUnit>, StoreError> {
    let person = user(number);
    let mut unit = store.lifecycle().begin_spanning(scope, Some(person.id())).await?;
    unit.tenants()
        .insert(&tenant(number, &format!("tenant-{number}")))
        .await?;
    unit.users().insert(&person).await?;
    unit.memberships().insert(&owner()).await?;
    let account = BillingAccount::restore(usd(5)).unwrap();
    unit.as_billing().billing_accounts().insert(&account).await?;
    let seated = unit.gauges().adjust(&code("users"), 1, Some(1)).await?;
    assert_eq!(seated, Consumption::Granted { used: 1 });
    Ok(unit)
}

/// What there is of a founding: tenant, owner, account, seat, person.
async fn founded(store: &impl LifecycleHarness, number: u128) -> [bool; 5] {
    let mut unit = store.lifecycle().read_spanning(&scope(number)).await.unwrap();
    let tenant = unit.tenants().find().await.unwrap().is_some();
    let owner = unit.memberships().find(owner().id()).await.unwrap().is_some();
    let account = unit.billing_accounts().find().await.unwrap().is_some();
    let seat = unit.gauges().used(&code("users")).await.unwrap() == 1;
    drop(unit);
    let mut own = store.identity().read_person(user_id(number)).await.unwrap();
    let person = own.users().find(user_id(number)).await.unwrap().is_some();
    [tenant, owner, account, seat, person]
}

/// What several domains write in one unit lands together, and is told as the principal's act in the tenant.
pub async fn domains_commit_together(store: &impl LifecycleHarness) {
    let one = scope(1);

    let unit = found(store, &one, 1).await.unwrap();
    unit.commit(vec![Event::new("tenant.created", 1)]).await.unwrap();

    assert_eq!(founded(store, 1).await, [true; 5]);
    let told = entries(store, &one, AuditFilter::default()).await;
    let acts: Vec<_> = told
        .iter()
        .map(|entry| (entry.action.as_str(), entry.actor.id.clone()))
        .collect();
    assert_eq!(acts, [("tenant.created", one.principal().identifier())]);
}

/// What several domains write in one unit is undone together.
pub async fn domains_are_undone_together(store: &impl LifecycleHarness) {
    let unit = found(store, &scope(1), 1).await.unwrap();

    drop(unit);

    assert_eq!(founded(store, 1).await, [false; 5]);
    assert_eq!(entries(store, &scope(1), AuditFilter::default()).await, []);
    assert_eq!(store.identity().user_by_email(user(1).email()).await.unwrap(), None);
}

/// A unit reaches one tenant, and the person it was begun for; without a person it reaches nobody.
pub async fn a_unit_reaches_one_tenant_and_one_person(store: &impl LifecycleHarness) {
    for number in [1, 2] {
        let unit = found(store, &scope(number), number).await.unwrap();
        unit.commit(vec![Event::new("tenant.created", number)]).await.unwrap();
    }

    let mut both = store
        .lifecycle()
        .begin_spanning(&scope(1), Some(user_id(2)))
        .await
        .unwrap();
    assert_eq!(both.tenants().find().await.unwrap().unwrap().id(), tenant_id(1));
    assert!(both.users().find(user_id(2)).await.unwrap().is_some());
    assert!(both.users().find(user_id(1)).await.unwrap().is_none());
    drop(both);

    let mut nobody = store.lifecycle().begin_spanning(&scope(1), None).await.unwrap();
    assert!(nobody.users().find(user_id(1)).await.unwrap().is_none());
    drop(nobody);
    let mut stranger = store.lifecycle().read_spanning(&scope(3)).await.unwrap();
    assert!(stranger.tenants().find().await.unwrap().is_none());
    assert!(stranger.memberships().find(owner().id()).await.unwrap().is_none());
    assert!(stranger.billing_accounts().find().await.unwrap().is_none());
}

/// The receipt of a sign-up is the platform's: it is found without the tenant, which a retry cannot know, and a
/// retry founds nothing although its tenant and its person are others.
pub async fn a_founding_leaves_its_receipt_with_the_platform(store: &impl LifecycleHarness) {
    let first = scope(1).with_receipt(receipt(true));
    let unit = found(store, &first, 1).await.unwrap();
    unit.commit(vec![Event::new("tenant.created", "first")]).await.unwrap();

    let retried = found(store, &scope(2).with_receipt(receipt(true)), 2).await.unwrap();
    let refused = retried.commit(vec![Event::new("tenant.created", "second")]).await;

    assert_eq!(refused_by(refused), IDEMPOTENCY_KEY_USED);
    assert_eq!(founded(store, 2).await, [false; 5]);
    let found = store.receipts().find(None, "", OPERATION, "k").await.unwrap();
    assert_eq!(found.map(|receipt| receipt.subject), Some("first".to_owned()));
}

/// Of two sign-ups with one key at once, one founds.
pub async fn one_of_two_foundings_with_one_key_lands(store: &impl LifecycleHarness) {
    let attempt = async |number: u128| {
        let unit = found(store, &scope(number).with_receipt(receipt(true)), number).await?;
        unit.commit(vec![Event::new("tenant.created", number)]).await
    };

    let (one, two) = tokio::join!(attempt(1), attempt(2));

    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let (winner, loser, lost) = if one.is_ok() { (1, 2, two) } else { (2, 1, one) };
    assert_eq!(refused_by(lost), IDEMPOTENCY_KEY_USED);
    assert_eq!(founded(store, winner).await, [true; 5]);
    assert_eq!(founded(store, loser).await, [false; 5]);
}

/// Any other receipt is the principal's in the tenant, also when the unit has a person.
pub async fn any_other_receipt_is_the_principals(store: &impl LifecycleHarness) {
    let one = scope(1).with_receipt(receipt(false));
    let unit = found(store, &one, 1).await.unwrap();
    unit.commit(vec![Event::new("tenant.created", "first")]).await.unwrap();
    let principal = format!("{}:{}", one.principal().kind(), one.principal().identifier());

    let receipts = store.receipts();
    let own = receipts
        .find(Some(tenant_id(1)), &principal, OPERATION, "k")
        .await
        .unwrap();
    let platform = receipts.find(None, "", OPERATION, "k").await.unwrap();

    assert_eq!(own.map(|receipt| receipt.subject), Some("first".to_owned()));
    assert_eq!(platform, None);
}
