//! One row: somebody to invite, or somebody to bring along.

use serde::Deserialize;
use tenantry_kernel::text::Note;
use tenantry_kernel::{DisplayName, EmailAddress, FieldError, Locale, Secret};
use tenantry_lifecycle::members::{Arrival, InvitationDays, Newcomer};
use utoipa::ToSchema;

/// A row as it was read, of either kind.
pub(crate) trait Person: serde::de::DeserializeOwned {
    /// The columns of a file.
    const COLUMNS: &'static [&'static str];

    /// From the cells of a file; an empty cell is as good as none.
    fn from_cells<'c>(cell: &impl Fn(&str) -> Option<&'c str>) -> Result<Self, Vec<FieldError>>;

    /// What it asks for, or everything that is wrong with it.
    fn newcomer(self) -> Result<Newcomer, Vec<FieldError>>;
}

/// Somebody to invite.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = InvitationRow)]
pub(crate) struct InvitedPerson {
    /// Their address.
    #[schema(example = "grace@acme.example")]
    pub email: String,
    /// Their role, in any of its spellings.
    #[schema(example = "member")]
    pub role: String,
    /// What they are called.
    #[schema(example = "Grace")]
    pub name: Option<String>,
    /// Where in the organization.
    #[schema(example = "Sales")]
    pub department: Option<String>,
    /// As what.
    #[schema(example = "Lead")]
    pub position: Option<String>,
    /// A sentence for the mail.
    #[schema(example = "Welcome!")]
    pub message: Option<String>,
    /// Their language; the tenant's when absent.
    #[schema(example = "ja")]
    pub locale: Option<String>,
    /// For how many days they can accept, 1 to 30; as the catalog says when absent.
    #[schema(example = 7)]
    pub expires_in_days: Option<i64>,
    /// Permissions beyond the role. In a file, with spaces between.
    #[serde(default)]
    #[schema(example = json!([]))]
    pub permissions: Vec<String>,
}

impl Person for InvitedPerson {
    const COLUMNS: &'static [&'static str] = &[
        "email",
        "role",
        "name",
        "department",
        "position",
        "message",
        "locale",
        "expires_in_days",
        "permissions",
    ];

    fn from_cells<'c>(cell: &impl Fn(&str) -> Option<&'c str>) -> Result<Self, Vec<FieldError>> {
        let own = |name: &str| cell(name).map(str::to_owned);
        let needed = |name: &'static str, missing: &mut Vec<FieldError>| {
            own(name).unwrap_or_else(|| {
                missing.push(FieldError::new(name, "missing_field", "is needed"));
                String::new()
            })
        };
        let mut wrong = Vec::new();
        let row = Self {
            email: needed("email", &mut wrong),
            role: needed("role", &mut wrong),
            name: own("name"),
            department: own("department"),
            position: own("position"),
            message: own("message"),
            locale: own("locale"),
            // What is no number is none of the numbers that are allowed.
            expires_in_days: cell("expires_in_days").map(|days| days.parse().unwrap_or(-1)),
            permissions: cell("permissions")
                .map(|names| names.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
        };
        if wrong.is_empty() { Ok(row) } else { Err(wrong) }
    }

    fn newcomer(self) -> Result<Newcomer, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let email = note(&mut wrong, "email", Some(EmailAddress::try_from(self.email)));
        let name = note(&mut wrong, "name", self.name.map(DisplayName::try_from));
        let department = note(&mut wrong, "department", self.department.map(Note::try_from));
        let position = note(&mut wrong, "position", self.position.map(Note::try_from));
        let message = note(&mut wrong, "message", self.message.map(Note::try_from));
        let locale = note(&mut wrong, "locale", self.locale.map(Locale::try_from));
        let days = self.expires_in_days.map(InvitationDays::try_from);
        let expires_in = note(&mut wrong, "expires_in_days", days);
        match email {
            Some(email) if wrong.is_empty() => Ok(Newcomer {
                name,
                department,
                position,
                message,
                locale,
                expires_in,
                permissions: self.permissions,
                arrival: Arrival::Invited,
                ..Newcomer::new(email, self.role)
            }),
            _ => Err(wrong),
        }
    }
}

/// The value, or a note of what is wrong with the field.
pub(super) fn note<T, E: std::fmt::Display>(
    wrong: &mut Vec<FieldError>,
    field: &'static str,
    parsed: Option<Result<T, E>>,
) -> Option<T> {
    match parsed? {
        Ok(value) => Some(value),
        Err(why) => {
            wrong.push(FieldError::new(field, "invalid_value", why));
            None
        }
    }
}

/// Somebody to bring along from another system.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ImportRow)]
pub(crate) struct ImportedPerson {
    /// Their address.
    #[schema(example = "grace@acme.example")]
    pub email: String,
    /// Their role, in any of its spellings.
    #[schema(example = "member")]
    pub role: String,
    /// What they are called.
    #[schema(example = "Grace")]
    pub name: Option<String>,
    /// `active` (without a word; the default), `invited` (by mail) or `deactivated` (takes no seat).
    #[schema(example = "active")]
    pub status: Option<String>,
    /// Where in the organization.
    #[schema(example = "Sales")]
    pub department: Option<String>,
    /// As what.
    #[schema(example = "Lead")]
    pub position: Option<String>,
    /// A sentence for the mail of those who are invited.
    #[schema(example = "We have moved.")]
    pub message: Option<String>,
    /// Their language; the tenant's when absent.
    #[schema(example = "ja")]
    pub locale: Option<String>,
    /// For how many days those who are invited can accept, 1 to 30.
    #[schema(example = 7)]
    pub expires_in_days: Option<i64>,
    /// Permissions beyond the role. In a file, with spaces between.
    #[serde(default)]
    #[schema(example = json!([]))]
    pub permissions: Vec<String>,
    /// Operators only: the hash of the password they have elsewhere (bcrypt, PBKDF2, scrypt, Argon2). For people
    /// who are new here; others keep their own password.
    #[schema(format = Password, example = "$2b$12$N9qo8uLOickgx2ZMRZoMyeHeZfKH45w1ifY2deNgSwK435WnAcNrK")]
    pub password_hash: Option<String>,
    /// Operators only: they proved elsewhere that they read mail at the address.
    #[serde(default)]
    #[schema(example = false)]
    pub verified: bool,
}

impl Person for ImportedPerson {
    const COLUMNS: &'static [&'static str] = &[
        "email",
        "role",
        "name",
        "status",
        "department",
        "position",
        "message",
        "locale",
        "expires_in_days",
        "permissions",
        "password_hash",
        "verified",
    ];

    fn from_cells<'c>(cell: &impl Fn(&str) -> Option<&'c str>) -> Result<Self, Vec<FieldError>> {
        let own = |name: &str| cell(name).map(str::to_owned);
        let verified = match cell("verified").map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "no" | "0") => Ok(false),
            Some("true" | "yes" | "1") => Ok(true),
            Some(_) => Err(FieldError::new("verified", "invalid_value", "must be true or false")),
        };
        let invited = InvitedPerson::from_cells(cell);
        match (invited, verified) {
            (Ok(row), Ok(verified)) => Ok(Self {
                email: row.email,
                role: row.role,
                name: row.name,
                status: own("status"),
                department: row.department,
                position: row.position,
                message: row.message,
                locale: row.locale,
                expires_in_days: row.expires_in_days,
                permissions: row.permissions,
                password_hash: own("password_hash"),
                verified,
            }),
            (invited, verified) => {
                let mut wrong = invited.err().unwrap_or_default();
                wrong.extend(verified.err());
                Err(wrong)
            }
        }
    }

    fn newcomer(self) -> Result<Newcomer, Vec<FieldError>> {
        let arrival = match self.status.as_deref() {
            None => Some(Arrival::Active),
            Some(name) => Arrival::from_name(&name.to_ascii_lowercase()),
        };
        let row = InvitedPerson {
            email: self.email,
            role: self.role,
            name: self.name,
            department: self.department,
            position: self.position,
            message: self.message,
            locale: self.locale,
            expires_in_days: self.expires_in_days,
            permissions: self.permissions,
        };
        match (row.newcomer(), arrival) {
            (Ok(newcomer), Some(arrival)) => Ok(Newcomer {
                arrival,
                password_hash: self.password_hash.map(Secret::new),
                verified: self.verified,
                ..newcomer
            }),
            (newcomer, arrival) => {
                let mut wrong = newcomer.err().unwrap_or_default();
                if arrival.is_none() {
                    let names = "must be active, invited or deactivated";
                    wrong.push(FieldError::new("status", "invalid_value", names));
                }
                Err(wrong)
            }
        }
    }
}
