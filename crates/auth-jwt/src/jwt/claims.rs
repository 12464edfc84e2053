//! The claims as they stand in the token.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tenantry_identity::session::Methods;
use tenantry_identity::token::{AccessClaims, ServiceClaims, SupportClaims, TokenClaims};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::TenantId;
use tenantry_kernel::id::{ImpersonationId, MembershipId, ServiceAccountId, SessionId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

/// The client that people's tokens are issued to (RFC 9068): our own API and console.
const CLIENT: &str = "tenantry";
/// The client of tokens with which an operator acts on behalf of a member.
const SUPPORT: &str = "tenantry-support";

/// Who acts, where the subject is somebody else (RFC 8693, section 4.1).
#[derive(Debug, Serialize, Deserialize)]
struct Actor {
    sub: Uuid,
}

/// What a banner tells of a visit by support.
#[derive(Debug, Serialize, Deserialize)]
struct Support {
    read_only: bool,
    reason: String,
}

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
    /// The session of a person, or the visit of support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// For other programs to read (RFC 8176); `how` says it exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    amr: Vec<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    how: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// RFC 8693, section 4.2: names with spaces between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    support: Option<Support>,
}

impl Claims {
    pub(super) fn of(claims: &TokenClaims, issuer: &str, audience: &str) -> Self {
        let common = |sub: Uuid, client_id: String| Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub,
            client_id,
            iat: claims.issued_at().unix_timestamp(),
            exp: claims.expires_at().unix_timestamp(),
            jti: claims.jti(),
            sid: None,
            auth_time: None,
            amr: Vec::new(),
            how: String::new(),
            tid: None,
            mid: None,
            role: None,
            scope: None,
            act: None,
            support: None,
        };
        match claims {
            TokenClaims::Person(access) => Self {
                sid: Some(access.session.as_uuid()),
                auth_time: Some(access.authenticated_at.unix_timestamp()),
                amr: access.methods.amr().into_iter().map(Cow::Borrowed).collect(),
                how: access.methods.to_text(),
                tid: access.tenant.map(TenantId::as_uuid),
                mid: access.membership.map(MembershipId::as_uuid),
                role: access.platform_role.map(|role| role.as_str().to_owned()),
                ..common(access.user.as_uuid(), CLIENT.to_owned())
            },
            TokenClaims::Service(service) => Self {
                tid: Some(service.tenant.as_uuid()),
                scope: service.scope.as_ref().map(|names| names.join(" ")),
                ..common(service.account.as_uuid(), service.account.to_string())
            },
            TokenClaims::Support(support) => Self {
                sid: Some(support.impersonation.as_uuid()),
                tid: Some(support.tenant.as_uuid()),
                mid: Some(support.membership.as_uuid()),
                act: Some(Actor {
                    sub: support.operator.as_uuid(),
                }),
                support: Some(Support {
                    read_only: support.read_only,
                    reason: support.reason.clone(),
                }),
                ..common(support.user.as_uuid(), SUPPORT.to_owned())
            },
        }
    }

    /// `None` when a claim says what no token of ours says. Kinds of tokens never pass for one another.
    pub(super) fn into_token(self) -> Option<TokenClaims> {
        let acts = self.act.is_some() || self.support.is_some();
        match self.client_id.as_str() {
            CLIENT if !acts && self.scope.is_none() => self.into_person(),
            SUPPORT if self.role.is_none() && self.scope.is_none() => self.into_support(),
            client if !acts && client == self.sub.to_string() => self.into_service(),
            _ => None,
        }
    }

    fn into_person(self) -> Option<TokenClaims> {
        let role = self.role.as_deref().map(PlatformRole::from_name);
        let platform_role = match role {
            Some(None) => return None,
            known => known.flatten(),
        };
        if self.tid.is_some() != self.mid.is_some() {
            return None;
        }
        Some(TokenClaims::Person(AccessClaims {
            user: UserId::from_uuid(self.sub),
            session: SessionId::from_uuid(self.sid?),
            tenant: self.tid.map(TenantId::from_uuid),
            membership: self.mid.map(MembershipId::from_uuid),
            platform_role,
            methods: Methods::from_text(&self.how),
            authenticated_at: OffsetDateTime::from_unix_timestamp(self.auth_time.unwrap_or(self.iat)).ok()?,
            issued_at: OffsetDateTime::from_unix_timestamp(self.iat).ok()?,
            expires_at: OffsetDateTime::from_unix_timestamp(self.exp).ok()?,
            jti: self.jti,
        }))
    }

    fn into_service(self) -> Option<TokenClaims> {
        if self.sid.is_some() || self.mid.is_some() || self.role.is_some() {
            return None;
        }
        let names = |scope: String| {
            scope
                .split(' ')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Some(TokenClaims::Service(ServiceClaims {
            account: ServiceAccountId::from_uuid(self.sub),
            tenant: TenantId::from_uuid(self.tid?),
            scope: self.scope.map(names),
            issued_at: OffsetDateTime::from_unix_timestamp(self.iat).ok()?,
            expires_at: OffsetDateTime::from_unix_timestamp(self.exp).ok()?,
            jti: self.jti,
        }))
    }

    fn into_support(self) -> Option<TokenClaims> {
        let support = self.support?;
        Some(TokenClaims::Support(SupportClaims {
            impersonation: ImpersonationId::from_uuid(self.sid?),
            operator: UserId::from_uuid(self.act?.sub),
            tenant: TenantId::from_uuid(self.tid?),
            membership: MembershipId::from_uuid(self.mid?),
            user: UserId::from_uuid(self.sub),
            read_only: support.read_only,
            reason: support.reason,
            issued_at: OffsetDateTime::from_unix_timestamp(self.iat).ok()?,
            expires_at: OffsetDateTime::from_unix_timestamp(self.exp).ok()?,
            jti: self.jti,
        }))
    }
}
