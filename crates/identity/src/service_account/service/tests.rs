//! Service account use cases over a mocked store.

use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DomainError, ErrorKind, Permission};

use super::*;
use crate::api_key::{KeyPrefix, KeyRules};
use crate::permissions::API_KEYS_READ;
use crate::testing::fixtures::{NOW, service_account};
use crate::testing::{self, Commits, FakeIdentityStore, Mocks};

fn service(mocks: Mocks) -> (ServiceAccountService, Commits) {
    let store = FakeIdentityStore::over(mocks);
    let commits = store.commits();
    let settings = ApiKeySettings {
        prefix: KeyPrefix::try_from("tk").unwrap(),
        registry: PermissionSet::from_iter([SERVICE_ACCOUNTS_READ, SERVICE_ACCOUNTS_MANAGE, API_KEYS_READ]),
        rules: KeyRules::default(),
    };
    let clock = Arc::new(FixedClock::at(NOW));
    let service = ServiceAccountService::new(Arc::new(store), clock, testing::mint(), settings);
    (service, commits)
}

fn scope(permissions: &[Permission]) -> TenantScope {
    TenantScope::for_test(1, permissions)
}

fn admin() -> TenantScope {
    scope(&[SERVICE_ACCOUNTS_READ, SERVICE_ACCOUNTS_MANAGE, API_KEYS_READ])
}

fn holding(account: Option<ServiceAccount>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.service_accounts.expect_find().return_once(|_| Ok(account));
    mocks.service_accounts.expect_update().returning(|_| Ok(()));
    mocks
}

fn reading() -> ServiceAccount {
    let mut account = service_account(1);
    account.allow(PermissionSet::from_iter([API_KEYS_READ]));
    account
}

#[tokio::test]
async fn an_account_is_made_with_a_secret_that_is_good_for_it() {
    let mut mocks = Mocks::default();
    mocks.service_accounts.expect_insert().returning(|_, _| Ok(()));
    let (service, commits) = service(mocks);
    let request = CreateServiceAccount {
        name: " Nightly import ".to_owned(),
        permissions: vec!["*".to_owned()],
    };

    let minted = service.create(&admin(), request).await.unwrap();

    let text = ClientSecretText::parse(minted.text.expose()).unwrap();
    assert_eq!(
        (text.account(), text.tenant()),
        (minted.account.id(), admin().tenant_id())
    );
    assert!(minted.account.admits(&text.fingerprint(&testing::PlainCipher), NOW));
    assert_eq!(minted.account.name(), "Nightly import");
    assert_eq!(minted.account.permissions(), admin().permissions());
    assert_eq!(commits.actions(), ["service_account.created"]);
    assert!(!format!("{:?}{minted:?}", commits.all()).contains(minted.text.expose()));
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nobody_grants_what_they_lack() {
    let (service, _) = service(Mocks::default());
    let wrong = CreateServiceAccount {
        name: "\n".to_owned(),
        permissions: vec!["no.such".to_owned()],
    };
    let beyond = CreateServiceAccount {
        name: "x".to_owned(),
        permissions: vec!["api_keys.read".to_owned()],
    };

    let faults = service.create(&admin(), wrong).await.unwrap_err();
    let lacking = service
        .create(&scope(&[SERVICE_ACCOUNTS_MANAGE]), beyond)
        .await
        .unwrap_err();

    let fields: Vec<String> = faults.fields().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "permissions[0]"]);
    assert!(matches!(lacking, ServiceAccountError::Lacking(_)));
}

#[tokio::test]
async fn what_an_account_has_it_may_keep_and_new_powers_must_be_the_callers() {
    let account = reading();
    let asks = |name: &str| ChangeServiceAccount {
        permissions: Some(vec![name.to_owned()]),
        ..ChangeServiceAccount::default()
    };
    let caller = scope(&[SERVICE_ACCOUNTS_MANAGE]);

    let (first, _) = service(holding(Some(account.clone())));
    let kept = first.change(&caller, account.id(), asks("api_keys.read"), None).await;
    let (second, _) = service(holding(Some(account.clone())));
    let refused = second
        .change(&caller, account.id(), asks("service_accounts.read"), None)
        .await;

    let kept = kept.unwrap();
    assert_eq!((kept.permissions(), kept.version()), (account.permissions(), 2));
    assert!(matches!(refused, Err(ServiceAccountError::Lacking(_))));
}

#[tokio::test]
async fn a_secret_of_more_power_than_the_callers_is_not_made_for_them() {
    let (service, _) = service(holding(Some(reading())));

    let refused = service
        .add_secret(&scope(&[SERVICE_ACCOUNTS_MANAGE]), reading().id(), None, None)
        .await;

    assert!(matches!(refused, Err(ServiceAccountError::Lacking(_))));
}

#[tokio::test]
async fn secrets_are_bounded_and_overlaps_too() {
    let mut account = service_account(1);
    for _ in 0..MAX_SECRETS {
        let (service, _) = service(holding(Some(account.clone())));
        let added = service.add_secret(&admin(), account.id(), None, None).await.unwrap();
        account = added.account;
    }
    let add = async |overlap_s| {
        let (service, _) = service(holding(Some(account.clone())));
        service.add_secret(&admin(), account.id(), overlap_s, None).await
    };

    assert_eq!(add(None).await.unwrap_err().code(), "too_many_client_secrets");
    assert_eq!(add(Some(0)).await.unwrap().account.good_secrets(NOW), 1);
    let refused = add(Some(7 * 86_400 + 1)).await.unwrap_err();
    assert_eq!(refused.fields()[0].field, "overlap_seconds");
}

#[tokio::test]
async fn a_removed_account_is_gone_and_a_stale_one_is_left_alone() {
    let mut removed = service_account(1);
    removed.remove(NOW);
    let (gone, _) = service(holding(Some(removed)));
    let (stale, commits) = service(holding(Some(service_account(1))));

    let id = service_account(1).id();
    let refused = [
        gone.deactivate(&admin(), id, None).await.unwrap_err().kind(),
        stale.deactivate(&admin(), id, Some(7)).await.unwrap_err().kind(),
    ];

    assert_eq!(refused, [ErrorKind::NotFound, ErrorKind::Stale]);
    assert!(commits.all().is_empty());
}
