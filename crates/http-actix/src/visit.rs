//! What the front knows about one request, kept in its extensions for the extractors.

use std::sync::Arc;

use actix_web::web::Bytes;
use tenantry_kernel::{Origin, Receipt, SystemScope, TenantScope};

use crate::door::{Person, SupportCaller, TenantAddress};
use crate::routes::Row;

/// Whom the gate let in, and where to.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A public route, nobody known.
    Nobody,
    /// A person, on a route of theirs.
    Person(Person),
    /// An operator on behalf of a person, on one of the few routes of theirs that are open to support.
    Support(SupportCaller),
    /// Somebody inside a tenant.
    Tenant(TenantScope),
    /// An operator, or a platform key.
    System(SystemScope),
}

/// One request after the gate.
pub(crate) struct Visit {
    pub row: Arc<Row>,
    /// The values of the path's parameters, in the order of the row's names.
    pub params: Vec<String>,
    pub origin: Origin,
    pub address: TenantAddress<'static>,
    pub entry: Entry,
    pub body: Bytes,
    pub receipt: Option<Receipt>,
}

impl Visit {
    /// The value of a path parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        let position = self.row.params().iter().position(|known| *known == name)?;
        self.params.get(position).map(String::as_str)
    }
}
