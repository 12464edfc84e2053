//! Answers: one resource with its tag, a new one with its address, a list, nothing.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
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

/// Answers of [`single`] that are given again, byte for byte, for as long as the resource is the very same value. The
/// cache that hands the value out drops it when it changes, so there is nothing to forget here.
pub(crate) struct Rendered<T>(HashMap<Uuid, (Arc<T>, HeaderValue, Bytes)>);

impl<T> Default for Rendered<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// How many answers one worker keeps.
const RENDERED: usize = 256;

impl<T> Rendered<T> {
    /// The answer for this value, rendered by `view` unless it was before.
    pub fn single<V: Serialize>(
        &mut self,
        value: &Arc<T>,
        id: Uuid,
        version: i64,
        view: impl Fn(&T) -> V,
    ) -> HttpResponse {
        let known = self.0.get(&id).filter(|(known, ..)| Arc::ptr_eq(known, value));
        let Some((_, tag, body)) = known else {
            return self.render(value, id, version, &view(value));
        };
        HttpResponse::Ok()
            .insert_header((header::ETAG, tag.clone()))
            .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json")))
            .body(body.clone())
    }

    fn render(&mut self, value: &Arc<T>, id: Uuid, version: i64, view: &impl Serialize) -> HttpResponse {
        if let (Ok(tag), Ok(body)) = (
            HeaderValue::try_from(conditional::tag(id, version)),
            serde_json::to_vec(view),
        ) {
            if self.0.len() >= RENDERED {
                self.0.clear();
            }
            self.0.insert(id, (Arc::clone(value), tag, body.into()));
        }
        single(id, version, view)
    }
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
