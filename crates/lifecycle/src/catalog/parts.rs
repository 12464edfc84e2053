//! What a catalog is made of, and which parts do not fit.

use std::collections::BTreeMap;

use tenantry_billing::plan::{Cycle, InvalidPlan};
use tenantry_identity::api_key::{KeyPrefix, KeyRules};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{Code, Currency, Permission};
use tenantry_quotas::meter::MeterBook;
use tenantry_tenancy::role::RoleBook;
use tenantry_tenancy::tenant::ReservedSlugs;

use super::offer::Offer;
use super::rules::Dunning;

/// A feature that plans may switch on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its code: `api_access`.
    pub code: Code,
    /// One sentence for people.
    pub description: String,
}

/// A permission of the application itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationPermission {
    /// The permission: `whatsapp.send`.
    pub permission: Permission,
    /// One sentence for people.
    pub description: String,
}

/// The catalog's own name for a platform role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformRoleName {
    /// The name: `super_admin`.
    pub name: Code,
    /// What it is.
    pub role: PlatformRole,
}

/// What a catalog is made of.
#[derive(Clone, Debug)]
pub struct CatalogParts {
    /// Its name: `pytake`.
    pub name: Code,
    /// The product's name for people.
    pub display: String,
    /// The content hash of all of it.
    pub version_hash: String,
    /// Currencies that prices are in; the first one is the default.
    pub currencies: Vec<Currency>,
    /// Billing cycles on offer; the first one is the default.
    pub cycles: Vec<Cycle>,
    /// The roles of a tenant's members.
    pub roles: RoleBook,
    /// Other names of platform roles.
    pub platform_roles: Vec<PlatformRoleName>,
    /// The application's own permissions.
    pub permissions: Vec<ApplicationPermission>,
    /// What is counted.
    pub meters: MeterBook,
    /// What plans may switch on.
    pub features: Vec<Feature>,
    /// The current edition of each plan.
    pub offers: Vec<Offer>,
    /// The plan of a tenant that names none.
    pub default_plan: Code,
    /// False when only operators create tenants.
    pub self_signup: bool,
    /// Slugs that nobody may have.
    pub reserved_slugs: ReservedSlugs,
    /// How API keys begin.
    pub api_key_prefix: KeyPrefix,
    /// The bounds of API keys.
    pub key_rules: KeyRules,
    /// What happens after a payment failed.
    pub dunning: Dunning,
    /// For how many days an invitation can be accepted.
    pub invitation_days: u16,
}

/// Why parts do not make a catalog.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Prices need one.
    #[error("a catalog needs a currency")]
    NoCurrency,
    /// Subscriptions need one.
    #[error("a catalog needs a billing cycle")]
    NoCycle,
    /// New tenants start on it.
    #[error("the default plan {0} is not in the catalog")]
    NoDefaultPlan(Code),
    /// Two plans answer to one name.
    #[error("two plans are called {0}")]
    TwoPlans(String),
    /// A plan names what the catalog does not declare.
    #[error("the plan {plan} names {what}, which the catalog does not declare")]
    Undeclared {
        /// The plan.
        plan: Code,
        /// The meter, feature or currency.
        what: String,
    },
    /// A plan that cannot be billed.
    #[error("the plan {plan} {cause}")]
    Plan {
        /// The plan.
        plan: Code,
        /// Why.
        #[source]
        cause: InvalidPlan,
    },
}

/// Refuses an offer that names what the catalog does not declare, or that cannot be billed.
pub(super) fn check_offer(parts: &CatalogParts, offer: &Offer) -> Result<(), CatalogError> {
    let plan = &offer.plan;
    let undeclared = |what: String| CatalogError::Undeclared {
        plan: plan.code.clone(),
        what,
    };
    plan.check().map_err(|cause| CatalogError::Plan {
        plan: plan.code.clone(),
        cause,
    })?;
    for allowance in offer.allowances.iter().chain(&offer.trial_allowances) {
        if parts.meters.get(&allowance.meter).is_none() {
            return Err(undeclared(format!("the meter {}", allowance.meter)));
        }
    }
    for feature in &offer.features {
        if parts.features.iter().all(|known| known.code != *feature) {
            return Err(undeclared(format!("the feature {feature}")));
        }
    }
    for price in &plan.prices {
        if !parts.currencies.contains(&price.currency()) {
            return Err(undeclared(format!("the currency {}", price.currency())));
        }
    }
    Ok(())
}

/// Every spelling of a plan's name, folded, to the place of its offer.
pub(super) fn names(offers: &[Offer]) -> Result<BTreeMap<String, usize>, CatalogError> {
    let mut names = BTreeMap::new();
    for (place, offer) in offers.iter().enumerate() {
        let own = offer.aliases.iter().map(String::as_str);
        for name in std::iter::once(offer.plan.code.as_str()).chain(own) {
            if names.insert(Code::fold(name), place).is_some() {
                return Err(CatalogError::TwoPlans(name.to_owned()));
            }
        }
    }
    Ok(names)
}
