//! `tenantry catalog check` and `tenantry catalog show`.

use std::io::{self, Write};
use std::path::Path;

use tenantry_billing::plan::{Plan, PriceBasis};
use tenantry_kernel::{Currency, Money, Ratio, Value};
use tenantry_lifecycle::catalog::{Catalog, Offer};
use tenantry_lifecycle::roles;
use tenantry_quotas::entitlement::{Allowance, Enforcement, Share};
use tenantry_quotas::meter::{Aggregation, Engine, Meter, MeterKind};
use tenantry_quotas::period::Period;

use super::{LoadError, built_in, load_file};
use crate::size;

/// Checks a file: its mistakes go to `err`, a summary of a good one to `out`. True when it is good.
///
/// # Errors
/// When writing fails.
pub fn check(file: &Path, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<bool> {
    match load_file(file) {
        Ok(loaded) => {
            write!(out, "{}", summary(&loaded.catalog))?;
            writeln!(out, "\n{} is a good catalog.", file.display())?;
            Ok(true)
        }
        Err(LoadError::Mistakes(mistakes)) => {
            writeln!(err, "{mistakes}")?;
            let count = mistakes.problems.len();
            writeln!(err, "{count} {}", if count == 1 { "mistake" } else { "mistakes" })?;
            Ok(false)
        }
        Err(LoadError::Unreadable { file, cause }) => {
            writeln!(err, "cannot read {}: {cause}", file.display())?;
            Ok(false)
        }
        Err(other) => {
            writeln!(err, "{other}")?;
            Ok(false)
        }
    }
}

/// Prints the text of a built-in catalog, to start one of one's own with. True when there is one of that name.
///
/// # Errors
/// When writing fails.
pub fn show(name: &str, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<bool> {
    if let Some(text) = built_in(name) {
        write!(out, "{text}")?;
        return Ok(true);
    }
    let hint = crate::nearest::hint(name, super::BUILT_IN.iter().copied());
    let known = super::BUILT_IN.join(", ");
    writeln!(
        err,
        "there is no built-in catalog \"{name}\"{hint}; built in are {known}"
    )?;
    Ok(false)
}

/// A catalog as people read it: plans with prices, limits and features, then the roles.
#[must_use]
pub fn summary(catalog: &Catalog) -> String {
    let mut text = format!(
        "{} ({}), edition {}\n",
        catalog.display(),
        catalog.name(),
        catalog.version_hash()
    );
    if !catalog.self_signup() {
        text.push_str("Only operators create tenants.\n");
    }
    for offer in catalog.offers() {
        text.push('\n');
        text.push_str(&plan(catalog, offer));
    }
    let meters: Vec<String> = catalog.meters().iter().filter_map(counting).collect();
    if !meters.is_empty() {
        text.push_str("\nHow reports are counted\n");
        text.push_str(&meters.concat());
    }
    text.push('\n');
    text.push_str(&roles::matrix(catalog.roles()));
    text
}

fn plan(catalog: &Catalog, offer: &Offer) -> String {
    let plan = &offer.plan;
    let mut lines = vec![format!("{} ({})", plan.name, plan.code)];
    if plan.code == *catalog.default_plan() {
        lines.push("  the plan of tenants that choose none".to_owned());
    }
    if !plan.public {
        lines.push("  given out by operators only".to_owned());
    }
    if plan.trial_days > 0 {
        lines.push(format!("  trial      {} days", plan.trial_days));
    }
    lines.extend(prices(plan).into_iter().map(|price| format!("  price      {price}")));
    for (label, allowances) in [("limit ", &offer.allowances), ("in trial", &offer.trial_allowances)] {
        for meter in catalog.meters().iter() {
            for allowance in allowances.iter().filter(|one| one.meter == meter.code) {
                lines.push(format!("  {label:<9}  {}: {}", meter.code, limit(meter, allowance)));
            }
        }
    }
    lines.extend(
        offer
            .values
            .iter()
            .map(|(code, value)| format!("  value      {code}: {}", plain(value))),
    );
    for (name, number) in super::rates::named(&offer.rates) {
        lines.push(format!("  rate       {name}: {number}"));
    }
    let features: Vec<&str> = offer.features.iter().map(AsRef::as_ref).collect();
    if !features.is_empty() {
        lines.push(format!("  features   {}", features.join(", ")));
    }
    if let Some(days) = offer.retention_days {
        lines.push(format!("  retention  {days} days"));
    }
    if let Some(level) = &offer.security_level {
        lines.push(format!("  security   {level}"));
    }
    lines.extend(offer.metadata.iter().map(|(key, value)| format!("  {key}: {value}")));
    lines.join("\n") + "\n"
}

fn prices(plan: &Plan) -> Vec<String> {
    if plan.prices.is_empty() {
        return vec!["by agreement".to_owned()];
    }
    let line = |price: &tenantry_billing::plan::Price| match price.basis() {
        PriceBasis::Flat { amount } => format!("{amount} {}", price.cycle()),
        PriceBasis::PerSeat { amount } => format!("{amount} per seat, {}", price.cycle()),
        PriceBasis::PerUnit {
            meter,
            unit_price_minor,
        } => format!(
            "{} per unit of {meter}, {}",
            fine(*unit_price_minor, price.currency()),
            price.cycle()
        ),
    };
    plan.prices.iter().map(line).collect()
}

/// A unit price in major units with as many decimals as it has.
fn fine(minor: Ratio, currency: Currency) -> String {
    let places = currency.exponent() + 12;
    let scaled = minor.times(Ratio::whole(10_i128.pow(12)));
    let Some(digits) = scaled.ok().filter(|exact| exact.denominator() == 1) else {
        return Money::rounded(minor, currency).map_or_else(|_| "?".to_owned(), |money| money.to_string());
    };
    let scale = 10_i128.pow(places);
    let (whole, rest) = (digits.numerator() / scale, digits.numerator() % scale);
    let decimals = format!("{rest:0width$}", width = places as usize);
    let decimals = decimals.trim_end_matches('0');
    let shown = decimals.len().max(currency.exponent() as usize);
    if shown == 0 {
        return format!("{whole} {currency}");
    }
    format!("{whole}.{decimals:0<shown$} {currency}")
}

/// How a meter counts reports, when it is not the sum of what its own events say, each kept before it is answered.
fn counting(meter: &Meter) -> Option<String> {
    let rule = &meter.events;
    let mut words = Vec::new();
    if meter.aggregation != Aggregation::default() {
        words.push(meter.aggregation.as_str().to_owned());
    }
    if meter.engine != Engine::default() {
        words.push(meter.engine.as_str().to_owned());
    }
    if !rule.types.is_empty() {
        words.push(format!("events {}", rule.types.join(", ")));
    }
    for (what, property) in [("value", &rule.value), ("member", &rule.member)] {
        words.extend(property.iter().map(|property| format!("{what} from {property}")));
    }
    (!words.is_empty()).then(|| format!("  {}: {}\n", meter.code, words.join("; ")))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Text(text) => format!("\"{text}\""),
        other => format!("{other:?}"),
    }
}

fn limit(meter: &Meter, allowance: &Allowance) -> String {
    let amount = |amount: i64| {
        if meter.unit == "byte" {
            size::describe(amount)
        } else {
            amount.to_string()
        }
    };
    let whose = match allowance.share {
        Share::Tenant => "",
        Share::User => " for each user",
        Share::Key => " for each API key",
    };
    let Some(limit) = allowance.limit else {
        return format!("unlimited{whose}");
    };
    let per = match allowance.period {
        Period::Minute => " per minute",
        Period::Day => " per day",
        Period::CalendarMonth => " per month",
        Period::AnniversaryMonth => " per billing month",
        Period::Lifetime if meter.kind == MeterKind::Gauge => " at a time",
        Period::Lifetime => " in all",
    };
    let soft = match (allowance.enforcement, allowance.overage) {
        (Enforcement::Soft, _) => ", only told",
        (Enforcement::Hard, true) => ", more is billed",
        (Enforcement::Hard, false) => "",
    };
    let rollover = match allowance.rollover {
        Some(most) if most >= limit => ", what is left over is added to the next".to_owned(),
        Some(most) => format!(", up to {} left over are added to the next", amount(most)),
        None => String::new(),
    };
    let grace = match allowance.grace_percent {
        0 => String::new(),
        percent => format!(", {percent} % grace"),
    };
    format!("{}{per}{whose}{soft}{rollover}{grace}", amount(limit))
}
