//! The roles that a tenant defines, and further roles of members.

use tenantry_kernel::{Code, PageRequest, StoreError};
use tenantry_tenancy::membership::MembershipFilter;
use tenantry_tenancy::role::assignment::ROLE_ASSIGNED;
use tenantry_tenancy::role::{
    AssignmentId, Grant, OwnRole, ROLE_NAME_TAKEN, ROLE_SLOT_TAKEN, RoleAssignment, RoleDraft, SystemRole,
};
use tenantry_tenancy::store::TenancyUnit;
use tenantry_tenancy::testing::{NOW, assignment, member, membership_id, own_role};
use tenantry_tenancy::text::{DisplayName, Note};

use super::{TenancyHarness, add_members, begin, found_two, read};
use crate::{is_stale, refused_by};

async fn define(store: &impl TenancyHarness, tenant: u128, roles: &[OwnRole]) {
    let mut unit = begin(store, tenant).await;
    for role in roles {
        unit.roles().insert(role).await.unwrap();
    }
    unit.commit(roles.iter().map(OwnRole::defined).collect()).await.unwrap();
}

async fn assign(store: &impl TenancyHarness, tenant: u128, given: &[RoleAssignment]) {
    let mut unit = begin(store, tenant).await;
    for one in given {
        unit.memberships().assign(one).await.unwrap();
    }
    unit.commit(given.iter().map(RoleAssignment::given).collect())
        .await
        .unwrap();
}

async fn defined(store: &impl TenancyHarness, tenant: u128) -> Vec<OwnRole> {
    read(store, tenant).await.roles().all().await.unwrap()
}

async fn assigned(store: &impl TenancyHarness, tenant: u128, members: &[u128]) -> Vec<RoleAssignment> {
    let members: Vec<_> = members.iter().map(|number| membership_id(*number)).collect();
    let mut unit = read(store, tenant).await;
    unit.memberships().assignments(&members).await.unwrap()
}

fn code(text: &str) -> Code {
    Code::try_from(text).unwrap()
}

fn draft(name: &str, grants: &[&str]) -> RoleDraft {
    RoleDraft {
        name: DisplayName::try_from(name).unwrap(),
        description: Some(Note::try_from("Sees 請求書").unwrap()),
        grants: grants.iter().map(|text| Grant::restore(text).unwrap()).collect(),
    }
}

/// Every field comes back as it went, for its tenant alone; the oldest comes first.
pub async fn a_role_comes_back_whole_for_its_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut clerk = own_role(1, "clerk", &["*", "invoices.*", "manage_whatsapp"]);
    define(store, 1, &[clerk.clone(), own_role(2, "guest", &[])]).await;
    clerk.rewrite(draft("Billing clerk", &["invoices.read"]), NOW).unwrap();

    let mut unit = begin(store, 1).await;
    unit.roles().update(&clerk).await.unwrap();
    let held = unit.roles().hold().await.unwrap();
    unit.commit(vec![clerk.defined()]).await.unwrap();

    let clerk = clerk.saved();
    assert_eq!(held, [clerk.clone(), own_role(2, "guest", &[])]);
    assert_eq!(defined(store, 1).await, held);
    assert_eq!(
        read(store, 1).await.roles().find(clerk.id()).await.unwrap(),
        Some(clerk.clone())
    );
    assert_eq!(defined(store, 2).await, []);
    let mut other = begin(store, 2).await;
    assert_eq!(other.roles().find(clerk.id()).await.unwrap(), None);
    assert!(is_stale(&other.roles().update(&clerk).await));
    assert!(is_stale(&other.roles().delete(clerk.id(), clerk.version()).await));
}

/// A code, a title and a number are one role's, however they are spelled; another tenant's do not count.
pub async fn a_role_has_its_name_and_number_alone(store: &impl TenancyHarness) {
    found_two(store).await;
    define(store, 1, &[own_role(1, "bill_clerk", &[])]).await;
    let titled = OwnRole::define(
        own_role(2, "x", &[]).id(),
        2,
        code("other"),
        draft("BILL-CLERK", &[]),
        NOW,
    );

    for (again, rule) in [
        (own_role(2, "billclerk", &[]), ROLE_NAME_TAKEN),
        (titled, ROLE_NAME_TAKEN),
        (
            OwnRole::define(own_role(3, "x", &[]).id(), 1, code("free"), draft("Free", &[]), NOW),
            ROLE_SLOT_TAKEN,
        ),
    ] {
        let mut unit = begin(store, 1).await;
        assert_eq!(refused_by(unit.roles().insert(&again).await), rule);
    }
    define(store, 2, &[own_role(1, "bill_clerk", &[])]).await;
    let mut second = own_role(2, "second", &[]);
    define(store, 1, std::slice::from_ref(&second)).await;
    second.rewrite(draft("Bill clerk", &[]), NOW).unwrap();
    let mut unit = begin(store, 1).await;
    assert_eq!(refused_by(unit.roles().update(&second).await), ROLE_NAME_TAKEN);
}

/// Who read before another wrote is refused: to rewrite and to remove.
pub async fn a_role_that_changed_since_it_was_read_is_stale(store: &impl TenancyHarness) {
    found_two(store).await;
    let clerk = own_role(1, "clerk", &[]);
    define(store, 1, std::slice::from_ref(&clerk)).await;
    let mut first = clerk.clone();
    first.rewrite(draft("Clerk", &["tenant.read"]), NOW).unwrap();

    let mut unit = begin(store, 1).await;
    unit.roles().update(&first).await.unwrap();
    assert!(is_stale(&unit.roles().update(&first).await));
    assert!(is_stale(&unit.roles().delete(clerk.id(), 1).await));
    unit.roles().delete(clerk.id(), 2).await.unwrap();
    unit.commit(vec![clerk.removed(None, 0)]).await.unwrap();

    assert_eq!(defined(store, 1).await, []);
}

/// Of who gives a role and who removes it at the same time, one sees what the other did: nobody is left with a role
/// that is gone.
pub async fn a_role_is_not_given_while_it_goes(store: &impl TenancyHarness) {
    found_two(store).await;
    for round in 0..6_u16 {
        let number = u128::from(round);
        let clerk = own_role(round, &format!("clerk{round}"), &[]);
        define(store, 1, std::slice::from_ref(&clerk)).await;
        add_members(store, 1, &[member(10 + number, SystemRole::Viewer)]).await;

        let (given, gone) = tokio::join!(give(store, &clerk, 10 + number), remove(store, &clerk));

        let carried = read(store, 1)
            .await
            .memberships()
            .find(membership_id(10 + number))
            .await
            .unwrap()
            .unwrap();
        let there = defined(store, 1).await.iter().any(|role| role.code() == clerk.code());
        assert_eq!((carried.role() == clerk.code(), there), (given, !gone), "round {round}");
        assert!(given != gone, "round {round}: given {given}, gone {gone}");
    }
}

/// Gives the role to a member, as the use case does; false when it is gone already.
async fn give(store: &impl TenancyHarness, role: &OwnRole, number: u128) -> bool {
    let mut unit = begin(store, 1).await;
    let held = unit.roles().hold().await.unwrap();
    if !held.iter().any(|held| held.code() == role.code()) {
        return false;
    }
    let mut member = unit.memberships().find(membership_id(number)).await.unwrap().unwrap();
    let extra = member.extra().clone();
    let event = member.change_role(role.code().clone(), extra, NOW).unwrap();
    unit.memberships().update(&member).await.unwrap();
    unit.commit(vec![event]).await.unwrap();
    true
}

/// Removes the role, as the use case does; false when somebody carries it.
async fn remove(store: &impl TenancyHarness, role: &OwnRole) -> bool {
    let mut unit = begin(store, 1).await;
    unit.roles().delete(role.id(), role.version()).await.unwrap();
    if unit.memberships().holders(role.code()).await.unwrap() > 0 {
        return false;
    }
    unit.commit(vec![role.removed(None, 0)]).await.unwrap();
    true
}

/// Further roles come back for those asked about, and go with the membership and with nothing else.
pub async fn further_roles_live_and_die_with_the_membership(store: &impl TenancyHarness) {
    found_two(store).await;
    for tenant in [1, 2] {
        add_members(
            store,
            tenant,
            &[member(10, SystemRole::Viewer), member(11, SystemRole::Viewer)],
        )
        .await;
    }
    let given = [
        assignment(1, 10, "clerk", None),
        assignment(2, 10, "clerk", Some("team:sales")),
        assignment(3, 11, "admin", Some("project:42")),
    ];
    assign(store, 1, &given).await;
    assign(store, 2, &given[..1]).await;

    assert_eq!(assigned(store, 1, &[10, 11]).await, given);
    assert_eq!(assigned(store, 1, &[11]).await, given[2..]);
    assert_eq!(assigned(store, 1, &[]).await, []);
    let known = store
        .access()
        .member(super::scope(1).tenant_id(), membership_id(10))
        .await;
    assert_eq!(known.unwrap().unwrap().assigned, given[..2]);

    let mut unit = begin(store, 1).await;
    let twice = unit
        .memberships()
        .assign(&assignment(4, 10, "clerk", Some("team:sales")))
        .await;
    assert_eq!(refused_by(twice), ROLE_ASSIGNED);
    drop(unit);
    let mut unit = begin(store, 1).await;
    unit.memberships().delete(membership_id(10), 1).await.unwrap();
    unit.memberships()
        .unassign(AssignmentId::from_uuid(uuid(3)))
        .await
        .unwrap();
    unit.memberships()
        .unassign(AssignmentId::from_uuid(uuid(9)))
        .await
        .unwrap();
    unit.commit(vec![given[0].taken()]).await.unwrap();

    assert_eq!(assigned(store, 1, &[10, 11]).await, []);
    assert_eq!(assigned(store, 2, &[10]).await, given[..1]);
}

const fn uuid(number: u128) -> tenantry_kernel::uuid::Uuid {
    tenantry_kernel::uuid::Uuid::from_u128(number)
}

/// A further role is a member's of this tenant.
pub async fn nobody_has_a_further_role_who_is_no_member(store: &impl TenancyHarness) {
    found_two(store).await;
    add_members(store, 2, &[member(10, SystemRole::Viewer)]).await;

    let mut unit = begin(store, 1).await;
    let refused = unit.memberships().assign(&assignment(1, 10, "clerk", None)).await;

    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
}

/// Who carries a role and who has it for something is found and counted, of this tenant.
pub async fn holders_of_a_role_are_found_and_counted(store: &impl TenancyHarness) {
    found_two(store).await;
    for tenant in [1, 2] {
        let all = [
            member(10, SystemRole::Owner),
            member(11, SystemRole::Viewer),
            member(12, SystemRole::Member),
        ];
        add_members(store, tenant, &all).await;
    }
    assign(
        store,
        1,
        &[
            assignment(1, 10, "viewer", None),
            assignment(2, 10, "viewer", Some("team:a")),
        ],
    )
    .await;
    let holding = async |tenant: u128| {
        let filter = MembershipFilter {
            holding: Some(code("viewer")),
            ..MembershipFilter::default()
        };
        let mut unit = read(store, tenant).await;
        let found = unit.memberships().list(&filter, PageRequest::first()).await.unwrap();
        let numbers = found.items.iter().map(|member| member.id().as_uuid().as_u128());
        (
            numbers.collect::<Vec<_>>(),
            unit.memberships().holders(&code("viewer")).await.unwrap(),
        )
    };

    assert_eq!(holding(1).await, (vec![10, 11], 3));
    assert_eq!(holding(2).await, (vec![11], 1));
}

/// One role takes the place of another in this tenant, once for each member and resource, and the versions of those
/// who carried it tell.
pub async fn one_role_takes_the_place_of_another(store: &impl TenancyHarness) {
    found_two(store).await;
    for tenant in [1, 2] {
        add_members(
            store,
            tenant,
            &[member(10, SystemRole::Viewer), member(11, SystemRole::Owner)],
        )
        .await;
        assign(
            store,
            tenant,
            &[
                assignment(1, 11, "viewer", Some("team:a")),
                assignment(2, 11, "member", Some("team:a")),
                assignment(3, 11, "viewer", None),
            ],
        )
        .await;
    }

    let mut unit = begin(store, 1).await;
    let stood = unit
        .memberships()
        .replace_role(&code("viewer"), &code("member"))
        .await
        .unwrap();
    unit.commit(vec![own_role(1, "viewer", &[]).removed(None, stood)])
        .await
        .unwrap();

    assert_eq!(stood, 3);
    let mut unit = read(store, 1).await;
    let carried = unit.memberships().find(membership_id(10)).await.unwrap().unwrap();
    assert_eq!((carried.role().as_str(), carried.version()), ("member", 2));
    let owner = unit.memberships().find(membership_id(11)).await.unwrap().unwrap();
    assert_eq!((owner.role().as_str(), owner.version()), ("owner", 1));
    drop(unit);
    assert_eq!(
        assigned(store, 1, &[11]).await,
        [
            assignment(2, 11, "member", Some("team:a")),
            assignment(3, 11, "member", None)
        ]
    );
    assert_eq!(assigned(store, 2, &[11]).await.len(), 3);
    let mut other: Box<dyn TenancyUnit> = read(store, 2).await;
    let carried = other.memberships().find(membership_id(10)).await.unwrap().unwrap();
    assert_eq!(carried.role().as_str(), "viewer");
}

/// The gate knows a tenant's own roles as they were committed.
pub async fn the_gate_knows_a_tenants_own_roles(store: &impl TenancyHarness) {
    found_two(store).await;
    let clerk = own_role(1, "clerk", &["invoices.*"]);
    define(store, 1, std::slice::from_ref(&clerk)).await;
    let known = async |number| {
        let tenant = store.access().tenant(super::scope(number).tenant_id()).await;
        tenant.unwrap().unwrap().roles.all().to_vec()
    };

    assert_eq!(known(1).await, [clerk]);
    assert_eq!(known(2).await, []);
}
