//! The state machine of a membership.

use tenantry_kernel::time::Duration;
use tenantry_kernel::{Permission, Value};

use super::*;
use crate::role::SystemRole::{Admin, Member, Viewer};
use crate::testing::{self, NOW, member, membership_id};

fn invited() -> Membership {
    let invitation = Invitation {
        by: Some(membership_id(7)),
        expires_at: NOW + Duration::days(7),
    };
    Membership::invite(membership_id(1), testing::details(1, Member), invitation, NOW)
}

#[test]
fn an_invitation_is_accepted_once_and_in_time() {
    let mut in_time = invited();
    let mut too_late = invited();
    let name = DisplayName::try_from("Ada").unwrap();
    let limit = NOW + Duration::days(7);

    let event = in_time.accept(Some(name.clone()), limit - Duration::SECOND).unwrap();

    assert_eq!(
        (event.action, in_time.state()),
        ("membership.joined", MembershipState::Active)
    );
    assert_eq!(
        (in_time.name(), in_time.invited_by()),
        (Some(&name), Some(membership_id(7)))
    );
    assert_eq!(in_time.accept(None, NOW), Err(WrongState::NotInvited));
    assert_eq!(too_late.accept(None, limit), Err(WrongState::Expired));
    assert_eq!(too_late.state(), MembershipState::Invited);
}

#[test]
fn resending_revives_an_expired_invitation() {
    let mut membership = invited();
    let later = NOW + Duration::days(8);

    let event = membership.resend(later + Duration::days(7), later).unwrap();

    assert_eq!(event.changes[0].after, Value::Time(later + Duration::days(7)));
    assert!(membership.accept(None, later).is_ok());
    assert_eq!(membership.resend(later, later), Err(WrongState::NotInvited));
}

#[test]
fn only_active_members_are_deactivated_and_only_deactivated_ones_come_back() {
    let mut membership = member(1, Member);

    assert_eq!(membership.reactivate(NOW), Err(WrongState::NotDeactivated));
    let event = membership.deactivate(NOW).unwrap();
    assert_eq!(
        (event.changes[0].before.clone(), event.changes[0].after.clone()),
        ("active".into(), "deactivated".into())
    );
    assert_eq!(membership.status(), &MembershipStatus::Deactivated { at: NOW });
    assert_eq!(membership.deactivate(NOW), Err(WrongState::NotActive));
    assert_eq!(membership.reactivate(NOW).unwrap().action, "membership.reactivated");
    assert_eq!(invited().deactivate(NOW), Err(WrongState::NotActive));
}

#[test]
fn a_role_change_tells_role_and_permissions_or_nothing() {
    let mut membership = member(1, Viewer);
    let admin = member(2, Admin).role().clone();
    let extra: PermissionSet = [Permission::known("reports.export")].into_iter().collect();
    let later = NOW + Duration::HOUR;

    let event = membership.change_role(admin.clone(), extra.clone(), later).unwrap();

    assert_eq!(
        event.changes.iter().map(|change| change.field).collect::<Vec<_>>(),
        ["role", "permissions"]
    );
    assert_eq!(event.changes[1].after, Value::from(vec!["reports.export".to_owned()]));
    assert_eq!(membership.updated_at(), later);
    assert_eq!(membership.change_role(admin, extra, later + Duration::HOUR), None);
    assert_eq!(membership.updated_at(), later);
}

#[test]
fn details_can_be_changed_and_emptied() {
    let mut membership = member(1, Member);
    let set = DetailsChange {
        department: Some(Some(Note::try_from("Sales").unwrap())),
        ..DetailsChange::default()
    };
    let clear = DetailsChange {
        department: Some(None),
        ..DetailsChange::default()
    };

    assert_eq!(membership.describe(DetailsChange::default(), NOW), None);
    assert_eq!(
        membership.describe(set, NOW).unwrap().changes[0].after,
        Value::from("Sales")
    );
    assert_eq!(membership.describe(clear, NOW).unwrap().changes[0].after, Value::Null);
    assert_eq!(membership.details().department, None);
}

#[test]
fn beginnings_and_ends_are_told_by_state() {
    let extra: PermissionSet = [Permission::known("reports.export")].into_iter().collect();
    let mut generous = testing::details(1, Member);
    generous.extra = extra;

    assert_eq!(invited().created().action, "membership.invited");
    assert_eq!(member(1, Member).created().action, "membership.created");
    assert_eq!(
        Membership::join(membership_id(1), generous, NOW).created().changes[3].field,
        "permissions"
    );
    assert_eq!(invited().removed().action, "membership.invitation_revoked");
    assert_eq!(member(1, Member).removed().action, "membership.removed");
}

#[test]
fn a_membership_says_how_it_came_about() {
    assert_eq!(invited().source(), MembershipSource::Invite);
    assert_eq!(member(1, Member).source(), MembershipSource::Api);
    let moved = member(1, Member).sourced(MembershipSource::Import);

    let told = moved.created().changes.pop().unwrap();
    assert_eq!((told.field, told.after), ("source", "import".into()));
    for source in MembershipSource::ALL {
        assert_eq!(MembershipSource::from_name(source.as_str()), Some(source));
    }
    assert_eq!(MembershipSource::from_name("Import"), None);
}

#[test]
fn an_active_member_is_unlocked_once_an_hour() {
    let mut membership = member(1, Member);

    assert_eq!(membership.unlock(NOW).unwrap().action, "membership.unlocked");
    let soon = NOW + Membership::UNLOCK_PAUSE - Duration::microseconds(1);
    assert_eq!(membership.unlock(soon), Err(WrongState::UnlockedRecently));
    assert!(membership.unlock(NOW + Membership::UNLOCK_PAUSE).is_ok());
    assert_eq!(invited().unlock(NOW), Err(WrongState::NotActive));
}

#[test]
fn state_names_are_read_back() {
    for state in [
        MembershipState::Invited,
        MembershipState::Active,
        MembershipState::Deactivated,
    ] {
        assert_eq!(MembershipState::from_name(state.as_str()), Some(state));
    }
    assert_eq!(MembershipState::from_name("Active"), None);
}
