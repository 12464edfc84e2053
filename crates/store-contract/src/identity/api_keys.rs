//! API keys.

use std::num::NonZeroU32;

use tenantry_identity::api_key::{API_KEYS_FULL, ApiKey, ApiKeyRecord, KeyFilter, KeyOwner, KeyStatus};
use tenantry_identity::testing::fixtures::{NOW, api_key, fingerprint, tenant_id};
use tenantry_kernel::id::{MembershipId, ServiceAccountId};
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Page, Permission, StoreError};

use super::{IdentityHarness, begin, read};
use crate::tenancy::found_two;
use crate::{is_stale, next_page};

async fn make(store: &impl IdentityHarness, tenant: u128, keys: &[ApiKey]) {
    let mut unit = begin(store, tenant).await;
    for key in keys {
        unit.api_keys().insert(key, 100).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

async fn stored(store: &impl IdentityHarness, tenant: u128, number: u8) -> Option<ApiKey> {
    let mut unit = read(store, tenant).await;
    unit.api_keys().find(api_key(number).id()).await.unwrap()
}

/// Everything about a key, as text: keys are not compared, because secrets are only in constant time.
fn told(key: &ApiKey) -> (String, [u8; 32]) {
    (format!("{key:?}"), *key.record().fingerprint.as_bytes())
}

fn numbers(page: &Page<ApiKey>) -> Vec<u128> {
    page.items.iter().map(|key| key.id().as_uuid().as_u128()).collect()
}

fn rich() -> ApiKey {
    ApiKey::restore(ApiKeyRecord {
        name: "Déploiement \"prod\" 🦀".try_into().unwrap(),
        live: false,
        permissions: [Permission::known("usage.read"), Permission::known("whatsapp.send")]
            .into_iter()
            .collect(),
        rate_limit: NonZeroU32::new(u32::MAX),
        allowed_ips: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        owner: KeyOwner::ServiceAccount(ServiceAccountId::from_uuid(Uuid::from_u128(6))),
        created_by: Some(MembershipId::from_uuid(Uuid::from_u128(8))),
        expires_at: Some(NOW + Duration::microseconds(1)),
        last_used_at: Some(NOW + Duration::microseconds(4)),
        ..api_key(2).record().clone()
    })
}

/// Every field comes back as it went, at the first write and at a later one.
pub async fn an_api_key_comes_back_whole(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[api_key(1), rich()]).await;
    assert_eq!(told(&stored(store, 1, 1).await.unwrap()), told(&api_key(1)));
    assert_eq!(told(&stored(store, 1, 2).await.unwrap()), told(&rich()));

    let mut changed = rich();
    changed.rotate(
        fingerprint(9),
        "tk_test_…9999".to_owned(),
        Duration::HOUR,
        NOW + Duration::microseconds(2),
    );
    changed.revoke(NOW + Duration::microseconds(3));
    let mut unit = begin(store, 1).await;
    unit.api_keys().update(&changed).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(told(&stored(store, 1, 2).await.unwrap()), told(&changed.stored()));
}

/// No more live keys than allowed; revoked and expired ones, and other tenants', do not count.
pub async fn a_tenant_has_no_more_live_keys_than_allowed(store: &impl IdentityHarness) {
    found_two(store).await;
    let mut revoked = api_key(3);
    revoked.revoke(NOW);
    let expired = ApiKey::restore(ApiKeyRecord {
        expires_at: Some(api_key(1).record().created_at),
        ..api_key(4).record().clone()
    });
    make(store, 1, &[api_key(1), revoked, expired]).await;
    make(store, 2, &[api_key(1), api_key(2)]).await;

    let mut unit = begin(store, 1).await;
    unit.api_keys().insert(&api_key(2), 2).await.unwrap();
    let refused = unit.api_keys().insert(&api_key(5), 2).await;

    assert!(
        matches!(refused, Err(StoreError::Conflict(API_KEYS_FULL))),
        "{refused:?}"
    );
}

/// Of many who add a key at once no more get in than there is room for.
pub async fn keys_added_at_once_are_counted(store: &impl IdentityHarness) {
    found_two(store).await;
    let add = |number: u8| async move {
        let mut unit = begin(store, 1).await;
        unit.api_keys().insert(&api_key(number), 3).await?;
        unit.commit(Vec::new()).await
    };

    let outcomes = futures_util::future::join_all((1..=6).map(add)).await;

    let added = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let full = |outcome: &Result<(), StoreError>| matches!(outcome, Err(StoreError::Conflict(API_KEYS_FULL)));
    assert_eq!((added, outcomes.iter().filter(|outcome| full(outcome)).count()), (3, 3));
}

/// One tenant's keys are nobody else's, whatever is asked with their ids.
pub async fn api_keys_are_their_tenants_only(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[api_key(1)]).await;

    let mut unit = begin(store, 2).await;
    let keys = unit.api_keys();
    assert!(keys.find(api_key(1).id()).await.unwrap().is_none());
    assert!(
        keys.list(&KeyFilter::all(NOW), next_page::<ApiKey>(10, None))
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let mut stolen = api_key(1);
    stolen.rotate(fingerprint(9), "mine".to_owned(), Duration::ZERO, NOW);
    assert!(is_stale(&keys.update(&stolen).await));
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(told(&stored(store, 1, 1).await.unwrap()), told(&api_key(1)));
}

/// Two tenants may have keys of one id, and each finds its own.
pub async fn two_tenants_may_have_keys_of_one_id(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[api_key(2)]).await;

    make(store, 2, &[rich()]).await;

    assert_eq!(told(&stored(store, 1, 2).await.unwrap()), told(&api_key(2)));
    assert_eq!(told(&stored(store, 2, 2).await.unwrap()), told(&rich()));
}

/// Keys are listed in pages, the youngest first, without the revoked ones.
pub async fn api_keys_are_listed_in_pages(store: &impl IdentityHarness) {
    found_two(store).await;
    let mut revoked = api_key(3);
    revoked.revoke(NOW);
    make(store, 1, &[api_key(1), api_key(2), revoked, api_key(4), api_key(5)]).await;
    make(store, 2, &[api_key(6)]).await;

    let mut unit = read(store, 1).await;
    let first = unit
        .api_keys()
        .list(&KeyFilter::all(NOW), next_page::<ApiKey>(3, None))
        .await
        .unwrap();
    let second = unit
        .api_keys()
        .list(&KeyFilter::all(NOW), next_page(3, Some(&first)))
        .await
        .unwrap();

    assert_eq!((numbers(&first), numbers(&second)), (vec![5, 4, 2], vec![1]));
    assert_eq!(second.next, None);
}

/// Of two writers who read the same version, the second is told.
pub async fn an_api_key_that_changed_since_it_was_read_is_stale(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[api_key(1)]).await;
    let mut unit = begin(store, 1).await;
    unit.api_keys().update(&api_key(1)).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin(store, 1).await;
    let outcome = unit.api_keys().update(&api_key(1)).await;

    assert!(is_stale(&outcome));
}

/// The directory finds a key under its own tenant only, revoked or not.
pub async fn the_directory_finds_a_key_under_its_own_tenant_only(store: &impl IdentityHarness) {
    found_two(store).await;
    let mut revoked = api_key(2);
    revoked.revoke(NOW);
    make(store, 1, &[api_key(1), revoked.clone()]).await;
    let directory = store.api_key_directory();

    for key in [api_key(1), revoked] {
        let found = directory.find(tenant_id(1), key.id()).await.unwrap().unwrap();
        assert_eq!(told(&found), told(&key));
        assert!(directory.find(tenant_id(2), key.id()).await.unwrap().is_none());
        assert!(directory.find(tenant_id(3), key.id()).await.unwrap().is_none());
    }
}

/// The last use moves forwards only, changes no version, and no update takes it back.
pub async fn a_use_is_noted_beside_everything_else(store: &impl IdentityHarness) {
    found_two(store).await;
    make(store, 1, &[api_key(1)]).await;
    make(store, 2, &[api_key(1)]).await;
    let directory = store.api_key_directory();
    let id = api_key(1).id();

    for seconds in [5, 9, 7] {
        directory
            .touch(tenant_id(1), id, NOW + Duration::seconds(seconds))
            .await
            .unwrap();
    }
    let mut unit = begin(store, 1).await;
    unit.api_keys().update(&api_key(1)).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    directory.touch(tenant_id(1), api_key(9).id(), NOW).await.unwrap();

    let used = stored(store, 1, 1).await.unwrap();
    assert_eq!(used.record().last_used_at, Some(NOW + Duration::seconds(9)));
    assert_eq!(used.version(), 2);
    assert_eq!(stored(store, 2, 1).await.unwrap().record().last_used_at, None);
}

/// Keys are found by their kind, their owner and their state, in the store as by the rule itself.
pub async fn api_keys_are_found_by_kind_owner_and_state(store: &impl IdentityHarness) {
    found_two(store).await;
    let (member, account) = (Uuid::from_u128(50), Uuid::from_u128(60));
    let key = |number: u8, owner, change: fn(&mut ApiKeyRecord)| {
        let mut record = ApiKeyRecord {
            owner,
            created_by: Some(MembershipId::from_uuid(member)),
            ..api_key(number).record().clone()
        };
        change(&mut record);
        ApiKey::restore(record)
    };
    let owned = KeyOwner::ServiceAccount(ServiceAccountId::from_uuid(account));
    let keys = [
        key(1, KeyOwner::Personal, |_| ()),
        key(2, KeyOwner::Tenant, |_| ()),
        key(3, owned, |_| ()),
        key(4, KeyOwner::Personal, |record| record.expires_at = Some(NOW)),
        key(5, owned, |record| record.revoked_at = Some(NOW)),
        key(6, KeyOwner::Tenant, |record| {
            record.expires_at = Some(NOW + Duration::SECOND);
        }),
    ];
    make(store, 1, &keys).await;

    let kinds = [None, Some("personal"), Some("tenant"), Some("service_account")];
    let owners = [None, Some(member), Some(account), Some(Uuid::from_u128(70))];
    let states = [
        None,
        Some(KeyStatus::Active),
        Some(KeyStatus::Expired),
        Some(KeyStatus::Revoked),
    ];
    let mut unit = read(store, 1).await;
    for kind in kinds {
        for owner in owners {
            for status in states {
                let filter = KeyFilter {
                    kind,
                    owner,
                    status,
                    now: NOW,
                };
                let page = unit
                    .api_keys()
                    .list(&filter, next_page::<ApiKey>(10, None))
                    .await
                    .unwrap();
                let expected = keys.iter().rev().filter(|key| filter.fits(key));
                let expected: Vec<u128> = expected.map(|key| key.id().as_uuid().as_u128()).collect();
                assert_eq!(numbers(&page), expected, "{filter:?}");
            }
        }
    }
}
