//! Members and invitations.

use tenantry_kernel::time::Duration;
use tenantry_kernel::{Code, EmailAddress, PageRequest, Permission};
use tenantry_tenancy::membership::{
    ALREADY_MEMBER, Invitation, Membership, MembershipDetails, MembershipFilter, MembershipSource, MembershipState,
};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{self, NOW, details, member, membership_id};
use tenantry_tenancy::text::{DisplayName, Note};

use super::{TenancyHarness, add_members, begin, found_two, read};
use crate::{is_stale, next_page, refused_by};

async fn stored(store: &impl TenancyHarness, tenant: u128, number: u128) -> Option<Membership> {
    let mut unit = read(store, tenant).await;
    unit.memberships().find(membership_id(number)).await.unwrap()
}

async fn found_by(store: &impl TenancyHarness, tenant: u128, filter: MembershipFilter) -> Vec<u128> {
    let mut unit = read(store, tenant).await;
    let page = unit.memberships().list(&filter, PageRequest::first()).await.unwrap();
    page.items
        .iter()
        .map(|member| member.id().as_uuid().as_u128())
        .collect()
}

fn invited(number: u128, by: u128) -> Membership {
    let rich = MembershipDetails {
        name: None,
        extra: [Permission::known("audit.read"), Permission::known("whatsapp.send")]
            .into_iter()
            .collect(),
        department: Some(Note::try_from("R&D").unwrap()),
        position: Some(Note::try_from("Ingénieure").unwrap()),
        ..details(number, SystemRole::Member)
    };
    let invitation = Invitation {
        by: Some(membership_id(by)),
        expires_at: NOW + Duration::days(7),
    };
    Membership::invite(membership_id(number), rich, invitation, NOW)
}

/// Every field comes back as it went, in every state, by id, person and address.
pub async fn a_membership_comes_back_whole(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut left = member(11, SystemRole::Viewer);
    left.signed_in(NOW + Duration::microseconds(7));
    left.deactivate(NOW + Duration::HOUR).unwrap();
    let mut moved = member(13, SystemRole::Member).sourced(MembershipSource::Import);
    moved.unlock(NOW + Duration::microseconds(9)).unwrap();
    let all = [member(10, SystemRole::Owner), left, invited(12, 10), moved];

    add_members(store, 1, &all).await;

    for expected in &all {
        let mut unit = read(store, 1).await;
        let by_user = unit.memberships().find_by_user(expected.user()).await.unwrap();
        let by_email = unit.memberships().find_by_email(expected.email()).await.unwrap();
        let by_id = unit.memberships().find(expected.id()).await.unwrap();
        assert_eq!(
            [by_id.as_ref(), by_user.as_ref(), by_email.as_ref()],
            [Some(expected); 3]
        );
    }
}

/// Signing in is noted without a new version, so that nobody who edits the member is refused for it; and not over a change.
pub async fn a_sign_in_is_noted_and_is_no_change(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut ada = member(10, SystemRole::Owner);
    add_members(store, 1, std::slice::from_ref(&ada)).await;
    ada.signed_in(NOW + Duration::microseconds(7));
    let note = async |member: &Membership| {
        let mut unit = begin(store, 1).await;
        unit.memberships().note_sign_in(member).await?;
        unit.commit(Vec::new()).await
    };

    note(&ada).await.unwrap();

    let mut unit = read(store, 1).await;
    assert_eq!(unit.memberships().find(ada.id()).await.unwrap(), Some(ada.clone()));
    drop(unit);
    let mut moved = ada.clone();
    moved.unlock(NOW + Duration::microseconds(9)).unwrap();
    let mut unit = begin(store, 1).await;
    unit.memberships().update(&moved).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert!(is_stale(&note(&ada).await));
}

/// One tenant's members are nobody else's, whatever is asked with their ids.
pub async fn members_are_their_tenants_only(store: &impl TenancyHarness) {
    found_two(store).await;
    let acmes = member(10, SystemRole::Owner);
    add_members(store, 1, std::slice::from_ref(&acmes)).await;
    let owner = Code::try_from("owner").unwrap();

    let mut unit = begin(store, 2).await;
    let memberships = unit.memberships();

    assert_eq!(memberships.find(acmes.id()).await.unwrap(), None);
    assert_eq!(memberships.find_by_user(acmes.user()).await.unwrap(), None);
    assert_eq!(memberships.find_by_email(acmes.email()).await.unwrap(), None);
    assert_eq!(memberships.other_owners(&owner, membership_id(99)).await.unwrap(), 0);
    assert!(is_stale(&memberships.update(&acmes).await));
    assert!(is_stale(&memberships.delete(acmes.id(), acmes.version()).await));
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(
        found_by(store, 2, MembershipFilter::default()).await,
        Vec::<u128>::new()
    );
    assert_eq!(stored(store, 1, 10).await, Some(acmes));
}

/// The same person, and even the same membership id, may be in two tenants.
pub async fn a_person_may_belong_to_two_tenants(store: &impl TenancyHarness) {
    found_two(store).await;
    add_members(store, 1, &[member(10, SystemRole::Owner)]).await;

    add_members(store, 2, &[member(10, SystemRole::Viewer)]).await;

    assert_eq!(stored(store, 1, 10).await.unwrap().role().as_str(), "owner");
    assert_eq!(stored(store, 2, 10).await.unwrap().role().as_str(), "viewer");
}

/// A second membership of one person is refused.
pub async fn a_person_is_once_a_member(store: &impl TenancyHarness) {
    found_two(store).await;
    add_members(store, 1, &[member(10, SystemRole::Owner)]).await;
    let again = MembershipDetails {
        user: testing::user_id(1_010),
        ..details(11, SystemRole::Member)
    };

    let mut unit = begin(store, 1).await;
    let refused = unit
        .memberships()
        .insert(&Membership::join(membership_id(11), again, NOW))
        .await;

    assert_eq!(refused_by(refused), ALREADY_MEMBER);
}

/// A second membership with one address is refused.
pub async fn an_address_is_once_a_member(store: &impl TenancyHarness) {
    found_two(store).await;
    add_members(store, 1, &[member(10, SystemRole::Owner)]).await;
    let again = MembershipDetails {
        email: EmailAddress::try_from("Member10@example.com").unwrap(),
        ..details(11, SystemRole::Member)
    };

    let mut unit = begin(store, 1).await;
    let refused = unit
        .memberships()
        .insert(&Membership::join(membership_id(11), again, NOW))
        .await;

    assert_eq!(refused_by(refused), ALREADY_MEMBER);
}

/// Who read before another wrote is refused: to change and to remove.
pub async fn a_membership_that_changed_since_it_was_read_is_stale(store: &impl TenancyHarness) {
    found_two(store).await;
    let early = member(10, SystemRole::Owner);
    add_members(store, 1, std::slice::from_ref(&early)).await;
    let mut unit = begin(store, 1).await;
    unit.memberships().update(&early).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin(store, 1).await;
    let updated = unit.memberships().update(&early).await;
    let deleted = unit.memberships().delete(early.id(), early.version()).await;

    assert!(is_stale(&updated) && is_stale(&deleted), "{updated:?} {deleted:?}");
    let current = early.saved();
    unit.memberships()
        .delete(current.id(), current.version())
        .await
        .unwrap();
    unit.commit(vec![current.removed()]).await.unwrap();
    assert_eq!(stored(store, 1, 10).await, None);
}

/// Pages follow each other without gap or repetition, oldest first.
pub async fn members_are_listed_in_pages(store: &impl TenancyHarness) {
    found_two(store).await;
    let members: Vec<_> = (10..15).map(|number| member(number, SystemRole::Member)).collect();
    add_members(store, 1, &members).await;
    let all = MembershipFilter::default();
    let mut unit = read(store, 1).await;

    let first = unit.memberships().list(&all, next_page::<()>(2, None)).await.unwrap();
    let second = unit.memberships().list(&all, next_page(2, Some(&first))).await.unwrap();
    let third = unit
        .memberships()
        .list(&all, next_page(2, Some(&second)))
        .await
        .unwrap();

    assert_eq!(first.items, members[..2]);
    assert_eq!(second.items, members[2..4]);
    assert_eq!(third.items, members[4..]);
    assert_eq!(third.next, None);
}

/// State, role and text narrow the list; a text matches whatever its case, and wildcards mean themselves.
pub async fn members_are_found_by_state_role_and_text(store: &impl TenancyHarness) {
    found_two(store).await;
    let named = |number: u128, name: &str| {
        let named = MembershipDetails {
            name: Some(DisplayName::try_from(name).unwrap()),
            ..details(number, SystemRole::Member)
        };
        Membership::join(membership_id(number), named, NOW)
    };
    let all = [
        member(10, SystemRole::Owner),
        named(11, "ÖZGE 100%"),
        named(12, "100 Özil"),
        invited(13, 10),
    ];
    add_members(store, 1, &all).await;
    let from = |source| MembershipFilter {
        source: Some(source),
        ..MembershipFilter::default()
    };
    let text = |text: &str| MembershipFilter {
        text: Some(text.to_owned()),
        ..MembershipFilter::default()
    };

    let in_state = MembershipFilter {
        state: Some(MembershipState::Invited),
        ..MembershipFilter::default()
    };
    let in_role = MembershipFilter {
        role: Some(Code::try_from("owner").unwrap()),
        ..MembershipFilter::default()
    };

    assert_eq!(found_by(store, 1, in_state).await, [13]);
    assert_eq!(found_by(store, 1, in_role).await, [10]);
    assert_eq!(found_by(store, 1, from(MembershipSource::Invite)).await, [13]);
    assert_eq!(found_by(store, 1, from(MembershipSource::Api)).await, [10, 11, 12]);
    assert_eq!(
        found_by(store, 1, from(MembershipSource::Scim)).await,
        Vec::<u128>::new()
    );
    assert_eq!(found_by(store, 1, text("öz")).await, [11, 12]);
    assert_eq!(found_by(store, 1, text("0%")).await, [11]);
    assert_eq!(found_by(store, 1, text("1_0")).await, Vec::<u128>::new());
    assert_eq!(found_by(store, 1, text("MEMBER13@")).await, [13]);
    assert_eq!(found_by(store, 2, text("member")).await, Vec::<u128>::new());
}

/// Only *other*, *active* owners of this tenant count.
pub async fn owners_are_counted_without_the_one_who_leaves(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut left = member(12, SystemRole::Owner);
    left.deactivate(NOW).unwrap();
    let mine = [
        member(10, SystemRole::Owner),
        member(11, SystemRole::Owner),
        left,
        member(13, SystemRole::Admin),
    ];
    add_members(store, 1, &mine).await;
    add_members(store, 2, &[member(14, SystemRole::Owner)]).await;
    let owner = Code::try_from("owner").unwrap();

    let mut unit = begin(store, 1).await;

    assert_eq!(
        unit.memberships()
            .other_owners(&owner, membership_id(10))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        unit.memberships()
            .other_owners(&owner, membership_id(13))
            .await
            .unwrap(),
        2
    );
}

/// Of two owners who leave at once, one stays.
pub async fn the_last_owner_stays_also_under_concurrency(store: &impl TenancyHarness) {
    found_two(store).await;
    let owners = [member(10, SystemRole::Owner), member(11, SystemRole::Owner)];
    add_members(store, 1, &owners).await;
    let owner = Code::try_from("owner").unwrap();
    let leave = async |mut member: Membership| {
        let mut unit = begin(store, 1).await;
        if unit.memberships().other_owners(&owner, member.id()).await.unwrap() == 0 {
            return false;
        }
        let event = member.deactivate(NOW).unwrap();
        // The other one gets every chance to pass the check as well.
        tokio::task::yield_now().await;
        unit.memberships().update(&member).await.unwrap();
        unit.commit(vec![event]).await.unwrap();
        true
    };

    let (first, second) = tokio::join!(leave(owners[0].clone()), leave(owners[1].clone()));

    assert!(first != second, "one leaves, one stays: {first} {second}");
}
