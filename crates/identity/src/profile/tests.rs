//! The person's own profile over a mocked store.

use tenantry_kernel::EmailAddress;
use time::macros::datetime;

use super::*;
use crate::testing::{Commits, FakeIdentityStore, Mocks, person};

fn ada() -> User {
    User::register(
        person(1).user,
        EmailAddress::try_from("ada@example.com").unwrap(),
        DisplayName::try_from("Ada").unwrap(),
        Locale::default(),
        datetime!(2026-03-01 12:00 UTC),
    )
}

fn service(mocks: Mocks) -> (ProfileService, Commits) {
    let store = FakeIdentityStore::over(mocks);
    let commits = store.commits();
    (ProfileService::new(Arc::new(store)), commits)
}

fn holding(user: Option<User>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.users.expect_find().return_once(|_| Ok(user));
    mocks
}

#[tokio::test]
async fn only_what_is_given_changes_and_the_change_is_told() {
    let mut mocks = holding(Some(ada()));
    mocks.users.expect_update().times(1).returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    let request = UpdateProfile {
        name: Some("Ada King".to_owned()),
        ..UpdateProfile::default()
    };
    let user = service.update(&person(1), request).await.unwrap();

    assert_eq!((user.name(), user.locale(), user.version()), ("Ada King", "en", 2));
    let changes = &commits.all()[0][0].changes;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].field, "name");
}

#[tokio::test]
async fn every_field_at_fault_is_named_before_the_store_is_reached() {
    let (service, _) = service(Mocks::default());

    let request = UpdateProfile {
        name: Some(String::new()),
        locale: Some("??".to_owned()),
        ..UpdateProfile::default()
    };
    let refused = service.update(&person(1), request).await.unwrap_err();

    let fields: Vec<String> = refused.fields().into_iter().map(|fault| fault.field).collect();
    assert_eq!(fields, ["name", "locale"]);
}

#[tokio::test]
async fn an_old_version_is_stale() {
    let (service, commits) = service(holding(Some(ada())));

    let request = UpdateProfile {
        expected: Some(7),
        ..UpdateProfile::default()
    };
    let refused = service.update(&person(1), request).await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Stale);
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn who_is_gone_is_not_found() {
    let (service, _) = service(holding(None));

    assert!(matches!(service.show(&person(1)).await, Err(ProfileError::NotFound)));
}
