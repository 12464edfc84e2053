//! Platform key use cases over a mocked store.

use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DomainError, ErrorKind};
use time::Duration;

use super::*;
use crate::api_key::{KeyPrefix, KeyRules};
use crate::testing::fixtures::{NOW, platform_key};
use crate::testing::{self, Commits, FakeIdentityStore, Mocks};

fn service(mocks: Mocks) -> (PlatformKeyService, Commits) {
    let store = FakeIdentityStore::over(mocks);
    let commits = store.commits();
    let settings = ApiKeySettings {
        prefix: KeyPrefix::try_from("tk").unwrap(),
        registry: PermissionSet::default(),
        rules: KeyRules::default(),
    };
    let clock = Arc::new(FixedClock::at(NOW));
    (
        PlatformKeyService::new(Arc::new(store), clock, testing::mint(), settings),
        commits,
    )
}

fn operator() -> SystemScope {
    SystemScope::for_test(&[PLATFORM_READ, PLATFORM_MANAGE])
}

fn holding(key: Option<PlatformKey>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.platform_keys.expect_find().return_once(|_| Ok(key));
    mocks
}

#[tokio::test]
async fn a_made_key_judges_keys_and_tokens_and_does_nothing_else() {
    let mut mocks = Mocks::default();
    mocks.platform_keys.expect_insert().times(1).returning(|_| Ok(()));
    let (service, commits) = service(mocks);
    let request = CreatePlatformKey {
        name: "gateway".to_owned(),
        expires_in_days: Some(30),
        allowed_ips: vec!["10.0.0.0/8".to_owned()],
        ..CreatePlatformKey::default()
    };

    let minted = service.create(&operator(), request).await.unwrap();

    let text = PlatformKeyText::parse(minted.text.expose()).unwrap();
    let print = text.fingerprint(&testing::PlainCipher);
    let inside = Some([10, 0, 0, 1].into());
    assert_eq!(text.key(), minted.key.id());
    assert_eq!(
        minted.key.permissions(),
        &PermissionSet::from_iter([API_KEYS_VERIFY, TOKENS_INTROSPECT])
    );
    assert_eq!(minted.key.admits(&print, NOW, inside), Ok(()));
    assert!(minted.key.admits(&print, NOW, None).is_err());
    assert!(minted.key.admits(&print, NOW + Duration::days(30), inside).is_err());
    assert_eq!(commits.actions(), ["platform_key.created"]);
    assert!(!format!("{:?}{minted:?}", commits.all()).contains(minted.text.expose()));
}

#[tokio::test]
async fn every_field_at_fault_is_named_at_once() {
    let (service, commits) = service(Mocks::default());
    let wrong = CreatePlatformKey {
        name: " ".to_owned(),
        permissions: Some(vec!["API-Keys.Verify".to_owned(), "platform.manage".to_owned()]),
        expires_in_days: Some(3_651),
        allowed_ips: vec!["everywhere".to_owned()],
    };

    let refused = service.create(&operator(), wrong).await.unwrap_err();

    let fields: Vec<String> = refused.fields().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "permissions[1]", "expires_in_days", "allowed_ips[0]"]);
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Invalid, "validation_failed")
    );
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn support_looks_and_never_touches() {
    let support = SystemScope::for_test(&[PLATFORM_READ]);
    let (service, _) = service(holding(Some(platform_key(1))));

    let shown = service.show(&support, platform_key(1).id()).await;
    let made = service.create(&support, CreatePlatformKey::default()).await;
    let revoked = service.revoke(&support, platform_key(1).id(), None).await;

    assert!(shown.is_ok());
    assert!(matches!(made, Err(ApiKeyError::Denied(_))));
    assert!(matches!(revoked, Err(ApiKeyError::Denied(_))));
}

#[tokio::test]
async fn revoking_is_stored_and_told_once() {
    let mut mocks = holding(Some(platform_key(1)));
    mocks
        .platform_keys
        .expect_update()
        .times(1)
        .withf(PlatformKey::is_revoked)
        .returning(|_| Ok(()));
    let (revoking, commits) = service(mocks);
    let mut gone = platform_key(1);
    gone.revoke(NOW);
    let (again, _) = service(holding(Some(gone)));

    revoking.revoke(&operator(), platform_key(1).id(), None).await.unwrap();
    let refused = again.revoke(&operator(), platform_key(1).id(), None).await;

    assert_eq!(commits.actions(), ["platform_key.revoked"]);
    assert!(matches!(refused, Err(ApiKeyError::NotFound)));
}

#[tokio::test]
async fn a_version_that_is_not_the_stored_one_is_stale() {
    let (service, commits) = service(holding(Some(platform_key(1))));

    let refused = service.revoke(&operator(), platform_key(1).id(), Some(7)).await;

    assert!(matches!(refused, Err(ApiKeyError::Stale)));
    assert!(commits.all().is_empty());
}
