//! The claims as they stand in the token.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenantry_identity::session::Methods;
use tenantry_identity::token::AccessClaims;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::TenantId;
use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

/// The client that tokens are issued to (RFC 9068): our own API and console, until others may ask.
const CLIENT: &str = "tenantry";

/// A claim set. Members that a later version adds are passed over, so that nodes of two versions agree.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    client_id: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
    sid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// For other programs to read (RFC 8176); `how` says it exactly.
    #[serde(default)]
    amr: Vec<Cow<'static, str>>,
    #[serde(default)]
    how: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

impl Claims {
    pub(super) fn of(access: &AccessClaims, issuer: &str, audience: &str) -> Self {
        Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub: access.user.as_uuid(),
            client_id: CLIENT.to_owned(),
            iat: access.issued_at.unix_timestamp(),
            exp: access.expires_at.unix_timestamp(),
            jti: access.jti,
            sid: access.session.as_uuid(),
            auth_time: Some(access.authenticated_at.unix_timestamp()),
            amr: access.methods.amr().into_iter().map(Cow::Borrowed).collect(),
            how: access.methods.to_text(),
            tid: access.tenant.map(TenantId::as_uuid),
            mid: access.membership.map(MembershipId::as_uuid),
            role: access.platform_role.map(|role| role.as_str().to_owned()),
        }
    }

    /// `None` when a claim says what no token of ours says.
    pub(super) fn into_access(self) -> Option<AccessClaims> {
        let role = self.role.as_deref().map(PlatformRole::from_name);
        let platform_role = match role {
            Some(None) => return None,
            known => known.flatten(),
        };
        if self.client_id != CLIENT || self.tid.is_some() != self.mid.is_some() {
            return None;
        }
        Some(AccessClaims {
            user: UserId::from_uuid(self.sub),
            session: SessionId::from_uuid(self.sid),
            tenant: self.tid.map(TenantId::from_uuid),
            membership: self.mid.map(MembershipId::from_uuid),
            platform_role,
            methods: Methods::from_text(&self.how),
            authenticated_at: OffsetDateTime::from_unix_timestamp(self.auth_time.unwrap_or(self.iat)).ok()?,
            issued_at: OffsetDateTime::from_unix_timestamp(self.iat).ok()?,
            expires_at: OffsetDateTime::from_unix_timestamp(self.exp).ok()?,
            jti: self.jti,
        })
    }
}
