//! Service accounts.

use tenantry_identity::service_account::{
    ClientSecret, ClientSecretId, RevokedToken, SERVICE_ACCOUNTS_FULL, ServiceAccount, ServiceAccountRecord,
};
use tenantry_identity::testing::fixtures::{NOW, fingerprint, service_account, tenant_id};
use tenantry_kernel::id::MembershipId;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Permission, StoreError};

use super::{IdentityHarness, begin, read};
use crate::tenancy::found_two;
use crate::{is_stale, next_page};

async fn make(store: &impl IdentityHarness, tenant: u128, accounts: &[ServiceAccount]) {
    let mut unit = begin(store, tenant).await;
    for account in accounts {
        unit.service_accounts().insert(account, 100).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

async fn stored(store: &impl IdentityHarness, tenant: u128, number: u8) -> Option<ServiceAccount> {
    let mut unit = read(store, tenant).await;
    unit.service_accounts()
        .find(service_account(number).id())
        .await
        .unwrap()
}

/// Everything about an account, as text: fingerprints are only compared in constant time.
fn told(account: &ServiceAccount) -> (String, Vec<[u8; 32]>) {
    let record = account.record();
    let secrets = record.secrets.iter().map(|secret| *secret.fingerprint.as_bytes());
    (format!("{account:?}"), secrets.collect())
}

fn rich() -> ServiceAccount {
    let secret = |number: u8, expires_at| ClientSecret {
        id: ClientSecretId::from_uuid(Uuid::from_u128(u128::from(number) + 70)),
        fingerprint: fingerprint(number),
        hint: format!("tk_secret_…{number}"),
        created_at: NOW + Duration::microseconds(number.into()),
        expires_at,
    };
    ServiceAccount::restore(ServiceAccountRecord {
        name: "Übertragung \"nachts\" 🦀".try_into().unwrap(),
        permissions: [Permission::known("usage.read"), Permission::known("whatsapp.send")]
            .into_iter()
            .collect(),
        secrets: vec![secret(1, Some(NOW + Duration::DAY)), secret(2, None)],
        created_by: Some(MembershipId::from_uuid(Uuid::from_u128(8))),
        deactivated_at: Some(NOW + Duration::microseconds(3)),
        revoked_tokens: vec![RevokedToken {
            jti: Uuid::from_u128(9),
            until: NOW + Duration::minutes(10),
        }],
        tokens_void_until: Some(NOW + Duration::SECOND),
        ..service_account(2).record().clone()
    })
}

/// Every field comes back as it went, at the first write and at a later one, to the unit and to the directory.
pub async fn a_service_account_comes_back_whole(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[service_account(1), rich()]).await;
    assert_eq!(told(&stored(store, 1, 1).await.unwrap()), told(&service_account(1)));
    assert_eq!(told(&stored(store, 1, 2).await.unwrap()), told(&rich()));

    let mut changed = rich();
    changed.remove(NOW + Duration::HOUR);
    let mut unit = begin(store, 1).await;
    unit.service_accounts().update(&changed).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let expected = told(&changed.stored());
    assert_eq!(told(&stored(store, 1, 2).await.unwrap()), expected);
    let directory = store.service_account_directory();
    let found = directory
        .service_account(tenant_id(1), rich().id())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(told(&found), expected);
}

/// Another tenant's account is not there, for units and for the directory, whatever one does.
pub async fn a_tenant_reaches_only_its_own_service_accounts(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[service_account(1)]).await;

    assert!(stored(store, 2, 1).await.is_none());
    let directory = store.service_account_directory();
    let id = service_account(1).id();
    assert!(directory.service_account(tenant_id(2), id).await.unwrap().is_none());
    let mut unit = begin(store, 2).await;
    assert!(is_stale(&unit.service_accounts().update(&service_account(1)).await));
    drop(unit);
    let mut unit = read(store, 2).await;
    assert!(
        unit.service_accounts()
            .list(next_page::<ServiceAccount>(10, None))
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

/// Lists leave removed accounts out, begin with the youngest, and go on where they ended.
pub async fn service_accounts_are_listed_youngest_first_without_removed_ones(store: &impl IdentityHarness) {
    found_two(store).await;
    let mut removed = service_account(2);
    removed.remove(NOW);
    let accounts = [service_account(1), removed, service_account(3), service_account(4)];
    make(store, 1, &accounts).await;

    let mut unit = read(store, 1).await;
    let first = unit
        .service_accounts()
        .list(next_page::<ServiceAccount>(2, None))
        .await
        .unwrap();
    let second = unit.service_accounts().list(next_page(2, Some(&first))).await.unwrap();

    let ids = |page: &tenantry_kernel::Page<ServiceAccount>| -> Vec<u128> {
        page.items
            .iter()
            .map(|account| account.id().as_uuid().as_u128())
            .collect()
    };
    assert_eq!((ids(&first), ids(&second)), (vec![4, 3], vec![1]));
    assert!(second.next.is_none());
}

/// Of two who change an account at once, one looks again.
pub async fn a_service_account_that_changed_since_it_was_read_is_stale(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[service_account(1)]).await;
    let change = |hour: i64| async move {
        let mut account = service_account(1);
        account.deactivate(NOW + Duration::hours(hour));
        let mut unit = begin(store, 1).await;
        unit.service_accounts().update(&account).await?;
        unit.commit(Vec::new()).await
    };

    let (one, other) = tokio::join!(change(1), change(2));

    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert!(is_stale(&one) || is_stale(&other), "{one:?} {other:?}");
}

/// Of many who add an account at once no more get in than there is room for; removed ones take no room.
pub async fn service_accounts_added_at_once_are_counted(store: &impl IdentityHarness) {
    found_two(store).await;
    let mut removed = service_account(9);
    removed.remove(NOW);
    make(store, 1, &[removed]).await;
    let add = |number: u8| async move {
        let mut unit = begin(store, 1).await;
        unit.service_accounts().insert(&service_account(number), 3).await?;
        unit.commit(Vec::new()).await
    };

    let outcomes = futures_util::future::join_all((1..=6).map(add)).await;

    let full = |outcome: &&Result<(), StoreError>| matches!(outcome, Err(StoreError::Conflict(SERVICE_ACCOUNTS_FULL)));
    let added = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((added, outcomes.iter().filter(full).count()), (3, 3));
}
