//! POST /auth/email/verify: proves an address with the token of a mail.

use actix_web::web;
use serde::Deserialize;
use tenantry_identity::email::EmailService;
use tenantry_lifecycle::joining::Newcomers;
use tenantry_lifecycle::people::PeopleService;
use utoipa::ToSchema;

use crate::error::Answer;
use crate::extract::{CalledFrom, JsonBody, MaybeSignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;

/// The token of the mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyEmail)]
struct Body {
    /// What stands after `token=` in the mail's link.
    token: String,
}

/// Proves that mail at the address is read; where a change of the primary address was asked for, makes it that.
///
/// Call it with the access token of the account, and the address is *held*: whoever holds the account reads mail there. The
/// address that somebody signed up with is verified without one, too; signed in later, the same token makes it held until it
/// expires. For an address that was added to an account the access token is needed.
///
/// Whoever only claimed the address before loses it. Memberships that others gave it become the person's. Where exactly
/// one tenant lets people with a held address at its domain in by themselves, the person is a member of it then.
#[utoipa::path(post, path = "/api/v1/auth/email/verify", operation_id = "auth_email_verify", tag = "auth",
    request_body = Body, responses((status = 204, description = "The address is verified.")))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    MaybeSignedIn(person): MaybeSignedIn,
    emails: web::Data<EmailService>,
    people: web::Data<PeopleService>,
    newcomers: web::Data<dyn Newcomers>,
) -> Answer {
    let signed_in = person.map(|person| (person.user, person.session));
    let proved = emails.verify(&body.token, signed_in, &origin).await?;
    if let Some(placeholder) = proved.from {
        people.absorb(placeholder, proved.user).await?;
    }
    if proved.newly_held {
        newcomers.newly_held(proved.user, &proved.email, &origin).await;
    }
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .public_or_person()
        .pace(PaceClass::Guessable)
        .refuses(403, "email_not_yours")
        .refuses(401, "token_invalid")
        .refuses(409, "email_taken")
}
