//! Whom the tenant's security policy lets in, and by whose hand. Read in the unit that writes, so that no policy written
//! meanwhile is missed.

use tenantry_kernel::{EmailAddress, EmailDomain, FieldError, TenantScope};
use tenantry_tenancy::security::SecurityPolicy;

use super::error::MembersError;
use crate::catalog::Catalog;
use crate::store::LifecycleUnit;

/// The tenant's policy, when it lets the caller invite.
pub(crate) async fn inviting_under(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    scope: &TenantScope,
) -> Result<SecurityPolicy, MembersError> {
    let policy = unit.security_policies().find().await?.unwrap_or_default().policy;
    policy.may_invite(scope.permissions(), &catalog.roles().owner().permissions)?;
    Ok(policy)
}

/// Passes when the policy lets the caller invite, and somebody with this address in.
pub(crate) async fn may_come(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    scope: &TenantScope,
    email: &EmailAddress,
) -> Result<(), MembersError> {
    allowed(&inviting_under(unit, catalog, scope).await?, email)
}

/// Passes when the policy lets somebody with this address become a member.
pub(crate) fn allowed(policy: &SecurityPolicy, email: &EmailAddress) -> Result<(), MembersError> {
    elsewhere(policy, email).map_or(Ok(()), |fault| Err(MembersError::Invalid(vec![fault])))
}

/// What is wrong with an address at a domain that the policy does not list.
pub(crate) fn elsewhere(policy: &SecurityPolicy, email: &EmailAddress) -> Option<FieldError> {
    if policy.allows_email(email) {
        return None;
    }
    let domains: Vec<_> = policy.allowed_email_domains.iter().map(EmailDomain::as_str).collect();
    let detail = format!("members of this tenant have addresses at {}", domains.join(", "));
    Some(FieldError::new("email", "email_domain_not_allowed", detail))
}
