//! Look-ups before a scope exists, and lists across tenants.

use tenantry_kernel::{Permission, SystemScope};
use tenantry_tenancy::directory::{TenantAccess, TenantFilter};
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::tenant::{SuspensionCause, TenantState, TenantStatus};
use tenantry_tenancy::testing::{self, NOW, member, membership_id, tenant_id};
use tenantry_tenancy::text::Note;

use super::{TenancyHarness, add_members, begin, found_two, read, scope};
use crate::next_page;

async fn suspend_globex(store: &impl TenancyHarness) {
    let mut unit = begin(store, 2).await;
    let mut tenant = unit.tenants().find().await.unwrap().unwrap();
    let reason = Note::try_from("unpaid").unwrap();
    let event = tenant.suspend(&reason, SuspensionCause::Unpaid, NOW).unwrap();
    unit.tenants().update(&tenant).await.unwrap();
    unit.commit(vec![event]).await.unwrap();
}

/// A tenant is known by id and by slug, with its status.
pub async fn a_tenant_is_known_by_id_and_slug(store: &impl TenancyHarness) {
    found_two(store).await;
    suspend_globex(store).await;
    let access = store.access();

    let suspended = TenantStatus::Suspended {
        at: NOW,
        reason: "unpaid".to_owned(),
        cause: SuspensionCause::Unpaid,
    };
    let globex = TenantAccess {
        status: suspended,
        ..testing::tenant_access(2, "globex")
    };
    assert_eq!(
        access.tenant(tenant_id(1)).await.unwrap().as_deref(),
        Some(&testing::tenant_access(1, "acme"))
    );
    assert_eq!(access.tenant(tenant_id(2)).await.unwrap().as_deref(), Some(&globex));
    assert_eq!(access.tenant(tenant_id(3)).await.unwrap(), None);
    assert_eq!(access.tenant_by_slug("globex").await.unwrap(), Some(tenant_id(2)));
    assert_eq!(access.tenant_by_slug("nobody").await.unwrap(), None);
}

/// A tenant shows itself as its last commit left it, and to its own scope only.
pub async fn a_tenant_shows_itself_as_it_was_committed(store: &impl TenancyHarness) {
    found_two(store).await;
    let profiles = store.profiles();
    let before = profiles.profile(&scope(2)).await.unwrap().unwrap();

    suspend_globex(store).await;

    let after = profiles.profile(&scope(2)).await.unwrap().unwrap();
    let committed = read(store, 2).await.tenants().find().await.unwrap().unwrap();
    assert_eq!(*after, committed);
    assert_eq!((before.version() + 1, after.id()), (after.version(), tenant_id(2)));
    let acme = profiles.profile(&scope(1)).await.unwrap().unwrap();
    assert_eq!(acme.slug().as_str(), "acme");
    assert!(profiles.profile(&scope(3)).await.unwrap().is_none());
}

/// A membership is known within its own tenant, in whatever state.
pub async fn a_member_is_known_within_the_tenant_only(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut left = member(11, SystemRole::Viewer);
    left.deactivate(NOW).unwrap();
    add_members(store, 1, &[member(10, SystemRole::Owner), left.clone()]).await;
    let access = store.access();

    let owner = access.member(tenant_id(1), membership_id(10)).await.unwrap().unwrap();
    let gone = access.member(tenant_id(1), left.id()).await.unwrap().unwrap();

    assert_eq!(*owner, testing::member_access(10, SystemRole::Owner));
    assert_eq!(gone.status, MembershipState::Deactivated);
    assert_eq!(access.member(tenant_id(2), membership_id(10)).await.unwrap(), None);
    assert_eq!(
        access.membership_of(tenant_id(1), left.user()).await.unwrap(),
        Some(left.id())
    );
    assert_eq!(access.membership_of(tenant_id(2), left.user()).await.unwrap(), None);
}

/// A person's memberships are found in every tenant, and nobody else's are.
pub async fn a_persons_memberships_are_found_across_tenants(store: &impl TenancyHarness) {
    found_two(store).await;
    add_members(
        store,
        1,
        &[member(10, SystemRole::Owner), member(11, SystemRole::Member)],
    )
    .await;
    add_members(store, 2, &[member(10, SystemRole::Viewer)]).await;
    let person = testing::user_id(1_010);

    let mut found = store.access().memberships_of_user(person).await.unwrap();

    found.sort();
    assert_eq!(
        found,
        [(tenant_id(1), membership_id(10)), (tenant_id(2), membership_id(10))]
    );
    assert_eq!(
        store.access().memberships_of_user(testing::user_id(9)).await.unwrap(),
        Vec::new()
    );
}

/// Operators list tenants of all kinds, in pages, narrowed by status and text.
pub async fn operators_list_tenants_in_pages_and_by_filter(store: &impl TenancyHarness) {
    found_two(store).await;
    suspend_globex(store).await;
    let scope = SystemScope::for_test(&[Permission::known("platform.read")]);
    let list = async |filter: TenantFilter| {
        let page = store
            .tenants()
            .list(&scope, &filter, next_page::<()>(10, None))
            .await
            .unwrap();
        page.items
    };
    let everyone = TenantFilter::default();

    let first = store
        .tenants()
        .list(&scope, &everyone, next_page::<()>(1, None))
        .await
        .unwrap();
    let second = store
        .tenants()
        .list(&scope, &everyone, next_page(1, Some(&first)))
        .await
        .unwrap();

    assert_eq!(
        (first.items, second.items, second.next),
        (vec![tenant_id(1)], vec![tenant_id(2)], None)
    );
    let suspended = TenantFilter {
        status: Some(TenantState::Suspended),
        ..TenantFilter::default()
    };
    assert_eq!(list(suspended).await, [tenant_id(2)]);
    let named = TenantFilter {
        text: Some("ACM".to_owned()),
        ..TenantFilter::default()
    };
    assert_eq!(list(named).await, [tenant_id(1)]);
}
