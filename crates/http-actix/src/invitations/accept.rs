//! POST /invitations/accept: the answer to the mail.

use actix_web::web;
use serde::{Deserialize, Serialize};
use tenantry_kernel::{DisplayName, Secret};
use tenantry_lifecycle::members::{Accept, AcceptService};
use utoipa::ToSchema;

use crate::error::{Answer, FieldErrors};
use crate::extract::{CalledFrom, JsonBody, MaybeSignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::routes::Row;
use crate::views::member::MemberView;

/// The answer to an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AcceptInvitation)]
struct Body {
    /// What stands after `token=` in the mail's link.
    token: String,
    /// What they want to be called.
    #[serde(default)]
    name: Option<String>,
    /// Their password; needed when they have none yet, or never proved that they read mail at their address.
    #[serde(default)]
    #[schema(format = Password)]
    password: Option<String>,
}

/// Somebody joined a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Joined)]
struct View {
    /// The tenant.
    tenant_id: String,
    /// Their membership.
    user: MemberView,
}

/// Accepts an invitation.
///
/// Following the link proves the address. Sign in afterwards. Who is signed in already, and has confirmed their address,
/// accepts with their access token and needs no password; the invitation must be theirs. Where exactly one other tenant lets
/// people with an address at its domain in by themselves, the person may be a member of that then, too.
#[utoipa::path(post, path = "/api/v1/invitations/accept", operation_id = "invitations_accept", tag = "invitations",
    request_body = Body, responses((status = 200, description = "The membership.", body = View)))]
async fn handler(
    JsonBody(body): JsonBody<Body>,
    CalledFrom(origin): CalledFrom,
    MaybeSignedIn(person): MaybeSignedIn,
    invitations: web::Data<AcceptService>,
) -> Answer {
    let mut errors = FieldErrors::default();
    let name = errors.given("name", body.name.as_deref().map(DisplayName::try_from));
    errors.check()?;
    let request = Accept {
        token: Secret::new(body.token),
        name,
        password: body.password.map(Secret::new),
        signed_in: person.map(|person| (person.user, person.session)),
    };
    let accepted = invitations.accept(request, origin).await?;
    Ok(render::ok(&View {
        tenant_id: accepted.tenant.to_string(),
        user: MemberView::from(&accepted.membership),
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .public_or_person()
        .pace(PaceClass::Guessable)
        .refuses(403, "address_not_allowed")
        .refuses(401, "invitation_invalid")
        .refuses(403, "invitation_not_yours")
        .refuses(403, "email_unverified")
        .refuses(409, "invitation_role_gone")
        .refuses(410, "invitation_gone")
}
