//! Requiring features; changing limits for one tenant.

mod error;

use std::sync::Arc;

use tenantry_kernel::{ApiKeyId, Clock, Code, Event, FieldError, Permission, TenantId, TenantScope, Value};
use time::OffsetDateTime;

pub use error::{FeatureError, OverrideError};

use crate::account::Subject;
use crate::directory::{EntitlementSource, PlanLadder};
use crate::entitlement::Share;
use crate::entitlement::model::{Entitlements, LimitOverride};
use crate::meter::{Meter, MeterBook};
use crate::store::QuotaStore;

/// Longest reason of an override in characters.
pub const MAX_REASON: usize = 500;

/// An operator's wish for one limit of one tenant.
#[derive(Clone, Debug)]
pub struct OverrideLimit {
    /// The meter, as the caller spells it.
    pub meter: String,
    /// Whose limit: empty for the tenant's as a whole, else `user:<name>` or `key:<id>`.
    pub subject: String,
    /// The limit; `None` is unlimited.
    pub limit: Option<i64>,
    /// Why.
    pub reason: String,
    /// Until when; `None` is until it is taken away.
    pub expires_at: Option<OffsetDateTime>,
}

/// Why a tenant's own limit of a key is what it is, as the override tells.
const OWN_REASON: &str = "set by the tenant on its API key";

/// Who set the limit of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyLimitSource {
    /// The plan, for every key.
    Plan,
    /// The tenant, for this one.
    Tenant,
    /// An operator, for this one.
    Operator,
}

impl KeyLimitSource {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Tenant => "tenant",
            Self::Operator => "operator",
        }
    }
}

/// The limit of one key on one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLimit {
    /// The meter.
    pub meter: Code,
    /// The limit per period of the meter; `None` is unlimited.
    pub limit: Option<i64>,
    /// Who set it.
    pub source: KeyLimitSource,
}

/// Requires features and changes limits.
pub struct EntitlementService {
    store: Arc<dyn QuotaStore>,
    source: Arc<dyn EntitlementSource>,
    ladder: Arc<dyn PlanLadder>,
    meters: Arc<MeterBook>,
    clock: Arc<dyn Clock>,
}

impl EntitlementService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn QuotaStore>,
        source: Arc<dyn EntitlementSource>,
        ladder: Arc<dyn PlanLadder>,
        meters: Arc<MeterBook>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            source,
            ladder,
            meters,
            clock,
        }
    }

    /// What the tenant is entitled to: features, values and limits. From memory once it is warm, and right within
    /// a second after a change on any node.
    ///
    /// # Errors
    /// [`FeatureError::NoPlan`], [`FeatureError::Store`].
    pub async fn of(&self, tenant: TenantId) -> Result<Arc<Entitlements>, FeatureError> {
        self.source.of(tenant).await?.ok_or(FeatureError::NoPlan)
    }

    /// Passes when the tenant's plan has the feature.
    ///
    /// # Errors
    /// [`FeatureError`].
    pub async fn require_feature(&self, scope: &TenantScope, feature: &Code) -> Result<(), FeatureError> {
        let found = self.source.of(scope.tenant_id()).await?;
        let entitlements = found.ok_or(FeatureError::NoPlan)?;
        if entitlements.grants(feature) {
            return Ok(());
        }
        Err(FeatureError::NotInPlan {
            feature: feature.clone(),
            plan: entitlements.plan.clone(),
            upgrade_to: self.ladder.granting(&entitlements.plan, feature),
        })
    }

    /// What one of the tenant's keys may use of each meter that has a limit of its own for keys or for this one: the
    /// meter, the limit, and whether the tenant set it itself.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn key_limits(
        &self,
        scope: &TenantScope,
        needed: &Permission,
        key: ApiKeyId,
    ) -> Result<Vec<KeyLimit>, OverrideError> {
        scope.require(needed)?;
        let now = self.clock.now(scope);
        let mut unit = self.store.read(scope).await?;
        let entitlements = unit.entitlements().find().await?.ok_or(OverrideError::NoPlan)?;
        let limit = |meter: &Meter| {
            let own = entitlements.overriding(&meter.code, &Subject::Key(key), now);
            let limit = match own {
                Some(own) => own.limit,
                None => plans_key_limit(&entitlements, meter, now)?,
            };
            Some(KeyLimit {
                meter: meter.code.clone(),
                limit,
                source: match own {
                    None => KeyLimitSource::Plan,
                    Some(own) if own.reason == OWN_REASON => KeyLimitSource::Tenant,
                    Some(_) => KeyLimitSource::Operator,
                },
            })
        };
        Ok(self.meters.iter().filter_map(limit).collect())
    }

    /// Gives one of the tenant's keys a limit of its own, or takes it away again. A tenant draws its keys' limits
    /// closer than its plan does, never wider, and never over what an operator has set.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn limit_key(
        &self,
        scope: &TenantScope,
        needed: &Permission,
        key: ApiKeyId,
        meter: &str,
        limit: Option<i64>,
    ) -> Result<(), OverrideError> {
        scope.require(needed)?;

        let found = self.meters.find(meter);
        let meter = found.ok_or_else(|| OverrideError::UnknownMeter(meter.chars().take(64).collect()))?;
        let now = self.clock.now(scope);
        let subject = Subject::Key(key);

        let mut unit = self.store.begin(scope).await?;
        let entitlements = unit.entitlements().find().await?.ok_or(OverrideError::NoPlan)?;
        let known = entitlements.overriding(&meter.code, &subject, now);
        if known.is_some_and(|known| known.reason != OWN_REASON) {
            return Err(OverrideError::SetByOperator);
        }
        let before = known.and_then(|known| known.limit);
        let Some(limit) = limit else {
            unit.entitlements().delete_override(&meter.code, &subject).await?;
            let event = Event::new("quota.override_removed", &meter.code)
                .change("limit", before, Value::Null)
                .set("subject", subject.to_string());
            unit.commit(vec![event]).await?;
            return Ok(());
        };
        let most = plans_key_limit(&entitlements, meter, now).flatten();
        if limit < 0 || most.is_some_and(|most| limit > most) {
            let detail = most.map_or_else(
                || "must be 0 or more".to_owned(),
                |most| format!("must be 0 to {most}, which the plan allows a key"),
            );
            return Err(OverrideError::Invalid(vec![FieldError::new(
                "limit",
                "out_of_range",
                detail,
            )]));
        }
        let change = LimitOverride {
            meter: meter.code.clone(),
            subject,
            limit: Some(limit),
            reason: OWN_REASON.to_owned(),
            at: now,
            expires_at: None,
        };
        unit.entitlements().put_override(&change).await?;
        let event = Event::new("quota.overridden", &change.meter)
            .change("limit", before, change.limit)
            .set("subject", change.subject.to_string());
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Takes an operator's limit away: the plan's holds again. False when there was none.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn remove_override(
        &self,
        scope: &TenantScope,
        needed: &Permission,
        meter: &str,
        subject: &str,
    ) -> Result<bool, OverrideError> {
        scope.require(needed)?;

        let found = self.meters.find(meter);
        let meter = found.ok_or_else(|| OverrideError::UnknownMeter(meter.chars().take(64).collect()))?;
        let subject = Subject::parse(subject)
            .map_err(|cause| OverrideError::Invalid(vec![FieldError::new("subject", "invalid_value", cause)]))?;

        let mut unit = self.store.begin(scope).await?;

        let entitlements = unit.entitlements().find().await?.ok_or(OverrideError::NoPlan)?;
        let known = entitlements
            .overrides
            .iter()
            .find(|known| known.meter == meter.code && known.subject == subject);
        let Some(known) = known else { return Ok(false) };
        let before = known.limit;
        let removed = unit.entitlements().delete_override(&meter.code, &subject).await?;

        let event = Event::new("quota.override_removed", &meter.code)
            .change("limit", before, Value::Null)
            .set("subject", subject.to_string());
        unit.commit(vec![event]).await?;
        Ok(removed)
    }

    /// Puts the tenant into another tenant's pool, or out of any: what it uses counts there too, under that tenant's
    /// limits. For operators; `needed` is theirs.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn join_pool(
        &self,
        scope: &TenantScope,
        needed: &Permission,
        pool: Option<TenantId>,
    ) -> Result<(), OverrideError> {
        scope.require(needed)?;
        if let Some(pool) = pool {
            let refused =
                |detail: &str| OverrideError::Invalid(vec![FieldError::new("tenant", "invalid_value", detail)]);
            if pool == scope.tenant_id() {
                return Err(refused("a tenant is no pool of its own"));
            }
            let theirs = self.source.of(pool).await?;
            if theirs.ok_or_else(|| refused("there is no such tenant"))?.pool.is_some() {
                return Err(refused("that tenant is in a pool itself"));
            }
        }

        let mut unit = self.store.begin(scope).await?;

        let entitlements = unit.entitlements().find().await?.ok_or(OverrideError::NoPlan)?;
        unit.entitlements().put_pool(pool).await?;

        let text = |pool: Option<TenantId>| pool.map(|pool| pool.to_string());
        let event =
            Event::new("quota.pool_changed", scope.tenant_id()).change("pool", text(entitlements.pool), text(pool));
        unit.commit(vec![event]).await?;
        Ok(())
    }

    /// Changes one limit for this tenant until it is changed again; plan changes leave it alone.
    ///
    /// `needed` is the permission of operators: it is not the tenant's to give.
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn override_limit(
        &self,
        scope: &TenantScope,
        needed: &Permission,
        request: OverrideLimit,
    ) -> Result<Entitlements, OverrideError> {
        scope.require(needed)?;

        let found = self.meters.find(&request.meter);
        let meter = found.ok_or_else(|| OverrideError::UnknownMeter(request.meter.chars().take(64).collect()))?;
        let now = self.clock.now(scope);
        let subject = checked(&request, now)?;
        let change = LimitOverride {
            meter: meter.code.clone(),
            subject,
            limit: request.limit,
            reason: request.reason,
            at: now,
            expires_at: request.expires_at,
        };

        let mut unit = self.store.begin(scope).await?;

        let mut entitlements = unit.entitlements().find().await?.ok_or(OverrideError::NoPlan)?;
        let before = match &change.subject {
            Subject::Tenant => entitlements.allowance(meter, now).limit,
            one => entitlements
                .overriding(&meter.code, one, now)
                .and_then(|known| known.limit),
        };
        unit.entitlements().put_override(&change).await?;

        let event = Event::new("quota.overridden", &change.meter)
            .change("limit", before, change.limit)
            .set("subject", change.subject.to_string())
            .set("reason", change.reason.as_str())
            .set("expires_at", change.expires_at);
        unit.commit(vec![event]).await?;
        let same = |known: &LimitOverride| known.meter == change.meter && known.subject == change.subject;
        entitlements.overrides.retain(|known| !same(known));
        entitlements.overrides.push(change);
        Ok(entitlements)
    }
}

/// What the plan allows each key; `None` where it has no limit for keys.
fn plans_key_limit(entitlements: &Entitlements, meter: &Meter, at: OffsetDateTime) -> Option<Option<i64>> {
    let mut allowances = entitlements.allowances_of(meter, at).into_iter();
    let of_keys = allowances.find(|allowance| allowance.share == Share::Key);
    of_keys.map(|allowance| allowance.limit)
}

fn checked(request: &OverrideLimit, now: OffsetDateTime) -> Result<Subject, OverrideError> {
    let mut wrong = Vec::new();
    let subject = Subject::parse(&request.subject);
    if let Err(cause) = &subject {
        wrong.push(FieldError::new("subject", "invalid_value", cause));
    }
    if request.expires_at.is_some_and(|end| end <= now) {
        wrong.push(FieldError::new("expires_at", "out_of_range", "must be in the future"));
    }
    if request.limit.is_some_and(|limit| limit < 0) {
        wrong.push(FieldError::new(
            "limit",
            "out_of_range",
            "must be 0 or more, or null for unlimited",
        ));
    }
    let length = request.reason.trim().chars().count();
    if length == 0 || length > MAX_REASON {
        wrong.push(FieldError::new("reason", "out_of_range", "must be 1 to 500 characters"));
    }
    if request.reason.chars().any(char::is_control) {
        let detail = "must be without control characters";
        wrong.push(FieldError::new("reason", "invalid_value", detail));
    }
    match subject {
        Ok(subject) if wrong.is_empty() => Ok(subject),
        _ => Err(OverrideError::Invalid(wrong)),
    }
}

#[cfg(test)]
mod tests;
