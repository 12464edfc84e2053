//! Keys and their uses, over mocks.

use std::sync::Mutex;

use tenantry_activity::feed::{CommitListener, Committed};
use tenantry_identity::api_key::{ApiKeyRecord, KeyName, KeyOwner};
use tenantry_identity::directory::MockApiKeyDirectory;
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_kernel::PermissionSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::*;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn key(number: u128) -> ApiKeyId {
    ApiKeyId::from_uuid(Uuid::from_u128(number))
}

fn stored(revoked: bool) -> Arc<ApiKey> {
    let mut stored = ApiKey::restore(ApiKeyRecord {
        id: key(1),
        name: KeyName::try_from("ci").unwrap(),
        live: true,
        permissions: PermissionSet::default(),
        rate_limit: None,
        allowed_ips: vec![],
        fingerprint: Fingerprint::from_bytes([7; 32]),
        hint: String::new(),
        previous: None,
        owner: KeyOwner::Personal,
        created_by: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        rotated_at: None,
        last_used_at: None,
        version: 1,
    });
    if revoked {
        stored.revoke(NOW);
    }
    Arc::new(stored)
}

fn cached(inner: MockApiKeyDirectory, capacity: usize) -> (CachedApiKeys, Arc<Revocations>) {
    let revocations = Arc::new(Revocations::new());
    revocations.heard(Instant::now());
    (CachedApiKeys::new(Arc::new(inner), capacity, &revocations), revocations)
}

fn second(number: i64) -> OffsetDateTime {
    NOW + time::Duration::seconds(number)
}

#[tokio::test(start_paused = true)]
async fn a_key_is_looked_up_once_and_revoked_with_its_commit() {
    let mut states = vec![true, false];
    let mut inner = MockApiKeyDirectory::new();
    inner
        .expect_find()
        .times(2)
        .returning(move |_, _| Ok(states.pop().map(stored)));
    let (keys, revocations) = cached(inner, 10);

    for _ in 0..3 {
        assert!(!keys.find(tenant(), key(1)).await.unwrap().unwrap().is_revoked());
    }
    revocations.committed(Committed {
        tenant: Some(tenant()),
        user: None,
    });
    for _ in 0..3 {
        assert!(keys.find(tenant(), key(1)).await.unwrap().unwrap().is_revoked());
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_there_yet_is_found_as_soon_as_it_is() {
    let mut answers = vec![Some(false), None];
    let mut inner = MockApiKeyDirectory::new();
    inner
        .expect_find()
        .times(2)
        .returning(move |_, _| Ok(answers.pop().unwrap().map(stored)));
    let (keys, _) = cached(inner, 10);

    assert!(keys.find(tenant(), key(1)).await.unwrap().is_none());
    assert!(keys.find(tenant(), key(1)).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn many_uses_of_a_key_are_one_write_of_the_latest() {
    let mut inner = MockApiKeyDirectory::new();
    inner
        .expect_touch()
        .withf(|_, used, at| *used == key(1) && *at == second(9))
        .once()
        .returning(|_, _, _| Ok(()));
    let (keys, _) = cached(inner, 10);

    for number in [3, 9, 5] {
        keys.touch(tenant(), key(1), second(number)).await.unwrap();
    }

    assert_eq!(keys.flush().await.unwrap(), 1);
    assert_eq!(keys.flush().await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn uses_that_could_not_be_written_are_kept() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&written);
    let mut failures = 1;
    let mut inner = MockApiKeyDirectory::new();
    inner.expect_touch().returning(move |_, used, at| {
        if failures > 0 {
            failures -= 1;
            return Err(StoreError::Contended);
        }
        log.lock().unwrap().push((used, at));
        Ok(())
    });
    let (keys, _) = cached(inner, 10);
    for (number, at) in [(1, second(1)), (2, second(2)), (3, second(3))] {
        keys.touch(tenant(), key(number), at).await.unwrap();
    }

    assert!(keys.flush().await.is_err());
    assert_eq!(keys.flush().await.unwrap(), 3);

    let mut written = written.lock().unwrap().clone();
    written.sort();
    assert_eq!(written, [(key(1), second(1)), (key(2), second(2)), (key(3), second(3))]);
}

#[tokio::test(start_paused = true)]
async fn without_room_a_use_is_written_at_once() {
    let mut inner = MockApiKeyDirectory::new();
    inner
        .expect_touch()
        .withf(|_, used, _| *used == key(3))
        .once()
        .returning(|_, _, _| Ok(()));
    let (keys, _) = cached(inner, 2);

    for number in 1..=3 {
        keys.touch(tenant(), key(number), NOW).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn unused_keys_make_room_for_others() {
    let mut inner = MockApiKeyDirectory::new();
    inner.expect_touch().times(2).returning(|_, _, _| Ok(()));
    let (keys, _) = cached(inner, 1);

    keys.touch(tenant(), key(1), second(1)).await.unwrap();
    keys.flush().await.unwrap();
    keys.flush().await.unwrap();
    keys.touch(tenant(), key(2), second(2)).await.unwrap();

    assert_eq!(keys.flush().await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn running_it_writes_uses_every_so_often() {
    let (told, mut written) = tokio::sync::mpsc::unbounded_channel();
    let mut inner = MockApiKeyDirectory::new();
    inner.expect_touch().returning(move |_, used, _| {
        told.send(used).unwrap();
        Ok(())
    });
    let (keys, _) = cached(inner, 10);
    keys.touch(tenant(), key(1), second(1)).await.unwrap();

    let first = tokio::select! {
        never = keys.run(Duration::from_secs(5)) => match never {},
        first = written.recv() => first,
    };

    assert_eq!(first, Some(key(1)));
}
