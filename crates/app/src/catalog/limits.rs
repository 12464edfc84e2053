//! `[plans.<code>.limits]` and `[plans.<code>.trial_limits]`: how much of each meter a plan grants.

use tenantry_kernel::Code;
use tenantry_quotas::entitlement::{Allowance, Share};
use tenantry_quotas::meter::{MeterKind, MeterSource};
use tenantry_quotas::period::Period;

use super::meters::{Declared, ENFORCEMENTS, PERIODS, bad_period};
use crate::nearest::hint;
use crate::size;
use crate::toml_source::{Item, Section};

pub(super) const KEYS: &[&str] = &[
    "limit",
    "period",
    "enforcement",
    "overage",
    "per",
    "rollover",
    "grace_percent",
];
const SHARES: [(&str, Share); 3] = [("tenant", Share::Tenant), ("user", Share::User), ("key", Share::Key)];

/// One allowance per meter, period and share; a meter of which the plan names no limit of the tenant is unlimited.
pub(super) fn read(plan: &Section<'_>, meters: &[Declared]) -> Vec<Allowance> {
    let mut allowances = named(plan, "limits", meters);
    for declared in meters {
        let of_tenant = |one: &Allowance| one.meter == declared.meter.code && one.share == Share::Tenant;
        if !allowances.iter().any(of_tenant) {
            allowances.push(allowance(declared, None));
        }
    }
    in_order(allowances, meters)
}

/// What a trial grants instead, of the meters that it names.
pub(super) fn read_trial(plan: &Section<'_>, meters: &[Declared]) -> Vec<Allowance> {
    in_order(named(plan, "trial_limits", meters), meters)
}

fn in_order(mut allowances: Vec<Allowance>, meters: &[Declared]) -> Vec<Allowance> {
    let place = |one: &Allowance| meters.iter().position(|declared| declared.meter.code == one.meter);
    allowances.sort_by_key(|one| (place(one), one.share, one.period));
    allowances
}

fn named(plan: &Section<'_>, key: &str, meters: &[Declared]) -> Vec<Allowance> {
    let mut allowances: Vec<Allowance> = Vec::new();
    let Some(limits) = plan.section(key) else {
        return allowances;
    };
    for (name, item) in limits.entries() {
        let folded = Code::fold(name.value);
        let declared = meters.iter().find(|one| Code::fold(one.meter.code.as_str()) == folded);
        let Some(declared) = declared else {
            let help = hint(name.value, meters.iter().map(|one| one.meter.code.as_str()));
            let message = format!(
                "a limit for \"{}\", which is not declared in [meters]{help}",
                name.value
            );
            plan.problems().add(name.at, message);
            continue;
        };
        for allowance in several(&item, declared) {
            let twin = |one: &Allowance| {
                (&one.meter, one.period, one.share) == (&allowance.meter, allowance.period, allowance.share)
            };
            if allowances.iter().any(twin) {
                let per = match allowance.share {
                    Share::Tenant => "",
                    Share::User => " per user",
                    Share::Key => " per key",
                };
                item.wrong(format!("has two limits{per} for one {}", allowance.period.as_str()));
            }
            allowances.push(allowance);
        }
    }
    allowances
}

/// One limit, or a list of limits for several periods and shares.
fn several(item: &Item<'_>, declared: &Declared) -> Vec<Allowance> {
    if item.is_list() {
        let items = item.list().unwrap_or_default();
        return items.iter().filter_map(|item| one(item, declared)).collect();
    }
    one(item, declared).into_iter().collect()
}

fn one(item: &Item<'_>, declared: &Declared) -> Option<Allowance> {
    if !item.is_section() {
        return Some(allowance(declared, amount(item, declared)?));
    }
    let table = item.section()?;
    table.only(KEYS);
    let limit = match table.get("limit") {
        Some(limit) => amount(&limit, declared)?,
        None => None,
    };
    let period = table.word("period", &PERIODS, declared.period);
    if let Some(message) = bad_period(declared.meter.kind, period) {
        item.wrong(message);
    }
    let grace = table.number("grace_percent", 0..=100, 0);
    if let (Some(item), MeterKind::Rate) = (table.get("grace_percent"), declared.meter.kind) {
        item.wrong("a pace has no grace");
    }
    Some(Allowance {
        enforcement: table.word("enforcement", &ENFORCEMENTS, declared.enforcement),
        overage: table.flag("overage", declared.overage),
        period,
        share: share(&table, declared),
        rollover: rollover(&table, declared, period, limit),
        grace_percent: u8::try_from(grace).unwrap_or(0),
        ..allowance(declared, limit)
    })
}

fn share(table: &Section<'_>, declared: &Declared) -> Share {
    let share = table.word("per", &SHARES, Share::Tenant);
    let message = match (declared.meter.kind, declared.meter.source, share) {
        (_, _, Share::Tenant) => None,
        (MeterKind::Rate, ..) => Some("a pace is the whole tenant's; each key may have one of its own besides"),
        (_, MeterSource::Members, _) => Some("members are counted for the whole tenant"),
        (_, MeterSource::Requests, Share::User) => Some("calls are made with API keys: count them per key"),
        _ => None,
    };
    if let (Some(item), Some(message)) = (table.get("per"), message) {
        item.wrong(message);
    }
    share
}

/// `true` is all that is left over; an amount is at most that much.
fn rollover(table: &Section<'_>, declared: &Declared, period: Period, limit: Option<i64>) -> Option<i64> {
    let item = table.get("rollover")?;
    if item.is_flag() && item.flag() == Some(false) {
        return None;
    }
    let meter = &declared.meter;
    let message = match (meter.kind, limit) {
        (MeterKind::Gauge, _) => Some("a gauge never starts anew: nothing of it is left over".to_owned()),
        (MeterKind::Rate, _) => Some("nothing is left over of a pace".to_owned()),
        _ if !meter.aggregation.adds_up() => {
            let aggregation = meter.aggregation.as_str();
            Some(format!("{aggregation} does not add up: nothing of it is left over"))
        }
        _ if period == Period::Lifetime => Some("a lifetime has no next period".to_owned()),
        (_, None) => Some("nothing is left over of what is unlimited".to_owned()),
        _ => None,
    };
    if let Some(message) = message {
        item.wrong(message);
        return None;
    }
    if item.is_flag() {
        return limit;
    }
    let most = amount(&item, declared)?;
    match (most, limit) {
        (None, _) => {
            item.wrong("must be true, or how much is left over at most");
            None
        }
        (Some(most), Some(limit)) if most > limit => {
            item.wrong("must not be more than the limit: no more than that can be left over");
            None
        }
        _ => most,
    }
}

fn allowance(declared: &Declared, limit: Option<i64>) -> Allowance {
    Allowance {
        limit,
        enforcement: declared.enforcement,
        overage: declared.overage,
        period: declared.period,
        ..Allowance::unlimited(&declared.meter)
    }
}

/// `Some(None)` is unlimited; `None` is a mistake.
#[expect(
    clippy::option_option,
    reason = "three outcomes: a limit, no limit, a mistake that was reported"
)]
fn amount(item: &Item<'_>, declared: &Declared) -> Option<Option<i64>> {
    if item.is_text() {
        let text = item.text()?.value;
        if text == "unlimited" {
            return Some(None);
        }
        if !declared.counts_bytes() {
            item.wrong("must be a whole number or \"unlimited\"; sizes are for meters whose unit is byte");
            return None;
        }
        return match size::bytes(text) {
            Ok(bytes) => Some(Some(bytes)),
            Err(cause) => {
                item.wrong(format!("{cause}, or \"unlimited\""));
                None
            }
        };
    }
    let bounds = match declared.meter.kind {
        MeterKind::Rate => 1..=i64::from(u32::MAX),
        MeterKind::Counter | MeterKind::Gauge => 0..=i64::MAX,
    };
    item.number(bounds).map(|number| Some(number.value))
}
