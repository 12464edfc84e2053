//! What several usage actions ask for and tell: items, lines, limits.

use serde::{Deserialize, Deserializer, Serialize};
use tenantry_kernel::FieldError;
use tenantry_quotas::counter::Line;
use tenantry_quotas::usage::{Explained, UsageError, Wanted};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::error::ApiError;

/// A number that may be left out, but not be null.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(deserializer).map(Some)
}

/// One amount on one meter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UsageItem)]
pub(crate) struct ItemBody {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How much; 1 when absent.
    #[serde(default, deserialize_with = "present")]
    #[schema(example = 1)]
    amount: Option<i64>,
    /// Whom to count, for meters that count different ones.
    member: Option<String>,
    /// What it was for.
    description: Option<String>,
    /// Whom within the tenant it is about.
    subject: Option<String>,
}

impl From<ItemBody> for Wanted {
    fn from(body: ItemBody) -> Self {
        Self {
            meter: body.meter,
            amount: body.amount.unwrap_or(1),
            member: body.member,
            description: body.description,
            subject: body.subject,
        }
    }
}

/// One amount at the top of a body, or a list of them.
pub(crate) struct Asked {
    pub meter: Option<String>,
    pub amount: Option<i64>,
    pub member: Option<String>,
    pub description: Option<String>,
    pub subject: Option<String>,
    pub items: Option<Vec<ItemBody>>,
}

impl Asked {
    /// The items, however they were written.
    ///
    /// # Errors
    /// 422 when both ways were used, or neither.
    pub(crate) fn items(self) -> Result<Vec<Wanted>, ApiError> {
        let alone =
            self.amount.is_some() || self.member.is_some() || self.description.is_some() || self.subject.is_some();
        match (self.meter, self.items) {
            (Some(meter), None) => Ok(vec![Wanted {
                meter,
                amount: self.amount.unwrap_or(1),
                member: self.member,
                description: self.description,
                subject: self.subject,
            }]),
            (None, Some(items)) if !alone => Ok(items.into_iter().map(Wanted::from).collect()),
            (None, None) => Err(wrong("meter", "missing_field", "is missing")),
            _ => Err(wrong("items", "invalid_value", "either one meter or items, not both")),
        }
    }
}

fn wrong(field: &str, code: &'static str, detail: &str) -> ApiError {
    ApiError::validation(vec![FieldError::new(field, code, detail)])
}

/// A refusal with every limit that was asked, for those who want it explained.
pub(crate) fn explained(refused: UsageError, explain: bool) -> ApiError {
    let limits = match &refused {
        UsageError::Exceeded(exceeded) if explain => {
            Some(exceeded.explained.iter().map(LimitView::from).collect::<Vec<_>>())
        }
        _ => None,
    };
    let error = ApiError::from(refused);
    match limits.map(serde_json::to_value) {
        Some(Ok(limits)) => error.with_member("limits", limits),
        _ => error,
    }
}

/// How one item's meter stands.
#[derive(Serialize, ToSchema)]
#[schema(as = UsageLine)]
pub(crate) struct LineView {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// How much is used.
    #[schema(example = 46)]
    used: i64,
    /// What the plan allows; null is unlimited.
    #[schema(example = 1000)]
    limit: Option<i64>,
    /// What is left; null when unlimited.
    #[schema(example = 954)]
    remaining: Option<i64>,
    /// When the period ends; null when it never does.
    #[serde(with = "time::serde::rfc3339::option")]
    resets_at: Option<OffsetDateTime>,
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> Self {
        Self {
            meter: line.meter.to_string(),
            used: line.used,
            limit: line.limit,
            remaining: line.remaining(),
            resets_at: line.resets_at,
        }
    }
}

/// One limit and how it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = LimitStanding)]
pub(crate) struct LimitView {
    /// The meter.
    #[schema(example = "messages")]
    meter: String,
    /// Whose limit: `tenant`, `user`, `key`, or `pool` for that of the tenant whose pool it is in.
    #[schema(example = "tenant")]
    limit_of: &'static str,
    /// Which user or key, for limits of their own.
    #[schema(example = "user:user-17")]
    subject: Option<String>,
    /// Over which time it counts.
    #[schema(example = "month")]
    period: &'static str,
    /// The limit; null is unlimited.
    #[schema(example = 1000)]
    limit: Option<i64>,
    /// How much is used.
    #[schema(example = 46)]
    used: i64,
    /// How much is reserved.
    #[schema(example = 0)]
    reserved: i64,
    /// How much more would fit; null when nothing bounds it.
    #[schema(example = 954)]
    remaining: Option<i64>,
    /// When it frees; null when it never does by itself.
    #[serde(with = "time::serde::rfc3339::option")]
    resets_at: Option<OffsetDateTime>,
}

impl From<&Explained> for LimitView {
    fn from(limit: &Explained) -> Self {
        Self {
            meter: limit.meter.to_string(),
            limit_of: limit.owner.as_str(),
            subject: limit.subject.clone(),
            period: limit.period,
            limit: limit.limit,
            used: limit.used,
            reserved: limit.reserved,
            remaining: limit.remaining,
            resets_at: limit.resets_at,
        }
    }
}
