//! What an audit entry says, and what may be asked of the log.

use std::net::IpAddr;

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{MembershipId, TenantId, Value, typed_id};

typed_id!(
    /// One entry of the audit log. Later entries have later ids.
    AuditEntryId
);

/// Who did it, as `Principal::kind` and `Principal::identifier` told at the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `member`, `api_key`, `service_account`, `operator`, `system` or `anonymous`.
    pub kind: String,
    /// Membership, key, account, operator's user id, or job name; empty for `anonymous`.
    pub id: String,
    /// The membership on whose behalf an operator did it.
    pub on_behalf_of: Option<MembershipId>,
}

/// One field before and after, as it was recorded; secrets were masked where the change was made.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedChange {
    /// The field, as the API names it.
    pub field: String,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// One thing that happened. Never changed, never removed singly.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// The id.
    pub id: AuditEntryId,
    /// When.
    pub at: OffsetDateTime,
    /// What: `subscription.started`.
    pub action: String,
    /// Who.
    pub actor: Actor,
    /// The kind of thing it happened to.
    pub resource_type: String,
    /// Which one.
    pub resource_id: String,
    /// What changed.
    pub changes: Vec<RecordedChange>,
    /// From which address.
    pub address: Option<IpAddr>,
    /// With which program.
    pub user_agent: Option<String>,
    /// The request that caused it; empty for background work.
    pub request_id: String,
}

/// Something that a person did, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnAct {
    /// In which tenant; `None` for what belongs to none, such as their own profile.
    pub tenant: Option<TenantId>,
    /// What.
    pub entry: AuditEntry,
}

/// Which resource is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceFilter {
    /// Everything of a kind: `subscription`.
    Kind(String),
    /// One thing, of whatever kind, by its id.
    Id(String),
    /// One thing: `subscription:0190…`.
    One {
        /// The kind.
        kind: String,
        /// The id.
        id: String,
    },
}

impl ResourceFilter {
    /// Reads `kind:id`, `kind` or `id`: what has a digit first or a hyphen in it is an id, for kinds are words.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Some((kind, id)) = text.split_once(':') {
            return Self::One {
                kind: kind.to_owned(),
                id: id.to_owned(),
            };
        }
        let is_word = text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_word {
            Self::Kind(text.to_owned())
        } else {
            Self::Id(text.to_owned())
        }
    }
}

/// Which entries are looked for. Every condition given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// This action, or with a trailing `.` every action of that area: `billing.`.
    pub action: Option<String>,
    /// Done by the actor with this id, or this kind.
    pub actor: Option<String>,
    /// Done to this.
    pub resource: Option<ResourceFilter>,
    /// At this time or later.
    pub from: Option<OffsetDateTime>,
    /// Before this time.
    pub to: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_named_by_kind_or_id_or_both() {
        let uuid = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();

        assert_eq!(
            ResourceFilter::parse("api_key"),
            ResourceFilter::Kind("api_key".to_owned())
        );
        assert_eq!(ResourceFilter::parse(&uuid), ResourceFilter::Id(uuid.clone()));
        let both = ResourceFilter::parse(&format!("api_key:{uuid}"));
        let kind = "api_key".to_owned();
        assert_eq!(both, ResourceFilter::One { kind, id: uuid });
    }
}
