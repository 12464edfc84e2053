//! Security policies.

use tenantry_kernel::{Code, StoreError};
use tenantry_tenancy::security::{JoinMode, PolicyDraft, SecurityPolicy, StoredPolicy, SupportAccess, WhoMayInvite};
use tenantry_tenancy::testing::tenant_id;

use super::{TenancyHarness, begin, found_two, read};
use crate::is_stale;

/// A policy that says something about everything.
fn strict() -> SecurityPolicy {
    let texts = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
    let draft = PolicyDraft {
        mfa_required: true,
        ip_allowlist: texts(&["192.0.2.0/24", "2001:db8::/32"]),
        session_absolute_hours: Some(12),
        session_idle_minutes: Some(30),
        password_min_length: Some(15),
        password_min_strength: Some(3),
        password_forbid_breached: true,
        allowed_email_domains: texts(&["acme.com", "acme.co.jp"]),
        who_may_invite: WhoMayInvite::Owners.as_str().to_owned(),
        support_access: SupportAccess::WithConsent.as_str().to_owned(),
        remember_devices: false,
        sign_in_methods: texts(&["password", "passkey"]),
        domain_join_mode: JoinMode::Auto.as_str().to_owned(),
        domain_join_role: Some("viewer".to_owned()),
    };
    draft.check().unwrap()
}

async fn write(store: &impl TenancyHarness, tenant: u128, policy: &StoredPolicy) -> Result<(), StoreError> {
    let mut unit = begin(store, tenant).await;
    unit.security_policies().write(policy).await?;
    unit.commit(Vec::new()).await
}

async fn stored(store: &impl TenancyHarness, tenant: u128) -> Option<StoredPolicy> {
    read(store, tenant).await.security_policies().find().await.unwrap()
}

/// A tenant has the policy that asks nothing until it writes one, and then that one, whole; the other tenant keeps its
/// own, and the tenant its version.
pub async fn a_policy_comes_back_whole_for_its_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let strict = StoredPolicy {
        policy: strict(),
        version: 0,
    };
    assert_eq!(stored(store, 1).await, Some(StoredPolicy::default()));
    assert_eq!(stored(store, 3).await, None);

    write(store, 1, &strict).await.unwrap();

    let written = stored(store, 1).await.unwrap();
    assert_eq!((written.version, &written.policy), (1, &strict.policy));
    assert_eq!(stored(store, 2).await, Some(StoredPolicy::default()));
    let tenant = read(store, 1).await.tenants().find().await.unwrap().unwrap();
    let mut unit = begin(store, 1).await;
    unit.tenants().update(&tenant).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(stored(store, 1).await, Some(written));
}

/// Who comes before a scope exists is told the policy with the tenant.
pub async fn the_gate_is_told_the_policy_with_the_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let policy = Code::try_from("viewer").unwrap();
    let strict = StoredPolicy {
        policy: strict(),
        version: 0,
    };
    write(store, 2, &strict).await.unwrap();

    let known = store.access().tenant(tenant_id(2)).await.unwrap().unwrap();
    let other = store.access().tenant(tenant_id(1)).await.unwrap().unwrap();

    assert_eq!(*known.security, strict.policy);
    assert_eq!(known.security.domain_join.role, Some(policy));
    assert_eq!(*other.security, SecurityPolicy::default());
}

/// Of two who saw the same version one writes; another tenant's unit writes nothing.
pub async fn a_policy_that_changed_since_it_was_read_is_stale(store: &impl TenancyHarness) {
    found_two(store).await;
    let first = StoredPolicy {
        policy: strict(),
        version: 0,
    };
    let attempt = || write(store, 1, &first);

    let (one, other) = tokio::join!(attempt(), attempt());

    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let lost = if one.is_ok() { other } else { one };
    assert!(
        is_stale(&lost) || matches!(lost, Err(StoreError::Contended)),
        "{lost:?}"
    );
    assert!(is_stale(&attempt().await));
    assert!(is_stale(&write(store, 3, &first).await));
    assert_eq!(stored(store, 1).await.unwrap().version, 1);
}
