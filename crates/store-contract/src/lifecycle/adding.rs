//! One unit that adds many people.

use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use tenantry_identity::testing::PlainCipher;
use tenantry_identity::testing::fixtures::{email, user, user_id};
use tenantry_identity::user::{EMAIL_TAKEN, User};
use tenantry_kernel::testing::CountingEntropy;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Event, StoreError, UserId};
use tenantry_tenancy::membership::{ALREADY_MEMBER, Membership};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{NOW, details, member, membership_id};

use super::LifecycleHarness;
use crate::refused_by;
use crate::tenancy::{add_members, found_two, scope};

/// More than one statement takes on SQLite.
const MANY: u128 = 1_200;

fn people(numbers: std::ops::Range<u128>) -> Vec<User> {
    numbers.map(user).collect()
}

fn ids(people: &[User]) -> Vec<UserId> {
    people.iter().map(User::id).collect()
}

fn tokens(people: &[User]) -> Vec<(OneTimeToken, OneTimeText)> {
    let entropy = CountingEntropy::default();
    let one = |person: &User| {
        let text = OneTimeText::mint(Purpose::Invitation, person.id(), None, &entropy);
        let id = OneTimeTokenId::from_uuid(Uuid::from_u128(person.id().as_uuid().as_u128() + 50_000));
        (OneTimeToken::issue(id, &text, None, &PlainCipher, NOW), text)
    };
    people.iter().map(one).collect()
}

/// People, their entries in the directory, their memberships and tokens land together, and are found one by one.
pub async fn many_people_are_added_in_one_unit(store: &impl LifecycleHarness) {
    found_two(store).await;
    let new = people(10..10 + MANY);
    let members: Vec<Membership> = (10..10 + MANY)
        .map(|number| member(number, SystemRole::Member))
        .collect();
    let minted = tokens(&new);
    let tokens: Vec<OneTimeToken> = minted.iter().map(|(token, _)| token.clone()).collect();

    let mut unit = store.lifecycle().begin_adding(&scope(1), &ids(&new)).await.unwrap();
    unit.users().insert_many(&new).await.unwrap();
    unit.memberships().insert_many(&members).await.unwrap();
    unit.one_time_tokens().insert_many(&tokens).await.unwrap();
    unit.commit(members.iter().map(Membership::created).collect())
        .await
        .unwrap();

    let wanted: Vec<_> = new
        .iter()
        .map(|person| person.email().clone())
        .chain([email(999_999)])
        .collect();
    let found = store.identity().users_by_email(&wanted).await.unwrap();
    assert_eq!(found.len(), new.len());
    assert!(new.iter().all(|person| found.get(person.email()) == Some(&person.id())));
    let last = new.last().unwrap();
    let mut own = store.identity().read_person(last.id()).await.unwrap();
    assert_eq!(own.users().find(last.id()).await.unwrap().as_ref(), Some(last));
    let (token, _) = minted.last().unwrap();
    assert!(own.one_time_tokens().find(&token.fingerprint).await.unwrap().is_some());
}

/// Whoever is in the tenant by address or by user is found, and nobody of another tenant.
pub async fn those_who_are_there_are_found_at_once(store: &impl LifecycleHarness) {
    found_two(store).await;
    let mine = [
        member(1, SystemRole::Owner),
        member(2, SystemRole::Member),
        member(3, SystemRole::Viewer),
    ];
    add_members(store, 1, &mine).await;
    add_members(store, 2, &[member(4, SystemRole::Member)]).await;
    let emails = [mine[0].email().clone(), member(4, SystemRole::Member).email().clone()];

    let mut unit = store.lifecycle().read_spanning(&scope(1)).await.unwrap();
    let mut found = unit.memberships().among(&emails, &[mine[2].user()]).await.unwrap();
    let nobody = unit.memberships().among(&[], &[]).await.unwrap();

    found.sort_by_key(Membership::id);
    assert_eq!(found, [mine[0].clone(), mine[2].clone()]);
    assert_eq!(nobody, []);
}

/// One address that is somebody's refuses all of them.
pub async fn one_taken_address_refuses_the_list(store: &impl LifecycleHarness) {
    found_two(store).await;
    let known = people(1..2);
    let mut unit = store.lifecycle().begin_adding(&scope(1), &ids(&known)).await.unwrap();
    unit.users().insert_many(&known).await.unwrap();
    unit.commit(vec![Event::new("user.created", 1)]).await.unwrap();
    let list = people(1..4);
    let twin: Vec<User> = list
        .iter()
        .map(|person| {
            let other = UserId::from_uuid(Uuid::from_u128(person.id().as_uuid().as_u128() + 70_000));
            User::register(
                other,
                person.email().clone(),
                person.record().name.clone(),
                person.record().locale.clone(),
                NOW,
            )
        })
        .collect();

    let mut unit = store.lifecycle().begin_adding(&scope(2), &ids(&twin)).await.unwrap();
    let refused = unit.users().insert_many(&twin).await;

    assert_eq!(refused_by(refused), EMAIL_TAKEN);
    drop(unit);
    let emails: Vec<_> = list.iter().map(|person| person.email().clone()).collect();
    assert_eq!(store.identity().users_by_email(&emails).await.unwrap().len(), 1);
}

/// One membership that is there already refuses all of them.
pub async fn one_membership_that_is_there_refuses_the_list(store: &impl LifecycleHarness) {
    found_two(store).await;
    add_members(store, 1, &[member(2, SystemRole::Member)]).await;
    // The same person under another id.
    let again = Membership::join(membership_id(52), details(2, SystemRole::Member), NOW);
    let list = [member(1, SystemRole::Member), again, member(3, SystemRole::Member)];

    let mut unit = store.lifecycle().begin_adding(&scope(1), &[]).await.unwrap();
    let refused = unit.memberships().insert_many(&list).await;

    assert_eq!(refused_by(refused), ALREADY_MEMBER);
    drop(unit);
    let mut unit = store.lifecycle().read_spanning(&scope(1)).await.unwrap();
    let users: Vec<UserId> = list.iter().map(Membership::user).collect();
    assert_eq!(unit.memberships().among(&[], &users).await.unwrap().len(), 1);
}

/// Nobody is added who was not named when the unit was opened, and whoever was named is not read or changed.
pub async fn only_those_who_were_named_are_added(store: &impl LifecycleHarness) {
    found_two(store).await;
    let named = people(1..2);
    let other = people(2..3);

    let mut unit = store.lifecycle().begin_adding(&scope(1), &ids(&named)).await.unwrap();
    let refused = unit.users().insert_many(&other).await;
    assert!(matches!(refused, Err(StoreError::Backend(_))), "{refused:?}");
    unit.users().insert_many(&named).await.unwrap();
    assert_eq!(unit.users().find(user_id(1)).await.unwrap(), None);
    unit.commit(vec![Event::new("user.created", 1)]).await.unwrap();
}
