//! The API keys of a tenant. The secret is shown once, when it is made.

mod change;
mod create;
mod list;
mod previous_drop;
mod quotas_list;
mod quotas_remove;
mod quotas_replace;
mod revoke;
mod rotate;
mod show;
mod usage;
mod verify;

use actix_web::HttpResponse;
use serde::Serialize;
use tenantry_identity::api_key::{ApiKey, MintedKey};
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
        revoke::row(),
        rotate::row(),
        previous_drop::row(),
        usage::row(),
        quotas_list::row(),
        quotas_replace::row(),
        quotas_remove::row(),
        verify::row(),
    ]
}

/// A secret that was replaced, and is good for a while yet.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviousSecret)]
struct PreviousView {
    /// Its first and last characters.
    #[schema(example = "tk_live_…a1b2")]
    hint: String,
    /// Until when it is good.
    #[serde(with = "time::serde::rfc3339")]
    good_until: OffsetDateTime,
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
struct ApiKeyView {
    /// Its id.
    id: String,
    /// What it is called.
    #[schema(example = "Production server")]
    name: String,
    /// Its first and last characters, to tell keys apart.
    #[schema(example = "tk_live_…a1b2")]
    hint: String,
    /// `personal`, `tenant` or `service_account`: with whom it ends, and what bounds it.
    #[schema(example = "personal")]
    kind: &'static str,
    /// The service account that owns it.
    service_account: Option<String>,
    /// `live` or `test`. Test keys count on meters of their own and never bill.
    #[schema(example = "live")]
    environment: &'static str,
    /// What it may do.
    #[schema(example = json!(["usage.consume"]))]
    permissions: Vec<String>,
    /// Calls per minute; null is no limit of its own.
    #[schema(example = 600)]
    rate_limit: Option<u32>,
    /// Where it may be used from; anywhere when empty.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_ips: Vec<String>,
    /// Which member made it, or, of a personal key, rotated it last. A personal key never does more than they may, and
    /// ends with their membership; others stay.
    created_by: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when; null is for ever.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// When its secret was last replaced.
    #[serde(with = "time::serde::rfc3339::option")]
    rotated_at: Option<OffsetDateTime>,
    /// The secret before, while an overlap keeps it good.
    previous_secret: Option<PreviousView>,
    /// When it was last used; may be some seconds late.
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
}

impl ApiKeyView {
    /// As it stands now.
    fn at(key: &ApiKey, now: OffsetDateTime) -> Self {
        let record = key.record();
        Self {
            id: record.id.to_string(),
            name: key.name().to_owned(),
            hint: record.hint.clone(),
            kind: record.owner.kind(),
            service_account: record.owner.service_account().map(|account| account.to_string()),
            previous_secret: key.previous(now).map(|secret| PreviousView {
                hint: secret.hint.clone(),
                good_until: secret.good_until,
            }),
            environment: if record.live { "live" } else { "test" },
            permissions: record.permissions.iter().map(ToString::to_string).collect(),
            rate_limit: record.rate_limit.map(std::num::NonZeroU32::get),
            allowed_ips: record.allowed_ips.iter().map(ToString::to_string).collect(),
            created_by: record.created_by.map(|member| member.to_string()),
            created_at: record.created_at,
            expires_at: record.expires_at,
            rotated_at: record.rotated_at,
            last_used_at: record.last_used_at,
        }
    }
}

/// An API key with its secret, which is never shown again.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedApiKey)]
struct MintedView {
    /// The key.
    #[serde(flatten)]
    shown: ApiKeyView,
    /// The secret text. Keep it now.
    #[schema(example = "tk_live_…")]
    key: String,
}

impl MintedView {
    fn at(minted: &MintedKey, now: OffsetDateTime) -> Self {
        Self {
            shown: ApiKeyView::at(&minted.key, now),
            key: minted.text.expose().clone(),
        }
    }
}

/// The key with its tag.
fn answer(key: &ApiKey, now: OffsetDateTime) -> HttpResponse {
    render::single(key.id().as_uuid(), key.version(), &ApiKeyView::at(key, now))
}

#[cfg(test)]
mod tests;
