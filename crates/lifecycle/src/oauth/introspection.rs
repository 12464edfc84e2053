//! What a token is good for, now (RFC 7662).

use tenantry_identity::api_key::{KeyOwner, KeyRefusal, ShownKey};
use tenantry_identity::permissions::TOKENS_INTROSPECT;
use tenantry_identity::session::{RefreshText, RefreshVerdict};
use tenantry_identity::token::{AccessClaims, ServiceClaims, SupportClaims, TokenClaims};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Denied, DomainError, ErrorKind, MembershipId, Origin, PermissionSet, SessionId, StoreError, SystemScope, TenantId,
    TenantScope, UserId,
};
use tenantry_tenancy::gate::EnterError;

use super::OAuthService;
use crate::key_powers::{self, Owners};
use crate::roles;
use crate::support::acting;

/// What kind of token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A JWT of ours.
    Access,
    /// What a new pair is had for.
    Refresh,
    /// A key of a tenant.
    ApiKey,
}

impl TokenKind {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access_token",
            Self::Refresh => "refresh_token",
            Self::ApiKey => "api_key",
        }
    }
}

/// What is told of a token that is good. Of any other nothing is told.
#[derive(Clone, Debug)]
pub struct Introspected {
    /// What kind it is.
    pub kind: TokenKind,
    /// What its bearer may do with it now.
    pub permissions: PermissionSet,
    /// To which client it was issued.
    pub client_id: String,
    /// Whom it speaks of.
    pub subject: String,
    /// Since when.
    pub issued_at: OffsetDateTime,
    /// Until when; `None` is for ever.
    pub expires_at: Option<OffsetDateTime>,
    /// Issuer and audience, where the token has them.
    pub issuer: Option<(String, String)>,
    /// What makes it unique, where it has that.
    pub jti: Option<Uuid>,
    /// For which tenant.
    pub tenant: Option<TenantId>,
    /// Of which member.
    pub membership: Option<MembershipId>,
    /// Of which session.
    pub session: Option<SessionId>,
    /// Who acts, where that is somebody else than the subject.
    pub actor: Option<UserId>,
}

/// Why nothing could be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectionError {
    /// The caller may not ask.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("the token could not be looked up")]
    Store(#[from] StoreError),
}

impl DomainError for IntrospectionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            Self::Denied(_) => None,
        }
    }
}

impl OAuthService {
    /// What a token of the caller's own tenant is good for; `None` when it is not good, or another tenant's.
    ///
    /// # Errors
    /// [`IntrospectionError`].
    pub async fn introspect(
        &self,
        scope: &TenantScope,
        token: &str,
    ) -> Result<Option<Introspected>, IntrospectionError> {
        scope.require(&TOKENS_INTROSPECT)?;
        self.judge(Some(scope.tenant_id()), token, scope.origin()).await
    }

    /// What a token of any tenant, or of none, is good for; `None` when it is not good.
    ///
    /// # Errors
    /// [`IntrospectionError`].
    pub async fn introspect_any(
        &self,
        scope: &SystemScope,
        token: &str,
    ) -> Result<Option<Introspected>, IntrospectionError> {
        scope.require(&TOKENS_INTROSPECT)?;
        self.judge(None, token, scope.origin()).await
    }

    async fn judge(
        &self,
        only: Option<TenantId>,
        token: &str,
        origin: &Origin,
    ) -> Result<Option<Introspected>, IntrospectionError> {
        let now = self.0.clock.system_now();
        let told = if token.contains('.') {
            match self.0.verifier.verify(token, now) {
                Ok(TokenClaims::Person(claims)) => self.person(&claims, now, origin).await?,
                Ok(TokenClaims::Service(claims)) => self.service(&claims, origin).await?,
                Ok(TokenClaims::Support(claims)) => self.visit(&claims, now, origin).await?,
                Err(_) => None,
            }
        } else if let Some(text) = RefreshText::parse(token) {
            self.refresh(&text, now).await?
        } else if let Ok(shown) = self.0.texts.read(token) {
            self.key(&shown, now, origin).await?
        } else {
            None
        };
        Ok(told.filter(|told| only.is_none() || told.tenant == only))
    }

    async fn person(
        &self,
        claims: &AccessClaims,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<Option<Introspected>, StoreError> {
        if self.0.sessions.live(claims.user, claims.session, now).await?.is_none() {
            return Ok(None);
        }
        let role = match claims.platform_role {
            Some(told) => {
                let role = self.0.sessions.platform_role(claims.user).await?;
                role.filter(|role| *role == told)
            }
            None => None,
        };
        let permissions = match (claims.tenant.zip(claims.membership), role) {
            (Some((tenant, membership)), _) => {
                let (gate, origin) = (&self.0.gate, origin.clone());
                let entered = gate
                    .enter_member(tenant, claims.user, membership, claims.session, origin)
                    .await;
                match inside(entered.map(|scope| scope.permissions().clone()))? {
                    Some(permissions) => permissions,
                    None => return Ok(None),
                }
            }
            (None, Some(role)) => roles::platform_permissions(role),
            (None, None) => PermissionSet::default(),
        };
        Ok(Some(Introspected {
            kind: TokenKind::Access,
            permissions,
            client_id: "tenantry".to_owned(),
            subject: claims.user.to_string(),
            issued_at: claims.issued_at,
            expires_at: Some(claims.expires_at),
            issuer: Some(self.0.signer.issuer()),
            jti: Some(claims.jti),
            tenant: claims.tenant,
            membership: claims.membership,
            session: Some(claims.session),
            actor: None,
        }))
    }

    async fn service(&self, claims: &ServiceClaims, origin: &Origin) -> Result<Option<Introspected>, StoreError> {
        let found = self.0.accounts.service_account(claims.tenant, claims.account).await?;
        let Some(account) = found.filter(|account| account.honours(claims.jti, claims.issued_at)) else {
            return Ok(None);
        };
        let held = key_powers::narrowed(account.permissions(), claims.scope.as_deref());
        let (gate, origin) = (&self.0.gate, origin.clone());
        let entered = gate.enter_service(claims.tenant, claims.account, &held, origin).await;
        let Some(permissions) = inside(entered.map(|scope| scope.permissions().clone()))? else {
            return Ok(None);
        };
        Ok(Some(Introspected {
            kind: TokenKind::Access,
            permissions,
            client_id: claims.account.to_string(),
            subject: claims.account.to_string(),
            issued_at: claims.issued_at,
            expires_at: Some(claims.expires_at),
            issuer: Some(self.0.signer.issuer()),
            jti: Some(claims.jti),
            tenant: Some(claims.tenant),
            membership: None,
            session: None,
            actor: None,
        }))
    }

    async fn visit(
        &self,
        claims: &SupportClaims,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<Option<Introspected>, StoreError> {
        let Some(visit) = self.0.support.live(claims.tenant, claims.impersonation, now).await? else {
            return Ok(None);
        };
        let narrow = |held: &PermissionSet| roles::of_support(held, visit.read_only);
        let (gate, origin) = (&self.0.gate, origin.clone());
        let entered = gate
            .enter_support(visit.tenant, visit.user, acting(&visit), narrow, origin)
            .await;
        let Some(permissions) = inside(entered.map(|scope| scope.permissions().clone()))? else {
            return Ok(None);
        };
        Ok(Some(Introspected {
            kind: TokenKind::Access,
            permissions,
            client_id: "tenantry-support".to_owned(),
            subject: claims.user.to_string(),
            issued_at: claims.issued_at,
            expires_at: Some(claims.expires_at),
            issuer: Some(self.0.signer.issuer()),
            jti: Some(claims.jti),
            tenant: Some(claims.tenant),
            membership: Some(claims.membership),
            session: None,
            actor: Some(claims.operator),
        }))
    }

    async fn refresh(&self, text: &RefreshText, now: OffsetDateTime) -> Result<Option<Introspected>, StoreError> {
        let mut unit = self.0.people.read_person(text.user()).await?;
        let found = unit.sessions().find_refresh(&text.fingerprint(&*self.0.cipher)).await?;
        let Some(token) = found else { return Ok(None) };
        let Some(session) = unit.sessions().find(token.session).await? else {
            return Ok(None);
        };
        if token.judge(&session, &self.0.policy, now) != RefreshVerdict::Rotate {
            return Ok(None);
        }
        Ok(Some(Introspected {
            kind: TokenKind::Refresh,
            permissions: PermissionSet::default(),
            client_id: "tenantry".to_owned(),
            subject: text.user().to_string(),
            issued_at: token.issued_at,
            expires_at: Some(token.expires_at),
            issuer: None,
            jti: None,
            tenant: session.tenant(),
            membership: session.membership(),
            session: Some(session.id()),
            actor: None,
        }))
    }

    async fn key(
        &self,
        shown: &ShownKey,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<Option<Introspected>, StoreError> {
        let Some(key) = self.0.keys.find(shown.tenant, shown.key).await? else {
            return Ok(None);
        };
        // From where it is used is not the asker's address.
        if !matches!(
            key.admits(&shown.fingerprint, now, None),
            Ok(()) | Err(KeyRefusal::AddressNotAllowed)
        ) {
            return Ok(None);
        }
        let owners = Owners {
            gate: &self.0.gate,
            accounts: &*self.0.accounts,
            sessions: &*self.0.sessions,
        };
        let Some(held) = owners.of_key(shown.tenant, &key).await? else {
            return Ok(None);
        };
        let (gate, origin) = (&self.0.gate, origin.clone());
        let entered = gate
            .enter_key(shown.tenant, shown.key, key.is_live(), held.permissions, origin)
            .await;
        let Some(permissions) = inside(entered.map(|scope| scope.permissions().clone()))? else {
            return Ok(None);
        };
        Ok(Some(Introspected {
            kind: TokenKind::ApiKey,
            permissions,
            client_id: shown.key.to_string(),
            subject: match (key.owner(), key.record().created_by) {
                (KeyOwner::ServiceAccount(account), _) => account.to_string(),
                (KeyOwner::Personal, Some(member)) => member.to_string(),
                (KeyOwner::Personal | KeyOwner::Tenant, _) => shown.key.to_string(),
            },
            issued_at: key.record().created_at,
            expires_at: key.record().expires_at,
            issuer: None,
            jti: None,
            tenant: Some(shown.tenant),
            membership: key.record().created_by.filter(|_| key.owner() == KeyOwner::Personal),
            session: None,
            actor: None,
        }))
    }
}

/// What somebody may do inside; `None` when they are not let in.
fn inside(entered: Result<PermissionSet, EnterError>) -> Result<Option<PermissionSet>, StoreError> {
    match entered {
        Ok(permissions) => Ok(Some(permissions)),
        Err(EnterError::Store(cause)) => Err(cause),
        Err(_) => Ok(None),
    }
}
