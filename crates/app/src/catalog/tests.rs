//! Tests of catalogs: the reference figures, the mistakes, the archive, the printed forms.

mod figures;
mod mistakes;
mod usage;
mod usage_mistakes;

use tenantry_billing::plan::{Cycle, PriceBasis};
use tenantry_kernel::{Code, Currency, Ratio};
use tenantry_lifecycle::catalog::{Catalog, Offer};

use super::*;

fn built(name: &str) -> Catalog {
    load(name).unwrap().catalog
}

fn code(text: &str) -> Code {
    Code::try_from(text).unwrap()
}

fn plan<'c>(catalog: &'c Catalog, name: &str) -> &'c Offer {
    catalog.find_plan(name).unwrap()
}

#[test]
fn an_edition_survives_the_archive() {
    for name in BUILT_IN {
        let loaded = load(name).unwrap();

        for (offer, archived) in loaded.catalog.offers().iter().zip(&loaded.editions) {
            let restored = restore(archived).unwrap();

            assert_eq!(restored.plan, offer.plan, "{name}");
            assert_eq!(restored.allowances, offer.allowances);
            assert_eq!(restored.features, offer.features);
            assert_eq!(restored.retention_days, offer.retention_days);
            assert_eq!(restored.security_level, offer.security_level);
            assert_eq!(restored.metadata, offer.metadata);
            assert_eq!(restored.values, offer.values);
            assert_eq!(restored.trial_allowances, offer.trial_allowances);
        }
    }
}

#[test]
fn a_document_that_was_touched_is_refused() {
    let mut archived = load("pytake").unwrap().editions.remove(1);
    archived.document = archived.document.replace("2900/1", "100/1");

    let refused = restore(&archived).unwrap_err().to_string();

    assert!(refused.contains("the plan starter is damaged"), "{refused}");
}

#[test]
fn a_database_may_keep_documents_in_an_order_of_its_own() {
    let mut archived = load("securenet").unwrap().editions.remove(4);
    let original = restore(&archived).unwrap();
    // Members sorted by name and spaced out, as `jsonb` answers them.
    let sorted: serde_json::Value = serde_json::from_str(&archived.document).unwrap();
    archived.document = serde_json::to_string_pretty(&sorted).unwrap();

    assert_eq!(restore(&archived).unwrap(), original);
}

#[test]
fn the_version_is_of_the_content_and_not_of_its_spelling() {
    let text = built_in("apex").unwrap();
    let respelled = text.replace("1_000", "1000").replace("\"99.00\"", "\"99\"") + "\n# A remark.\n";
    let dearer = text.replace("\"99.00\"", "\"109.00\"");

    let original = parse("a.toml", text).unwrap();
    let same = parse("b.toml", &respelled).unwrap();
    let other = parse("c.toml", &dearer).unwrap();

    assert_eq!(original.editions, same.editions);
    assert_eq!(original.catalog.version_hash(), same.catalog.version_hash());
    assert_ne!(original.catalog.version_hash(), other.catalog.version_hash());
    let changed: Vec<&str> = original
        .editions
        .iter()
        .zip(&other.editions)
        .filter(|(before, after)| before.version != after.version)
        .map(|(before, _)| before.code.as_str())
        .collect();
    assert_eq!(changed, ["starter"]);
}

#[test]
fn everything_that_a_catalog_promises_is_in_its_hash() {
    let text = built_in("pytake").unwrap();
    let original = parse("p.toml", text).unwrap();

    for (before, after) in [
        ("default_plan = \"free\"", "default_plan = \"starter\""),
        (
            "default_plan = \"free\"",
            "default_plan = \"free\"\nself_signup = false",
        ),
        (
            "default_plan = \"free\"",
            "default_plan = \"free\"\nreserved_slugs = [\"pytake\"]",
        ),
        (
            "default_plan = \"free\"",
            "default_plan = \"free\"\ninvitation_days = 3",
        ),
        ("prefix = \"pk\"", "prefix = \"px\""),
        ("prefix = \"pk\"", "prefix = \"pk\"\nmax_per_tenant = 5"),
        ("prefix = \"pk\"", "prefix = \"pk\"\nmax_rate_limit = 600"),
        ("[roles.owner]", "[dunning]\nretry_days = [2]\n\n[roles.owner]"),
        ("base = \"viewer\"", "base = \"viewer\"\naliases = [\"guest\"]"),
        ("aliases = [\"professional\"]", "aliases = [\"gold\"]"),
        ("unit = \"contact\"", "unit = \"person\""),
        ("automations = 200", "automations = 201"),
    ] {
        assert!(text.contains(before), "{before}");
        let changed = parse("p.toml", &text.replacen(before, after, 1)).unwrap();

        assert_ne!(
            original.catalog.version_hash(),
            changed.catalog.version_hash(),
            "{after}"
        );
    }
}

/// A change here makes every installation of that catalog apply it again: it belongs into the changelog.
#[test]
fn the_editions_of_the_built_in_catalogs_do_not_change_by_accident() {
    for (name, edition) in [
        ("default", "2c4eb69864572cfe"),
        ("secure-ai-chat", "b6bb073f9281ebde"),
        ("apex", "d636504f8a6d4a6a"),
        ("securenet", "52d08f4341cc500a"),
        ("pytake", "7f8762e11b7dd73f"),
        ("rentroll", "85ce165ed8433854"),
    ] {
        assert_eq!(built(name).version_hash(), edition, "{name}");
    }
}

#[test]
fn subscribers_keep_an_edition_that_the_file_no_longer_has() {
    let text = built_in("apex").unwrap();
    let before = parse("a.toml", text).unwrap();
    let bought = plan(&before.catalog, "starter").reference();
    let after = parse("a.toml", &text.replace("\"99.00\"", "\"109.00\"")).unwrap();
    let archive = [before.editions, after.editions.clone()].concat();

    let catalog = after.with_archived(&archive).unwrap();

    let kept = catalog.offer(&bought).unwrap();
    let price = |offer: &Offer| {
        offer
            .plan
            .prices_for(Cycle::Monthly, Currency::USD)
            .next()
            .unwrap()
            .unit_price_minor()
    };
    assert_eq!(price(kept), Ratio::whole(9_900));
    assert_eq!(price(plan(&catalog, "starter")), Ratio::whole(10_900));
}

#[test]
fn a_catalog_is_chosen_by_name_or_by_path() {
    let file = std::env::temp_dir().join(format!("tenantry-catalog-{}.toml", std::process::id()));
    std::fs::write(&file, built_in("apex").unwrap()).unwrap();

    let by_path = load(file.to_str().unwrap()).map(|loaded| loaded.catalog.name().to_string());
    std::fs::remove_file(&file).unwrap();
    let gone = load(file.to_str().unwrap()).map(|_| ());

    assert_eq!(by_path.unwrap(), "apex");
    assert!(matches!(gone, Err(LoadError::Unreadable { .. })));
    let unknown = load("pitake").unwrap_err().to_string();
    assert!(
        unknown.starts_with("there is no built-in catalog \"pitake\"; did you mean \"pytake\"?"),
        "{unknown}"
    );
}

#[test]
fn check_prints_a_summary_of_a_good_file_and_every_mistake_of_a_bad_one() {
    let folder = std::env::temp_dir().join(format!("tenantry-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (good, bad) = (folder.join("good.toml"), folder.join("bad.toml"));
    std::fs::write(&good, built_in("rentroll").unwrap()).unwrap();
    std::fs::write(&bad, "name = \"x\"\ncurrencies = [\"USDX\"]\n").unwrap();
    let run = |file: &Path| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let fine = check(file, &mut out, &mut err).unwrap();
        (fine, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };

    let (good, bad, gone) = (run(&good), run(&bad), run(&folder.join("gone.toml")));
    std::fs::remove_dir_all(&folder).unwrap();

    assert!(good.0 && good.2.is_empty());
    for line in [
        "rentroll-ai (rentroll), edition ",
        "Only operators create tenants.",
        "  price      1.50 USD per unit of units, monthly",
        "  limit      units: unlimited",
        "  given out by operators only",
        "client_admin  client_user",
    ] {
        assert!(good.1.contains(line), "{line} is missing in:\n{}", good.1);
    }
    assert!(!bad.0 && bad.1.is_empty());
    assert!(
        bad.2
            .contains("bad.toml:2:15: \"USDX\" must be an ISO 4217 currency code"),
        "{}",
        bad.2
    );
    assert!(bad.2.ends_with("3 mistakes\n"), "{}", bad.2);
    assert!(!gone.0 && gone.2.starts_with("cannot read "), "{}", gone.2);
}

#[test]
fn show_prints_what_check_accepts() {
    for name in BUILT_IN {
        let (mut out, mut err) = (Vec::new(), Vec::new());

        assert!(show(name, &mut out, &mut err).unwrap());

        assert!(parse(name, &String::from_utf8(out).unwrap()).is_ok(), "{name}");
        assert!(err.is_empty());
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    assert!(!show("apx", &mut out, &mut err).unwrap());
    assert!(String::from_utf8(err).unwrap().contains("did you mean \"apex\"?"));
    assert!(out.is_empty());
}

#[test]
fn summaries_tell_prices_limits_and_fine_prices_exactly() {
    let text = summary(&built("pytake")) + &summary(&built("secure-ai-chat"));

    for line in [
        "  price      0.006 USD per unit of messages, pay_as_you_go",
        "  limit      messages: 1000 per month",
        "  limit      api_calls: 10 per minute",
        "  limit      storage: 100 MB at a time",
        "  limit      contacts: unlimited",
        "  price      29800 JPY monthly",
        "  trial      14 days",
    ] {
        assert!(text.contains(line), "{line} is missing in:\n{text}");
    }
}

#[test]
fn per_seat_prices_and_several_limits_per_meter_are_read() {
    let text = built_in("apex")
        .unwrap()
        .replace("prices = { monthly = { USD = \"99.00\" } }", "prices = { monthly = { per = \"seat\", USD = \"9.50\" } }")
        .replace(
            "content = 100, leads = 1_000",
            "content = [{ limit = 100 }, { limit = 7, period = \"day\" }], leads = { limit = 5, enforcement = \"soft\", overage = true, period = \"anniversary_month\" }",
        );

    let catalog = parse("a.toml", &text).unwrap().catalog;

    let starter = plan(&catalog, "starter");
    assert!(matches!(
        starter.plan.prices[0].basis(),
        PriceBasis::PerSeat { amount } if amount.amount_minor() == 950
    ));
    let limits: Vec<String> = starter
        .allowances
        .iter()
        .map(|one| {
            let limit = one.limit.unwrap_or(-1);
            let (enforcement, period) = (one.enforcement.as_str(), one.period.as_str());
            format!("{} {limit} {enforcement} {} {period}", one.meter, one.overage)
        })
        .collect();
    assert_eq!(
        limits,
        [
            "users 3 hard false lifetime",
            "content 7 hard false day",
            "content 100 hard false month",
            "leads 5 soft true anniversary_month",
        ]
    );
}

#[test]
fn the_documentation_has_every_key_and_its_example_is_good() {
    let docs = include_str!("../../../../docs/catalog.md");

    let example = docs
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let read = parse("docs/catalog.md", example).map(|_| ());

    assert_eq!(read, Ok(()));
    for key in head::KEYS
        .iter()
        .chain(plans::KEYS)
        .chain(meters::KEYS)
        .chain(limits::KEYS)
    {
        assert!(
            docs.contains(&format!("`{key}`")),
            "docs/catalog.md does not mention {key}"
        );
    }
}
