//! Forms, as OAuth sends them (RFC 6749, appendix B).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;

use crate::error::ApiError;
use crate::visit::Visit;

/// Why a form could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoForm {
    /// The body is no form by its type.
    Type,
    /// A parameter is missing, is there twice, or is no text.
    Shape(String),
}

/// A body of parameters. Unknown ones are passed over (RFC 6749, section 3.2); the action says what a bad one means.
#[derive(Debug)]
pub(crate) struct Form<T>(pub Result<T, NoForm>);

impl<T: DeserializeOwned> FromRequest for Form<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let Some(visit) = extensions.get::<Visit>() else {
            return ready(Err(ApiError::internal("an action ran outside the front")));
        };
        ready(Ok(Self(if is_form(request) {
            serde_urlencoded::from_bytes(&visit.body).map_err(|cause| NoForm::Shape(cause.to_string()))
        } else {
            Err(NoForm::Type)
        })))
    }
}

fn is_form(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding.as_bytes() != b"identity");
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    !packed && essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
