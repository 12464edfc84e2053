//! Tests of the use cases.

use tenantry_kernel::time::Duration;
use tenantry_kernel::{DomainError, ErrorKind, MembershipId, Origin, Secret, StoreError, TenantScope};
use tenantry_tenancy::membership::Membership;

use super::*;
use crate::members::{Accept, AddMember};
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{PASSWORD, email, name, password};

async fn member(house: &House, made: &SignedUp, address: &str, role: &str) -> (Membership, TenantScope) {
    let request = AddMember {
        email: email(address),
        name: Some(name("Kim")),
        role: role.to_owned(),
        permissions: Vec::new(),
        department: None,
        position: None,
        message: None,
        locale: None,
        expires_in: None,
        invite: true,
    };
    house.members().add(&house.owner_of(made).await, request).await.unwrap();
    let accept = Accept {
        token: token_sent_to(house, address),
        name: None,
        password: Some(password(PASSWORD)),
        signed_in: None,
    };
    let joined = house.acceptance().accept(accept, Origin::default()).await.unwrap();
    let scope = house.scope_of(made.tenant.id(), &joined.membership).await;
    (joined.membership, scope)
}

fn token_sent_to(house: &House, address: &str) -> Secret<String> {
    let mails = house.store.mails();
    let last = mails.iter().rev().find(|mail| mail.to == email(address)).unwrap();
    last.token.clone().unwrap()
}

const fn to(id: MembershipId) -> OfferOwnership {
    OfferOwnership {
        to: id,
        keep_role: None,
    }
}

fn role_of(house: &House, made: &SignedUp, id: MembershipId) -> String {
    let rows = house.store.tenant_rows(made.tenant.id()).memberships;
    rows.iter().find(|row| row.id() == id).unwrap().role().to_string()
}

#[tokio::test]
async fn an_owner_hands_over_and_becomes_an_admin() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (kim, kims) = member(&house, &made, "kim@acme.example", "viewer").await;
    let owner = house.owner_of(&made).await;

    let offer = house.ownership().offer(&owner, to(kim.id())).await.unwrap();
    assert_eq!(house.ownership().pending(&kims).await.unwrap(), offer);
    assert_eq!(
        role_of(&house, &made, kim.id()),
        "viewer",
        "nothing changes before it is taken"
    );
    let handed = house.ownership().accept(&kims).await.unwrap();

    assert_eq!(
        (handed.owner.role().as_str(), handed.former.role().as_str()),
        ("owner", "admin")
    );
    assert_eq!(role_of(&house, &made, made.owner.id()), "admin");
    let actions: Vec<_> = house.store.actions().into_iter().rev().take(3).collect();
    assert_eq!(
        actions,
        [
            "membership.role_changed",
            "membership.role_changed",
            "ownership.transferred"
        ]
    );
    assert!(matches!(
        house.ownership().accept(&kims).await,
        Err(OwnershipError::NotFound)
    ));
}

#[tokio::test]
async fn the_mail_opens_its_own_offer_once_and_no_later_one() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (kim, _) = member(&house, &made, "kim@acme.example", "viewer").await;
    let owner = house.owner_of(&made).await;
    let ownership = house.ownership();
    let accept = async |token: &Secret<String>| ownership.accept_by_mail(token.expose(), Origin::default()).await;

    ownership.offer(&owner, to(kim.id())).await.unwrap();
    let first = token_sent_to(&house, "kim@acme.example");
    ownership.cancel(&owner).await.unwrap();
    assert!(matches!(accept(&first).await, Err(OwnershipError::Gone)));
    ownership.offer(&owner, to(kim.id())).await.unwrap();
    let second = token_sent_to(&house, "kim@acme.example");
    assert!(matches!(accept(&first).await, Err(OwnershipError::Gone)));
    let handed = accept(&second).await.unwrap();

    assert_eq!(handed.owner.id(), kim.id());
    assert!(matches!(accept(&second).await, Err(OwnershipError::Gone)));
    for junk in ["", "owner_x_y", "invite_x_y"] {
        let refused = ownership.accept_by_mail(junk, Origin::default()).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Unauthenticated, "token_invalid")
        );
    }
}

#[tokio::test]
async fn only_owners_offer_and_only_to_active_members() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (kim, kims) = member(&house, &made, "kim@acme.example", "admin").await;
    let owner = house.owner_of(&made).await;
    let nobody = MembershipId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(4_711));
    let ownership = house.ownership();

    assert_eq!(
        ownership.offer(&kims, to(kim.id())).await.unwrap_err().kind(),
        ErrorKind::Denied
    );
    let unknown = ownership.offer(&owner, to(nobody)).await.unwrap_err();
    assert_eq!(unknown.fields()[0].field, "to");
    let themself = ownership.offer(&owner, to(made.owner.id())).await.unwrap_err();
    assert_eq!(themself.code(), "already_owner");
    let keep = OfferOwnership {
        keep_role: Some("emperor".to_owned()),
        ..to(kim.id())
    };
    assert_eq!(
        ownership.offer(&owner, keep).await.unwrap_err().fields()[0].field,
        "keep_role"
    );
    ownership.offer(&owner, to(kim.id())).await.unwrap();
    assert_eq!(
        ownership.offer(&owner, to(kim.id())).await.unwrap_err().code(),
        "transfer_pending"
    );
}

#[tokio::test]
async fn an_offer_that_cannot_be_kept_changes_nothing() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let (kim, kims) = member(&house, &made, "kim@acme.example", "admin").await;
    let (second, seconds) = member(&house, &made, "sam@acme.example", "owner").await;
    let owner = house.owner_of(&made).await;
    let ownership = house.ownership();

    ownership.offer(&seconds, to(kim.id())).await.unwrap();
    house.members().deactivate(&owner, second.id(), None).await.unwrap();
    let void = ownership.accept(&kims).await.unwrap_err();
    assert_eq!((void.kind(), void.code()), (ErrorKind::Conflict, "transfer_void"));
    assert_eq!(role_of(&house, &made, kim.id()), "admin");

    ownership.cancel(&owner).await.unwrap();
    ownership.offer(&owner, to(kim.id())).await.unwrap();
    house.clock.advance(Duration::days(7));
    assert!(matches!(ownership.accept(&kims).await, Err(OwnershipError::NotFound)));
    assert!(matches!(ownership.pending(&owner).await, Err(OwnershipError::NotFound)));
    // What has run out makes room.
    ownership.offer(&owner, to(kim.id())).await.unwrap();
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (kim, kims) = member(&house, &made, "kim@acme.example", "admin").await;
    let owner = house.owner_of(&made).await;
    house.ownership().offer(&owner, to(kim.id())).await.unwrap();
    house.store.fail_commit(StoreError::Contended);

    let handed = house.ownership().accept(&kims).await.unwrap();

    assert_eq!(handed.owner.role().as_str(), "owner");
}
