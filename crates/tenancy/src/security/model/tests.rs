//! What follows from a policy.

use super::*;
use crate::testing::tenant_id;

fn from(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_default_asks_nothing() {
    let policy = SecurityPolicy::default();
    let somebody = EmailAddress::try_from("ada@example.com").unwrap();

    assert!(policy.allows_address(None) && policy.allows_address(Some(from("2001:db8::1"))));
    assert!(policy.allows_email(&somebody));
    assert!(SignInMethod::ALL.iter().all(|method| policy.allows_method(*method)));
    assert_eq!((policy.session.absolute(), policy.session.idle()), (None, None));
}

#[test]
fn a_list_allows_its_ranges_of_either_kind_and_mapped_addresses_as_what_they_are() {
    let policy = SecurityPolicy {
        ip_allowlist: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        ..SecurityPolicy::default()
    };

    for inside in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8:1::1"] {
        assert!(policy.allows_address(Some(from(inside))), "{inside}");
    }
    for outside in ["192.0.3.7", "::ffff:192.0.3.7", "2001:db9::1", "::1"] {
        assert!(!policy.allows_address(Some(from(outside))), "{outside}");
    }
    assert!(!policy.allows_address(None));
}

#[test]
fn addresses_are_allowed_by_their_exact_domain() {
    let policy = SecurityPolicy {
        allowed_email_domains: vec![EmailDomain::try_from("acme.com").unwrap()],
        ..SecurityPolicy::default()
    };
    let allows = |text: &str| policy.allows_email(&EmailAddress::try_from(text).unwrap());

    assert!(allows("Ada@ACME.com"));
    assert!(!allows("ada@evil-acme.com") && !allows("ada@mail.acme.com") && !allows("ada@acme.com.evil.example"));
}

#[test]
fn the_log_tells_what_changed_before_and_after_and_nothing_else() {
    let before = SecurityPolicy::default();
    let after = SecurityPolicy {
        mfa_required: true,
        session: SessionLimits {
            absolute_hours: Some(8),
            idle_minutes: None,
        },
        ..SecurityPolicy::default()
    };

    let event = before.changed_to(&after, tenant_id(1)).unwrap();

    let told: Vec<_> = event
        .changes
        .iter()
        .map(|change| (change.field, change.before.clone(), change.after.clone()))
        .collect();
    assert_eq!(event.action, "security_policy.changed");
    assert_eq!(
        told,
        [
            ("mfa_required", Value::Bool(false), Value::Bool(true)),
            ("session.absolute_hours", Value::Null, Value::Int(8)),
        ]
    );
    assert_eq!(after.changed_to(&after, tenant_id(1)), None);
}

#[test]
fn who_may_invite_is_narrowed_by_role() {
    use crate::role::SystemRole::{self, Admin, Manager, Owner};
    use crate::testing::role_permissions;

    let owner = role_permissions(Owner);
    let inviting = |who: WhoMayInvite| -> Vec<SystemRole> {
        let policy = SecurityPolicy {
            who_may_invite: who,
            ..SecurityPolicy::default()
        };
        let may = |role: &SystemRole| policy.may_invite(&role_permissions(*role), &owner).is_ok();
        [Owner, Admin, Manager].into_iter().filter(may).collect()
    };

    assert_eq!(inviting(WhoMayInvite::Managers), [Owner, Admin, Manager]);
    assert_eq!(inviting(WhoMayInvite::Admins), [Owner, Admin]);
    assert_eq!(inviting(WhoMayInvite::Owners), [Owner]);
}
