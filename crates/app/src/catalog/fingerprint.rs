//! What names an edition: hashes of content, the same on every node and in every release that reads it alike.
//!
//! What roles may do with Tenantry itself is not part of it: a release that adds a permission of its own must not make
//! every installation apply its catalog again.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;
use tenantry_kernel::Currency;
use tenantry_lifecycle::catalog::CatalogParts;
use tenantry_quotas::meter::{Aggregation, Engine, EventRule};
use tenantry_tenancy::role::SystemRole;

#[derive(Serialize)]
struct CatalogDocument<'c> {
    name: &'c str,
    display: &'c str,
    currencies: Vec<&'c str>,
    cycles: Vec<&'c str>,
    roles: Vec<RoleDocument<'c>>,
    platform_roles: Vec<(&'c str, &'c str)>,
    permissions: Vec<(&'c str, &'c str)>,
    features: Vec<(&'c str, &'c str)>,
    meters: Vec<MeterDocument<'c>>,
    plans: Vec<(&'c str, &'c str, &'c [String])>,
    default_plan: &'c str,
    self_signup: bool,
    reserved_slugs: &'c [String],
    api_keys: (String, u32, u32, u32),
    dunning: (&'c [u16], u16, u16),
    invitation_days: u16,
}

#[derive(Serialize)]
struct RoleDocument<'c> {
    code: &'c str,
    base: &'c str,
    aliases: &'c [String],
    permissions: Vec<&'c str>,
}

#[derive(Serialize)]
struct MeterDocument<'c> {
    code: &'c str,
    name: &'c str,
    unit: &'c str,
    kind: &'c str,
    source: &'c str,
    /// These are left out while they have their defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregation: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<(&'c [String], Option<&'c str>, Option<&'c str>)>,
}

/// The hash of everything that a catalog promises.
pub(super) fn of_catalog(parts: &CatalogParts, reserved_slugs: &[String]) -> String {
    let (rules, dunning) = (&parts.key_rules, &parts.dunning);
    let document = CatalogDocument {
        name: parts.name.as_str(),
        display: &parts.display,
        currencies: parts.currencies.iter().map(Currency::as_str).collect(),
        cycles: parts.cycles.iter().map(|cycle| cycle.as_str()).collect(),
        roles: roles(parts),
        platform_roles: parts
            .platform_roles
            .iter()
            .map(|known| (known.name.as_str(), known.role.as_str()))
            .collect(),
        permissions: parts
            .permissions
            .iter()
            .map(|own| (own.permission.as_str(), own.description.as_str()))
            .collect(),
        features: parts
            .features
            .iter()
            .map(|feature| (feature.code.as_str(), feature.description.as_str()))
            .collect(),
        meters: meters(parts),
        plans: parts
            .offers
            .iter()
            .map(|offer| {
                (
                    offer.plan.code.as_str(),
                    offer.plan.version.as_str(),
                    &offer.aliases[..],
                )
            })
            .collect(),
        default_plan: parts.default_plan.as_str(),
        self_signup: parts.self_signup,
        reserved_slugs,
        api_keys: (
            parts.api_key_prefix.to_string(),
            rules.max_per_tenant,
            rules.days(),
            rules.rate(),
        ),
        dunning: (
            &dunning.retry_days,
            dunning.suspend_after_days,
            dunning.cancel_after_days,
        ),
        invitation_days: parts.invitation_days,
    };
    of_text(&canonical(&document))
}

fn roles(parts: &CatalogParts) -> Vec<RoleDocument<'_>> {
    let roles = parts.roles.all().iter().map(|role| RoleDocument {
        code: role.code.as_str(),
        base: role.base().map_or("", SystemRole::as_str),
        aliases: &role.aliases,
        permissions: parts
            .permissions
            .iter()
            .filter(|own| role.permissions.holds(&own.permission))
            .map(|own| own.permission.as_str())
            .collect(),
    });
    roles.collect()
}

fn meters(parts: &CatalogParts) -> Vec<MeterDocument<'_>> {
    let meters = parts.meters.iter().map(|meter| MeterDocument {
        code: meter.code.as_str(),
        name: &meter.name,
        unit: &meter.unit,
        kind: meter.kind.as_str(),
        source: meter.source.as_str(),
        aggregation: (meter.aggregation != Aggregation::default()).then(|| meter.aggregation.as_str()),
        engine: (meter.engine != Engine::default()).then(|| meter.engine.as_str()),
        events: (meter.events != EventRule::default()).then(|| {
            let rule = &meter.events;
            (&rule.types[..], rule.value.as_deref(), rule.member.as_deref())
        }),
    });
    meters.collect()
}

/// JSON with its members in a fixed order and no space.
pub(super) fn canonical(document: &impl Serialize) -> String {
    // Text, numbers, lists and maps with text keys always serialise.
    serde_json::to_string(document).unwrap_or_default()
}

/// The first 64 bits of SHA-256, in hexadecimal: plenty to tell the editions of one plan apart.
pub(super) fn of_text(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    digest.as_ref().iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
