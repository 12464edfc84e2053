//! Platform keys.

use serde::Serialize;
use tenantry_identity::platform_key::{MintedPlatformKey, PlatformKey};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A platform key, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = PlatformKey)]
pub(crate) struct PlatformKeyView {
    /// Its id.
    id: String,
    /// What it is called.
    #[schema(example = "Edge gateway")]
    name: String,
    /// Its first and last characters, to tell keys apart.
    #[schema(example = "tk_platform_…a1b2")]
    hint: String,
    /// What it may do.
    #[schema(example = json!(["api_keys.verify"]))]
    permissions: Vec<String>,
    /// Where it may be used from; anywhere when empty.
    #[schema(example = json!(["203.0.113.0/24"]))]
    allowed_ips: Vec<String>,
    /// Which operator made it, by their person's id; null when it was made at the console.
    created_by: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when; null is for ever.
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// When it was last used; may be some seconds late.
    #[serde(with = "time::serde::rfc3339::option")]
    last_used_at: Option<OffsetDateTime>,
}

impl From<&PlatformKey> for PlatformKeyView {
    fn from(key: &PlatformKey) -> Self {
        let record = key.record();
        Self {
            id: record.id.to_string(),
            name: key.name().to_owned(),
            hint: record.hint.clone(),
            permissions: record.permissions.iter().map(ToString::to_string).collect(),
            allowed_ips: record.allowed_ips.iter().map(ToString::to_string).collect(),
            created_by: record.created_by.map(|operator| operator.to_string()),
            created_at: record.created_at,
            expires_at: record.expires_at,
            last_used_at: record.last_used_at,
        }
    }
}

/// A platform key with its secret, which is never shown again.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedPlatformKey)]
pub(crate) struct MintedPlatformKeyView {
    /// The key.
    #[serde(flatten)]
    shown: PlatformKeyView,
    /// The secret text. Keep it now.
    #[schema(example = "tk_platform_…")]
    key: String,
}

impl From<&MintedPlatformKey> for MintedPlatformKeyView {
    fn from(minted: &MintedPlatformKey) -> Self {
        Self {
            shown: PlatformKeyView::from(&minted.key),
            key: minted.text.expose().clone(),
        }
    }
}
