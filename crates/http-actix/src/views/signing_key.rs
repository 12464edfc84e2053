//! Signing keys.

use serde::Serialize;
use tenantry_identity::signing_key::KeyLife;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A key that signs access tokens, without anything secret.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub(crate) struct SigningKeyView {
    /// Its name in tokens and in the key set: its thumbprint (RFC 7638).
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    kid: String,
    /// `EdDSA` or `RS256`.
    #[schema(example = "EdDSA")]
    algorithm: &'static str,
    /// `next`, `current`, `former`, `retired` or `revoked`. The first three are published.
    #[schema(example = "current")]
    status: &'static str,
    /// Since when it is published.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// From when it signs.
    #[serde(with = "time::serde::rfc3339")]
    signs_from: OffsetDateTime,
    /// When it stops being published; null while no successor is known.
    #[serde(with = "time::serde::rfc3339::option")]
    retires_at: Option<OffsetDateTime>,
    /// When it was revoked.
    #[serde(with = "time::serde::rfc3339::option")]
    revoked_at: Option<OffsetDateTime>,
}

impl SigningKeyView {
    /// As it stands at the moment that was asked about.
    pub(crate) fn at(life: &KeyLife, now: OffsetDateTime) -> Self {
        Self {
            kid: life.key.kid.clone(),
            algorithm: life.key.algorithm.as_str(),
            status: life.status(now).as_str(),
            created_at: life.key.created_at,
            signs_from: life.key.signs_from,
            retires_at: life.gone_at,
            revoked_at: life.key.revoked_at,
        }
    }
}
