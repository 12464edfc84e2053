//! Visits of operators on behalf of members, and consents.

use std::fmt;

use tenantry_kernel::id::{ImpersonationId, MembershipId, SessionId, UserId};
use tenantry_kernel::{TenantId, typed_id};
use time::OffsetDateTime;

/// The longest visit, in minutes.
pub const MAX_MINUTES: i64 = 60;
/// The shortest reason, in characters: a ticket's number alone tells a tenant nothing.
pub const MIN_REASON_CHARS: usize = 10;
/// The longest reason, in characters; it stands in the token.
pub const MAX_REASON_CHARS: usize = 200;
/// The longest consent, in hours: two weeks.
pub const MAX_CONSENT_HOURS: i64 = 14 * 24;

typed_id!(
    /// A tenant's consent to support access.
    ConsentId
);

/// Why an operator comes in: one line that the tenant reads.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

/// The text is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {MIN_REASON_CHARS} to {MAX_REASON_CHARS} characters on one line")]
pub struct InvalidReason;

impl Reason {
    /// The reason as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Reason {
    type Error = InvalidReason;

    fn try_from(text: &str) -> Result<Self, InvalidReason> {
        let text = text.trim();
        let length = text.chars().count();
        if !(MIN_REASON_CHARS..=MAX_REASON_CHARS).contains(&length) || text.chars().any(char::is_control) {
            return Err(InvalidReason);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({})", self.0)
    }
}

/// A visit of an operator who acts on behalf of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impersonation {
    /// Which visit.
    pub id: ImpersonationId,
    /// In which tenant.
    pub tenant: TenantId,
    /// Who acts.
    pub operator: UserId,
    /// The operator's own session; when it ends, so does the visit.
    pub session: SessionId,
    /// The member on whose behalf.
    pub membership: MembershipId,
    /// The human behind the membership.
    pub user: UserId,
    /// Why.
    pub reason: Reason,
    /// True when nothing may be changed.
    pub read_only: bool,
    /// Since when.
    pub started_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was ended before its time, if it was.
    pub ended_at: Option<OffsetDateTime>,
}

impl Impersonation {
    /// True until it is ended, or its time is over.
    #[must_use]
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

/// That a tenant agrees to support access for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Which one.
    pub id: ConsentId,
    /// Which member agreed.
    pub given_by: MembershipId,
    /// Since when.
    pub given_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// When it was taken back before its time, if it was.
    pub ended_at: Option<OffsetDateTime>,
}

impl Consent {
    /// True until it is taken back, or its time is over.
    #[must_use]
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_some_length() {
        assert_eq!(
            Reason::try_from("  Ticket 17: no invoices ").unwrap().as_str(),
            "Ticket 17: no invoices"
        );
        assert!(Reason::try_from("請求書が開かないと言われた").is_ok());
        for bad in [
            "",
            "ticket 17",
            "         x         ",
            "ticket 17\nis urgent",
            &"x".repeat(201),
        ] {
            assert_eq!(Reason::try_from(bad), Err(InvalidReason), "{bad:?}");
        }
    }
}
