//! What of a key can be changed later: its name, its addresses, its pace.

use std::num::NonZeroU32;

use tenantry_kernel::{Event, FieldError};

use super::error::ApiKeyError;
use crate::api_key::Cidr;
use crate::api_key::fields;
use crate::api_key::model::ApiKey;
use crate::api_key::name::KeyName;
use crate::api_key::rules::KeyRules;

/// What is to change, as it was asked for; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ChangeApiKey {
    /// What to call it.
    pub name: Option<String>,
    /// From where; anywhere when empty.
    pub allowed_ips: Option<Vec<String>>,
    /// Calls per minute; as many as the installation allows when null.
    pub rate_limit: Option<Option<i64>>,
}

/// A change that may be made.
pub(super) struct Checked {
    name: Option<KeyName>,
    allowed_ips: Option<Vec<Cidr>>,
    rate_limit: Option<Option<NonZeroU32>>,
}

impl ChangeApiKey {
    /// Checks every rule and names every field at fault at once.
    pub(super) fn check(self, rules: &KeyRules) -> Result<Checked, ApiKeyError> {
        let mut faults = Vec::new();
        let mut name = None;
        if let Some(text) = self.name {
            name = KeyName::try_from(text.as_str())
                .map_err(|rule| faults.push(FieldError::new("name", "invalid_name", rule)))
                .ok();
        }
        let allowed_ips = self.allowed_ips.map(|texts| fields::ranges(&texts, &mut faults));
        let rate_limit = self.rate_limit.map(|asked| fields::rate(asked, rules, &mut faults));
        if !faults.is_empty() {
            return Err(ApiKeyError::Invalid(faults));
        }
        Ok(Checked {
            name,
            allowed_ips,
            rate_limit,
        })
    }
}

impl Checked {
    /// Makes the change, and tells of it.
    pub(super) fn apply(self, key: &mut ApiKey) -> Event {
        let mut event = Event::new("api_key.changed", key.id());
        if let Some(name) = self.name {
            event = event.change("name", key.name(), name.as_str());
            key.rename(name);
        }
        if let Some(ranges) = self.allowed_ips {
            let texts = |ranges: &[Cidr]| ranges.iter().map(ToString::to_string).collect::<Vec<_>>();
            event = event.change("allowed_ips", texts(key.allowed_ips()), texts(&ranges));
            key.allow_from(ranges);
        }
        if let Some(rate_limit) = self.rate_limit {
            let calls = |limit: Option<NonZeroU32>| limit.map(|limit| i64::from(limit.get()));
            event = event.change("rate_limit", calls(key.rate_limit()), calls(rate_limit));
            key.pace_at(rate_limit);
        }
        event
    }
}
