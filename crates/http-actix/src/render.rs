//! Answers: one resource with its tag, a new one with its address, a list, nothing.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::{Serialize, Serializer};
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
pub(crate) fn as_text<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
