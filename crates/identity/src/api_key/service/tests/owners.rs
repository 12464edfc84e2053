//! Whose keys are, and what of them is changed.

use super::*;

fn asks(kind: Option<&str>, account: Option<u128>) -> CreateApiKey {
    CreateApiKey {
        kind: kind.map(str::to_owned),
        service_account: account.map(|number| Uuid::from_u128(number).to_string()),
        ..request()
    }
}

fn as_program(principal: Principal) -> TenantScope {
    TenantScope::for_test_as(1, principal, &[API_KEYS_MANAGE, API_KEYS_READ, SEND])
}

#[tokio::test]
async fn a_key_is_its_makers_unless_it_is_asked_to_be_anothers() {
    let account = service_account(6);
    let program = || Principal::ServiceAccount { account: account.id() };
    let cases = [
        (admin(), None, KeyOwner::Personal),
        (admin(), Some("personal"), KeyOwner::Personal),
        (admin(), Some("tenant"), KeyOwner::Tenant),
        (as_program(program()), None, KeyOwner::ServiceAccount(account.id())),
        (as_program(program()), Some("tenant"), KeyOwner::Tenant),
        (as_program(Principal::Anonymous), None, KeyOwner::Tenant),
    ];
    for (scope, kind, owner) in cases {
        let (service, _) = service(accepting());
        let minted = service.create(&scope, asks(kind, None)).await.unwrap();
        assert_eq!(minted.key.owner(), owner, "{kind:?}");
    }

    // What a key makes belongs to whom the key belongs to.
    for owner in [KeyOwner::Tenant, KeyOwner::ServiceAccount(account.id())] {
        let mut mocks = accepting();
        mocks
            .api_keys
            .expect_find()
            .return_once(move |_| Ok(Some(stored(|record| record.owner = owner))));
        let (service, _) = service(mocks);
        let acting = Principal::ApiKey {
            key: stored(|_| ()).id(),
            live: true,
        };
        let minted = service.create(&as_program(acting), asks(None, None)).await.unwrap();
        assert_eq!(minted.key.owner(), owner);
    }
}

#[tokio::test]
async fn a_service_account_gets_a_key_within_its_own_powers() {
    let owned = |permissions: PermissionSet, active: bool| {
        let mut account = service_account(6);
        account.allow(permissions);
        if !active {
            account.deactivate(NOW);
        }
        let mut mocks = Mocks::default();
        mocks.api_keys.expect_insert().returning(|_, _| Ok(()));
        mocks.service_accounts.expect_find().return_once(|_| Ok(Some(account)));
        service(mocks).0
    };
    let may_send = || PermissionSet::from_iter([SEND]);

    let made = owned(may_send(), true)
        .create(&admin(), asks(None, Some(6)))
        .await
        .unwrap();
    let beyond = owned(PermissionSet::default(), true)
        .create(&admin(), asks(None, Some(6)))
        .await;
    let inactive = owned(may_send(), false).create(&admin(), asks(None, Some(6))).await;

    assert_eq!(made.key.owner(), KeyOwner::ServiceAccount(service_account(6).id()));
    assert!(matches!(beyond, Err(ApiKeyError::Lacking(_))));
    assert_eq!(inactive.unwrap_err().fields()[0].code, "unknown_service_account");
}

#[tokio::test]
async fn an_owner_that_cannot_be_is_named() {
    let program = as_program(Principal::Anonymous);
    for (scope, kind, account, field) in [
        (admin(), Some("mine"), None, "kind"),
        (admin(), Some("service_account"), None, "service_account"),
        (admin(), Some("tenant"), Some(6), "service_account"),
        (program, Some("personal"), None, "kind"),
    ] {
        let (service, _) = service(Mocks::default());
        let refused = service.create(&scope, asks(kind, account)).await.unwrap_err();
        assert_eq!(refused.fields()[0].field, field, "{kind:?}");
    }
}

#[tokio::test]
async fn a_change_names_every_wrong_field_and_tells_what_changed() {
    let mut mocks = holding(Some(stored(|_| ())));
    mocks.api_keys.expect_update().times(1).returning(|_| Ok(()));
    let (service, commits) = service(mocks);
    let id = stored(|_| ()).id();
    let wrong = ChangeApiKey {
        name: Some(String::new()),
        allowed_ips: Some(vec!["here".to_owned()]),
        rate_limit: Some(Some(0)),
    };
    let right = ChangeApiKey {
        name: Some("server".to_owned()),
        rate_limit: Some(Some(9)),
        ..ChangeApiKey::default()
    };

    let refused = service.change(&admin(), id, wrong, None).await.unwrap_err();
    let changed = service.change(&admin(), id, right, Some(3)).await.unwrap();

    let fields: Vec<String> = refused.fields().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "allowed_ips[0]", "rate_limit"]);
    assert_eq!((changed.name(), changed.version()), ("server", 4));
    let told: Vec<_> = commits.all()[0][0].changes.iter().map(|change| change.field).collect();
    assert_eq!(told, ["name", "rate_limit"]);
}
