//! The service accounts of a tenant. Their secrets are shown once, when they are made.

mod change;
mod create;
mod deactivate;
mod list;
mod reactivate;
mod remove;
mod secrets_add;
mod secrets_drop;
mod show;

use actix_web::HttpResponse;
use serde::Serialize;
use tenantry_identity::service_account::{MintedSecret, ServiceAccount};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::render;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        create::row(),
        show::row(),
        change::row(),
        remove::row(),
        deactivate::row(),
        reactivate::row(),
        secrets_add::row(),
        secrets_drop::row(),
    ]
}

/// A client secret, without its text.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientSecret)]
struct SecretView {
    /// Its id.
    id: String,
    /// Its first and last characters, to tell secrets apart.
    #[schema(example = "tk_secret_…a1b2")]
    hint: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when; null is for ever.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

/// A service account, without its secrets' texts.
#[derive(Serialize, ToSchema)]
#[schema(as = ServiceAccount)]
struct ServiceAccountView {
    /// Its id; it is the `client_id`, too.
    id: String,
    /// The same, as OAuth calls it.
    client_id: String,
    /// What it is called.
    #[schema(example = "Nightly import")]
    name: String,
    /// `active` or `deactivated`.
    #[schema(example = "active")]
    status: &'static str,
    /// What it may do, at most what an owner may.
    #[schema(example = json!(["usage.consume"]))]
    permissions: Vec<String>,
    /// Its secrets, the oldest first. All that have not expired are good.
    secrets: Vec<SecretView>,
    /// Which member made it; null when it was no member. It does not end with them.
    created_by: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Since when it may do nothing.
    #[serde(with = "time::serde::rfc3339::option")]
    deactivated_at: Option<OffsetDateTime>,
}

impl From<&ServiceAccount> for ServiceAccountView {
    fn from(account: &ServiceAccount) -> Self {
        let record = account.record();
        let secrets = record.secrets.iter().map(|secret| SecretView {
            id: secret.id.to_string(),
            hint: secret.hint.clone(),
            created_at: secret.created_at,
            expires_at: secret.expires_at,
        });
        Self {
            id: record.id.to_string(),
            client_id: record.id.to_string(),
            name: account.name().to_owned(),
            status: if account.is_active() { "active" } else { "deactivated" },
            permissions: record.permissions.iter().map(ToString::to_string).collect(),
            secrets: secrets.collect(),
            created_by: record.created_by.map(|member| member.to_string()),
            created_at: record.created_at,
            deactivated_at: record.deactivated_at,
        }
    }
}

/// A service account with a fresh secret, whose text is never shown again.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedClientSecret)]
struct MintedView {
    /// The account.
    #[serde(flatten)]
    shown: ServiceAccountView,
    /// Which of its secrets it is.
    secret_id: String,
    /// The text. Keep it now.
    #[schema(example = "tk_secret_…")]
    client_secret: String,
}

impl From<&MintedSecret> for MintedView {
    fn from(minted: &MintedSecret) -> Self {
        Self {
            shown: ServiceAccountView::from(&minted.account),
            secret_id: minted.id.to_string(),
            client_secret: minted.text.expose().clone(),
        }
    }
}

/// The account with its tag.
fn answer(account: &ServiceAccount) -> HttpResponse {
    let view = ServiceAccountView::from(account);
    render::single(account.id().as_uuid(), account.version(), &view)
}
