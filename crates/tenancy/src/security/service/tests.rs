//! Who may write a policy, and which ones nobody may.

use std::net::IpAddr;
use std::sync::Mutex;

use tenantry_kernel::testing::test_authority;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Origin, SessionId};

use super::*;
use crate::permissions::SETTINGS_MANAGE;
use crate::security::SessionLimits;
use crate::testing::{FakeTenancy, Outcome, membership_id, role_permissions, roles, tenant_id, user_id};

fn scope(principal: Principal, address: Option<&str>) -> TenantScope {
    let origin = Origin {
        address: address.map(|text| text.parse::<IpAddr>().unwrap()),
        ..Origin::default()
    };
    test_authority().enter(tenant_id(1), principal, role_permissions(SystemRole::Owner), origin)
}

fn session() -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(7))
}

fn owner(address: Option<&str>) -> TenantScope {
    let principal = Principal::Member {
        user: user_id(1),
        membership: membership_id(1),
        session: session(),
    };
    scope(principal, address)
}

/// A service over one policy, whose writes land in it.
fn service(stored: StoredPolicy) -> (SecurityService, Outcome) {
    let row = Arc::new(Mutex::new(stored));
    let mut fake = FakeTenancy::default();
    let read = Arc::clone(&row);
    fake.security_policies
        .expect_find()
        .returning(move || Ok(Some(read.lock().unwrap().clone())));
    fake.security_policies.expect_write().returning(move |policy| {
        let mut row = row.lock().unwrap();
        assert_eq!(row.version, policy.version);
        *row = policy.clone();
        row.version += 1;
        Ok(())
    });
    let (store, outcome) = fake.into_store();
    (SecurityService::new(store, Arc::new(roles())), outcome)
}

fn only_from(range: &str) -> PolicyDraft {
    PolicyDraft {
        ip_allowlist: vec![range.to_owned()],
        ..PolicyDraft::default()
    }
}

#[tokio::test]
async fn a_policy_is_replaced_whole_and_the_log_tells_how() {
    let (service, outcome) = service(StoredPolicy::default());
    let draft = PolicyDraft {
        session_idle_minutes: Some(30),
        ..PolicyDraft::default()
    };

    let written = service.replace(&owner(None), &draft, Some(0)).await.unwrap();
    let again = service.replace(&owner(None), &draft, Some(1)).await.unwrap();
    let emptied = service
        .replace(&owner(None), &PolicyDraft::default(), None)
        .await
        .unwrap();

    let idle = |stored: &StoredPolicy| stored.policy.session.idle_minutes;
    assert_eq!((written.version, idle(&written)), (1, Some(30)));
    assert_eq!(again, written);
    assert_eq!((emptied.version, emptied.policy.session), (2, SessionLimits::default()));
    assert_eq!(outcome.actions(), ["security_policy.changed"; 2]);
}

#[tokio::test]
async fn nobody_writes_a_list_that_shuts_themselves_out() {
    let (service, outcome) = service(StoredPolicy::default());
    let home = only_from("192.0.2.0/24");

    for address in [Some("198.51.100.1"), Some("2001:db8::1"), None] {
        let refused = service.replace(&owner(address), &home, None).await.unwrap_err();
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Invalid, "would_lock_you_out")
        );
        assert_eq!(refused.fields()[0].field, "ip_allowlist");
    }
    assert_eq!(outcome.events(), None);
    service
        .replace(&owner(Some("::ffff:192.0.2.9")), &home, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_installations_people_write_a_list_that_they_are_not_on() {
    let (service, _) = service(StoredPolicy::default());
    let operator = Principal::Operator {
        user: user_id(9),
        session: session(),
    };

    let written = service
        .replace(&scope(operator, Some("198.51.100.1")), &only_from("192.0.2.0/24"), None)
        .await
        .unwrap();

    assert_eq!(written.policy.ip_allowlist.len(), 1);
}

#[tokio::test]
async fn those_who_join_become_members_or_less_under_the_roles_own_name() {
    let (service, _) = service(StoredPolicy::default());
    let with = |role: &str| PolicyDraft {
        domain_join_role: Some(role.to_owned()),
        ..PolicyDraft::default()
    };

    let written = service.replace(&owner(None), &with("Viewer"), None).await.unwrap();

    assert_eq!(written.policy.domain_join.role.unwrap().as_str(), "viewer");
    for (role, code) in [
        ("owner", "role_too_strong"),
        ("Admin", "role_too_strong"),
        ("pirate", "unknown_role"),
        ("no role!", "unknown_role"),
    ] {
        let refused = service.replace(&owner(None), &with(role), None).await.unwrap_err();
        let told: Vec<_> = refused
            .fields()
            .into_iter()
            .map(|fault| (fault.field, fault.code))
            .collect();
        assert_eq!(told, [("domain_join.role".to_owned(), code)], "{role}");
    }
}

#[tokio::test]
async fn people_may_be_let_in_by_their_domain() {
    let (service, outcome) = service(StoredPolicy::default());

    for mode in ["suggest", "auto", "off"] {
        let draft = PolicyDraft {
            domain_join_mode: mode.to_owned(),
            ..PolicyDraft::default()
        };
        let written = service.replace(&owner(None), &draft, None).await.unwrap();
        assert_eq!(written.policy.domain_join.mode.as_str(), mode);
    }

    assert_eq!(outcome.actions(), ["security_policy.changed"; 3]);
}

#[tokio::test]
async fn whoever_saw_an_older_version_is_refused_and_so_is_whoever_lacks_the_permission() {
    let (service, outcome) = service(StoredPolicy {
        version: 3,
        ..StoredPolicy::default()
    });
    let draft = PolicyDraft {
        mfa_required: true,
        ..PolicyDraft::default()
    };
    let stranger = TenantScope::for_test(1, &[SETTINGS_MANAGE]);

    let late = service.replace(&owner(None), &draft, Some(2)).await;
    let denied = service.replace(&stranger, &draft, None).await;
    let unseen = service.show(&stranger).await;

    assert!(matches!(late, Err(SecurityError::Stale)));
    assert!(matches!(denied, Err(SecurityError::Denied(_))));
    assert!(matches!(unseen, Err(SecurityError::Denied(_))));
    assert_eq!(outcome.events(), None);
}

#[tokio::test]
async fn wrong_fields_of_both_kinds_are_told_together() {
    let (service, _) = service(StoredPolicy::default());
    let draft = PolicyDraft {
        session_idle_minutes: Some(1),
        domain_join_role: Some("pirate".to_owned()),
        ..PolicyDraft::default()
    };

    let refused = service.replace(&owner(None), &draft, None).await.unwrap_err();

    let told: Vec<_> = refused.fields().into_iter().map(|fault| fault.field).collect();
    assert_eq!(told, ["session.idle_minutes", "domain_join.role"]);
}
