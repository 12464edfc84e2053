//! How a tenant shows itself.

mod replace;
mod show;

use tenantry_kernel::TenantScope;
use tenantry_kernel::uuid::Uuid;

use crate::conditional;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![show::row(), replace::row()]
}

/// What its tags are made of.
fn tagged(scope: &TenantScope) -> Uuid {
    conditional::part(scope.tenant_id().as_uuid(), "branding")
}

#[cfg(test)]
mod tests;
