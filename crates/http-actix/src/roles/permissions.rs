//! GET /tenants/{tenant}/permissions

use std::collections::BTreeMap;

use actix_web::web::Data;
use serde::Serialize;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::roles;
use tenantry_tenancy::permissions::{MEMBERS_READ, ROLES_MANAGE};
use tenantry_tenancy::role::grants::area_of;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::InTenant;
use crate::render::{self, Whole};
use crate::routes::Row;

/// A permission that there is.
#[derive(Serialize, ToSchema)]
#[schema(as = Permission)]
struct View {
    /// Its name.
    #[schema(example = "invoices.read")]
    permission: String,
    /// Its area: `invoices.*` gives all of one.
    #[schema(example = "invoices")]
    area: String,
    /// What it allows.
    #[schema(example = "See invoices.")]
    description: String,
    /// True for the application's own, as the catalog declares it; false for Tenantry's.
    #[schema(example = false)]
    application: bool,
    /// True when `*` gives it; what only owners may has to be named.
    #[schema(example = false)]
    in_wildcard: bool,
    /// False for what no role of the tenant's own can give.
    #[schema(example = true)]
    grantable: bool,
}

/// Lists every permission there is, by name.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/permissions", operation_id = "permissions_list", tag = "roles",
    responses((status = 200, description = "All permissions.", body = Whole<View>)))]
async fn handler(InTenant(_): InTenant, catalog: Data<Catalog>) -> Answer {
    let book = catalog.roles();
    let own = catalog.permissions().iter();
    let own: BTreeMap<_, _> = own
        .map(|own| (own.permission.as_str(), own.description.as_str()))
        .collect();
    let registry = catalog.permission_registry();
    let data: Vec<View> = registry
        .iter()
        .map(|permission| {
            let application = own.get(permission.as_str());
            View {
                permission: permission.to_string(),
                area: area_of(permission).to_owned(),
                description: application
                    .copied()
                    .or_else(|| roles::description_of(permission))
                    .unwrap_or_default()
                    .to_owned(),
                application: application.is_some(),
                in_wildcard: !book.owners_alone().holds(permission),
                grantable: !book.never_given().holds(permission),
            }
        })
        .collect();
    Ok(render::ok(&Whole { data }))
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler).tenant([MEMBERS_READ, ROLES_MANAGE])
}
