//! The catalog itself, and how things are looked up in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenantry_billing::plan::{Cycle, Plan, PlanRef, PlanSource, Price, PriceBasis};
use tenantry_identity::api_key::{KeyPrefix, KeyRules};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{Code, Currency, Permission, PermissionSet};
use tenantry_quotas::directory::PlanLadder;
use tenantry_quotas::meter::MeterBook;
use tenantry_tenancy::role::RoleBook;
use tenantry_tenancy::tenant::ReservedSlugs;

use super::archive::CatalogState;
use super::editions::Editions;
use super::offer::Offer;
use super::parts::{ApplicationPermission, CatalogError, CatalogParts, Feature, check_offer, names};
use super::rules::Dunning;
use crate::roles;

/// What this installation sells.
#[derive(Clone, Debug)]
pub struct Catalog {
    parts: CatalogParts,
    /// Every spelling of a plan's name, folded, to its place in `parts.offers`.
    names: BTreeMap<String, usize>,
    /// Every permission of a tenant by its folded name; gateways name one with each question.
    permissions: BTreeMap<String, Permission>,
    /// Editions that subscribers have although this catalog does not sell them.
    others: Arc<Editions>,
}

impl Catalog {
    /// Makes a catalog of its parts.
    ///
    /// # Errors
    /// [`CatalogError`] names the first part that does not fit.
    pub fn new(mut parts: CatalogParts) -> Result<Self, CatalogError> {
        if parts.currencies.is_empty() {
            return Err(CatalogError::NoCurrency);
        }
        if parts.cycles.is_empty() {
            return Err(CatalogError::NoCycle);
        }
        parts.offers.sort_by_key(|offer| offer.plan.rank);
        for offer in &parts.offers {
            check_offer(&parts, offer)?;
        }
        let names = names(&parts.offers)?;
        parts.roles = parts.roles.reserving(&roles::owners_alone());
        let catalog = Self {
            permissions: permissions(&parts),
            parts,
            names,
            others: Arc::default(),
        };
        if catalog.current_offer(&catalog.parts.default_plan).is_none() {
            return Err(CatalogError::NoDefaultPlan(catalog.parts.default_plan));
        }
        Ok(catalog)
    }

    /// The same catalog, knowing editions that were sold before. Current ones among them are left out.
    #[must_use]
    pub fn with_earlier(mut self, offers: Vec<Offer>) -> Self {
        self.others = Arc::default();
        self.learn(offers);
        self
    }

    /// Comes to know editions that others sell, as after another catalog was applied elsewhere: their subscribers are
    /// served here too. What this catalog sells stays what it was.
    pub fn learn(&self, offers: Vec<Offer>) {
        let current = &self.parts.offers;
        let is_other = |other: &Offer| current.iter().all(|offer| offer.reference() != other.reference());
        for offer in offers.into_iter().filter(is_other) {
            self.others.learn(offer);
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Code {
        &self.parts.name
    }

    /// The product's name for people.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.parts.display
    }

    /// What the archive knows it by.
    #[must_use]
    pub fn state(&self) -> CatalogState {
        CatalogState {
            name: self.parts.name.to_string(),
            hash: self.parts.version_hash.clone(),
        }
    }

    /// The content hash of all of it.
    #[must_use]
    pub fn version_hash(&self) -> &str {
        &self.parts.version_hash
    }

    /// Currencies that prices are in.
    #[must_use]
    pub fn currencies(&self) -> &[Currency] {
        &self.parts.currencies
    }

    /// The currency of a tenant that names none.
    #[must_use]
    pub fn default_currency(&self) -> Currency {
        self.parts.currencies.first().copied().unwrap_or(Currency::USD)
    }

    /// Billing cycles on offer.
    #[must_use]
    pub fn cycles(&self) -> &[Cycle] {
        &self.parts.cycles
    }

    /// The cycle of a subscription that names none: the first of the catalog's that the plan is sold in.
    #[must_use]
    pub fn default_cycle(&self, plan: &Plan, currency: Currency) -> Cycle {
        let cycles = &self.parts.cycles;
        let offered = cycles.iter().find(|cycle| plan.is_offered(**cycle, currency));
        offered.or_else(|| cycles.first()).copied().unwrap_or(Cycle::Monthly)
    }

    /// The roles of a tenant's members.
    #[must_use]
    pub const fn roles(&self) -> &RoleBook {
        &self.parts.roles
    }

    /// The platform role that a caller means: the catalog's name for it, or Tenantry's.
    #[must_use]
    pub fn platform_role(&self, text: &str) -> Option<PlatformRole> {
        let folded = Code::fold(text);
        let named = self.parts.platform_roles.iter();
        named
            .filter(|known| Code::fold(known.name.as_str()) == folded)
            .map(|known| known.role)
            .next()
            .or_else(|| PlatformRole::from_name(&folded))
    }

    /// What this catalog calls a platform role.
    #[must_use]
    pub fn platform_role_name(&self, role: PlatformRole) -> &str {
        let mut named = self.parts.platform_roles.iter();
        named
            .find(|known| known.role == role)
            .map_or(role.as_str(), |known| known.name.as_str())
    }

    /// The application's own permissions.
    #[must_use]
    pub fn permissions(&self) -> &[ApplicationPermission] {
        &self.parts.permissions
    }

    /// The permission that a caller means: one of Tenantry's or of the application's, in any spelling.
    #[must_use]
    pub fn find_permission(&self, text: &str) -> Option<Permission> {
        self.permissions.get(&Code::fold(text)).cloned()
    }

    /// Every permission that a member or a key of a tenant may hold: Tenantry's own and the application's.
    #[must_use]
    pub fn permission_registry(&self) -> PermissionSet {
        let own = self.parts.permissions.iter().map(|own| own.permission.clone());
        own.chain(roles::tenant_permissions()).collect()
    }

    /// What is counted.
    #[must_use]
    pub const fn meters(&self) -> &MeterBook {
        &self.parts.meters
    }

    /// What plans may switch on.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.parts.features
    }

    /// The feature that a caller means, in any spelling.
    #[must_use]
    pub fn find_feature(&self, text: &str) -> Option<&Code> {
        let folded = Code::fold(text);
        let mut codes = self.parts.features.iter().map(|feature| &feature.code);
        codes.find(|code| Code::fold(code.as_str()) == folded)
    }

    /// The current edition of each plan, the smallest first.
    #[must_use]
    pub fn offers(&self) -> &[Offer] {
        &self.parts.offers
    }

    /// The plans that anyone may choose, the smallest first.
    pub fn public_offers(&self) -> impl Iterator<Item = &Offer> {
        self.parts.offers.iter().filter(|offer| offer.plan.public)
    }

    /// The plan that a caller means: by code or alias, in any spelling.
    #[must_use]
    pub fn find_plan(&self, text: &str) -> Option<&Offer> {
        let place = self.names.get(&Code::fold(text))?;
        self.parts.offers.get(*place)
    }

    /// The current edition of a plan.
    #[must_use]
    pub fn current_offer(&self, code: &Code) -> Option<&Offer> {
        self.parts.offers.iter().find(|offer| offer.plan.code == *code)
    }

    /// One edition, also one that is no longer sold.
    #[must_use]
    pub fn offer(&self, plan: &PlanRef) -> Option<&Offer> {
        self.parts
            .offers
            .iter()
            .chain(self.others.iter())
            .find(|offer| offer.plan.code == plan.code && offer.plan.version == plan.version)
    }

    /// Every edition that somebody may be subscribed to.
    pub(super) fn editions(&self) -> impl Iterator<Item = &Offer> {
        self.parts.offers.iter().chain(self.others.iter())
    }

    /// True when some edition bills what is counted.
    #[must_use]
    pub fn bills_usage(&self) -> bool {
        let per_unit = |price: &Price| matches!(price.basis(), PriceBasis::PerUnit { .. });
        self.editions().any(|offer| offer.plan.prices.iter().any(per_unit))
    }

    /// True when some edition does not keep history forever.
    #[must_use]
    pub fn forgets(&self) -> bool {
        let mut editions = self.parts.offers.iter().chain(self.others.iter());
        editions.any(|offer| offer.retention_days.is_some())
    }

    /// The plan of a tenant that names none.
    #[must_use]
    pub const fn default_plan(&self) -> &Code {
        &self.parts.default_plan
    }

    /// False when only operators create tenants.
    #[must_use]
    pub const fn self_signup(&self) -> bool {
        self.parts.self_signup
    }

    /// Slugs that nobody may have.
    #[must_use]
    pub const fn reserved_slugs(&self) -> &ReservedSlugs {
        &self.parts.reserved_slugs
    }

    /// How API keys begin.
    #[must_use]
    pub const fn api_key_prefix(&self) -> &KeyPrefix {
        &self.parts.api_key_prefix
    }

    /// The bounds of API keys.
    #[must_use]
    pub const fn key_rules(&self) -> &KeyRules {
        &self.parts.key_rules
    }

    /// What happens after a payment failed.
    #[must_use]
    pub const fn dunning(&self) -> &Dunning {
        &self.parts.dunning
    }

    /// For how many days an invitation can be accepted.
    #[must_use]
    pub const fn invitation_days(&self) -> u16 {
        self.parts.invitation_days
    }

    /// Public plans above `current`, the next one first. From a plan that is not known any more, all of them.
    fn above(&self, current: &Code) -> impl Iterator<Item = &Offer> {
        // An own one first; otherwise what was learned last.
        let own = self.parts.offers.iter().find(|offer| offer.plan.code == *current);
        let other = || self.others.iter().filter(|offer| offer.plan.code == *current).last();
        let rank = own.or_else(other).map(|offer| offer.plan.rank);
        self.public_offers()
            .filter(move |offer| rank.is_none_or(|rank| offer.plan.rank > rank))
    }
}

impl PlanSource for Catalog {
    fn find(&self, plan: &PlanRef) -> Option<Arc<Plan>> {
        self.offer(plan).map(|offer| Arc::clone(&offer.plan))
    }

    fn current(&self, code: &Code) -> Option<Arc<Plan>> {
        self.current_offer(code).map(|offer| Arc::clone(&offer.plan))
    }
}

impl PlanLadder for Catalog {
    fn lifting(&self, current: &Code, meter: &Code, needed: i64) -> Option<Code> {
        let meter = self.parts.meters.get(meter)?;
        self.above(current)
            .find(|offer| offer.allowance(meter).hard_limit().is_none_or(|limit| limit >= needed))
            .map(|offer| offer.plan.code.clone())
    }

    fn granting(&self, current: &Code, feature: &Code) -> Option<Code> {
        self.above(current)
            .find(|offer| offer.features.contains(feature))
            .map(|offer| offer.plan.code.clone())
    }
}

/// The permissions by their folded names. The application's come last: their names win.
fn permissions(parts: &CatalogParts) -> BTreeMap<String, Permission> {
    let own = parts.permissions.iter().map(|own| own.permission.clone());
    roles::tenant_permissions()
        .into_iter()
        .chain(own)
        .map(|permission| (Code::fold(permission.as_str()), permission))
        .collect()
}
