//! Members through the service, over mocks.

use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DomainError as _, ErrorKind, Permission, StoreError};

use super::*;
use crate::membership::WrongState;
use crate::permissions::MEMBERS_MANAGE;
use crate::role::SystemRole::{self, Admin, Manager, Member, Owner, Viewer};
use crate::testing::{FakeTenancy, NOW, Outcome, member, membership_id, role_permissions, roles};

fn service(fake: FakeTenancy) -> (MemberService, Outcome) {
    let (store, outcome) = fake.into_store();
    let service = MemberService::new(store, Arc::new(FixedClock::at(NOW)), Arc::new(roles()));
    (service, outcome)
}

fn acting_as(role: SystemRole) -> TenantScope {
    let permissions: Vec<Permission> = role_permissions(role).iter().cloned().collect();
    TenantScope::for_test(1, &permissions)
}

/// A store that holds one member, and expects nothing else.
fn holding(target: Membership) -> FakeTenancy {
    let mut fake = FakeTenancy::default();
    fake.memberships
        .expect_find()
        .returning(move |id| Ok(Some(target.clone()).filter(|target| target.id() == id)));
    fake
}

fn to(role: &str) -> ChangeRole {
    ChangeRole {
        role: role.to_owned(),
        extra: None,
        expected: None,
    }
}

#[tokio::test]
async fn a_stranger_to_the_member_list_never_reaches_the_store() {
    let (service, _) = service(FakeTenancy::default());
    let scope = TenantScope::for_test(1, &[MEMBERS_MANAGE]);

    let listed = service.list(&scope, ListMembers::default(), PageRequest::first()).await;
    let shown = service.show(&scope, membership_id(1)).await;

    assert!(matches!(listed, Err(MemberError::Denied(_))));
    assert!(matches!(shown, Err(MemberError::Denied(_))));
}

#[tokio::test]
async fn a_viewer_who_changes_members_never_reaches_the_store() {
    let (service, outcome) = service(FakeTenancy::default());
    let (viewer, id) = (acting_as(Viewer), membership_id(1));

    for refused in [
        service.change_role(&viewer, id, to("viewer")).await,
        service.describe(&viewer, id, DetailsChange::default(), None).await,
        service.deactivate(&viewer, id, None).await,
        service.reactivate(&viewer, id, None).await,
    ] {
        assert!(matches!(refused, Err(MemberError::Denied(_))));
    }
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn the_list_is_filtered_by_any_name_of_a_role() {
    let mut fake = FakeTenancy::default();
    fake.memberships
        .expect_list()
        .withf(|filter, _| {
            filter.role.as_ref().is_some_and(|role| role.as_str() == "admin") && filter.text.as_deref() == Some("ada")
        })
        .return_once(|_, _| {
            Ok(Page {
                items: vec![member(1, Admin)],
                next: None,
            })
        });
    let (service, _) = service(fake);
    let request = ListMembers {
        role: Some("ADMIN".to_owned()),
        text: Some("  ada ".to_owned()),
        ..ListMembers::default()
    };

    let page = service
        .list(&acting_as(Viewer), request, PageRequest::first())
        .await
        .unwrap();

    assert_eq!(page.items.len(), 1);
}

#[tokio::test]
async fn an_unknown_role_is_a_fault_of_the_input() {
    let (service, _) = service(FakeTenancy::default());

    let refused = service
        .change_role(&acting_as(Owner), membership_id(1), to("emperor"))
        .await
        .unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Invalid, "validation_failed")
    );
    assert_eq!(refused.fields()[0].field, "role");
}

#[tokio::test]
async fn an_owner_promotes_a_member_and_the_log_tells_it() {
    let mut fake = holding(member(5, Member));
    fake.memberships
        .expect_update()
        .withf(|member| member.version() == 1 && member.role().as_str() == "admin")
        .once()
        .returning(|_| Ok(()));
    let (service, outcome) = service(fake);

    let promoted = service
        .change_role(&acting_as(Owner), membership_id(5), to("Admin"))
        .await
        .unwrap();

    assert_eq!((promoted.role().as_str(), promoted.version()), ("admin", 2));
    assert_eq!(outcome.actions(), ["membership.role_changed"]);
}

#[tokio::test]
async fn the_same_role_again_writes_nothing() {
    let (service, outcome) = service(holding(member(5, Member)));

    let same = service
        .change_role(&acting_as(Owner), membership_id(5), to("member"))
        .await
        .unwrap();

    assert_eq!(same.version(), 1);
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn an_admin_neither_touches_an_owner_nor_makes_one() {
    for (target, role) in [(Owner, "viewer"), (Member, "owner")] {
        let (service, outcome) = service(holding(member(5, target)));

        let refused = service.change_role(&acting_as(Admin), membership_id(5), to(role)).await;

        assert!(matches!(refused, Err(MemberError::Denied(_))), "{target:?} to {role}");
        assert_eq!(outcome.events(), None);
    }
}

#[tokio::test]
async fn a_manager_moves_members_and_viewers_only() {
    for (target, role, allowed) in [
        (Viewer, "member", true),
        (Member, "manager", false),
        (Manager, "viewer", false),
    ] {
        let mut fake = holding(member(5, target));
        fake.memberships.expect_update().returning(|_| Ok(()));
        let (service, _) = service(fake);

        let changed = service
            .change_role(&acting_as(Manager), membership_id(5), to(role))
            .await;

        assert_eq!(changed.is_ok(), allowed, "{target:?} to {role}");
    }
}

#[tokio::test]
async fn the_last_owner_stays() {
    let mut fake = holding(member(5, Owner));
    fake.memberships
        .expect_other_owners()
        .withf(|owner, id| owner.as_str() == "owner" && *id == membership_id(5))
        .times(2)
        .returning(|_, _| Ok(0));
    let (service, outcome) = service(fake);

    let demoted = service
        .change_role(&acting_as(Owner), membership_id(5), to("admin"))
        .await;
    let closed = service.deactivate(&acting_as(Owner), membership_id(5), None).await;

    assert_eq!(demoted.unwrap_err().code(), "last_owner");
    assert_eq!(closed.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn one_of_two_owners_may_go() {
    let mut fake = holding(member(5, Owner));
    fake.memberships.expect_other_owners().return_once(|_, _| Ok(1));
    fake.memberships.expect_update().return_once(|_| Ok(()));
    let (service, outcome) = service(fake);

    service
        .deactivate(&acting_as(Owner), membership_id(5), Some(1))
        .await
        .unwrap();

    assert_eq!(outcome.actions(), ["membership.deactivated"]);
}

#[tokio::test]
async fn a_member_that_changed_meanwhile_is_left_alone() {
    let mut raced = holding(member(5, Member));
    raced
        .memberships
        .expect_update()
        .return_once(|_| Err(StoreError::Stale));
    let (seen_late, first) = service(holding(member(5, Member)));
    let (lost_race, second) = service(raced);

    let by_version = seen_late.deactivate(&acting_as(Owner), membership_id(5), Some(9)).await;
    let by_store = lost_race.deactivate(&acting_as(Owner), membership_id(5), Some(1)).await;

    assert!(matches!(by_version, Err(MemberError::Stale)));
    assert_eq!(by_store.unwrap_err().code(), "precondition_failed");
    assert_eq!((first.events(), second.events()), (None, None));
}

#[tokio::test]
async fn a_lost_race_is_run_again_from_the_start() {
    let mut fake = holding(member(5, Member));
    fake.memberships.expect_update().times(2).returning(|_| Ok(()));
    fake.lost_commits = 1;
    let (service, outcome) = service(fake);

    service
        .deactivate(&acting_as(Owner), membership_id(5), None)
        .await
        .unwrap();

    assert_eq!(outcome.actions(), ["membership.deactivated"]);
}

#[tokio::test]
async fn reactivating_an_active_member_is_a_conflict() {
    let (service, _) = service(holding(member(5, Member)));

    let refused = service
        .reactivate(&acting_as(Owner), membership_id(5), None)
        .await
        .unwrap_err();

    assert!(matches!(refused, MemberError::State(WrongState::NotDeactivated)));
    assert_eq!(refused.code(), "member_not_deactivated");
}

#[tokio::test]
async fn another_tenants_member_is_not_found() {
    let (service, _) = service(holding(member(5, Member)));

    let refused = service.show(&acting_as(Owner), membership_id(6)).await.unwrap_err();

    assert_eq!((refused.kind(), refused.code()), (ErrorKind::NotFound, "not_found"));
}

#[tokio::test]
async fn extra_permissions_a_member_has_are_kept_by_those_who_lack_them() {
    let mut target = member(5, Viewer);
    let extra: PermissionSet = [Permission::known("members.read")].into_iter().collect();
    target.change_role(target.role().clone(), extra.clone(), NOW);
    let mut fake = holding(target);
    fake.memberships
        .expect_update()
        .withf(move |member| *member.extra() == extra)
        .return_once(|_| Ok(()));
    let (service, _) = service(fake);

    let kept = service
        .change_role(&acting_as(Manager), membership_id(5), to("member"))
        .await
        .unwrap();

    assert_eq!(kept.role().as_str(), "member");
}

#[tokio::test]
async fn removing_through_the_steps_frees_a_seat_and_keeps_an_owner() {
    let mut fake = holding(member(5, Member));
    fake.memberships
        .expect_delete()
        .withf(|id, version| (*id, *version) == (membership_id(5), 1))
        .return_once(|_, _| Ok(()));
    let (store, _) = fake.into_store();
    let (scope, book) = (acting_as(Owner), roles());
    let target = Target {
        scope: &scope,
        roles: &book,
        id: membership_id(5),
        expected: None,
        now: NOW,
    };

    let mut unit = store.begin(&scope).await.unwrap();
    let removed = steps::remove(unit.memberships(), target).await.unwrap();

    assert_eq!(removed.seats_delta(), -1);
    assert_eq!(removed.event.unwrap().action, "membership.removed");
}
