//! GET /me/export: all that is known of the person.

use actix_web::web;
use serde::Serialize;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::people::PeopleService;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::devices_list;
use super::tenants::BelongingView;
use crate::audit::EntryView;
use crate::error::Answer;
use crate::extract::SignedIn;
use crate::render;
use crate::routes::Row;
use crate::views::factor::PasskeyView;
use crate::views::join_request::MyJoinRequestView;
use crate::views::person::EmailView;
use crate::views::session::PersonView;

/// One session, live or not.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedSession)]
struct SessionView {
    /// Its id.
    id: String,
    /// The tenant it acts in.
    tenant_id: Option<String>,
    /// Where the log-in came from.
    ip_address: Option<String>,
    /// With what.
    user_agent: Option<String>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was last used for a refresh.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// When it ended, if it was ended.
    #[serde(with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

/// Something that the person did.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnAct)]
struct ActView {
    /// In which tenant; null for what belongs to none.
    tenant_id: Option<String>,
    /// What.
    #[serde(flatten)]
    entry: EntryView,
}

/// A request to join a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedJoinRequest)]
struct RequestView {
    /// Which tenant.
    tenant_id: String,
    /// What.
    #[serde(flatten)]
    request: MyJoinRequestView,
}

/// The second factors of the person.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedFactors)]
struct FactorsView {
    /// Since when codes of an authenticator app are asked for; null without one.
    #[serde(with = "time::serde::rfc3339::option")]
    totp_since: Option<OffsetDateTime>,
    /// Recovery codes that are left.
    recovery_codes: u64,
    /// The passkeys.
    passkeys: Vec<PasskeyView>,
}

/// All that is known of the person.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonExport)]
struct View {
    /// The profile.
    profile: PersonView,
    /// True when there is a password. Its hash is told to nobody.
    has_password: bool,
    /// The addresses.
    emails: Vec<EmailView>,
    /// The sessions, the youngest first, 5,000 at most.
    sessions: Vec<SessionView>,
    /// Second factors. What proves them is told to nobody.
    second_factors: FactorsView,
    /// Devices that are remembered.
    remembered_devices: Vec<devices_list::View>,
    /// Where the person belongs.
    memberships: Vec<BelongingView>,
    /// What the person asked tenants to join.
    join_requests: Vec<RequestView>,
    /// What the person did, newest first, 5,000 at most.
    activity: Vec<ActView>,
}

/// All that is known of the person, in one document.
#[utoipa::path(get, path = "/api/v1/me/export", operation_id = "me_export", tag = "me",
    responses((status = 200, description = "The document.", body = View)))]
async fn handler(SignedIn(person): SignedIn, people: web::Data<PeopleService>, catalog: web::Data<Catalog>) -> Answer {
    let export = people.export(person.user).await?;
    let current = person.seat.map(|(tenant, _)| tenant);
    let sessions = export.sessions.iter().map(|session| {
        let record = session.record();
        SessionView {
            id: record.id.to_string(),
            tenant_id: record.tenant.map(|tenant| tenant.to_string()),
            ip_address: record.address.map(|address| address.to_string()),
            user_agent: record.user_agent.as_deref().map(str::to_owned),
            created_at: record.created_at,
            last_used_at: record.last_used_at,
            ended_at: record.ended_at,
        }
    });
    let acts = export.acts.into_iter().map(|act| ActView {
        tenant_id: act.tenant.map(|tenant| tenant.to_string()),
        entry: EntryView::from(act.entry),
    });
    let requests = export.requests.iter().map(|(tenant, request)| RequestView {
        tenant_id: tenant.to_string(),
        request: MyJoinRequestView::from(request),
    });
    let emails = export.emails.iter();
    Ok(render::ok(&View {
        profile: PersonView::of(&export.user, &catalog),
        has_password: export.user.password_hash().is_some(),
        emails: emails.map(|email| EmailView::of(email, export.user.email())).collect(),
        sessions: sessions.collect(),
        second_factors: FactorsView {
            totp_since: export.totp_since,
            recovery_codes: export.recovery_codes,
            passkeys: export.passkeys.iter().map(PasskeyView::from).collect(),
        },
        remembered_devices: export.devices.iter().map(devices_list::View::from).collect(),
        memberships: export
            .belongings
            .iter()
            .map(|belonging| BelongingView::of(belonging, current))
            .collect(),
        join_requests: requests.collect(),
        activity: acts.collect(),
    }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
