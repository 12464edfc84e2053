//! Mistakes in how meters count, in limits, trials and values: each is told at its place, and once.

use super::usage::EVERYTHING;
use super::*;

fn mistakes(text: &str) -> Vec<String> {
    match parse("shop.toml", text) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn every_mistake_is_told_at_its_place_and_once() {
    let mut missing = Vec::new();
    for (before, after, expected) in [
        (
            "aggregation = \"unique\"",
            "aggregation = \"uniqe\"",
            "30:15: meters.visitors.aggregation: must be one of sum, count, max, last, unique; did you mean \"unique\"?",
        ),
        (
            "aggregation = \"count\"",
            "aggregation = \"cont\"",
            "19:15: meters.answers.aggregation: must be one of sum, count, max, last, unique; did you mean \"count\"?",
        ),
        (
            "engine = \"leased\"",
            "engine = \"lazy\"",
            "24:10: meters.tokens.engine: must be one of strict, leased",
        ),
        (
            "engine = \"leased\"",
            "engine = \"leased\"\naggregation = \"last\"",
            "24:10: meters.tokens.engine: a leased meter adds up: its aggregation must be sum or count",
        ),
        (
            "engine = \"leased\"",
            "engine = \"leased\"\naggregation = \"max\"",
            "24:10: meters.tokens.engine: a leased meter adds up: its aggregation must be sum or count",
        ),
        (
            "aggregation = \"unique\"",
            "aggregation = \"unique\"\nengine = \"leased\"",
            "31:10: meters.visitors.engine: a leased meter adds up: its aggregation must be sum or count",
        ),
        (
            "aggregation = \"last\"\nvalue_from",
            "engine = \"leased\"\nvalue_from",
            "41:10: meters.storage.engine: a leased meter must be a counter: a gauge never starts anew",
        ),
        (
            "[meters.pace]\nkind = \"rate\"",
            "[meters.pace]\nkind = \"rate\"\naggregation = \"sum\"",
            "15:15: meters.pace.aggregation: is for usage that the application reports, and a rate counts calls",
        ),
        (
            "[meters.calls]\nkind = \"counter\"",
            "[meters.calls]\nkind = \"counter\"\nengine = \"leased\"",
            "11:10: meters.calls.engine: is for usage that the application reports, and Tenantry counts requests",
        ),
        (
            "source = \"members\"",
            "source = \"members\"\nevents = [\"user.added\"]",
            "8:10: meters.users.events: is for usage that the application reports, and Tenantry counts members",
        ),
        (
            "events = \"acme.answered\"",
            "events = 5",
            "20:10: meters.answers.events: must be a list, and is a whole number",
        ),
        (
            "events = [\"acme.visited\"]",
            "events = [\"acme.visited\", \"acme.visited\"]",
            "31:27: the event \"acme.visited\" is listed twice",
        ),
        (
            "events = [\"acme.visited\"]",
            "events = [\" \"]",
            "31:11: the type of an event must not be empty",
        ),
        (
            "value_from = \"tokens\"",
            "value_from = \"\"",
            "26:14: meters.tokens.value_from: must name a property of the event's data",
        ),
        (
            "value_from = \"tokens\"",
            "value_from = [\"tokens\"]",
            "26:14: meters.tokens.value_from: must be text in quotes, and is a list",
        ),
        (
            "aggregation = \"count\"",
            "aggregation = \"count\"\nvalue_from = \"size\"",
            "20:14: meters.answers.value_from: count and unique take no value: every event counts as one",
        ),
        (
            "member_from = \"user_id\"",
            "member_from = \"user_id\"\nvalue_from = \"size\"",
            "33:14: meters.visitors.value_from: count and unique take no value: every event counts as one",
        ),
        (
            "value_from = \"tokens\"",
            "member_from = \"user\"",
            "26:15: meters.tokens.member_from: only unique counts different members: set aggregation = \"unique\"",
        ),
        (
            "member_from = \"user_id\"",
            "membr_from = \"user_id\"",
            "32:1: unknown key \"membr_from\" in [meters.visitors]; did you mean \"member_from\"?",
        ),
        (
            "per = \"key\"",
            "per = \"team\"",
            "53:66: plans.pro.limits.calls[1].per: must be one of tenant, user, key",
        ),
        (
            "per = \"key\"",
            "per = \"user\"",
            "53:66: plans.pro.limits.calls[1].per: calls are made with API keys: count them per key",
        ),
        (
            "users = 5",
            "users = { limit = 5, per = \"user\" }",
            "52:28: plans.pro.limits.users.per: members are counted for the whole tenant",
        ),
        (
            "pace = 60",
            "pace = { limit = 60, per = \"key\" }",
            "54:28: plans.pro.limits.pace.per: a pace is the whole tenant's; each key may have one of its own besides",
        ),
        (
            "pace = 60",
            "pace = { limit = 60, rollover = true }",
            "54:33: plans.pro.limits.pace.rollover: nothing is left over of a pace",
        ),
        (
            "pace = 60",
            "pace = { limit = 60, grace_percent = 5 }",
            "54:38: plans.pro.limits.pace.grace_percent: a pace has no grace",
        ),
        (
            "rollover = true",
            "rollover = \"yes\"",
            "55:39: plans.pro.limits.answers.rollover: must be a whole number or \"unlimited\"",
        ),
        (
            "rollover = true",
            "rollover = -1",
            "55:39: plans.pro.limits.answers.rollover: must be a whole number from 0 to 9223372036854775807, and is -1",
        ),
        (
            "rollover = true",
            "rollover = 1_001",
            "55:39: plans.pro.limits.answers.rollover: must not be more than the limit: no more than that can be left over",
        ),
        (
            "rollover = true",
            "rollover = \"unlimited\"",
            "55:39: plans.pro.limits.answers.rollover: must be true, or how much is left over at most",
        ),
        (
            "rollover = true",
            "rollover = true, period = \"lifetime\"",
            "55:39: plans.pro.limits.answers.rollover: a lifetime has no next period",
        ),
        (
            "limit = 1_000, rollover = true",
            "rollover = true",
            "55:24: plans.pro.limits.answers.rollover: nothing is left over of what is unlimited",
        ),
        (
            "grace_percent = 100",
            "rollover = true",
            "57:41: plans.pro.limits.storage.rollover: a gauge never starts anew: nothing of it is left over",
        ),
        (
            "pace = 60",
            "peak = { limit = 60, rollover = true }",
            "54:33: plans.pro.limits.peak.rollover: max does not add up: nothing of it is left over",
        ),
        (
            "pace = 60",
            "visitors = { limit = 60, rollover = 5 }",
            "54:37: plans.pro.limits.visitors.rollover: unique does not add up: nothing of it is left over",
        ),
        (
            "grace_percent = 100",
            "grace_percent = 101",
            "57:46: plans.pro.limits.storage.grace_percent: must be a whole number from 0 to 100, and is 101",
        ),
        (
            "grace_percent = 100",
            "grace_percent = -1",
            "57:46: plans.pro.limits.storage.grace_percent: must be a whole number from 0 to 100, and is -1",
        ),
        (
            "grace_percent = 100",
            "grace = 10",
            "57:30: unknown key \"grace\" in [plans.pro.limits.storage]; did you mean \"grace_percent\"?",
        ),
        (
            "{ limit = 1_000, grace_percent = 10 }",
            "{ limit = 60, per = \"user\", period = \"day\" }",
            "56:10: plans.pro.limits.tokens: has two limits per user for one day",
        ),
        (
            "{ limit = 100, period = \"day\", per = \"key\" }",
            "{ limit = 100 }",
            "53:9: plans.pro.limits.calls: has two limits for one month",
        ),
        (
            "trial_days = 14\n",
            "",
            "59:1: plans.pro.trial_limits: needs trial_days: the plan has no trial",
        ),
        (
            "trial_days = 14",
            "trial_days = 0",
            "60:1: plans.pro.trial_limits: needs trial_days: the plan has no trial",
        ),
        (
            "answers = 20",
            "answer = 20",
            "61:1: a limit for \"answer\", which is not declared in [meters]; did you mean \"answers\"?",
        ),
        (
            "answers = 20",
            "answers = [{ limit = 20 }, { limit = 30 }]",
            "61:11: plans.pro.trial_limits.answers: has two limits for one month",
        ),
        (
            "answers = 20",
            "answers = { limit = 20, rollover = 21 }",
            "61:36: plans.pro.trial_limits.answers.rollover: must not be more than the limit",
        ),
        (
            "fonts = 3",
            "fonts = 3.5",
            "65:9: plans.pro.values.fonts: must be a whole number, text, or true or false, and is a decimal number",
        ),
        (
            "fonts = 3",
            "fonts = [3]",
            "65:9: plans.pro.values.fonts: must be a whole number, text, or true or false, and is a list",
        ),
        (
            "fonts = 3",
            "Fonts = 3",
            "65:1: the value \"Fonts\" must be 1 to 64 characters: a lower-case letter",
        ),
        (
            "fonts = 3",
            "fonts = 3\nfon_ts = 4",
            "66:1: \"fon_ts\" is a name of the value fonts already",
        ),
        (
            "fonts = 3",
            "fonts = 9223372036854775808",
            "65:9: plans.pro.values.fonts: must be a whole number from -9223372036854775808 to 9223372036854775807",
        ),
    ] {
        assert!(EVERYTHING.contains(before), "{before}");
        let told = mistakes(&EVERYTHING.replacen(before, after, 1));

        let found = told
            .first()
            .is_some_and(|line| line.starts_with(&format!("shop.toml:{expected}")));
        if !found || told.len() != 1 {
            missing.push(format!(
                "{after}\nshould tell {expected}\nand tells {}",
                told.join("\n")
            ));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n\n"));
}
