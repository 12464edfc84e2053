//! GET /me/sessions: where the person is signed in.

use actix_web::web;
use serde::Serialize;
use tenantry_identity::session::SessionService;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render::{self, Whole};
use crate::routes::Row;

/// One signed-in device or browser.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct View {
    /// Its id.
    id: String,
    /// The tenant it acts in.
    tenant_id: Option<String>,
    /// Where the log-in came from.
    ip_address: Option<String>,
    /// With what.
    user_agent: Option<String>,
    /// How the person proved who they are (RFC 8176).
    #[schema(example = json!(["pwd", "otp", "mfa"]))]
    methods: Vec<&'static str>,
    /// When they signed in.
    #[serde(with = "time::serde::rfc3339")]
    authenticated_at: OffsetDateTime,
    /// When they last proved who they are.
    #[serde(with = "time::serde::rfc3339")]
    stepped_up_at: OffsetDateTime,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was last used for a refresh.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// When it ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// True for the session of the presented token.
    current: bool,
}

/// Lists the person's live sessions, the youngest first.
#[utoipa::path(get, path = "/api/v1/me/sessions", operation_id = "me_sessions_list", tag = "me",
    responses((status = 200, description = "All of them, 200 at most.", body = Whole<View>)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    sessions: web::Data<SessionService>,
) -> Answer {
    let found = sessions.list(&identified(&person, origin)).await?;
    let data = found
        .iter()
        .map(|session| {
            let record = session.record();
            View {
                id: record.id.to_string(),
                tenant_id: record.tenant.map(|tenant| tenant.to_string()),
                ip_address: record.address.map(|address| address.to_string()),
                user_agent: record.user_agent.as_deref().map(str::to_owned),
                methods: record.methods.amr(),
                authenticated_at: record.authenticated_at,
                stepped_up_at: record.stepped_up_at,
                created_at: record.created_at,
                last_used_at: record.last_used_at,
                expires_at: record.expires_at,
                current: record.id == person.session,
            }
        })
        .collect();
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
