//! Accounts: what was counted for one meter in one period, for the whole tenant or for one of its users or keys.

use std::fmt;
use std::sync::Arc;

use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{ApiKeyId, Code, TenantId};
use time::OffsetDateTime;

use crate::period::Period;

/// Whose usage an account counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// All of the tenant's.
    #[default]
    Tenant,
    /// One user's: a membership, or whom the caller named.
    User(Arc<str>),
    /// One API key's.
    Key(ApiKeyId),
}

/// The text names no subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be user:<name> or key:<id of an API key>")]
pub struct InvalidSubject;

impl Subject {
    /// Longest name of a user in characters.
    pub const MAX_USER: usize = 128;

    /// The user of this name.
    #[must_use]
    pub fn user(name: &str) -> Self {
        Self::User(name.into())
    }

    /// The subject of its text; the empty text is the tenant.
    ///
    /// # Errors
    /// [`InvalidSubject`].
    pub fn parse(text: &str) -> Result<Self, InvalidSubject> {
        if text.is_empty() {
            return Ok(Self::Tenant);
        }
        match text.split_once(':') {
            Some(("user", name)) if !name.is_empty() && name.chars().count() <= Self::MAX_USER => Ok(Self::user(name)),
            Some(("key", id)) => Uuid::parse_str(id)
                .map(|id| Self::Key(ApiKeyId::from_uuid(id)))
                .map_err(|_| InvalidSubject),
            _ => Err(InvalidSubject),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant => Ok(()),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Key(id) => write!(f, "key:{id}"),
        }
    }
}

/// Names one account of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    /// The meter.
    pub meter: Code,
    /// False for test keys, which count apart and never bill.
    pub live: bool,
    /// Whose usage it counts.
    pub subject: Subject,
    /// Over which time it counts.
    pub period: Period,
    /// The first moment of the period.
    pub period_start: OffsetDateTime,
}

/// Names one account in the installation. The order of these names is the order in which accounts are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantAccount {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub key: AccountKey,
}

/// What an account holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held {
    /// How much was counted.
    pub posted: i64,
    /// How much is reserved and not settled yet. It takes room as if it were counted.
    pub pending: i64,
    /// How much may be used beyond the limit: what the period before left over, and what an operator granted.
    pub granted: i64,
}

impl Held {
    /// An account that holds this much.
    #[must_use]
    pub const fn posted(posted: i64) -> Self {
        Self {
            posted,
            pending: 0,
            granted: 0,
        }
    }

    /// What takes room: counted and reserved.
    #[must_use]
    pub const fn taken(self) -> i64 {
        self.posted.saturating_add(self.pending)
    }

    /// What is free under `limit`; below nothing when more is used than that.
    #[must_use]
    pub const fn room(self, limit: i64) -> i64 {
        limit.saturating_add(self.granted).saturating_sub(self.taken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read_back() {
        let key = Subject::Key(ApiKeyId::from_uuid(Uuid::from_u128(7)));
        for subject in [Subject::Tenant, Subject::user("u:17"), key] {
            assert_eq!(Subject::parse(&subject.to_string()), Ok(subject));
        }
        for bad in [
            "tenant",
            "user:",
            "key:17",
            "team:a",
            &format!("user:{}", "u".repeat(129)),
        ] {
            assert_eq!(Subject::parse(bad), Err(InvalidSubject), "{bad}");
        }
    }

    #[test]
    fn what_is_reserved_takes_room_and_what_is_granted_gives_it() {
        let held = Held {
            posted: 40,
            pending: 15,
            granted: 10,
        };

        assert_eq!((held.taken(), held.room(100), held.room(20)), (55, 55, -25));
    }
}
