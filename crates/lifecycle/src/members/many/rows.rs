//! What a row asks for, as the edge read it.

use std::num::NonZeroU8;

use tenantry_kernel::{DisplayName, EmailAddress, FieldError, Locale, Note, Secret};

/// How many rows one call takes.
pub const MAX_ROWS: usize = 1_000;

/// For how many days an invitation can be accepted: 1 to 30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvitationDays(NonZeroU8);

/// The number is outside what invitations live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 30")]
pub struct InvalidDays;

impl InvitationDays {
    /// The longest.
    pub const MAX: u8 = 30;

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

impl TryFrom<i64> for InvitationDays {
    type Error = InvalidDays;

    fn try_from(days: i64) -> Result<Self, InvalidDays> {
        let days = u8::try_from(days).ok().and_then(NonZeroU8::new);
        days.filter(|days| days.get() <= Self::MAX).map(Self).ok_or(InvalidDays)
    }
}

/// How somebody comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arrival {
    /// Asked by mail.
    #[default]
    Invited,
    /// A member at once, without a word.
    Active,
    /// Known, and shut out: history that is brought along. Takes no seat.
    Deactivated,
}

impl Arrival {
    /// The arrival of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "invited" => Some(Self::Invited),
            "active" => Some(Self::Active),
            "deactivated" => Some(Self::Deactivated),
            _ => None,
        }
    }
}

/// Somebody to invite or to add.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Their address.
    pub email: EmailAddress,
    /// What they are called; what stands before the `@` when absent.
    pub name: Option<DisplayName>,
    /// Their role, in any of its spellings.
    pub role: String,
    /// Permissions beyond the role, in any of their spellings.
    pub permissions: Vec<String>,
    /// Where in the organization.
    pub department: Option<Note>,
    /// As what.
    pub position: Option<Note>,
    /// A sentence for the invitation.
    pub message: Option<Note>,
    /// Their language; the tenant's when absent.
    pub locale: Option<Locale>,
    /// How they come in.
    pub arrival: Arrival,
    /// For how long an invitation can be accepted; as the catalog says when absent.
    pub expires_in: Option<InvitationDays>,
    /// The hash of the password they have elsewhere. Operators only, and for people who are new here only.
    pub password_hash: Option<Secret<String>>,
    /// They proved elsewhere that they read mail at the address. Operators only.
    pub verified: bool,
}

impl Newcomer {
    /// Somebody to invite into a role, and nothing else.
    #[must_use]
    pub fn new(email: EmailAddress, role: impl Into<String>) -> Self {
        Self {
            email,
            name: None,
            role: role.into(),
            permissions: Vec::new(),
            department: None,
            position: None,
            message: None,
            locale: None,
            arrival: Arrival::Invited,
            expires_in: None,
            password_hash: None,
            verified: false,
        }
    }
}

/// A row of a list or a file.
#[derive(Clone, Debug)]
pub struct ListedRow {
    /// Its number, from 1; a header is not counted.
    pub number: u32,
    /// The address as it stood there, for the report.
    pub email: String,
    /// What it asks for, or what is wrong with it.
    pub wish: Result<Newcomer, Vec<FieldError>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invitations_live_one_to_thirty_days() {
        assert_eq!(InvitationDays::try_from(1).unwrap().get(), 1);
        assert_eq!(InvitationDays::try_from(30).unwrap().get(), 30);
        for bad in [i64::MIN, -1, 0, 31, 256, 257, i64::MAX] {
            assert_eq!(InvitationDays::try_from(bad), Err(InvalidDays), "{bad}");
        }
    }
}
