//! Tests of the use cases.

mod accepting;

use tenantry_identity::one_time_token::OneTimeText;
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::User;
use tenantry_kernel::retry::MaybeContended;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{
    DomainError, ErrorKind, Locale, MembershipId, Note, Origin, Secret, StoreError, TenantScope, UserId,
};
use tenantry_tenancy::gate::EnterError;
use tenantry_tenancy::membership::{Membership, MembershipState};

use super::*;
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{NOW, PASSWORD, USERS, code, email, name, password};

fn invite(address: &str, role: &str) -> AddMember {
    AddMember {
        email: email(address),
        name: None,
        role: role.to_owned(),
        permissions: Vec::new(),
        department: None,
        position: None,
        message: None,
        locale: None,
        expires_in: None,
        invite: true,
    }
}

async fn add(house: &House, scope: &TenantScope, address: &str, role: &str) -> Result<Membership, MembersError> {
    let added = house.members().add(scope, invite(address, role)).await;
    added.map(|added| added.membership)
}

/// The token of the last mail to an address.
fn token_sent_to(house: &House, address: &str) -> Secret<String> {
    let mails = house.store.mails();
    let last = mails.iter().rev().find(|mail| mail.to == email(address)).unwrap();
    last.token.clone().unwrap()
}

async fn accept(house: &House, token: &Secret<String>, secret: Option<&str>) -> Result<Accepted, MembersError> {
    let request = Accept {
        token: token.clone(),
        name: Some(name("Kim")),
        password: secret.map(password),
        signed_in: None,
    };
    house.acceptance().accept(request, Origin::default()).await
}

fn seats(house: &House, made: &SignedUp) -> i64 {
    house.store.tenant_rows(made.tenant.id()).gauges[&code(USERS)]
}

/// A member with a role who has joined, and their scope.
async fn joined(house: &House, made: &SignedUp, address: &str, role: &str) -> (Membership, TenantScope) {
    add(house, &house.owner_of(made).await, address, role).await.unwrap();
    let token = token_sent_to(house, address);
    let member = accept(house, &token, Some(PASSWORD)).await.unwrap().membership;
    let scope = house.scope_of(made.tenant.id(), &member).await;
    (member, scope)
}

#[tokio::test]
async fn a_list_of_permissions_without_end_is_refused_at_once() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let request = AddMember {
        permissions: vec!["no.such".to_owned(); 100_000],
        ..invite("ben@acme.example", "member")
    };

    let refused = house
        .members()
        .add(&house.owner_of(&made).await, request)
        .await
        .unwrap_err();

    let fields = refused.fields();
    assert_eq!((fields.len(), fields[0].code), (1, "too_many"));
}

#[tokio::test]
async fn an_invitation_takes_a_seat_and_sends_one_mail() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let mut request = invite("kim@acme.example", "MEMBER");
    request.message = Some(Note::try_from("welcome").unwrap());

    let added = house.members().add(&owner, request).await.unwrap().membership;

    assert_eq!(added.state(), MembershipState::Invited);
    assert_eq!(added.invited_by(), Some(made.owner.id()));
    assert_eq!(added.name().unwrap().as_str(), "kim");
    assert_eq!(seats(&house, &made), 2);
    let mail = house.store.mails().pop().unwrap();
    assert_eq!((mail.template, mail.to), ("invitation", email("kim@acme.example")));
    assert!(mail.fields.contains(&("message", "welcome".to_owned())));
}

#[tokio::test]
async fn the_last_seat_is_given_once() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let owner = house.owner_of(&made).await;

    let (one, two) = tokio::join!(
        add(&house, &owner, "kim@acme.example", "member"),
        add(&house, &owner, "lee@acme.example", "member")
    );

    let refused = match (one, two) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Exhausted, "quota_exceeded")
    );
    let details = refused.details();
    assert!(details.contains(&("meter", USERS.into())) && details.contains(&("upgrade_to", "starter".into())));
    assert_eq!(seats(&house, &made), 2);
    assert_eq!(house.store.tenant_rows(made.tenant.id()).memberships.len(), 2);
    assert_eq!(house.store.mails().len(), 2, "a welcome and one invitation");
}

#[tokio::test]
async fn who_is_a_member_already_is_told_so_even_without_a_seat() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let owner = house.owner_of(&made).await;
    add(&house, &owner, "kim@acme.example", "member").await.unwrap();

    let again = add(&house, &owner, "KIM@acme.example", "viewer").await.unwrap_err();

    assert_eq!((again.kind(), again.code()), (ErrorKind::Conflict, "already_member"));
}

#[tokio::test]
async fn nobody_grants_what_they_lack() {
    let house = House::default();
    let made = house.found("acme", "professional").await;
    let (_, admin) = joined(&house, &made, "ada@acme.example", "admin").await;
    let (_, manager) = joined(&house, &made, "max@acme.example", "manager").await;
    let (_, viewer) = joined(&house, &made, "vic@acme.example", "viewer").await;
    let mut extra = invite("new@acme.example", "viewer");
    extra.permissions = vec!["billing.manage".to_owned()];

    let too_much = house.members().add(&admin, extra).await.unwrap_err();

    assert_eq!(too_much.code(), "permission_denied");
    for (scope, role) in [
        (&admin, "owner"),
        (&manager, "admin"),
        (&manager, "manager"),
        (&viewer, "viewer"),
    ] {
        let denied = add(&house, scope, "new@acme.example", role).await.unwrap_err();
        assert_eq!(
            (denied.kind(), denied.code()),
            (ErrorKind::Denied, "permission_denied"),
            "{role}"
        );
    }
    assert!(add(&house, &manager, "new@acme.example", "member").await.is_ok());
}

#[tokio::test]
async fn unknown_roles_and_permissions_are_told_by_field() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let mut request = invite("kim@acme.example", "member");
    request.permissions = ["reports.view", "nope", "Reports.View", "nada"]
        .map(str::to_owned)
        .to_vec();

    let role = add(&house, &owner, "kim@acme.example", "wizard").await.unwrap_err();
    let permissions = house.members().add(&owner, request).await.unwrap_err();

    assert_eq!(role.fields()[0].code, "unknown_role");
    let fields: Vec<String> = permissions.fields().into_iter().map(|field| field.field).collect();
    assert_eq!(fields, ["permissions[1]", "permissions[3]"]);
}

#[tokio::test]
async fn the_tenants_log_does_not_tell_whether_an_address_was_known() {
    let house = House::default();
    let acme = house.found("acme", "starter").await;
    let globex = house.found("globex", "free").await;
    let owner = house.owner_of(&acme).await;
    let mut told = Vec::new();

    for address in [globex.owner.email().as_str(), "unknown@acme.example"] {
        let before = house.store.commits().len();
        add(&house, &owner, address, "member").await.unwrap();
        let token = token_sent_to(&house, address);
        accept(&house, &token, Some(PASSWORD)).await.unwrap();
        let commits = house.store.commits().split_off(before);
        told.push(
            commits
                .into_iter()
                .flat_map(|commit| commit.events)
                .map(|event| {
                    (
                        event.action,
                        event.resource_type,
                        event.changes.len(),
                        event.mails.len(),
                    )
                })
                .collect::<Vec<_>>(),
        );
    }

    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].len(), 2);
}

#[tokio::test]
async fn a_revoked_invitation_frees_its_seat_and_its_link_is_gone() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let owner = house.owner_of(&made).await;
    let invited = add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    let token = token_sent_to(&house, "kim@acme.example");

    house.members().revoke(&owner, invited.id(), None).await.unwrap();

    assert_eq!(seats(&house, &made), 1);
    assert_eq!(
        accept(&house, &token, Some(PASSWORD)).await.unwrap_err().code(),
        "invitation_gone"
    );
    let person = house.store.person_rows(invited.user()).user.unwrap();
    assert_eq!(person.password_hash(), None, "a dead link sets no password");
    let member = house.members().revoke(&owner, made.owner.id(), None).await.unwrap_err();
    assert_eq!(member.code(), "last_owner");
}

#[tokio::test]
async fn only_pending_invitations_are_revoked() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let (member, _) = joined(&house, &made, "kim@acme.example", "member").await;
    let owner = house.owner_of(&made).await;

    let refused = house.members().revoke(&owner, member.id(), None).await.unwrap_err();

    assert_eq!(refused.code(), "invitation_not_pending");
    assert_eq!(house.store.tenant_rows(made.tenant.id()).memberships.len(), 2);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let service = house.members();

    let removed = service.remove(&owner, made.owner.id(), None).await.unwrap_err();
    let deactivated = service.deactivate(&owner, made.owner.id(), None).await.unwrap_err();

    assert_eq!((removed.kind(), removed.code()), (ErrorKind::Conflict, "last_owner"));
    assert_eq!(deactivated.code(), "last_owner");
    assert_eq!(seats(&house, &made), 1);
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let (second, second_scope) = joined(&house, &made, "kim@acme.example", "owner").await;
    let owner = house.owner_of(&made).await;
    let service = house.members();

    let (one, two) = tokio::join!(
        service.remove(&owner, made.owner.id(), None),
        service.remove(&second_scope, second.id(), None)
    );

    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!(seats(&house, &made), 1);
}

#[tokio::test]
async fn a_seat_is_freed_and_taken_with_the_member() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let (member, _) = joined(&house, &made, "kim@acme.example", "member").await;
    let owner = house.owner_of(&made).await;
    let service = house.members();

    let away = service.deactivate(&owner, member.id(), None).await.unwrap();
    assert_eq!((away.state(), seats(&house, &made)), (MembershipState::Deactivated, 1));
    add(&house, &owner, "lee@acme.example", "member").await.unwrap();
    let full = service.reactivate(&owner, member.id(), None).await.unwrap_err();
    service.remove(&owner, member.id(), None).await.unwrap();

    assert_eq!(full.code(), "quota_exceeded");
    assert_eq!(seats(&house, &made), 2, "a deactivated member has no seat to free");
}

#[tokio::test]
async fn a_version_that_was_told_must_be_the_stored_one() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let (member, _) = joined(&house, &made, "kim@acme.example", "member").await;
    let owner = house.owner_of(&made).await;
    let service = house.members();

    let stale = service.deactivate(&owner, member.id(), Some(1)).await.unwrap_err();
    let fresh = service.deactivate(&owner, member.id(), Some(member.version())).await;

    assert_eq!((stale.kind(), stale.code()), (ErrorKind::Stale, "precondition_failed"));
    assert!(!stale.is_contended());
    assert_eq!(fresh.unwrap().version(), member.version() + 1);
}

#[tokio::test]
async fn a_lost_race_is_run_again_for_every_change() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let service = house.members();

    house.store.fail_commit(StoreError::Contended);
    let invited = add(&house, &owner, "kim@acme.example", "member").await.unwrap();
    house.store.fail_commit(StoreError::Contended);
    house.clock.advance(Duration::HOUR);
    service.resend(&owner, invited.id(), Resend::default()).await.unwrap();
    house.store.fail_commit(StoreError::Contended);
    let token = token_sent_to(&house, "kim@acme.example");
    accept(&house, &token, Some(PASSWORD)).await.unwrap();
    house.store.fail_commit(StoreError::Contended);
    service.remove(&owner, invited.id(), None).await.unwrap();

    assert_eq!(seats(&house, &made), 1);
}

#[tokio::test]
async fn without_an_invitation_a_member_is_added_at_once_and_silently() {
    let house = House::default();
    let made = house.found("acme", "starter").await;
    let owner = house.owner_of(&made).await;
    let mut request = invite("kim@acme.example", "member");
    request.invite = false;

    let added = house.members().add(&owner, request).await.unwrap().membership;

    assert_eq!(added.state(), MembershipState::Active);
    assert_eq!(house.store.mails().len(), 1, "only the owner's welcome");
}

#[tokio::test]
async fn a_member_of_another_tenant_is_not_found() {
    let house = House::default();
    let acme = house.found("acme", "starter").await;
    let globex = house.found("globex", "starter").await;
    let owner = house.owner_of(&acme).await;
    let nobody = MembershipId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(404));

    for id in [globex.owner.id(), nobody] {
        let refused = house.members().remove(&owner, id, None).await.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::NotFound, "not_found"));
    }
}
