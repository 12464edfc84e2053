//! POST /me/merge: takes another account of one's own in.

use actix_web::web;
use serde::Deserialize;
use tenantry_kernel::{EmailAddress, Secret};
use tenantry_lifecycle::people::{MergeProof, PeopleService};
use utoipa::ToSchema;

use crate::error::{Answer, ApiError, FieldErrors};
use crate::extract::{CalledFrom, JsonBody, SignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// What proves that the other account is one's own: its address and password, or the token of a letter to it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MergeAccounts, example = json!({"email": "ada@old.example", "password": "correct horse battery"}))]
struct Body {
    /// One of its verified addresses.
    #[serde(default)]
    email: Option<String>,
    /// Its password.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
    /// What stands after `token=` in the link of the letter to it.
    #[serde(default)]
    token: Option<String>,
}

impl TryFrom<Body> for MergeProof {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        if let Some(token) = body.token {
            for (field, given) in [("email", body.email.is_some()), ("password", body.password.is_some())] {
                if given {
                    errors.add(field, "not_both", "the token alone is enough");
                }
            }
            errors.check()?;
            return Ok(Self::Token(Secret::new(token)));
        }
        let email = errors.given("email", body.email.as_deref().map(EmailAddress::try_from));
        for (field, given) in [("email", body.email.is_some()), ("password", body.password.is_some())] {
            if !given {
                errors.add(field, "missing_field", "is needed when there is no token");
            }
        }
        errors.check()?;
        match (email, body.password) {
            (Some(email), Some(password)) => Ok(Self::Password {
                email,
                password: Secret::new(password),
            }),
            _ => Err(ApiError::internal("a field was missed")),
        }
    }
}

/// Takes another account of the same human in.
///
/// Its addresses and memberships become the signed-in person's, its sessions end, and nothing but its id is left of
/// it. Where both are members of one tenant, one membership stays with all that either was allowed. Needs a log-in
/// within the last ten minutes.
#[utoipa::path(post, path = "/api/v1/me/merge", operation_id = "me_merge", tag = "me", request_body = Body,
    responses((status = 204, description = "There is one account.")))]
async fn handler(
    SignedIn(person): SignedIn,
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    people: web::Data<PeopleService>,
) -> Answer {
    people.merge(&person, body.try_into()?, &origin).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .signed_in()
        .pace(PaceClass::Guessable)
        .refuses(401, "token_invalid")
        .step_up()
        .refuses(409, "same_account")
        .refuses(409, "account_not_mergeable")
}
