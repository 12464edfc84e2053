//! A role, as its tenant sees it.

use serde::Serialize;
use tenantry_tenancy::role::service::ShownRole;
use tenantry_tenancy::role::{OwnRole, RoleKind};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A role.
#[derive(Serialize, ToSchema)]
#[schema(as = Role)]
pub(crate) struct RoleView {
    /// What names it in paths: an id for a role of the tenant's own, the code for one of the installation's.
    #[schema(example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    pub id: String,
    /// What members carry as their `role`.
    #[schema(example = "billing_clerk")]
    pub code: String,
    /// Its title.
    #[schema(example = "Billing clerk")]
    pub name: String,
    /// One sentence.
    pub description: Option<String>,
    /// True for the installation's: nobody changes them.
    #[schema(example = false)]
    pub system: bool,
    /// What an installation's role means, whatever it is called: `owner`, `admin`, `manager`, `member` or `viewer`.
    #[schema(example = json!(null))]
    pub base: Option<&'static str>,
    /// What was written down: permissions, `area.*`, `*`.
    #[schema(example = json!(["invoices.*", "billing.read"]))]
    pub permissions: Vec<String>,
    /// What that gives now.
    #[schema(example = json!(["billing.read", "invoices.read"]))]
    pub effective_permissions: Vec<String>,
    /// When it was defined.
    #[serde(with = "time::serde::rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub updated_at: Option<OffsetDateTime>,
}

impl From<&ShownRole> for RoleView {
    fn from(role: &ShownRole) -> Self {
        let definition = &role.definition;
        let effective: Vec<String> = definition.permissions.iter().map(ToString::to_string).collect();
        let code = definition.code.to_string();
        let (id, permissions) = match &definition.kind {
            RoleKind::System(_) => (code.clone(), effective.clone()),
            RoleKind::Own { id, grants, .. } => (id.to_string(), grants.texts()),
        };
        Self {
            id,
            name: role
                .own
                .as_ref()
                .map_or_else(|| code.clone(), |own| own.name().to_string()),
            code,
            description: role
                .own
                .as_ref()
                .and_then(OwnRole::description)
                .map(ToString::to_string),
            system: role.own.is_none(),
            base: definition.base().map(tenantry_tenancy::role::SystemRole::as_str),
            permissions,
            effective_permissions: effective,
            created_at: role.own.as_ref().map(OwnRole::created_at),
            updated_at: role.own.as_ref().map(OwnRole::updated_at),
        }
    }
}

impl RoleView {
    /// A number that follows from what a role of the installation says, the same on every node (FNV-1a).
    pub(crate) fn digest(&self) -> i64 {
        let words = std::iter::once(&self.code).chain(&self.permissions);
        let bytes = words.flat_map(|word| word.bytes().chain([0]));
        let digest = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        // The sign is no part of a version.
        i64::try_from(digest >> 1).unwrap_or(i64::MAX)
    }
}
