//! The rules of an installation that are no plan's.

pub use tenantry_billing::dunning::Dunning;
