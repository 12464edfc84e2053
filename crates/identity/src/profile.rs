//! The signed-in person's own profile.

use std::sync::Arc;

use tenantry_kernel::locale::Timezone;
use tenantry_kernel::{DisplayName, DomainError, ErrorKind, Event, FieldError, Locale, StoreError};

use crate::person::Person;
use crate::store::IdentityStore;
use crate::user::User;

/// What to change about oneself; absent stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateProfile {
    /// What to be called.
    pub name: Option<String>,
    /// The language of mails.
    pub locale: Option<String>,
    /// Where their days begin; `Some(None)` for wherever the tenant's do.
    pub timezone: Option<Option<Timezone>>,
    /// The version the person looked at, when they said so.
    pub expected: Option<i64>,
}

/// Why a profile could not be shown or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The person is no more.
    #[error("there is no such user")]
    NotFound,
    /// The request breaks rules.
    #[error("the profile cannot be like this")]
    Invalid(Vec<FieldError>),
    /// It changed since the person looked.
    #[error("the profile changed since it was read")]
    Stale,
    /// The store failed.
    #[error("could not store the profile")]
    Store(#[source] StoreError),
}

impl From<StoreError> for ProfileError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl DomainError for ProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Stale => ErrorKind::Stale,
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid(_) => "validation_failed",
            Self::Stale => "precondition_failed",
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(fields) => fields.clone(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Shows and changes the person's own user row.
pub struct ProfileService {
    store: Arc<dyn IdentityStore>,
}

impl ProfileService {
    /// A service over this port.
    #[must_use]
    pub const fn new(store: Arc<dyn IdentityStore>) -> Self {
        Self { store }
    }

    /// The person's user row.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn show(&self, person: &Person) -> Result<User, ProfileError> {
        let mut unit = self.store.read_person(person.user).await?;
        let found = unit.users().find(person.user).await?;
        found.ok_or(ProfileError::NotFound)
    }

    /// Changes name, language and time zone.
    ///
    /// # Errors
    /// `Invalid` with every field at fault, `NotFound`, `Stale`, `Store`.
    pub async fn update(&self, person: &Person, request: UpdateProfile) -> Result<User, ProfileError> {
        let mut faults = Vec::new();
        let name = request.name.as_deref().map(DisplayName::try_from).transpose();
        let name = name.unwrap_or_else(|rule| {
            faults.push(FieldError::new("name", "invalid_name", rule));
            None
        });
        let locale = request.locale.as_deref().map(Locale::try_from).transpose();
        let locale = locale.unwrap_or_else(|rule| {
            faults.push(FieldError::new("locale", "invalid_locale", rule));
            None
        });
        if !faults.is_empty() {
            return Err(ProfileError::Invalid(faults));
        }

        let mut unit = self.store.begin_person(person.user, &person.origin).await?;
        let before = unit.users().find(person.user).await?.ok_or(ProfileError::NotFound)?;
        if request.expected.is_some_and(|version| version != before.version()) {
            return Err(ProfileError::Stale);
        }

        let mut user = before.clone();
        if let Some(name) = name {
            user.rename(name);
        }
        if let Some(locale) = locale {
            user.speak(locale);
        }
        if let Some(timezone) = request.timezone {
            user.live_in(timezone);
        }
        unit.users().update(&user).await?;

        let zone = |user: &User| user.timezone().map(|zone| zone.as_str().to_owned());
        let event = Event::new("user.updated", user.id())
            .of(user.id())
            .change("name", before.name(), user.name())
            .change("locale", before.locale(), user.locale())
            .change("timezone", zone(&before), zone(&user));
        unit.commit(vec![event]).await?;
        Ok(user.stored())
    }
}

#[cfg(test)]
mod tests;
