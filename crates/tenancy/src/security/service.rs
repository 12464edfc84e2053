//! Reading and replacing the security policy.

use std::sync::Arc;

use tenantry_kernel::retry::{MaybeContended, contended};
use tenantry_kernel::{
    Code, Denied, DomainError, ErrorKind, FieldError, PermissionSet, Principal, StoreError, TenantScope,
};

use super::draft::PolicyDraft;
use super::model::SecurityPolicy;
use super::repository::StoredPolicy;
use super::words::SupportAccess;
use crate::membership::policy;
use crate::permissions::SECURITY_MANAGE;
use crate::role::{RoleBook, SystemRole};
use crate::store::TenancyStore;

/// Why something about a policy was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecurityError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NotFound,
    /// Fields break rules.
    #[error("the policy is not valid")]
    Invalid(Vec<FieldError>),
    /// Whoever writes it could not come back to put it right.
    #[error("the list of addresses does not contain the one you call from")]
    LocksOut,
    /// The installation's people asked to be let in without the tenant's consent.
    #[error("whether your people need its consent is the tenant's to say")]
    ConsentIsTheirs,
    /// The policy changed since the caller looked.
    #[error("the policy changed since it was read")]
    Stale,
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused or failed.
    #[error("could not read or store the policy")]
    Store(#[source] StoreError),
}

impl From<StoreError> for SecurityError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for SecurityError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Invalid(_) | Self::LocksOut => ErrorKind::Invalid,
            Self::ConsentIsTheirs => ErrorKind::Denied,
            Self::Stale => ErrorKind::Stale,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid(_) => "validation_failed",
            Self::LocksOut => "would_lock_you_out",
            Self::ConsentIsTheirs => "permission_denied",
            Self::Stale => "precondition_failed",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            Self::LocksOut => vec![FieldError::new("ip_allowlist", "would_lock_you_out", self)],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

impl MaybeContended for SecurityError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Store(cause) if cause.is_contended())
    }
}

/// Reads and replaces the policy of a tenant.
pub struct SecurityService {
    store: Arc<dyn TenancyStore>,
    roles: Arc<RoleBook>,
}

impl SecurityService {
    /// Works on this store, by these roles.
    #[must_use]
    pub fn new(store: Arc<dyn TenancyStore>, roles: Arc<RoleBook>) -> Self {
        Self { store, roles }
    }

    /// The policy.
    ///
    /// # Errors
    /// [`SecurityError`]: not found, denied.
    pub async fn show(&self, scope: &TenantScope) -> Result<StoredPolicy, SecurityError> {
        scope.require(&SECURITY_MANAGE)?;

        let mut unit = self.store.read(scope).await?;
        unit.security_policies().find().await?.ok_or(SecurityError::NotFound)
    }

    /// Replaces the policy. `expected` is the version the caller saw, if it told one.
    ///
    /// # Errors
    /// [`SecurityError`]: invalid, would lock the caller out, would let the caller in, stale, not found, denied.
    pub async fn replace(
        &self,
        scope: &TenantScope,
        draft: &PolicyDraft,
        expected: Option<i64>,
    ) -> Result<StoredPolicy, SecurityError> {
        scope.require(&SECURITY_MANAGE)?;
        let policy = self.read(scope, draft)?;

        contended(3, || async {
            let mut unit = self.store.begin(scope).await?;
            let before = unit.security_policies().find().await?.ok_or(SecurityError::NotFound)?;
            if expected.is_some_and(|expected| expected != before.version) {
                return Err(SecurityError::Stale);
            }
            let let_in = before.policy.support_access != policy.support_access
                && policy.support_access == SupportAccess::Allowed
                && matches!(scope.principal(), Principal::Operator { .. });
            if let_in {
                return Err(SecurityError::ConsentIsTheirs);
            }
            let Some(event) = before.policy.changed_to(&policy, scope.tenant_id()) else {
                return Ok(before);
            };
            let after = StoredPolicy {
                policy: policy.clone(),
                version: before.version,
            };
            unit.security_policies().write(&after).await?;
            unit.commit(vec![event]).await?;
            Ok(StoredPolicy {
                version: after.version + 1,
                ..after
            })
        })
        .await
    }

    fn read(&self, scope: &TenantScope, draft: &PolicyDraft) -> Result<SecurityPolicy, SecurityError> {
        let mut faults = Vec::new();
        let role = self.role(scope, draft, &mut faults);
        let mut policy = match draft.check() {
            Ok(policy) if faults.is_empty() => policy,
            Ok(_) => return Err(SecurityError::Invalid(faults)),
            Err(more) => {
                let known = |fault: &FieldError| faults.iter().any(|other: &FieldError| other.field == fault.field);
                let more: Vec<_> = more.into_iter().filter(|fault| !known(fault)).collect();
                return Err(SecurityError::Invalid([more, faults].concat()));
            }
        };
        policy.domain_join.role = role;
        // The installation's people come in from anywhere, so they lock themselves out of nothing.
        let returns = matches!(scope.principal(), Principal::Operator { .. });
        if !returns && !policy.allows_address(scope.origin().address) {
            return Err(SecurityError::LocksOut);
        }
        Ok(policy)
    }

    /// The role of those who join, under its own name: none that could let others in or shut them out, and none that
    /// holds more than whoever writes the policy.
    fn role(&self, scope: &TenantScope, draft: &PolicyDraft, faults: &mut Vec<FieldError>) -> Option<Code> {
        let name = draft.domain_join_role.as_deref()?;
        let mut refuse = |code: &'static str, detail: &str| {
            faults.push(FieldError::new("domain_join.role", code, detail));
            None
        };
        let Some(role) = self.roles.find(name) else {
            return refuse("unknown_role", "is no role here");
        };
        if matches!(role.base(), Some(SystemRole::Owner | SystemRole::Admin)) {
            return refuse("role_too_strong", "nobody becomes an owner or an admin by an address");
        }
        if policy::may_grant(scope.permissions(), role, &PermissionSet::default()).is_err() {
            return refuse("role_too_strong", "allows more than you may do");
        }
        Some(role.code.clone())
    }
}

#[cfg(test)]
mod tests;
