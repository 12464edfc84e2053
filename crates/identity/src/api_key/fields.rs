//! Fields that keys are asked to have, and their bounds.

use std::num::NonZeroU32;

use tenantry_kernel::FieldError;
use time::{Duration, OffsetDateTime};

use super::rules::KeyRules;
use tenantry_kernel::cidr::{Cidr, InvalidCidr};

/// The most ranges of addresses, and the most permissions, of one key.
pub(crate) const MAX_ENTRIES: usize = 100;

/// The longest that a replaced secret stays good.
const MAX_OVERLAP_S: i64 = 7 * 24 * 60 * 60;

/// For how long a replaced secret stays good; not at all when nothing is asked.
pub(crate) fn overlap(asked_s: Option<i64>, faults: &mut Vec<FieldError>) -> Duration {
    let asked_s = asked_s.unwrap_or(0);
    if !(0..=MAX_OVERLAP_S).contains(&asked_s) {
        let detail = format!("must be 0 to {MAX_OVERLAP_S} seconds, which are seven days");
        faults.push(FieldError::new("overlap_seconds", "out_of_range", detail));
        return Duration::ZERO;
    }
    Duration::seconds(asked_s)
}

pub(crate) fn rate(asked: Option<i64>, rules: &KeyRules, faults: &mut Vec<FieldError>) -> Option<NonZeroU32> {
    let Some(asked) = asked else {
        return rules.max_rate_limit.and_then(NonZeroU32::new);
    };
    let limit = u32::try_from(asked)
        .ok()
        .filter(|limit| *limit <= rules.rate())
        .and_then(NonZeroU32::new);
    if limit.is_none() {
        faults.push(FieldError::new(
            "rate_limit",
            "out_of_range",
            format!("must be 1 to {} calls per minute", rules.rate()),
        ));
    }
    limit
}

pub(crate) fn expiry(
    asked: Option<i64>,
    rules: &KeyRules,
    now: OffsetDateTime,
    faults: &mut Vec<FieldError>,
) -> Option<OffsetDateTime> {
    let days = asked.or_else(|| rules.max_expires_in_days.map(i64::from))?;
    if !(1..=i64::from(rules.days())).contains(&days) {
        faults.push(FieldError::new(
            "expires_in_days",
            "out_of_range",
            format!("must be 1 to {} days", rules.days()),
        ));
        return None;
    }
    now.checked_add(Duration::days(days))
}

pub(crate) fn ranges(texts: &[String], faults: &mut Vec<FieldError>) -> Vec<Cidr> {
    if texts.len() > MAX_ENTRIES {
        faults.push(FieldError::new("allowed_ips", "too_many", "100 entries at most"));
        return Vec::new();
    }
    let mut ranges = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(range) => ranges.push(range),
            Err(rule) => faults.push(FieldError::new(
                format!("allowed_ips[{place}]"),
                "invalid_address_range",
                InvalidCidr::to_string(&rule),
            )),
        }
    }
    ranges
}
