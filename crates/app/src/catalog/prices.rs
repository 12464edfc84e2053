//! `[plans.<code>.prices]`: what a plan costs, per cycle and currency.

use tenantry_billing::plan::{Cycle, Price};
use tenantry_kernel::{Code, Currency};

use super::amounts::{money, unit_price_minor};
use super::meters::Declared;
use crate::nearest::hint;
use crate::toml_source::{Item, Section};

pub(super) const CYCLES: [(&str, Cycle); 3] = [
    ("monthly", Cycle::Monthly),
    ("yearly", Cycle::Yearly),
    ("pay_as_you_go", Cycle::PayAsYouGo),
];

/// What an amount is multiplied with.
enum Basis {
    Period,
    Seat,
    Unit(Code),
}

/// Every price of a plan that is sold in `cycles`; each needs a price in each of the catalog's currencies.
pub(super) fn read(plan: &Section<'_>, cycles: &[Cycle], currencies: &[Currency], meters: &[Declared]) -> Vec<Price> {
    let Some(table) = plan.section("prices") else {
        if let Some(first) = cycles.first().filter(|_| plan.get("prices").is_none()) {
            let message = format!("{} has no prices; it needs one for {first} at least", plan.path());
            plan.problems().add(plan.at(), message);
        }
        return Vec::new();
    };
    table.only(&CYCLES.map(|(name, _)| name));
    let mut prices = Vec::new();
    for (name, cycle) in CYCLES {
        match (table.get(name), cycles.contains(&cycle)) {
            (Some(item), true) => prices.extend(for_cycle(&item, cycle, currencies, meters)),
            (Some(item), false) => item.wrong(format!("{} is not sold {name}: see its cycles", plan.path())),
            (None, true) => {
                let message = format!("{} has no price for {name}", plan.path());
                table.problems().add(table.at(), message);
            }
            (None, false) => {}
        }
    }
    prices
}

fn for_cycle(item: &Item<'_>, cycle: Cycle, currencies: &[Currency], meters: &[Declared]) -> Vec<Price> {
    let items = if item.is_list() {
        item.list().unwrap_or_default()
    } else {
        vec![item.clone()]
    };
    let sections = items.iter().filter_map(Item::section);
    let prices: Vec<Price> = sections
        .flat_map(|table| one(&table, cycle, currencies, meters))
        .collect();
    for currency in currencies {
        let in_currency = || prices.iter().filter(|price| price.currency() == *currency);
        if in_currency().filter(|price| !price.in_arrears()).count() > 1 {
            item.wrong(format!("has two prices in advance in {currency}; one is allowed"));
        }
    }
    prices
}

fn one(table: &Section<'_>, cycle: Cycle, currencies: &[Currency], meters: &[Declared]) -> Vec<Price> {
    let Some(basis) = basis(table, meters) else {
        return Vec::new();
    };
    let mut prices = Vec::new();
    let mut with_price = Vec::new();
    for (name, item) in table.entries().filter(|(name, _)| name.value != "per") {
        let Ok(currency) = Currency::try_from(name.value) else {
            let message = format!("\"{}\" is no currency: write an ISO 4217 code such as USD", name.value);
            table.problems().add(name.at, message);
            continue;
        };
        if !currencies.contains(&currency) {
            let known: Vec<String> = currencies.iter().map(ToString::to_string).collect();
            let message = format!(
                "{currency} is not one of the catalog's currencies ({})",
                known.join(", ")
            );
            table.problems().add(name.at, message);
            continue;
        }
        with_price.push(currency);
        prices.extend(price(&item, cycle, currency, &basis));
    }
    for currency in currencies {
        if !with_price.contains(currency) {
            let message = format!("{} has no price in {currency}", table.path());
            table.problems().add(table.at(), message);
        }
    }
    prices
}

fn basis(table: &Section<'_>, meters: &[Declared]) -> Option<Basis> {
    let Some(per) = table.get("per") else {
        return Some(Basis::Period);
    };
    let text = per.text()?.value;
    if text == "seat" {
        return Some(Basis::Seat);
    }
    let folded = Code::fold(text);
    let meter = meters.iter().find(|one| Code::fold(one.meter.code.as_str()) == folded);
    if meter.is_none() {
        let known = meters.iter().map(|one| one.meter.code.as_str()).chain(["seat"]);
        per.wrong(format!("\"{text}\" is neither a meter nor seat{}", hint(text, known)));
    }
    meter.map(|one| Basis::Unit(one.meter.code.clone()))
}

fn price(item: &Item<'_>, cycle: Cycle, currency: Currency, basis: &Basis) -> Option<Price> {
    if let Some(written) = item.number_as_written() {
        item.wrong(format!("write the amount in quotes: \"{written}\""));
        return None;
    }
    let text = item.text()?.value;
    let price = match basis {
        Basis::Period => money(text, currency).map(|amount| Price::flat(cycle, amount)),
        Basis::Seat => money(text, currency).map(|amount| Price::per_seat(cycle, amount)),
        Basis::Unit(meter) => {
            unit_price_minor(text, currency).map(|price| Price::per_unit(cycle, currency, meter.clone(), price))
        }
    };
    price.map_err(|message| item.wrong(message)).ok()
}
