//! Platform keys.

use tenantry_identity::platform_key::{PlatformKey, PlatformKeyRecord, PlatformKeyUnit};
use tenantry_identity::testing::fixtures::{NOW, platform_key, user_id};
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Page, Permission, SystemScope};

use super::IdentityHarness;
use crate::{is_stale, next_page};

fn operators() -> SystemScope {
    SystemScope::for_test(&[Permission::known("platform.manage")])
}

async fn begin(store: &impl IdentityHarness) -> Box<dyn PlatformKeyUnit> {
    store.platform_key_store().begin_platform(&operators()).await.unwrap()
}

async fn make(store: &impl IdentityHarness, keys: &[PlatformKey]) {
    let mut unit = begin(store).await;
    for key in keys {
        unit.platform_keys().insert(key).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

async fn stored(store: &impl IdentityHarness, number: u8) -> Option<PlatformKey> {
    let mut unit = store.platform_key_store().read_platform(&operators()).await.unwrap();
    unit.platform_keys().find(platform_key(number).id()).await.unwrap()
}

/// Everything about a key, as text: keys are not compared, because secrets are only in constant time.
fn told(key: &PlatformKey) -> (String, [u8; 32]) {
    (format!("{key:?}"), *key.record().fingerprint.as_bytes())
}

fn numbers(page: &Page<PlatformKey>) -> Vec<u128> {
    page.items.iter().map(|key| key.id().as_uuid().as_u128()).collect()
}

/// Every field comes back as it went, through the repository and the directory, revoked or not.
pub async fn a_platform_key_comes_back_whole(store: &impl IdentityHarness) {
    let mut rich = PlatformKey::restore(PlatformKeyRecord {
        allowed_ips: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        created_by: Some(user_id(8)),
        expires_at: Some(NOW + Duration::microseconds(1)),
        last_used_at: Some(NOW + Duration::microseconds(4)),
        ..platform_key(2).record().clone()
    });
    make(store, &[platform_key(1), rich.clone()]).await;
    assert_eq!(told(&stored(store, 1).await.unwrap()), told(&platform_key(1)));
    assert_eq!(told(&stored(store, 2).await.unwrap()), told(&rich));

    rich.revoke(NOW);
    let mut unit = begin(store).await;
    unit.platform_keys().update(&rich).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let directory = store.platform_key_directory();
    let found = directory.find_platform_key(rich.id()).await.unwrap().unwrap();
    assert!(found.is_revoked());
    assert_eq!(found.version(), 2);
    assert!(
        directory
            .find_platform_key(platform_key(9).id())
            .await
            .unwrap()
            .is_none()
    );
}

/// Keys are listed in pages, the youngest first, without the revoked ones.
pub async fn platform_keys_are_listed_in_pages(store: &impl IdentityHarness) {
    let mut revoked = platform_key(3);
    revoked.revoke(NOW);
    make(store, &[platform_key(1), platform_key(2), revoked, platform_key(4)]).await;

    let mut unit = begin(store).await;
    let first = unit
        .platform_keys()
        .list(next_page::<PlatformKey>(2, None))
        .await
        .unwrap();
    let second = unit.platform_keys().list(next_page(2, Some(&first))).await.unwrap();

    assert_eq!((numbers(&first), numbers(&second)), (vec![4, 2], vec![1]));
    assert_eq!(second.next, None);
}

/// Of two writers who read the same version, the second is told; a use moves forwards only and is no version.
pub async fn a_platform_key_is_changed_by_one_writer_and_used_by_many(store: &impl IdentityHarness) {
    make(store, &[platform_key(1)]).await;
    let (directory, id) = (store.platform_key_directory(), platform_key(1).id());

    for seconds in [5, 9, 7] {
        let at = NOW + Duration::seconds(seconds);
        directory.touch_platform_key(id, at).await.unwrap();
    }
    let mut unit = begin(store).await;
    unit.platform_keys().update(&platform_key(1)).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    let mut unit = begin(store).await;
    let second = unit.platform_keys().update(&platform_key(1)).await;
    drop(unit);

    assert!(is_stale(&second));
    let used = stored(store, 1).await.unwrap();
    assert_eq!(used.record().last_used_at, Some(NOW + Duration::seconds(9)));
    assert_eq!(used.version(), 2);
}
