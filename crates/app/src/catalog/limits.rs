//! `[plans.<code>.limits]`: how much of each meter a plan grants.

use tenantry_kernel::Code;
use tenantry_quotas::entitlement::Allowance;
use tenantry_quotas::meter::MeterKind;

use super::meters::{Declared, ENFORCEMENTS, PERIODS, bad_period};
use crate::nearest::hint;
use crate::size;
use crate::toml_source::{Item, Section};

pub(super) const KEYS: &[&str] = &["limit", "period", "enforcement", "overage"];

/// One allowance per meter and period; a meter that the plan does not name is unlimited.
pub(super) fn read(plan: &Section<'_>, meters: &[Declared]) -> Vec<Allowance> {
    let mut allowances: Vec<Allowance> = Vec::new();
    if let Some(limits) = plan.section("limits") {
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
            let more = several(&item, declared);
            for allowance in more {
                let twin = |one: &Allowance| one.meter == allowance.meter && one.period == allowance.period;
                if allowances.iter().any(twin) {
                    item.wrong(format!("has two limits for one {}", allowance.period.as_str()));
                }
                allowances.push(allowance);
            }
        }
    }
    for declared in meters {
        if allowances.iter().all(|one| one.meter != declared.meter.code) {
            allowances.push(allowance(declared, None));
        }
    }
    let place = |one: &Allowance| meters.iter().position(|declared| declared.meter.code == one.meter);
    allowances.sort_by_key(|one| (place(one), one.period));
    allowances
}

/// One limit, or a list of limits for several periods.
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
    Some(Allowance {
        enforcement: table.word("enforcement", &ENFORCEMENTS, declared.enforcement),
        overage: table.flag("overage", declared.overage),
        period,
        ..allowance(declared, limit)
    })
}

fn allowance(declared: &Declared, limit: Option<i64>) -> Allowance {
    Allowance {
        meter: declared.meter.code.clone(),
        limit,
        enforcement: declared.enforcement,
        overage: declared.overage,
        period: declared.period,
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
