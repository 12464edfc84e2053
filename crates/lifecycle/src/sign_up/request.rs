//! What a founder asks for.

use tenantry_billing::plan::Cycle;
use tenantry_kernel::{Currency, EmailAddress, Origin, Secret, SystemScope};
use tenantry_tenancy::locale::{Locale, Timezone};
use tenantry_tenancy::tenant::Slug;
use tenantry_tenancy::text::{DisplayName, Note, Phone};

use crate::access::Person;

/// Who founds the tenant.
#[derive(Clone, Debug)]
pub enum Founder {
    /// Anybody, on the public route.
    Public(Origin),
    /// A signed-in person, for themselves.
    Person(Person, Origin),
    /// An operator, for somebody else: any plan, public or not, also where self-service is closed.
    Operator(SystemScope),
}

impl Founder {
    /// Where the call came from.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        match self {
            Self::Public(origin) | Self::Person(_, origin) => origin,
            Self::Operator(scope) => scope.origin(),
        }
    }
}

/// The owner that the tenant starts with.
#[derive(Clone, Debug)]
pub struct OwnerRequest {
    /// Their address.
    pub email: EmailAddress,
    /// What they are called.
    pub name: DisplayName,
    /// Their password; without it they get a mail to set one.
    pub password: Option<Secret<String>>,
}

/// A sign-up, its fields already parsed.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// What people call the tenant.
    pub name: DisplayName,
    /// Its slug; derived from the name when absent.
    pub slug: Option<Slug>,
    /// The plan, in any of its spellings; the catalog's default when absent.
    pub plan: Option<String>,
    /// How often it is billed; the plan's first cycle when absent.
    pub cycle: Option<Cycle>,
    /// The currency it is billed in; the catalog's first when absent.
    pub currency: Option<Currency>,
    /// Its owner.
    pub owner: OwnerRequest,
    /// Where invoices go; to the owner when absent.
    pub billing_email: Option<EmailAddress>,
    /// Whom to call.
    pub phone: Option<Phone>,
    /// Where its days begin; UTC when absent.
    pub timezone: Option<Timezone>,
    /// Its language; English when absent.
    pub locale: Option<Locale>,
    /// How large it is.
    pub company_size: Option<Note>,
    /// What it wants to do.
    pub use_case: Option<Note>,
    /// Where it wants its data.
    pub region: Option<Note>,
}
