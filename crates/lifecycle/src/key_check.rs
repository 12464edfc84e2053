//! One question that a gateway asks per request: may this API key do this, and is there quota for it?
//!
//! A refusal is an answer here, not an error: the gateway is told why, and turns its own caller away.

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_identity::api_key::{ApiKey, KeyReader, KeyRefusal};
use tenantry_identity::directory::{ApiKeyDirectory, SessionDirectory};
use tenantry_identity::permissions::API_KEYS_VERIFY;
use tenantry_identity::service_account::ServiceAccountDirectory;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{
    ApiKeyId, Clock, Code, Denied, DomainError, ErrorKind, FieldError, Origin, Permission, PermissionSet, Secret,
    StoreError, SystemScope, TenantId, TenantScope, Value,
};
use tenantry_quotas::ledger::OperationId;
use tenantry_quotas::permissions::CONSUME_USAGE;
use tenantry_quotas::rate::{Pace, PerMinute};
use tenantry_quotas::usage::{AdmitError, Call, Consume, QuotaExceeded, RequestService, UsageError, UsageService};
use tenantry_tenancy::gate::{EnterError, Gate};

use crate::catalog::Catalog;
use crate::key_powers::Owners;

/// The question.
#[derive(Clone, Debug)]
pub struct CheckKey {
    /// The text that the gateway's caller showed.
    pub key: Secret<String>,
    /// What they want to do, in any spelling.
    pub permission: Option<String>,
    /// What it counts on, and how much; counted at once when it is granted.
    pub usage: Option<(String, i64)>,
    /// Where they call from, for keys that are bound to addresses.
    pub address: Option<IpAddr>,
    /// The `Idempotency-Key` and digest, when the gateway named the operation.
    pub operation: Option<(OperationId, [u8; 32])>,
}

/// How the meter stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaStand {
    /// The meter.
    pub meter: Code,
    /// How much is used.
    pub used: i64,
    /// What the plan allows; `None` is unlimited.
    pub limit: Option<i64>,
    /// What is left; `None` when unlimited.
    pub remaining: Option<i64>,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct KeyVerdict {
    /// Why not; `None` is yes.
    pub refusal: Option<&'static str>,
    /// Whose key it is, once its secret is believed.
    pub tenant: Option<TenantId>,
    /// Which key it is.
    pub key: Option<ApiKeyId>,
    /// What it may do.
    pub permissions: PermissionSet,
    /// How its pace stands, where it has one.
    pub pace: Option<Pace>,
    /// How the meter stands, where one was named.
    pub quota: Option<QuotaStand>,
}

/// Why the question could not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckKeyError {
    /// The gateway may not ask.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such permission.
    #[error("there is no such permission")]
    UnknownPermission,
    /// The tenant cannot be entered.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// The usage cannot be counted as asked.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The rates could not be asked.
    #[error(transparent)]
    Rates(AdmitError),
    /// The store failed.
    #[error("the key could not be looked up")]
    Store(#[from] StoreError),
}

impl DomainError for CheckKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::UnknownPermission => ErrorKind::Invalid,
            Self::Enter(cause) => cause.kind(),
            Self::Usage(cause) => cause.kind(),
            Self::Rates(cause) => cause.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::UnknownPermission => "validation_failed",
            Self::Enter(cause) => cause.code(),
            Self::Usage(cause) => cause.code(),
            Self::Rates(cause) => cause.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::UnknownPermission => vec![FieldError::new("permission", "unknown_permission", self)],
            Self::Usage(cause) => cause.fields(),
            _ => Vec::new(),
        }
    }

    fn details(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::Usage(cause) => cause.details(),
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Enter(cause) => cause.retry_after_s(),
            Self::Usage(cause) => cause.retry_after_s(),
            Self::Rates(cause) => cause.retry_after_s(),
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// What checking keys needs.
pub struct KeyCheckParts {
    /// The application's permissions.
    pub catalog: Arc<Catalog>,
    /// API keys.
    pub keys: Arc<dyn ApiKeyDirectory>,
    /// Service accounts.
    pub accounts: Arc<dyn ServiceAccountDirectory>,
    /// Who may sign in.
    pub sessions: Arc<dyn SessionDirectory>,
    /// Paces, and the plan's count of calls.
    pub requests: Arc<RequestService>,
    /// Meters.
    pub usage: Arc<UsageService>,
    /// Reads the texts of API keys.
    pub texts: Arc<dyn KeyReader>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// Who asks, and about whose keys.
struct Asking<'a> {
    /// The only tenant whose keys are known to them; `None` for all.
    only: Option<TenantId>,
    now: OffsetDateTime,
    origin: &'a Origin,
}

/// Checks keys for gateways.
pub struct KeyCheckService(KeyCheckParts);

impl KeyCheckService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: KeyCheckParts) -> Self {
        Self(parts)
    }

    /// Checks a key of the gateway's own tenant. Another tenant's key is as unknown as one that never was.
    ///
    /// # Errors
    /// [`CheckKeyError`]; a refusal of the key is no error.
    pub async fn check(&self, scope: &TenantScope, request: CheckKey) -> Result<KeyVerdict, CheckKeyError> {
        scope.require(&API_KEYS_VERIFY)?;
        let asking = Asking {
            only: Some(scope.tenant_id()),
            now: self.0.clock.now(scope),
            origin: scope.origin(),
        };
        self.judge(&asking, request).await
    }

    /// Checks a key of any tenant, for a gateway with a platform key. What is counted is counted on the key's own
    /// tenant; that a tenant is suspended is an answer here too.
    ///
    /// # Errors
    /// [`CheckKeyError`]; a refusal of the key is no error.
    pub async fn check_any(&self, scope: &SystemScope, request: CheckKey) -> Result<KeyVerdict, CheckKeyError> {
        scope.require(&API_KEYS_VERIFY)?;
        let asking = Asking {
            only: None,
            now: self.0.clock.system_now(),
            origin: scope.origin(),
        };
        self.judge(&asking, request).await
    }

    async fn judge(&self, asking: &Asking<'_>, request: CheckKey) -> Result<KeyVerdict, CheckKeyError> {
        let wanted = match &request.permission {
            Some(text) => Some(self.permission(text)?),
            None => None,
        };

        let (tenant, key) = match self.find(asking, &request).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(refused(refusal)),
        };
        let owners = Owners {
            gate: &self.0.gate,
            accounts: &*self.0.accounts,
            sessions: &*self.0.sessions,
        };
        let Some(held) = owners.of_key(tenant, &key).await? else {
            // It ended with its owner.
            return Ok(refused(KeyRefusal::Revoked));
        };
        let mut verdict = KeyVerdict {
            refusal: None,
            tenant: Some(tenant),
            key: Some(key.id()),
            permissions: held.permissions,
            pace: None,
            quota: None,
        };
        let acting = match self.act_as(tenant, &key, &verdict.permissions, asking.origin).await {
            Ok(acting) => acting,
            Err(EnterError::Suspended { .. }) if asking.only.is_none() => {
                verdict.refusal = Some("tenant_suspended");
                return Ok(verdict);
            }
            Err(EnterError::NotFound) if asking.only.is_none() => return Ok(refused(KeyRefusal::Unknown)),
            Err(cause) => return Err(cause.into()),
        };
        if wanted.is_some_and(|wanted| !verdict.permissions.holds(&wanted)) {
            verdict.refusal = Some("permission_denied");
            return Ok(verdict);
        }
        self.keep_pace(&acting, &key, &mut verdict).await?;
        if let (None, Some((meter, amount))) = (verdict.refusal, request.usage) {
            self.count(&acting, meter, amount, request.operation, &mut verdict)
                .await?;
        }
        Ok(verdict)
    }

    fn permission(&self, text: &str) -> Result<Permission, CheckKeyError> {
        self.0
            .catalog
            .find_permission(text)
            .ok_or(CheckKeyError::UnknownPermission)
    }

    async fn find(
        &self,
        asking: &Asking<'_>,
        request: &CheckKey,
    ) -> Result<Result<(TenantId, Arc<ApiKey>), KeyRefusal>, CheckKeyError> {
        let Ok(shown) = self.0.texts.read(request.key.expose()) else {
            return Ok(Err(KeyRefusal::Unknown));
        };
        if asking.only.is_some_and(|only| only != shown.tenant) {
            return Ok(Err(KeyRefusal::Unknown));
        }
        let Some(key) = self.0.keys.find(shown.tenant, shown.key).await? else {
            return Ok(Err(KeyRefusal::Unknown));
        };
        if let Err(refusal) = key.admits(&shown.fingerprint, asking.now, request.address) {
            return Ok(Err(refusal));
        }
        self.0.keys.touch(shown.tenant, shown.key, asking.now).await?;
        Ok(Ok((shown.tenant, key)))
    }

    /// The key's own scope, allowed to count: the gateway vouches for the use.
    async fn act_as(
        &self,
        tenant: TenantId,
        key: &ApiKey,
        powers: &PermissionSet,
        origin: &Origin,
    ) -> Result<TenantScope, EnterError> {
        let counting: PermissionSet = [CONSUME_USAGE].into_iter().collect();
        let permissions = powers.union(&counting);
        self.0
            .gate
            .enter_key(tenant, key.id(), key.is_live(), permissions, origin.clone())
            .await
    }

    async fn keep_pace(
        &self,
        acting: &TenantScope,
        key: &ApiKey,
        verdict: &mut KeyVerdict,
    ) -> Result<(), CheckKeyError> {
        // A call at the gateway: no route of ours, and nobody tells us its end.
        let call = Call {
            own: key.rate_limit().map(PerMinute),
            ..Call::default()
        };
        match self.0.requests.admit(acting, &call).await {
            Ok(admitted) => verdict.pace = admitted.tightest(),
            Err(AdmitError::TooFast { binding, .. }) => {
                verdict.refusal = Some("rate_limited");
                verdict.pace = Some(binding.pace);
            }
            Err(AdmitError::Usage(UsageError::Exceeded(exceeded))) => refuse(verdict, &exceeded),
            Err(AdmitError::Usage(cause)) => return Err(cause.into()),
            Err(cause @ (AdmitError::RatesUnavailable(_) | AdmitError::TooManyAtOnce(_))) => {
                return Err(CheckKeyError::Rates(cause));
            }
        }
        Ok(())
    }

    async fn count(
        &self,
        acting: &TenantScope,
        meter: String,
        amount: i64,
        operation: Option<(OperationId, [u8; 32])>,
        verdict: &mut KeyVerdict,
    ) -> Result<(), CheckKeyError> {
        let request = Consume::one(meter, amount, operation);
        match self.0.usage.consume(acting, request).await {
            Ok(counted) => {
                verdict.quota = counted.lines.into_iter().next().map(|line| QuotaStand {
                    remaining: line.remaining(),
                    meter: line.meter,
                    used: line.used,
                    limit: line.limit,
                    resets_at: line.resets_at,
                });
            }
            Err(UsageError::Exceeded(exceeded)) => refuse(verdict, &exceeded),
            Err(cause) => return Err(cause.into()),
        }
        Ok(())
    }
}

/// A key about which nothing is told but why it is refused.
fn refused(refusal: KeyRefusal) -> KeyVerdict {
    KeyVerdict {
        refusal: Some(refusal.code()),
        ..KeyVerdict::default()
    }
}

fn refuse(verdict: &mut KeyVerdict, exceeded: &QuotaExceeded) {
    verdict.refusal = Some("quota_exceeded");
    verdict.quota = Some(QuotaStand {
        meter: exceeded.meter.clone(),
        used: exceeded.used,
        limit: Some(exceeded.limit),
        remaining: Some(exceeded.limit.saturating_sub(exceeded.used).max(0)),
        resets_at: exceeded.resets_at,
    });
}
