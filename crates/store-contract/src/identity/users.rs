//! Users, and the directory of addresses.

use tenantry_identity::testing::fixtures::{NOW, email, user, user_id};
use tenantry_identity::user::{EMAIL_TAKEN, PasswordHash, PlatformRole, User, UserRecord};
use tenantry_kernel::time::Duration;
use tenantry_kernel::{DisplayName, Locale, StoreError};

use super::{IdentityHarness, begin_person, read_person, register, register_two};
use crate::{is_stale, refused_by};

async fn stored(store: &impl IdentityHarness, number: u128) -> Option<User> {
    let mut unit = read_person(store, number).await;
    unit.users().find(user_id(number)).await.unwrap()
}

/// Number 2 with everything that a user can have.
fn rich() -> User {
    let mut rich = user(2);
    rich.set_password(PasswordHash::from_phc("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA"));
    rich.signed_in(NOW + Duration::microseconds(7)).unwrap();
    rich.verify_email(NOW + Duration::microseconds(8));
    for _ in 0..User::FREE_FAILURES {
        rich.failed(NOW + Duration::microseconds(9));
    }
    rich.disable(NOW + Duration::microseconds(10));
    rich.set_platform_role(Some(PlatformRole::Support));
    rich.rename(DisplayName::try_from("Ada \"Countess\" Løvelace 🦀").unwrap());
    rich.speak(Locale::try_from("pt-BR").unwrap());
    rich
}

/// Every field comes back as it went, at the first write and at a later one.
pub async fn a_user_comes_back_whole(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut unit = begin_person(store, 2).await;
    unit.users().update(&rich()).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1).await, Some(user(1)));
    assert_eq!(stored(store, 2).await, Some(rich().stored()));
}

/// An address leads to its person in every spelling that is the same address, and to nobody else.
pub async fn an_address_leads_to_its_person(store: &impl IdentityHarness) {
    register_two(store).await;
    let shouted = "USER2@Example.COM".try_into().unwrap();

    let identity = store.identity();

    assert_eq!(identity.user_by_email(&email(1)).await.unwrap(), Some(user_id(1)));
    assert_eq!(identity.user_by_email(&shouted).await.unwrap(), Some(user_id(2)));
    assert_eq!(identity.user_by_email(&email(3)).await.unwrap(), None);
}

/// A second user with one address is refused by name, and leaves nothing.
pub async fn an_address_belongs_to_one_person(store: &impl IdentityHarness) {
    register_two(store).await;
    let twin = User::restore(UserRecord {
        email: email(1),
        ..user(3).record().clone()
    });

    let mut unit = begin_person(store, 3).await;
    let refused = unit.users().insert(&twin).await;
    drop(unit);

    assert_eq!(refused_by(refused), EMAIL_TAKEN);
    assert_eq!(stored(store, 3).await, None);
    assert_eq!(
        store.identity().user_by_email(&email(1)).await.unwrap(),
        Some(user_id(1))
    );
}

/// Of two who register one address at once, one wins.
pub async fn an_address_is_won_once_also_under_concurrency(store: &impl IdentityHarness) {
    let claim = async |number: u128| {
        let twin = User::restore(UserRecord {
            email: email(1),
            ..user(number).record().clone()
        });
        let mut unit = begin_person(store, number).await;
        unit.users().insert(&twin).await?;
        unit.commit(Vec::new()).await
    };

    let (one, other) = tokio::join!(claim(1), claim(2));

    let (winner, lost) = if one.is_ok() { (1, other) } else { (2, one) };
    assert_eq!(refused_by(lost), EMAIL_TAKEN);
    assert_eq!(
        store.identity().user_by_email(&email(1)).await.unwrap(),
        Some(user_id(winner))
    );
}

/// A person's unit neither sees nor writes another person's row.
pub async fn a_person_reaches_only_their_own_row(store: &impl IdentityHarness) {
    register_two(store).await;

    let mut unit = begin_person(store, 2).await;
    let users = unit.users();
    assert_eq!(users.find(user_id(1)).await.unwrap(), None);
    let mut stolen = user(1);
    stolen.set_password(PasswordHash::from_phc("mine"));
    assert!(is_stale(&users.update(&stolen).await));
    assert!(matches!(users.insert(&user(3)).await, Err(StoreError::Backend(_))));
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(stored(store, 1).await, Some(user(1)));
    let mut unit = read_person(store, 2).await;
    assert_eq!(unit.users().find(user_id(1)).await.unwrap(), None);
}

/// Of two writers who read the same version, the second is told.
pub async fn a_user_that_changed_since_it_was_read_is_stale(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut unit = begin_person(store, 1).await;
    unit.users().update(&user(1)).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin_person(store, 1).await;
    let outcome = unit.users().update(&user(1)).await;

    assert!(is_stale(&outcome));
}

/// Wrong passwords that arrive at once are all counted: a writing unit that has read the user keeps others waiting.
pub async fn failures_at_once_are_all_counted(store: &impl IdentityHarness) {
    register(store, 1).await.unwrap();
    let fail = async || {
        let mut unit = begin_person(store, 1).await;
        let mut user = unit.users().find(user_id(1)).await?.unwrap();
        user.failed(NOW);
        unit.users().update(&user).await?;
        unit.commit(Vec::new()).await
    };

    let all: [Result<(), StoreError>; 4] = tokio::join!(fail(), fail(), fail(), fail()).into();

    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(stored(store, 1).await.unwrap().record().failed_logins, 4);
}
