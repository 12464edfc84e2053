//! Answers: one resource with its tag, a new one with its address, a list, nothing.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::{Serialize, Serializer};
use tenantry_kernel::Ratio;
use tenantry_kernel::uuid::Uuid;
use utoipa::ToSchema;

use crate::conditional;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page starts; null on the last one.
    #[schema(example = json!(null))]
    pub next_cursor: Option<String>,
}

/// A list that has no pages.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whole<T> {
    /// The rows.
    pub data: Vec<T>,
}

/// 200 with a body.
pub fn ok(view: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(view)
}

/// 200 with one resource and the tag of its version.
pub fn single(id: Uuid, version: i64, view: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::ETAG, conditional::tag(id, version)))
        .json(view)
}

/// 201 with the new resource and where it lives.
pub fn created(location: &str, view: &impl Serialize) -> HttpResponse {
    HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .json(view)
}

/// 204.
#[must_use]
pub fn nothing() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// An amount of money.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(example = json!({"amount": 29800, "currency": "JPY"}))]
pub struct MoneyView {
    /// Integer minor units: cents of USD, yen of JPY.
    pub amount: i64,
    /// ISO 4217.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub currency: tenantry_kernel::Currency,
}

impl From<tenantry_kernel::Money> for MoneyView {
    fn from(money: tenantry_kernel::Money) -> Self {
        Self {
            amount: money.amount_minor(),
            currency: money.currency(),
        }
    }
}

/// Serializes what prints itself.
fn as_text<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Most decimal places that are shown.
const PLACES: usize = 12;

/// An exact fraction as a decimal string, cut off after twelve places.
pub(crate) fn decimal(ratio: Ratio) -> String {
    let denominator = ratio.denominator().unsigned_abs();
    let numerator = ratio.numerator().unsigned_abs();
    let mut text = (numerator / denominator).to_string();
    let mut rest = numerator % denominator;
    let mut places = String::new();
    while rest != 0 && places.len() < PLACES {
        // Long division; what does not fit has more digits than anybody wrote down.
        let Some(ten) = rest.checked_mul(10) else { break };
        places.push_str(&(ten / denominator).to_string());
        rest = ten % denominator;
    }
    let places = places.trim_end_matches('0');
    if !places.is_empty() {
        text.push('.');
        text.push_str(places);
    }
    if ratio.numerator() < 0 && text != "0" {
        text.insert(0, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_written_as_decimals() {
        for (above, below, text) in [
            (5, 1, "5"),
            (1, 2, "0.5"),
            (-5, 4, "-1.25"),
            (1, 3, "0.333333333333"),
            (0, 1, "0"),
        ] {
            assert_eq!(decimal(Ratio::new(above, below).unwrap()), text);
        }
    }
}
