//! API key use cases over a mocked store.

mod owners;

use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DomainError, ErrorKind, Permission};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::*;
use crate::api_key::KeyRefusal;
use crate::testing::fixtures::service_account;
use crate::testing::{self, Commits, FakeIdentityStore, Mocks};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const SEND: Permission = Permission::known("whatsapp.send");
const BILLING: Permission = Permission::known("billing.manage");

fn service(mocks: Mocks) -> (ApiKeyService, Commits) {
    service_within(mocks, KeyRules::default())
}

fn service_within(mocks: Mocks, rules: KeyRules) -> (ApiKeyService, Commits) {
    let store = FakeIdentityStore::over(mocks);
    let commits = store.commits();
    let settings = ApiKeySettings {
        prefix: KeyPrefix::try_from("tk").unwrap(),
        registry: [API_KEYS_MANAGE, API_KEYS_READ, SEND, BILLING].into_iter().collect(),
        rules,
    };
    let clock = Arc::new(FixedClock::at(NOW));
    (
        ApiKeyService::new(Arc::new(store), clock, testing::mint(), settings),
        commits,
    )
}

fn admin() -> TenantScope {
    TenantScope::for_test(1, &[API_KEYS_MANAGE, API_KEYS_READ, SEND])
}

fn request() -> CreateApiKey {
    CreateApiKey {
        name: "ci".to_owned(),
        permissions: vec!["whatsapp.send".to_owned()],
        rate_limit: Some(60),
        expires_in_days: Some(30),
        allowed_ips: vec!["10.0.0.0/8".to_owned()],
        live: true,
        ..CreateApiKey::default()
    }
}

fn accepting() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.api_keys.expect_insert().times(1).returning(|_, _| Ok(()));
    mocks
}

fn stored(change: impl FnOnce(&mut ApiKeyRecord)) -> ApiKey {
    let mut record = ApiKeyRecord {
        id: ApiKeyId::from_uuid(Uuid::from_u128(77)),
        name: "ci".try_into().unwrap(),
        live: true,
        permissions: [SEND].into_iter().collect(),
        rate_limit: None,
        allowed_ips: vec![],
        fingerprint: crate::fingerprint::Fingerprint::from_bytes([7; 32]),
        hint: "tk_live_…0000".to_owned(),
        previous: None,
        owner: KeyOwner::Personal,
        created_by: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        rotated_at: None,
        last_used_at: None,
        version: 3,
    };
    change(&mut record);
    ApiKey::restore(record)
}

fn holding(key: Option<ApiKey>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.api_keys.expect_find().return_once(|_| Ok(key));
    mocks
}

#[tokio::test]
async fn a_made_key_admits_its_text_and_is_told_without_its_secret() {
    let (service, commits) = service(accepting());

    let minted = service.create(&admin(), request()).await.unwrap();

    let text = ApiKeyText::parse(minted.text.expose()).unwrap();
    assert_eq!((text.tenant(), text.key()), (admin().tenant_id(), minted.key.id()));
    let print = text.fingerprint(&testing::PlainCipher);
    assert_eq!(minted.key.admits(&print, NOW, Some([10, 0, 0, 1].into())), Ok(()));
    let late = NOW + Duration::days(30);
    assert_eq!(
        minted.key.admits(&print, late, Some([10, 0, 0, 1].into())),
        Err(KeyRefusal::Expired)
    );
    assert_eq!(commits.actions(), ["api_key.created"]);
    assert!(!format!("{:?}", commits.all()).contains(minted.text.expose()));
    assert!(!format!("{minted:?}").contains(minted.text.expose()));
}

#[tokio::test]
async fn a_star_is_what_the_maker_holds_now() {
    let (service, _) = service(accepting());

    let all = CreateApiKey {
        permissions: vec!["*".to_owned()],
        ..request()
    };
    let minted = service.create(&admin(), all).await.unwrap();

    assert_eq!(minted.key.permissions(), admin().permissions());
}

#[tokio::test]
async fn permissions_are_known_in_every_spelling() {
    let (service, _) = service(accepting());

    let spelled = CreateApiKey {
        permissions: vec!["WhatsApp.Send".to_owned(), "API-Keys.Read".to_owned()],
        ..request()
    };
    let minted = service.create(&admin(), spelled).await.unwrap();

    let expected: PermissionSet = [SEND, API_KEYS_READ].into_iter().collect();
    assert_eq!(minted.key.permissions(), &expected);
}

#[tokio::test]
async fn nobody_gives_a_key_what_they_lack() {
    let (service, commits) = service(Mocks::default());

    let greedy = CreateApiKey {
        permissions: vec!["billing.manage".to_owned()],
        ..request()
    };
    let refused = service.create(&admin(), greedy).await.unwrap_err();

    assert!(matches!(&refused, ApiKeyError::Lacking(lacking) if *lacking == BILLING));
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Denied, "permission_denied")
    );
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn every_field_at_fault_is_named_at_once() {
    let (service, commits) = service(Mocks::default());

    let wrong = CreateApiKey {
        name: " ".to_owned(),
        permissions: vec!["whatsapp.send".to_owned(), "fly".to_owned()],
        rate_limit: Some(0),
        expires_in_days: Some(3651),
        allowed_ips: vec!["10.0.0.0/8".to_owned(), "10.0.0.5/8".to_owned()],
        live: true,
        ..CreateApiKey::default()
    };
    let refused = service.create(&admin(), wrong).await.unwrap_err();

    let fields: Vec<String> = refused.fields().into_iter().map(|fault| fault.field).collect();
    assert_eq!(
        fields,
        [
            "name",
            "permissions[1]",
            "rate_limit",
            "expires_in_days",
            "allowed_ips[1]"
        ]
    );
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Invalid, "validation_failed")
    );
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn figures_outside_their_range_are_refused() {
    for (rate_limit, expires_in_days) in [
        (Some(-1), None),
        (Some(i64::MAX), None),
        (None, Some(0)),
        (None, Some(-1)),
        (None, Some(i64::MAX)),
    ] {
        let (service, _) = service(Mocks::default());
        let wrong = CreateApiKey {
            rate_limit,
            expires_in_days,
            ..request()
        };

        let refused = service.create(&admin(), wrong).await.unwrap_err();

        assert_eq!(refused.fields().len(), 1, "{rate_limit:?} {expires_in_days:?}");
    }
}

#[tokio::test]
async fn a_test_key_never_makes_or_rotates_a_live_one() {
    let actor = Principal::ApiKey {
        key: ApiKeyId::from_uuid(Uuid::from_u128(5)),
        live: false,
    };
    let scope = TenantScope::for_test_as(1, actor, &[API_KEYS_MANAGE, SEND]);

    let (making, _) = service(Mocks::default());
    let made = making.create(&scope, request()).await.unwrap_err();
    let (rotating, _) = service(holding(Some(stored(|_| ()))));
    let rotated = rotating
        .rotate(&scope, stored(|_| ()).id(), None, None)
        .await
        .unwrap_err();

    assert!(matches!(made, ApiKeyError::TestKeyActs));
    assert!(matches!(rotated, ApiKeyError::TestKeyActs));
}

#[tokio::test]
async fn a_viewer_never_reaches_the_store() {
    let viewer = TenantScope::for_test(1, &[]);
    let id = stored(|_| ()).id();
    let (service, _) = service(Mocks::default());

    let refusals = [
        service.create(&viewer, request()).await.err(),
        service.list(&viewer, KeyFilter::all, PageRequest::first()).await.err(),
        service.show(&viewer, id).await.err(),
        service.rotate(&viewer, id, None, None).await.err(),
        service.revoke(&viewer, id, None).await.err(),
    ];

    for refusal in refusals {
        assert!(matches!(refusal, Some(ApiKeyError::Denied(_))));
    }
}

#[tokio::test]
async fn a_rotation_mints_a_new_text_and_raises_the_version() {
    let mut mocks = holding(Some(stored(|_| ())));
    mocks.api_keys.expect_update().times(1).returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    let minted = service
        .rotate(&admin(), stored(|_| ()).id(), None, Some(3))
        .await
        .unwrap();

    let text = ApiKeyText::parse(minted.text.expose()).unwrap();
    let print = text.fingerprint(&testing::PlainCipher);
    assert_eq!(minted.key.admits(&print, NOW, None), Ok(()));
    assert_eq!(minted.key.version(), 4);
    assert_eq!(commits.actions(), ["api_key.rotated"]);
}

#[tokio::test]
async fn who_rotates_a_key_answers_for_it() {
    let former = MembershipId::from_uuid(Uuid::from_u128(77));
    let mut mocks = holding(Some(stored(|record| record.created_by = Some(former))));
    mocks.api_keys.expect_update().times(1).returning(|_| Ok(()));
    let (service, _) = service(mocks);
    let Principal::Member { membership, .. } = *admin().principal() else {
        panic!("an admin is a member");
    };

    let minted = service.rotate(&admin(), stored(|_| ()).id(), None, None).await.unwrap();

    assert_ne!(membership, former);
    assert_eq!(minted.key.record().created_by, Some(membership));
}

#[tokio::test]
async fn a_key_that_a_key_makes_is_answered_for_by_the_same_member() {
    let maker = MembershipId::from_uuid(Uuid::from_u128(77));
    let acting = stored(|record| record.created_by = Some(maker));
    let principal = Principal::ApiKey {
        key: acting.id(),
        live: true,
    };
    let scope = TenantScope::for_test_as(1, principal, &[API_KEYS_MANAGE, SEND]);
    let mut mocks = holding(Some(acting));
    mocks.api_keys.expect_insert().times(1).returning(|_, _| Ok(()));
    let (service, _) = service(mocks);

    let minted = service.create(&scope, request()).await.unwrap();

    assert_eq!(minted.key.record().created_by, Some(maker));
}

#[tokio::test]
async fn nobody_rotates_a_key_that_may_do_more_than_they() {
    let powerful = stored(|record| record.permissions = [SEND, BILLING].into_iter().collect());
    let (service, commits) = service(holding(Some(powerful)));

    let refused = service
        .rotate(&admin(), stored(|_| ()).id(), None, None)
        .await
        .unwrap_err();

    assert!(matches!(refused, ApiKeyError::Lacking(lacking) if lacking == BILLING));
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn an_expired_key_is_not_rotated() {
    let (service, _) = service(holding(Some(stored(|record| record.expires_at = Some(NOW)))));

    let refused = service
        .rotate(&admin(), stored(|_| ()).id(), None, None)
        .await
        .unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Conflict, "api_key_expired")
    );
}

#[tokio::test]
async fn revoking_is_stored_and_told() {
    let mut mocks = holding(Some(stored(|_| ())));
    mocks
        .api_keys
        .expect_update()
        .times(1)
        .withf(|key| key.record().revoked_at == Some(NOW))
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    service.revoke(&admin(), stored(|_| ()).id(), None).await.unwrap();

    assert_eq!(commits.actions(), ["api_key.revoked"]);
}

#[tokio::test]
async fn an_unknown_and_a_revoked_key_answer_alike() {
    let id = stored(|_| ()).id();
    for found in [None, Some(stored(|record| record.revoked_at = Some(NOW)))] {
        let (showing, _) = service(holding(found.clone()));
        let (rotating, _) = service(holding(found.clone()));
        let (revoking, _) = service(holding(found));

        assert!(matches!(showing.show(&admin(), id).await, Err(ApiKeyError::NotFound)));
        assert!(matches!(
            rotating.rotate(&admin(), id, None, None).await,
            Err(ApiKeyError::NotFound)
        ));
        assert!(matches!(
            revoking.revoke(&admin(), id, None).await,
            Err(ApiKeyError::NotFound)
        ));
    }
}

#[tokio::test]
async fn a_version_that_is_not_the_stored_one_is_stale() {
    let id = stored(|_| ()).id();
    let (service, commits) = service(holding(Some(stored(|_| ()))));

    let refused = service.revoke(&admin(), id, Some(2)).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Stale, "precondition_failed")
    );
    assert!(commits.all().is_empty());
}

const CLOSE: KeyRules = KeyRules {
    max_per_tenant: 3,
    max_expires_in_days: Some(90),
    max_rate_limit: Some(50),
};

#[tokio::test]
async fn the_bounds_of_the_installation_are_named_where_a_key_passes_them() {
    let (service, _) = service_within(Mocks::default(), CLOSE);

    let wide = CreateApiKey {
        rate_limit: Some(51),
        expires_in_days: Some(91),
        ..request()
    };
    let refused = service.create(&admin(), wide).await.unwrap_err();

    let told: Vec<_> = refused
        .fields()
        .into_iter()
        .map(|fault| (fault.code, fault.detail))
        .collect();
    assert_eq!(
        told,
        [
            ("out_of_range", "must be 1 to 50 calls per minute".to_owned()),
            ("out_of_range", "must be 1 to 90 days".to_owned())
        ]
    );
}

#[tokio::test]
async fn a_key_that_asks_for_no_bounds_gets_the_widest_there_are() {
    let (bound, _) = service_within(accepting(), CLOSE);
    let (free, _) = service(accepting());
    let asking = || CreateApiKey {
        rate_limit: None,
        expires_in_days: None,
        ..request()
    };

    let bound = bound.create(&admin(), asking()).await.unwrap().key;
    let free = free.create(&admin(), asking()).await.unwrap().key;

    assert_eq!(bound.rate_limit().unwrap().get(), 50);
    assert_eq!(bound.record().expires_at, Some(NOW + Duration::days(90)));
    assert_eq!((free.rate_limit(), free.record().expires_at), (None, None));
}

#[tokio::test]
async fn a_tenant_with_all_the_keys_it_may_have_is_told_how_many() {
    let mut mocks = Mocks::default();
    mocks
        .api_keys
        .expect_insert()
        .withf(|_, at_most| *at_most == 3)
        .returning(|_, _| Err(StoreError::Conflict(API_KEYS_FULL)));
    let (service, commits) = service_within(mocks, CLOSE);
    let asking = CreateApiKey {
        rate_limit: None,
        ..request()
    };

    let refused = service.create(&admin(), asking).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code(), refused.details()),
        (
            ErrorKind::Conflict,
            "too_many_api_keys",
            vec![("limit", Value::from(3_i64))]
        )
    );
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn a_rotation_brings_a_key_within_bounds_that_were_drawn_closer() {
    let mut mocks = holding(Some(stored(|record| record.rate_limit = std::num::NonZeroU32::new(60))));
    mocks.api_keys.expect_update().times(1).returning(|_| Ok(()));
    let (service, commits) = service_within(mocks, CLOSE);

    let minted = service.rotate(&admin(), stored(|_| ()).id(), None, None).await.unwrap();

    assert_eq!(minted.key.rate_limit().unwrap().get(), 50);
    assert_eq!(minted.key.record().expires_at, Some(NOW + Duration::days(90)));
    let commits = commits.all();
    let changed: Vec<_> = commits[0][0].changes.iter().map(|change| change.field).collect();
    assert_eq!(changed, ["key", "created_by", "rate_limit", "expires_at"]);
}
