//! Addresses of people, and whom the directory leads to.

use tenantry_identity::email::{EMAIL_EXISTS, EmailId, OwnedEmail};
use tenantry_identity::testing::fixtures::{NOW, email, user, user_id};
use tenantry_identity::user::{EMAIL_TAKEN, User};
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailAddress, Event, StoreError};

use super::{IdentityHarness, begin_person, read_person, register, register_two};
use crate::refused_by;

fn claim(number: u128, address: &str) -> OwnedEmail {
    let address = EmailAddress::try_from(address).unwrap();
    OwnedEmail::claim(EmailId::from_uuid(Uuid::from_u128(number)), address, NOW)
}

async fn emails(store: &impl IdentityHarness, number: u128) -> Vec<OwnedEmail> {
    let mut unit = read_person(store, number).await;
    unit.emails().list().await.unwrap()
}

async fn leads_to(store: &impl IdentityHarness, address: &str) -> Option<UserId> {
    let address = EmailAddress::try_from(address).unwrap();
    store.identity().user_by_email(&address).await.unwrap()
}

async fn add(store: &impl IdentityHarness, number: u128, claim: &OwnedEmail) -> Result<(), StoreError> {
    let mut unit = begin_person(store, number).await;
    unit.emails().insert(claim).await?;
    unit.commit(Vec::new()).await
}

async fn prove(store: &impl IdentityHarness, number: u128, claim: &OwnedEmail) -> Result<Option<UserId>, StoreError> {
    let mut unit = begin_person(store, number).await;
    let from = unit.emails().prove(claim, NOW + Duration::SECOND).await?;
    unit.commit(Vec::new()).await?;
    Ok(from)
}

/// The address that somebody registers with is one of theirs, and what else they claim leads nowhere.
pub async fn a_claim_leads_nowhere_until_it_is_proved(store: &impl IdentityHarness) {
    register_two(store).await;
    let home = claim(50, "home@x.example");

    add(store, 1, &home).await.unwrap();
    assert_eq!(leads_to(store, "home@x.example").await, None);
    assert_eq!(
        refused_by(add(store, 1, &claim(51, "home@x.example")).await),
        EMAIL_EXISTS
    );
    assert_eq!(prove(store, 1, &home).await.unwrap(), None);

    assert_eq!(leads_to(store, "HOME@x.example").await, Some(user_id(1)));
    let all = emails(store, 1).await;
    assert_eq!(
        all.iter().map(|own| &own.email).collect::<Vec<_>>(),
        [&email(1), &home.email]
    );
    assert_eq!(all[1].verified_at, Some(NOW + Duration::SECOND));
    assert_eq!(emails(store, 2).await.len(), 1);
}

/// Who only registered with an address gives way to who proves it, and is told of; who proved it does not.
pub async fn a_proof_takes_an_address_from_a_claim_and_from_no_proof(store: &impl IdentityHarness) {
    register_two(store).await;
    let theirs = claim(50, email(2).as_str());
    add(store, 1, &theirs).await.unwrap();

    assert_eq!(prove(store, 1, &theirs).await.unwrap(), Some(user_id(2)));
    assert_eq!(leads_to(store, email(2).as_str()).await, Some(user_id(1)));
    assert_eq!(
        prove(store, 1, &theirs).await.unwrap(),
        None,
        "proving again changes nothing"
    );

    // The one who registered with it proves it too late, in either way.
    let own = emails(store, 2).await.remove(0);
    assert_eq!(refused_by(prove(store, 2, &own).await), EMAIL_TAKEN);
    let mut late = user(2);
    late.verify_email(NOW);
    let mut unit = begin_person(store, 2).await;
    let refused = unit.users().update(&late).await;
    drop(unit);
    assert_eq!(refused_by(refused), EMAIL_TAKEN);
    assert_eq!(leads_to(store, email(2).as_str()).await, Some(user_id(1)));
}

/// A user whose address is newly verified is led to for good.
pub async fn verifying_at_the_user_proves_the_address(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut verified = user(2);
    verified.verify_email(NOW);
    let mut unit = begin_person(store, 2).await;
    unit.users().update(&verified).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    assert_eq!(emails(store, 2).await[0].verified_at, Some(NOW));
    let theirs = claim(50, email(2).as_str());
    add(store, 1, &theirs).await.unwrap();
    assert_eq!(refused_by(prove(store, 1, &theirs).await), EMAIL_TAKEN);
}

/// Of two who prove one address at once, one wins.
pub async fn an_address_is_proved_once_also_under_concurrency(store: &impl IdentityHarness) {
    register_two(store).await;
    let (one, other) = (claim(50, "shared@x.example"), claim(51, "shared@x.example"));
    add(store, 1, &one).await.unwrap();
    add(store, 2, &other).await.unwrap();

    let (first, second) = tokio::join!(prove(store, 1, &one), prove(store, 2, &other));

    let (winner, lost) = if first.is_ok() { (1, second) } else { (2, first) };
    assert_eq!(refused_by(lost), EMAIL_TAKEN);
    assert_eq!(leads_to(store, "shared@x.example").await, Some(user_id(winner)));
}

/// What is removed leads nowhere; what is released is anybody's who proves it.
pub async fn addresses_are_removed_and_released(store: &impl IdentityHarness) {
    register_two(store).await;
    let (home, work) = (claim(50, "home@x.example"), claim(51, "work@x.example"));
    for own in [&home, &work] {
        add(store, 1, own).await.unwrap();
        prove(store, 1, own).await.unwrap();
    }

    let mut unit = begin_person(store, 1).await;
    unit.emails().replace(work.id, Some(NOW)).await.unwrap();
    unit.emails().remove(&home).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(leads_to(store, "home@x.example").await, None);
    assert_eq!(emails(store, 1).await[1].replaced_at, Some(NOW));

    let mut unit = begin_person(store, 1).await;
    unit.emails().release().await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    let theirs = claim(60, "work@x.example");
    add(store, 2, &theirs).await.unwrap();
    assert_eq!(prove(store, 2, &theirs).await.unwrap(), Some(user_id(1)));
}

/// Nothing that belongs to an erased person is left, nothing leads to them, and their addresses are free.
pub async fn an_erased_person_leaves_a_tombstone(store: &impl IdentityHarness) {
    register_two(store).await;
    let home = claim(50, "home@x.example");
    add(store, 1, &home).await.unwrap();
    prove(store, 1, &home).await.unwrap();
    let tombstone = user(1).erased(NOW);

    let mut unit = begin_person(store, 1).await;
    unit.users().erase(&tombstone).await.unwrap();
    unit.users().forget().await.unwrap();
    unit.commit(vec![Event::new("user.erased", user_id(1))]).await.unwrap();

    let mut unit = read_person(store, 1).await;
    let left: User = unit.users().find(user_id(1)).await.unwrap().unwrap();
    assert_eq!(left, tombstone.stored());
    drop(unit);
    assert_eq!(emails(store, 1).await, Vec::new());
    for address in [email(1).as_str(), "home@x.example"] {
        assert_eq!(leads_to(store, address).await, None);
    }
    let mut again = begin_person(store, 1).await;
    let refused = again.users().erase(&user(1).erased(NOW)).await;
    assert!(crate::is_stale(&refused));
    drop(again);
    register(store, 3).await.unwrap();
}

/// An address is held once, and only when it is proved; nobody else's is.
pub async fn an_address_is_held_once_and_only_when_it_is_proved(store: &impl IdentityHarness) {
    register_two(store).await;
    let home = claim(50, "home@x.example");
    add(store, 1, &home).await.unwrap();
    add(store, 2, &claim(51, "home@x.example")).await.unwrap();
    let note = async |number, at| {
        let mut unit = begin_person(store, number).await;
        let news = unit.emails().hold(&home.email, at).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        news
    };
    assert!(!note(1, NOW).await);
    prove(store, 1, &home).await.unwrap();

    assert!(note(1, NOW).await);
    assert!(!note(1, NOW + Duration::DAY).await, "the first time counts");
    assert!(!note(2, NOW).await);

    let held = emails(store, 1).await.into_iter().map(|own| own.held_at);
    assert_eq!(held.collect::<Vec<_>>(), [None, Some(NOW)]);
    assert!(emails(store, 2).await.iter().all(|own| own.held_at.is_none()));
}
