//! Who enters, as whom, with what.

use tenantry_kernel::Permission;
use tenantry_kernel::testing::test_authority;
use tenantry_kernel::uuid::Uuid;

use super::*;
use crate::permissions::{
    DOMAINS_MANAGE, MEMBERS_MANAGE, MEMBERS_READ, PLATFORM_MANAGE, TENANT_DELETE, TENANT_READ, TENANT_UPDATE,
};
use crate::role::OwnRoles;
use crate::role::SystemRole::{Admin, Owner, Viewer};
use crate::testing::{
    MockAccessDirectory, NOW, assignment, member_access, membership_id, own_role, role_permissions, roles,
    tenant_access, tenant_id, user_id,
};

const MEMBER: u128 = 5;

fn gate(tenant: Option<TenantAccess>, member: Option<MemberAccess>) -> Gate {
    let tenant = tenant.map(Arc::new);
    let member = member.map(Arc::new);
    let mut directory = MockAccessDirectory::new();
    directory
        .expect_tenant()
        .returning(move |id| Ok(tenant.clone().filter(|tenant| tenant.id == id)));
    directory
        .expect_member()
        .returning(move |_, id| Ok(member.clone().filter(|member| member.membership == id)));
    Gate::new(test_authority(), Arc::new(directory), Arc::new(roles()))
}

fn suspended() -> TenantAccess {
    suspended_for(SuspensionCause::Operator)
}

fn suspended_for(cause: SuspensionCause) -> TenantAccess {
    TenantAccess {
        status: TenantStatus::Suspended {
            at: NOW,
            reason: "unpaid".to_owned(),
            cause,
        },
        ..tenant_access(1, "acme")
    }
}

fn session() -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(77))
}

fn key() -> ApiKeyId {
    ApiKeyId::from_uuid(Uuid::from_u128(88))
}

async fn enter(gate: &Gate, user: u128) -> Result<TenantScope, EnterError> {
    let member = membership_id(MEMBER);
    gate.enter_member(tenant_id(1), user_id(user), member, session(), Origin::default())
        .await
}

#[tokio::test]
async fn a_member_enters_with_role_and_extra_permissions() {
    let mut viewer = member_access(MEMBER, Viewer);
    viewer.extra = [Permission::known("reports.export")].into_iter().collect();
    let gate = gate(Some(tenant_access(1, "acme")), Some(viewer.clone()));

    let scope = enter(&gate, 1_005).await.unwrap();

    assert_eq!(scope.tenant_id(), tenant_id(1));
    assert_eq!(scope.permissions(), &role_permissions(Viewer).union(&viewer.extra));
    let Principal::Member { membership, .. } = scope.principal() else {
        panic!("not a member: {:?}", scope.principal());
    };
    assert_eq!(*membership, membership_id(MEMBER));
}

#[tokio::test]
async fn another_persons_membership_is_no_way_in() {
    let gate = gate(Some(tenant_access(1, "acme")), Some(member_access(MEMBER, Owner)));

    assert!(matches!(enter(&gate, 1_006).await, Err(EnterError::NotFound)));
}

#[tokio::test]
async fn strangers_cannot_tell_a_suspended_tenant_from_none() {
    let closed = gate(Some(suspended()), None);
    let absent = gate(None, None);

    assert!(matches!(enter(&closed, 1_005).await, Err(EnterError::NotFound)));
    assert!(matches!(enter(&absent, 1_005).await, Err(EnterError::NotFound)));
}

#[tokio::test]
async fn members_who_are_not_active_stay_outside() {
    for state in [MembershipState::Invited, MembershipState::Deactivated] {
        let mut member = member_access(MEMBER, Owner);
        member.status = state;
        let gate = gate(Some(tenant_access(1, "acme")), Some(member));

        let refused = enter(&gate, 1_005).await.unwrap_err();

        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Denied, "membership_inactive")
        );
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_closed_to_members_and_keys() {
    let gate = gate(Some(suspended()), Some(member_access(MEMBER, Owner)));
    let permissions = PermissionSet::default();

    let member = enter(&gate, 1_005).await.unwrap_err();
    let key = gate
        .enter_key(tenant_id(1), key(), true, permissions, Origin::default())
        .await;

    assert_eq!((member.kind(), member.code()), (ErrorKind::Locked, "tenant_suspended"));
    assert_eq!(
        member.details(),
        [("reason", Value::from("unpaid")), ("cause", Value::from("operator"))]
    );
    assert!(matches!(key, Err(EnterError::Suspended { .. })));
}

#[tokio::test]
async fn members_come_in_to_pay_what_their_tenant_is_suspended_for_and_no_other_way() {
    let pay = async |cause| {
        let gate = gate(Some(suspended_for(cause)), Some(member_access(MEMBER, Owner)));
        let member = membership_id(MEMBER);
        let entered = gate.enter_member_to_pay(tenant_id(1), user_id(1_005), member, session(), Origin::default());
        (entered.await, enter(&gate, 1_005).await)
    };

    let (to_pay, to_work) = pay(SuspensionCause::Unpaid).await;
    let (banned, _) = pay(SuspensionCause::Operator).await;

    assert_eq!(to_pay.unwrap().permissions(), &role_permissions(Owner));
    assert!(matches!(to_work, Err(EnterError::Suspended { .. })));
    assert!(matches!(banned, Err(EnterError::Suspended { .. })));
}

#[tokio::test]
async fn operators_and_workers_enter_a_suspended_tenant() {
    let gate = gate(Some(suspended()), None);

    let operator = gate
        .enter_operator(tenant_id(1), user_id(9), session(), false, Origin::default())
        .await
        .unwrap();
    let worker = gate.enter_as_system(tenant_id(1), "billing_run").await.unwrap();

    assert!(operator.permissions().covers(&role_permissions(Owner)));
    assert!(operator.permissions().holds(&PLATFORM_MANAGE) && !worker.permissions().holds(&PLATFORM_MANAGE));
    assert_eq!(operator.principal().kind(), "operator");
    assert_eq!(worker.principal(), &Principal::Worker { job: "billing_run" });
}

#[tokio::test]
async fn a_member_enters_with_the_tenants_own_role_and_further_ones() {
    let tenant = TenantAccess {
        roles: OwnRoles::new(vec![own_role(1, "hosts", &["domains.*"])]),
        ..tenant_access(1, "acme")
    };
    let mut member = member_access(MEMBER, Viewer);
    member.role = "hosts".try_into().unwrap();
    member.assigned = vec![
        assignment(1, MEMBER, "viewer", None),
        assignment(2, MEMBER, "admin", Some("team:sales")),
    ];
    let gate = gate(Some(tenant), Some(member));

    let scope = enter(&gate, 1_005).await.unwrap();
    let (_, held) = gate
        .powers_of(tenant_id(1), membership_id(MEMBER))
        .await
        .unwrap()
        .unwrap();

    let (sales, support) = ("team:sales".try_into().unwrap(), "team:support".try_into().unwrap());
    assert!(scope.require(&DOMAINS_MANAGE).is_ok() && scope.require(&TENANT_READ).is_ok());
    assert!(scope.require(&TENANT_UPDATE).is_err() && scope.require_on(&TENANT_UPDATE, &sales).is_ok());
    assert!(scope.require_on(&TENANT_UPDATE, &support).is_err() && scope.require_on(&TENANT_READ, &support).is_ok());
    assert!(held.is_same(scope.permissions()), "found again, and not reckoned again");
}

#[tokio::test]
async fn support_may_look_and_not_touch() {
    let gate = gate(Some(tenant_access(1, "acme")), None);

    let scope = gate
        .enter_operator(tenant_id(1), user_id(9), session(), true, Origin::default())
        .await
        .unwrap();

    assert!(scope.require(&TENANT_READ).is_ok() && scope.require(&MEMBERS_READ).is_ok());
    for touching in [TENANT_UPDATE, TENANT_DELETE, MEMBERS_MANAGE] {
        assert!(scope.require(&touching).is_err(), "{touching}");
    }
}

#[tokio::test]
async fn nobody_enters_a_tenant_that_is_not_there() {
    let gate = gate(None, None);
    let (tenant, origin) = (tenant_id(1), Origin::default);

    let key = gate
        .enter_key(tenant, key(), true, PermissionSet::default(), origin())
        .await;
    let operator = gate
        .enter_operator(tenant, user_id(9), session(), false, origin())
        .await;

    assert!(matches!(key, Err(EnterError::NotFound)));
    assert!(matches!(operator, Err(EnterError::NotFound)));
    assert!(matches!(
        gate.enter_as_system(tenant, "x").await,
        Err(EnterError::NotFound)
    ));
}

#[tokio::test]
async fn a_key_enters_with_its_own_permissions_and_nothing_else() {
    let gate = gate(Some(tenant_access(1, "acme")), None);
    let held: PermissionSet = [TENANT_READ].into_iter().collect();

    let scope = gate
        .enter_key(tenant_id(1), key(), false, held.clone(), Origin::default())
        .await
        .unwrap();

    assert_eq!(scope.permissions(), &held);
    assert_eq!(
        scope.principal(),
        &Principal::ApiKey {
            key: key(),
            live: false
        }
    );
}

#[tokio::test]
async fn a_role_that_left_the_catalog_allows_nothing() {
    let mut member = member_access(MEMBER, Admin);
    member.role = "gone".try_into().unwrap();
    let gate = gate(Some(tenant_access(1, "acme")), Some(member));

    assert!(enter(&gate, 1_005).await.unwrap().permissions().is_empty());
}

#[test]
fn a_founder_holds_all_that_an_owner_holds() {
    let scope = gate(None, None).found(tenant_id(1), Principal::Anonymous, Origin::default());

    assert_eq!(scope.permissions(), &role_permissions(Owner));
    assert_eq!(scope.principal(), &Principal::Anonymous);
}

#[tokio::test]
async fn the_invited_enter_an_open_tenant_and_may_do_nothing_yet() {
    let invited = Principal::Member {
        user: user_id(9),
        membership: membership_id(MEMBER),
        session: session(),
    };
    let open = gate(Some(tenant_access(1, "acme")), None);
    let closed = gate(Some(suspended()), None);

    let scope = open
        .enter_invited(tenant_id(1), invited.clone(), Origin::default())
        .await
        .unwrap();
    let refused = closed
        .enter_invited(tenant_id(1), invited.clone(), Origin::default())
        .await;

    assert_eq!((scope.principal(), scope.permissions().is_empty()), (&invited, true));
    assert!(matches!(refused, Err(EnterError::Suspended { .. })));
}

#[test]
fn work_across_tenants_is_named_after_who_does_it() {
    let gate = gate(None, None);
    let held: PermissionSet = [TENANT_READ].into_iter().collect();

    let operator = gate.enter_system(user_id(9), session(), held.clone(), Origin::default());
    let worker = gate.enter_system_as_worker("billing_run", held.clone());

    assert_eq!(
        (operator.principal().kind(), operator.permissions()),
        ("operator", &held)
    );
    assert_eq!((worker.principal().kind(), worker.permissions()), ("system", &held));
}

#[tokio::test]
async fn a_failing_directory_is_unavailable_and_not_absent() {
    let mut directory = MockAccessDirectory::new();
    directory.expect_tenant().returning(|_| Err(StoreError::Contended));
    let gate = Gate::new(test_authority(), Arc::new(directory), Arc::new(roles()));

    let failed = enter(&gate, 1_005).await.unwrap_err();

    assert_eq!(
        (failed.kind(), failed.retry_after_s()),
        (ErrorKind::Unavailable, Some(1))
    );
}

fn only_from_home() -> TenantAccess {
    let policy = crate::security::SecurityPolicy {
        ip_allowlist: vec!["192.0.2.0/24".parse().unwrap()],
        ..Default::default()
    };
    TenantAccess {
        security: Arc::new(policy),
        ..tenant_access(1, "acme")
    }
}

fn from(address: &str) -> Origin {
    Origin {
        address: Some(address.parse().unwrap()),
        ..Origin::default()
    }
}

#[tokio::test]
async fn members_and_keys_come_from_where_the_policy_lets_them_and_operators_from_anywhere() {
    let known = member_access(5, Owner);
    let (user, membership) = (known.user, known.membership);
    let gate = gate(Some(only_from_home()), Some(known));
    let tenant = tenant_id(1);

    for (address, inside) in [
        ("192.0.2.7", true),
        ("::ffff:192.0.2.7", true),
        ("198.51.100.7", false),
        ("2001:db8::7", false),
    ] {
        let member = gate
            .enter_member(tenant, user, membership, session(), from(address))
            .await;
        let payer = gate
            .enter_member_to_pay(tenant, user, membership, session(), from(address))
            .await;
        let program = gate
            .enter_key(tenant, key(), true, PermissionSet::default(), from(address))
            .await;
        let operator = gate
            .enter_operator(tenant, user_id(9), session(), false, from(address))
            .await;
        let told = [member.is_ok(), payer.is_ok(), program.is_ok(), operator.is_ok()];
        assert_eq!(told, [inside, inside, inside, true], "{address}");
    }
    let stranger = gate
        .enter_member(tenant, user_id(404), membership, session(), from("198.51.100.7"))
        .await;
    assert!(matches!(stranger, Err(EnterError::NotFound)), "{stranger:?}");
}
