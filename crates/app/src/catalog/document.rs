//! Editions of plans as canonical JSON, for the archive.
//!
//! The canonical text is what the hash is of: members in a fixed order, no space, fractions reduced. An edition is never
//! edited, so a document that does not match its version was tampered with or damaged. A field that joins later is left
//! out of the text while it has its default: otherwise every edition of before would seem damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tenantry_billing::plan::{Cycle, Plan, Price, PriceBasis};
use tenantry_kernel::{Code, Currency, Money, Ratio, Value};
use tenantry_lifecycle::catalog::{ArchivedPlan, Offer};
use tenantry_quotas::entitlement::{Allowance, Enforcement, Share};
use tenantry_quotas::period::Period;

use super::fingerprint;
use super::rates::RatesDocument;

/// An archived document is not what was published.
#[derive(Debug, thiserror::Error)]
#[error("the archived edition {version} of the plan {plan} is damaged: {detail}")]
pub struct CorruptEdition {
    plan: Code,
    version: String,
    detail: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferDocument {
    code: String,
    name: String,
    description: String,
    public: bool,
    rank: u32,
    trial_days: u16,
    prices: Vec<PriceDocument>,
    allowances: Vec<AllowanceDocument>,
    features: BTreeSet<String>,
    retention_days: Option<u32>,
    security_level: Option<String>,
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<String, ValueDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trial_allowances: Vec<AllowanceDocument>,
    #[serde(default, skip_serializing_if = "RatesDocument::is_empty")]
    rates: RatesDocument,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum ValueDocument {
    Flag(bool),
    Number(i64),
    Text(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceDocument {
    cycle: String,
    currency: String,
    /// `seat`, a meter as `unit:<code>`, or absent for one amount per period.
    #[serde(skip_serializing_if = "Option::is_none")]
    per: Option<String>,
    /// Exact minor units, as a reduced fraction.
    minor: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowanceDocument {
    meter: String,
    limit: Option<i64>,
    enforcement: String,
    overage: bool,
    period: String,
    /// Absent for the whole tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    per: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rollover: Option<i64>,
    /// Absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    grace_percent: Option<u8>,
}

/// Gives every offer its version, and its document for the archive.
pub(super) fn publish(offers: Vec<Offer>) -> (Vec<Offer>, Vec<ArchivedPlan>) {
    offers.into_iter().map(publish_one).unzip()
}

fn publish_one(mut offer: Offer) -> (Offer, ArchivedPlan) {
    let document = fingerprint::canonical(&offer_document(&offer));
    let version = fingerprint::of_text(&document);
    Arc::make_mut(&mut offer.plan).version.clone_from(&version);
    let archived = ArchivedPlan {
        code: offer.plan.code.clone(),
        version,
        document,
    };
    (offer, archived)
}

/// Reads an archived edition back.
///
/// # Errors
/// [`CorruptEdition`].
pub fn restore(archived: &ArchivedPlan) -> Result<Offer, CorruptEdition> {
    let corrupt = |detail: String| CorruptEdition {
        plan: archived.code.clone(),
        version: archived.version.clone(),
        detail,
    };
    let document: OfferDocument =
        serde_json::from_str(&archived.document).map_err(|cause| corrupt(cause.to_string()))?;
    // A database may keep JSON in an order and spacing of its own; the canonical text is made again.
    if fingerprint::of_text(&fingerprint::canonical(&document)) != archived.version {
        return Err(corrupt("its content does not match its version".to_owned()));
    }
    offer(document, &archived.version).map_err(corrupt)
}

fn offer_document(offer: &Offer) -> OfferDocument {
    let plan = &offer.plan;
    OfferDocument {
        code: plan.code.to_string(),
        name: plan.name.clone(),
        description: plan.description.clone(),
        public: plan.public,
        rank: plan.rank,
        trial_days: plan.trial_days,
        prices: plan.prices.iter().map(price_document).collect(),
        allowances: offer.allowances.iter().map(allowance_document).collect(),
        features: offer.features.iter().map(ToString::to_string).collect(),
        retention_days: offer.retention_days,
        security_level: offer.security_level.as_ref().map(ToString::to_string),
        metadata: offer.metadata.clone(),
        values: offer
            .values
            .iter()
            .filter_map(|(code, value)| Some((code.to_string(), value_document(value)?)))
            .collect(),
        trial_allowances: offer.trial_allowances.iter().map(allowance_document).collect(),
        rates: RatesDocument::from(&offer.rates),
    }
}

/// Catalogs have no other values than these.
fn value_document(value: &Value) -> Option<ValueDocument> {
    match value {
        Value::Bool(flag) => Some(ValueDocument::Flag(*flag)),
        Value::Int(number) => Some(ValueDocument::Number(*number)),
        Value::Text(text) => Some(ValueDocument::Text(text.clone())),
        _ => None,
    }
}

fn value(document: ValueDocument) -> Value {
    match document {
        ValueDocument::Flag(flag) => Value::Bool(flag),
        ValueDocument::Number(number) => Value::Int(number),
        ValueDocument::Text(text) => Value::Text(text),
    }
}

fn price_document(price: &Price) -> PriceDocument {
    let minor = price.unit_price_minor();
    PriceDocument {
        cycle: price.cycle().to_string(),
        currency: price.currency().to_string(),
        per: match price.basis() {
            PriceBasis::Flat { .. } => None,
            PriceBasis::PerSeat { .. } => Some("seat".to_owned()),
            PriceBasis::PerUnit { meter, .. } => Some(format!("unit:{meter}")),
        },
        minor: format!("{}/{}", minor.numerator(), minor.denominator()),
    }
}

fn allowance_document(allowance: &Allowance) -> AllowanceDocument {
    AllowanceDocument {
        meter: allowance.meter.to_string(),
        limit: allowance.limit,
        enforcement: allowance.enforcement.as_str().to_owned(),
        overage: allowance.overage,
        period: allowance.period.as_str().to_owned(),
        per: (allowance.share != Share::Tenant).then(|| allowance.share.as_str().to_owned()),
        rollover: allowance.rollover,
        grace_percent: (allowance.grace_percent > 0).then_some(allowance.grace_percent),
    }
}

fn offer(document: OfferDocument, version: &str) -> Result<Offer, String> {
    let plan = Plan {
        code: code(&document.code)?,
        version: version.to_owned(),
        name: document.name,
        description: document.description,
        public: document.public,
        rank: document.rank,
        trial_days: document.trial_days,
        prices: document.prices.iter().map(price).collect::<Result<_, _>>()?,
    };
    plan.check().map_err(|cause| cause.to_string())?;
    Ok(Offer {
        plan: Arc::new(plan),
        aliases: Vec::new(),
        allowances: document.allowances.iter().map(allowance).collect::<Result<_, _>>()?,
        features: document
            .features
            .iter()
            .map(|name| code(name))
            .collect::<Result<_, _>>()?,
        rates: document.rates.restore()?,
        retention_days: document.retention_days,
        security_level: document.security_level.as_deref().map(code).transpose()?,
        metadata: document.metadata,
        values: document
            .values
            .into_iter()
            .map(|(name, held)| Ok((code(&name)?, value(held))))
            .collect::<Result<_, String>>()?,
        trial_allowances: document
            .trial_allowances
            .iter()
            .map(allowance)
            .collect::<Result<_, _>>()?,
    })
}

fn price(document: &PriceDocument) -> Result<Price, String> {
    let cycle = Cycle::try_from(document.cycle.as_str()).map_err(|_| format!("the cycle {}", document.cycle))?;
    let currency =
        Currency::try_from(document.currency.as_str()).map_err(|_| format!("the currency {}", document.currency))?;
    let minor = fraction(&document.minor).ok_or_else(|| format!("the price {}", document.minor))?;
    let whole = || {
        let amount = i64::try_from(minor.numerator())
            .ok()
            .filter(|_| minor.denominator() == 1);
        let amount = amount.ok_or_else(|| format!("the price {}", document.minor))?;
        Ok::<Money, String>(Money::new(amount, currency))
    };
    match document.per.as_deref() {
        None => Ok(Price::flat(cycle, whole()?)),
        Some("seat") => Ok(Price::per_seat(cycle, whole()?)),
        Some(per) => {
            let meter = per.strip_prefix("unit:").ok_or_else(|| format!("the basis {per}"))?;
            Ok(Price::per_unit(cycle, currency, code(meter)?, minor))
        }
    }
}

fn allowance(document: &AllowanceDocument) -> Result<Allowance, String> {
    let share = match document.per.as_deref() {
        None => Share::Tenant,
        Some(per) => Share::parse(per).ok_or_else(|| format!("the share {per}"))?,
    };
    Ok(Allowance {
        meter: code(&document.meter)?,
        limit: document.limit,
        enforcement: Enforcement::parse(&document.enforcement)
            .ok_or_else(|| format!("the enforcement {}", document.enforcement))?,
        overage: document.overage,
        period: Period::parse(&document.period).ok_or_else(|| format!("the period {}", document.period))?,
        share,
        rollover: document.rollover,
        grace_percent: document.grace_percent.unwrap_or(0),
    })
}

fn fraction(text: &str) -> Option<Ratio> {
    let (above, below) = text.split_once('/')?;
    Ratio::new(above.parse().ok()?, below.parse().ok()?).ok()
}

fn code(text: &str) -> Result<Code, String> {
    Code::try_from(text).map_err(|cause| format!("the name {text:?} {cause}"))
}
