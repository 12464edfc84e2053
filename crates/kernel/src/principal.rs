//! Who called, and from where.

use std::net::IpAddr;
use std::sync::Arc;

use crate::id::{ApiKeyId, ImpersonationId, MembershipId, PlatformKeyId, ServiceAccountId, SessionId, UserId};

/// Who acts. Every audit row names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in person acting as a member of the tenant.
    Member {
        /// The human.
        user: UserId,
        /// Their tie to this tenant.
        membership: MembershipId,
        /// The session the access token belongs to.
        session: SessionId,
    },
    /// A program with an API key of the tenant.
    ApiKey {
        /// The key.
        key: ApiKeyId,
        /// False for test keys, which count on meters of their own.
        live: bool,
    },
    /// A program of the tenant, with an access token of its own.
    ServiceAccount {
        /// The account.
        account: ServiceAccountId,
    },
    /// A person with a platform role who acts on behalf of a member.
    Support {
        /// The human who acts.
        operator: UserId,
        /// The visit.
        impersonation: ImpersonationId,
        /// The member on whose behalf.
        membership: MembershipId,
    },
    /// A signed-in person with a platform role, entering a tenant or working across them.
    Operator {
        /// The human.
        user: UserId,
        /// The session the access token belongs to.
        session: SessionId,
    },
    /// A program of the installation itself, with a platform key. It works across tenants and enters none.
    PlatformKey {
        /// The key.
        key: PlatformKeyId,
    },
    /// A background worker.
    Worker {
        /// The job's name.
        job: &'static str,
    },
    /// Nobody known: a public route.
    Anonymous,
}

impl Principal {
    /// The kind as audit logs name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Member { .. } => "member",
            Self::ApiKey { .. } => "api_key",
            Self::ServiceAccount { .. } => "service_account",
            Self::Operator { .. } | Self::Support { .. } => "operator",
            Self::PlatformKey { .. } => "platform_key",
            Self::Worker { .. } => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// What identifies it within the tenant: membership, key, account, operator's user id, or job name.
    #[must_use]
    pub fn identifier(&self) -> String {
        match self {
            Self::Member { membership, .. } => membership.to_string(),
            Self::ApiKey { key, .. } => key.to_string(),
            Self::ServiceAccount { account } => account.to_string(),
            Self::Operator { user, .. } => user.to_string(),
            Self::Support { operator, .. } => operator.to_string(),
            Self::PlatformKey { key } => key.to_string(),
            Self::Worker { job } => (*job).to_owned(),
            Self::Anonymous => String::new(),
        }
    }

    /// The human behind it, if there is one.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Member { user, .. } | Self::Operator { user, .. } => Some(*user),
            Self::Support { operator, .. } => Some(*operator),
            _ => None,
        }
    }

    /// The member on whose behalf somebody else acts.
    #[must_use]
    pub const fn on_behalf_of(&self) -> Option<MembershipId> {
        match self {
            Self::Support { membership, .. } => Some(*membership),
            _ => None,
        }
    }

    /// The session behind it, if there is one.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Member { session, .. } | Self::Operator { session, .. } => Some(*session),
            _ => None,
        }
    }
}

/// Where a call came from. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The caller's address, after trusted proxies are peeled off.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header, shortened to 256 characters.
    pub user_agent: Option<Arc<str>>,
    /// The id that ties answer, log lines and audit rows together.
    pub request_id: Arc<str>,
}
