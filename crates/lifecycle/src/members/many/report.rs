//! What became of each row.

use std::fmt::Display;

use tenantry_kernel::{FieldError, MembershipId};
use tenantry_quotas::usage::exceeded::QuotaExceeded;
use tenantry_tenancy::membership::{Membership, MembershipState};

use super::rows::ListedRow;

/// What became of one row.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The row's number.
    pub row: u32,
    /// The address as it stood there.
    pub email: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What may become of a row.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Invited or added.
    Landed {
        /// The membership; absent in a dry run.
        id: Option<MembershipId>,
        /// As what.
        state: MembershipState,
        /// A password came along that was not taken: the person has an account of their own.
        known: bool,
    },
    /// The person is a member already.
    AlreadyMember(MembershipId),
    /// The person is invited already.
    AlreadyInvited(MembershipId),
    /// The address stands further above.
    Duplicate {
        /// In this row.
        first: u32,
    },
    /// The row breaks rules.
    Invalid(Vec<FieldError>),
    /// The caller may not give that.
    Denied(String),
    /// The plan has no seat left; in words.
    NoSeat(String),
}

impl Verdict {
    /// A row that was not looked at yet. What is never looked at lands nowhere.
    pub(super) fn open(row: &ListedRow) -> Self {
        Self {
            row: row.number,
            email: row.email.clone(),
            outcome: Outcome::Invalid(Vec::new()),
        }
    }
}

impl Outcome {
    pub(super) const fn there_already(member: &Membership) -> Self {
        match member.state() {
            MembershipState::Invited => Self::AlreadyInvited(member.id()),
            MembershipState::Active | MembershipState::Deactivated => Self::AlreadyMember(member.id()),
        }
    }

    pub(super) fn no_seat(full: &QuotaExceeded) -> Self {
        Self::NoSeat(full.to_string())
    }

    /// True when somebody was invited or added.
    #[must_use]
    pub const fn landed(&self) -> bool {
        matches!(self, Self::Landed { .. })
    }

    /// The membership, if there is one.
    #[must_use]
    pub const fn membership(&self) -> Option<MembershipId> {
        match self {
            Self::Landed { id, .. } => *id,
            Self::AlreadyMember(id) | Self::AlreadyInvited(id) => Some(*id),
            _ => None,
        }
    }

    /// The name in `snake_case`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Landed { state, .. } => match state {
                MembershipState::Invited => "invited",
                MembershipState::Active | MembershipState::Deactivated => "imported",
            },
            Self::AlreadyMember(_) => "already_member",
            Self::AlreadyInvited(_) => "already_invited",
            Self::Duplicate { .. } => "duplicate",
            Self::Invalid(_) => "invalid",
            Self::Denied(_) => "permission_denied",
            Self::NoSeat(_) => "quota_exceeded",
        }
    }

    /// What is to be said about it, by field.
    #[must_use]
    pub fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Landed { known: true, .. } => vec![FieldError::new(
                "password_hash",
                "not_taken",
                "the person has an account already, and keeps their own password",
            )],
            Self::Landed { .. } => Vec::new(),
            Self::AlreadyMember(_) => vec![email("already_member", "the person is a member already")],
            Self::AlreadyInvited(_) => vec![email("already_invited", "the person is invited already")],
            Self::Duplicate { first } => vec![email("duplicate", format!("the address stands in row {first} already"))],
            Self::Invalid(errors) => errors.clone(),
            Self::Denied(why) => vec![FieldError::new("role", "permission_denied", why)],
            Self::NoSeat(full) => vec![email("quota_exceeded", full)],
        }
    }
}

fn email(code: &'static str, detail: impl Display) -> FieldError {
    FieldError::new("email", code, detail)
}
