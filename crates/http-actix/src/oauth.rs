//! OAuth for programs: tokens for service accounts, what a token is good for, and ending it.

mod introspect;
mod revoke;
mod token;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::form::NoForm;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![token::row(), introspect::row(), revoke::row()]
}

/// Why a request was refused, as RFC 6749, section 5.2, has it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OAuthError)]
struct Refusal {
    /// `invalid_request`, `invalid_client`, `unauthorized_client`, `unsupported_grant_type`, `invalid_scope` or
    /// `unsupported_token_type`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// One sentence for people.
    #[schema(example = "the client is not known, or its secret is wrong")]
    error_description: String,
}

/// 400, or 401 when the client is not believed.
fn refusal(error: &'static str, description: impl Into<String>) -> HttpResponse {
    let status = if error == "invalid_client" {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::BAD_REQUEST
    };
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"tenantry\", charset=\"UTF-8\""));
    }
    answer.json(Refusal {
        error,
        error_description: description.into(),
    })
}

fn unreadable(cause: NoForm) -> HttpResponse {
    match cause {
        NoForm::Type => refusal(
            "invalid_request",
            "the body must be application/x-www-form-urlencoded, uncompressed",
        ),
        NoForm::Shape(cause) => refusal("invalid_request", cause),
    }
}
