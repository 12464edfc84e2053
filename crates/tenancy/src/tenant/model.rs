//! What a tenant is and how it changes.

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, Event, TenantId};

use crate::locale::{Locale, Timezone};
use crate::tenant::Slug;
use crate::text::{DisplayName, Note, Phone};

/// What a tenant tells about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What people call it.
    pub name: DisplayName,
    /// Where invoices go.
    pub billing_email: EmailAddress,
    /// Whom to call.
    pub phone: Option<Phone>,
    /// Where its days begin.
    pub timezone: Timezone,
    /// Its language.
    pub locale: Locale,
    /// How large it is, in its own words.
    pub company_size: Option<Note>,
    /// What it wants to do, in its own words.
    pub use_case: Option<Note>,
    /// Where it wants its data, as a label.
    pub region: Option<Note>,
}

/// A change to the profile: `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// A new name.
    pub name: Option<DisplayName>,
    /// A new billing address.
    pub billing_email: Option<EmailAddress>,
    /// A new telephone number, or none.
    pub phone: Option<Option<Phone>>,
    /// A new time zone.
    pub timezone: Option<Timezone>,
    /// A new language.
    pub locale: Option<Locale>,
    /// A new size, or none.
    pub company_size: Option<Option<Note>>,
    /// A new use case, or none.
    pub use_case: Option<Option<Note>>,
    /// A new region, or none.
    pub region: Option<Option<Note>>,
}

/// Whether a tenant may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantStatus {
    /// It may.
    Active,
    /// It may not, until whatever closed it is over.
    Suspended {
        /// Since when.
        at: OffsetDateTime,
        /// Why, in words for its members.
        reason: String,
        /// What closed it, and so what opens it again.
        cause: SuspensionCause,
    },
}

/// What closed a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuspensionCause {
    /// An operator did, and an operator opens it again.
    Operator,
    /// An invoice was not paid. Paying it opens the tenant again, and its members may come in to pay.
    Unpaid,
}

impl SuspensionCause {
    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Unpaid => "unpaid",
        }
    }

    /// The cause of that name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Operator, Self::Unpaid]
            .into_iter()
            .find(|cause| cause.as_str() == text)
    }
}

/// A tenant's status without its circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TenantState {
    /// See [`TenantStatus::Active`].
    Active,
    /// See [`TenantStatus::Suspended`].
    Suspended,
}

impl TenantState {
    /// The name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

impl TenantStatus {
    /// The status without its circumstances.
    #[must_use]
    pub const fn state(&self) -> TenantState {
        match self {
            Self::Active => TenantState::Active,
            Self::Suspended { .. } => TenantState::Suspended,
        }
    }

    /// What closed the tenant, while it is closed.
    #[must_use]
    pub const fn suspension(&self) -> Option<SuspensionCause> {
        match self {
            Self::Active => None,
            Self::Suspended { cause, .. } => Some(*cause),
        }
    }
}

/// The tenant is not in the state that the change needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tenant is already {}", .0.as_str())]
pub struct WrongTenantState(pub TenantState);

/// An organization that buys the product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    id: TenantId,
    slug: Slug,
    profile: Profile,
    status: TenantStatus,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    version: i64,
}

impl Tenant {
    /// A new tenant, active, at version 1.
    #[must_use]
    pub const fn found(id: TenantId, slug: Slug, profile: Profile, now: OffsetDateTime) -> Self {
        Self {
            id,
            slug,
            profile,
            status: TenantStatus::Active,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// A tenant as it was stored. For stores only.
    #[must_use]
    pub const fn restore(
        id: TenantId,
        slug: Slug,
        profile: Profile,
        status: TenantStatus,
        (created_at, updated_at): (OffsetDateTime, OffsetDateTime),
        version: i64,
    ) -> Self {
        Self {
            id,
            slug,
            profile,
            status,
            created_at,
            updated_at,
            version,
        }
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> TenantId {
        self.id
    }

    /// The slug: its subdomain and its name in paths.
    #[must_use]
    pub const fn slug(&self) -> &Slug {
        &self.slug
    }

    /// What it tells about itself.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What people call it.
    #[must_use]
    pub const fn name(&self) -> &DisplayName {
        &self.profile.name
    }

    /// Whether it may be used.
    #[must_use]
    pub const fn status(&self) -> &TenantStatus {
        &self.status
    }

    /// When it was founded.
    #[must_use]
    pub const fn created_at(&self) -> OffsetDateTime {
        self.created_at
    }

    /// When it last changed.
    #[must_use]
    pub const fn updated_at(&self) -> OffsetDateTime {
        self.updated_at
    }

    /// The version as it was read from the store; an update is refused when it is no longer that.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The tenant as it stands after an update has written it: one version on.
    #[must_use]
    pub const fn saved(mut self) -> Self {
        self.version += 1;
        self
    }

    /// Changes the profile. `None` when nothing is different afterwards.
    pub fn revise(&mut self, change: ProfileChange, now: OffsetDateTime) -> Option<Event> {
        let before = self.profile.clone();
        let after = Profile {
            name: change.name.unwrap_or_else(|| before.name.clone()),
            billing_email: change.billing_email.unwrap_or_else(|| before.billing_email.clone()),
            phone: change.phone.unwrap_or_else(|| before.phone.clone()),
            timezone: change.timezone.unwrap_or_else(|| before.timezone.clone()),
            locale: change.locale.unwrap_or_else(|| before.locale.clone()),
            company_size: change.company_size.unwrap_or_else(|| before.company_size.clone()),
            use_case: change.use_case.unwrap_or_else(|| before.use_case.clone()),
            region: change.region.unwrap_or_else(|| before.region.clone()),
        };
        if after == before {
            return None;
        }
        let note = |note: &Option<Note>| note.as_ref().map(Note::as_str).map(str::to_owned);
        let phone = |phone: &Option<Phone>| phone.as_ref().map(Phone::as_str).map(str::to_owned);
        let event = Event::new("tenant.updated", self.id)
            .change("name", before.name.as_str(), after.name.as_str())
            .change(
                "billing_email",
                before.billing_email.as_str(),
                after.billing_email.as_str(),
            )
            .change("phone", phone(&before.phone), phone(&after.phone))
            .change("timezone", before.timezone.as_str(), after.timezone.as_str())
            .change("locale", before.locale.as_str(), after.locale.as_str())
            .change("company_size", note(&before.company_size), note(&after.company_size))
            .change("use_case", note(&before.use_case), note(&after.use_case))
            .change("region", note(&before.region), note(&after.region));
        self.profile = after;
        self.updated_at = now;
        Some(event)
    }

    /// Closes the tenant to its members and keys. An operator may take over a suspension that an unpaid invoice made;
    /// paying does not lift it any more then.
    ///
    /// # Errors
    /// [`WrongTenantState`] when it is suspended already.
    pub fn suspend(
        &mut self,
        reason: &Note,
        cause: SuspensionCause,
        now: OffsetDateTime,
    ) -> Result<Event, WrongTenantState> {
        let event = Event::new("tenant.suspended", self.id);
        let event =
            match &self.status {
                TenantStatus::Active => event
                    .change("status", "active", "suspended")
                    .set("reason", reason.as_str())
                    .set("cause", cause.as_str()),
                TenantStatus::Suspended {
                    reason: before,
                    cause: SuspensionCause::Unpaid,
                    ..
                } if cause == SuspensionCause::Operator => event
                    .change("reason", before.as_str(), reason.as_str())
                    .change("cause", SuspensionCause::Unpaid.as_str(), cause.as_str()),
                TenantStatus::Suspended { .. } => return Err(WrongTenantState(TenantState::Suspended)),
            };
        self.status = TenantStatus::Suspended {
            at: now,
            reason: reason.as_str().to_owned(),
            cause,
        };
        self.updated_at = now;
        Ok(event)
    }

    /// Opens a suspended tenant again.
    ///
    /// # Errors
    /// [`WrongTenantState`] when it is active already.
    pub fn reactivate(&mut self, now: OffsetDateTime) -> Result<Event, WrongTenantState> {
        let TenantStatus::Suspended { reason, .. } = &self.status else {
            return Err(WrongTenantState(TenantState::Active));
        };
        let event = Event::new("tenant.reactivated", self.id)
            .change("status", "suspended", "active")
            .change("reason", reason.as_str(), None::<String>);
        self.status = TenantStatus::Active;
        self.updated_at = now;
        Ok(event)
    }

    /// The event that tells of its founding.
    #[must_use]
    pub fn founded(&self) -> Event {
        Event::new("tenant.created", self.id)
            .set("name", self.profile.name.as_str())
            .set("slug", self.slug.as_str())
            .set("billing_email", self.profile.billing_email.as_str())
            .set("timezone", self.profile.timezone.as_str())
            .set("locale", self.profile.locale.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use tenantry_kernel::Value;
    use tenantry_kernel::time::Duration;

    #[test]
    fn a_revision_tells_exactly_what_changed() {
        let mut tenant = testing::tenant(1, "acme");
        let later = testing::NOW + Duration::HOUR;
        let change = ProfileChange {
            name: Some(DisplayName::try_from("Acme Ltd").unwrap()),
            phone: Some(Some(Phone::try_from("+81 3 1234").unwrap())),
            locale: Some(tenant.profile().locale.clone()),
            ..ProfileChange::default()
        };

        let event = tenant.revise(change, later).unwrap();

        let fields: Vec<_> = event.changes.iter().map(|change| change.field).collect();
        assert_eq!(fields, ["name", "phone"]);
        assert_eq!(event.changes[1].after, Value::from("+81 3 1234"));
        assert_eq!((tenant.name().as_str(), tenant.updated_at()), ("Acme Ltd", later));
        assert_eq!((tenant.version(), tenant.saved().version()), (1, 2));
    }

    #[test]
    fn a_revision_without_a_difference_is_no_event() {
        let mut tenant = testing::tenant(1, "acme");
        let before = tenant.clone();
        let same = ProfileChange {
            name: Some(tenant.name().clone()),
            ..ProfileChange::default()
        };

        assert_eq!(tenant.revise(same, testing::NOW + Duration::HOUR), None);
        assert_eq!(tenant, before);
    }

    #[test]
    fn suspension_is_entered_and_left_once() {
        let mut tenant = testing::tenant(1, "acme");
        let reason = Note::try_from("unpaid").unwrap();

        assert_eq!(
            tenant.reactivate(testing::NOW),
            Err(WrongTenantState(TenantState::Active))
        );
        assert_eq!(
            tenant
                .suspend(&reason, SuspensionCause::Operator, testing::NOW)
                .unwrap()
                .action,
            "tenant.suspended"
        );
        assert_eq!(
            tenant.suspend(&reason, SuspensionCause::Unpaid, testing::NOW),
            Err(WrongTenantState(TenantState::Suspended))
        );
        assert_eq!(tenant.reactivate(testing::NOW).unwrap().action, "tenant.reactivated");
        assert_eq!(tenant.status(), &TenantStatus::Active);
    }

    #[test]
    fn an_operator_takes_over_a_suspension_for_an_unpaid_invoice_and_never_the_other_way() {
        let mut tenant = testing::tenant(1, "acme");
        let (unpaid, abuse) = (Note::try_from("unpaid").unwrap(), Note::try_from("abuse").unwrap());
        tenant.suspend(&unpaid, SuspensionCause::Unpaid, testing::NOW).unwrap();

        let taken_over = tenant.suspend(&abuse, SuspensionCause::Operator, testing::NOW).unwrap();
        let back = tenant.suspend(&unpaid, SuspensionCause::Unpaid, testing::NOW);

        assert_eq!(taken_over.changes[1].after, Value::from("operator"));
        assert_eq!(back, Err(WrongTenantState(TenantState::Suspended)));
        assert_eq!(tenant.status().suspension(), Some(SuspensionCause::Operator));
    }
}
