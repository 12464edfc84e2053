//! What a row may ask for, as far as it can be told without looking at anybody.

use tenantry_identity::user::PasswordHash;
use tenantry_kernel::{Code, Denied, DomainError as _, FieldError, PermissionSet, TenantScope};
use tenantry_tenancy::membership::policy;
use tenantry_tenancy::role::RoleBook;

use super::report::Outcome;
use super::rows::Newcomer;
use crate::members::error::MembersError;
use crate::members::service::{self, MembersService};

/// What a row gives, read.
pub(super) struct Admitted {
    pub(super) role: Code,
    pub(super) extra: PermissionSet,
    pub(super) password: Option<PasswordHash>,
}

/// Why a row is not tried.
pub(super) enum Refusal {
    /// It breaks rules.
    Fields(Vec<FieldError>),
    /// The caller may not give that.
    Denied(Denied),
}

impl Refusal {
    /// The row's verdict.
    pub(super) fn into_outcome(self) -> Outcome {
        match self {
            Self::Fields(fields) => Outcome::Invalid(fields),
            Self::Denied(denied) => Outcome::Denied(denied.to_string()),
        }
    }
}

impl MembersService {
    /// The role and the extra permissions of a row, when the caller may give them.
    pub(super) fn admissible(
        &self,
        scope: &TenantScope,
        book: &RoleBook,
        wish: &Newcomer,
        is_operator: bool,
    ) -> Result<Admitted, Refusal> {
        let mut fields = Vec::new();
        let mut password = None;
        if !is_operator {
            // Whoever runs a tenant could plant a password that they know on an address that is not theirs.
            if wish.password_hash.is_some() {
                let why = "only an operator brings passwords along";
                fields.push(FieldError::new("password_hash", "operators_only", why));
            }
            if wish.verified {
                let why = "only an operator vouches for an address";
                fields.push(FieldError::new("verified", "operators_only", why));
            }
        } else if let Some(text) = &wish.password_hash {
            match self.parts().hashes.read(text) {
                Ok(hash) => password = Some(hash),
                Err(why) => fields.push(FieldError::new("password_hash", why.code(), why)),
            }
        }
        let role = service::role(book, &wish.role)
            .map_err(|cause| fields.extend(cause.fields()))
            .ok();
        let extra = self.permissions(&wish.permissions);
        let extra = extra.map_err(|cause: MembersError| fields.extend(cause.fields())).ok();
        let (Some(role), Some(extra), true) = (role, extra, fields.is_empty()) else {
            return Err(Refusal::Fields(fields));
        };
        policy::may_grant(scope.permissions(), role, &extra).map_err(Refusal::Denied)?;
        Ok(Admitted {
            role: role.code.clone(),
            extra,
            password,
        })
    }
}
