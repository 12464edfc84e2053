//! What the unit's tenant is entitled to, and the look-up of it before a scope exists.

use std::collections::BTreeMap;
use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::Map;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, TenantId, Value, async_trait};
use tenantry_quotas::account::Subject;
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::entitlement::{Allowance, Enforcement, EntitlementRepository, Entitlements, LimitOverride, Share};
use tenantry_quotas::period::Period;
use tenantry_quotas::zone::Zone;

use crate::activity::changes;
use crate::entity::{entitlement, feature_grant, quota_override, tenant_plan};
use crate::error::{corrupt, fresh, store_error};
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl EntitlementRepository for SeaOrmUnit {
    async fn find(&mut self) -> Result<Option<Entitlements>, StoreError> {
        load(self).await
    }

    async fn replace(&mut self, entitlements: &Entitlements) -> Result<(), StoreError> {
        use tenant_plan::{Column, Entity};
        let plan = tenant_plan::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            plan_code: Set(entitlements.plan.as_str().to_owned()),
            plan_version: Set(entitlements.plan_version.clone()),
            revision: Set(1),
            plan_values: Set(values_json(&entitlements.values)),
            timezone: Set(entitlements.zone.name().to_owned()),
            anchor: Set(entitlements.anchor.into()),
            pool_id: Set(None),
        };
        let mut replaced = OnConflict::column(Column::TenantId);
        replaced
            .update_columns([
                Column::PlanCode,
                Column::PlanVersion,
                Column::PlanValues,
                Column::Anchor,
            ])
            .value(Column::Revision, Expr::col((Entity, Column::Revision)).add(1));
        // First of all: of two plan changes at once the second waits here for the first.
        self.put([plan], replaced).await?;

        let grants = self.remove::<entitlement::Entity>().exec(self.txn()).await;
        grants.map_err(store_error)?;
        let features = self.remove::<feature_grant::Entity>().exec(self.txn()).await;
        features.map_err(store_error)?;
        let tenant = self.tenant_uuid();
        let grant = |allowance: &Allowance| entitlement::ActiveModel {
            tenant_id: Set(tenant),
            meter: Set(allowance.meter.as_str().to_owned()),
            period: Set(allowance.period.as_str().to_owned()),
            share: Set(allowance.share.as_str().to_owned()),
            limit_value: Set(allowance.limit),
            enforcement: Set(allowance.enforcement.as_str().to_owned()),
            overage: Set(allowance.overage),
            rollover: Set(allowance.rollover),
            grace_percent: Set(i64::from(allowance.grace_percent)),
        };
        let feature = |code: &Code| feature_grant::ActiveModel {
            tenant_id: Set(tenant),
            feature: Set(code.as_str().to_owned()),
        };
        self.add_many(entitlements.allowances.iter().map(grant).collect::<Vec<_>>())
            .await?;
        self.add_many(entitlements.features.iter().map(feature).collect::<Vec<_>>())
            .await
    }

    async fn put_override(&mut self, change: &LimitOverride) -> Result<(), StoreError> {
        use quota_override::Column;
        count_up(self).await?;
        let row = quota_override::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            meter: Set(change.meter.as_str().to_owned()),
            subject: Set(change.subject.to_string()),
            limit_value: Set(change.limit),
            reason: Set(change.reason.clone()),
            overridden_at: Set(change.at.into()),
            expires_at: Set(change.expires_at.map(Into::into)),
        };
        let mut replaced = OnConflict::columns([Column::TenantId, Column::Meter, Column::Subject]);
        replaced.update_columns([
            Column::LimitValue,
            Column::Reason,
            Column::OverriddenAt,
            Column::ExpiresAt,
        ]);
        self.put([row], replaced).await?;
        Ok(())
    }

    async fn delete_override(&mut self, meter: &Code, subject: &Subject) -> Result<bool, StoreError> {
        let removed = self
            .remove::<quota_override::Entity>()
            .filter(quota_override::Column::Meter.eq(meter.as_str()))
            .filter(quota_override::Column::Subject.eq(subject.to_string()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        let gone = removed.rows_affected > 0;
        if gone {
            count_up(self).await?;
        }
        Ok(gone)
    }

    async fn put_pool(&mut self, pool: Option<TenantId>) -> Result<(), StoreError> {
        use tenant_plan::{Column, Entity};
        let put = self
            .change::<Entity>()
            .col_expr(Column::PoolId, Expr::value(pool.map(TenantId::as_uuid)))
            .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        // A pool is a part of what a plan grants: before there is one, there is nowhere to write it.
        fresh(put.rows_affected)
    }
}

/// What the tenant is entitled to changed. Before a plan took effect there is nothing to count.
async fn count_up(unit: &SeaOrmUnit) -> Result<(), StoreError> {
    use tenant_plan::{Column, Entity};
    let counted = unit
        .change::<Entity>()
        .col_expr(Column::Revision, Expr::col(Column::Revision).add(1))
        .exec(unit.txn())
        .await;
    counted.map_err(store_error)?;
    Ok(())
}

#[async_trait]
impl EntitlementSource for SeaOrmStore {
    async fn of(&self, tenant: TenantId) -> Result<Option<Arc<Entitlements>>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        Ok(load(&unit).await?.map(Arc::new))
    }
}

async fn load(unit: &SeaOrmUnit) -> Result<Option<Entitlements>, StoreError> {
    let plan = unit.rows::<tenant_plan::Entity>().one(unit.txn()).await;
    let Some(plan) = plan.map_err(store_error)? else {
        return Ok(None);
    };
    let allowances = unit
        .rows::<entitlement::Entity>()
        .order_by_asc(entitlement::Column::Meter)
        .order_by_asc(entitlement::Column::Period)
        .order_by_asc(entitlement::Column::Share)
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    let features = unit.rows::<feature_grant::Entity>().all(unit.txn()).await;
    let overrides = unit
        .rows::<quota_override::Entity>()
        .order_by_asc(quota_override::Column::Meter)
        .order_by_asc(quota_override::Column::Subject)
        .all(unit.txn())
        .await
        .map_err(store_error)?;

    let tenant = plan.tenant_id;
    let code = |text: String| Code::try_from(text).map_err(corrupt("feature_grant", tenant));
    Ok(Some(Entitlements {
        plan: Code::try_from(plan.plan_code).map_err(corrupt("tenant_plan", tenant))?,
        plan_version: plan.plan_version,
        revision: plan.revision,
        allowances: allowances.into_iter().map(allowance).collect::<Result<_, _>>()?,
        overrides: overrides.into_iter().map(limit_override).collect::<Result<_, _>>()?,
        features: features
            .map_err(store_error)?
            .into_iter()
            .map(|row| code(row.feature))
            .collect::<Result<_, _>>()?,
        values: values(&plan.plan_values).map_err(corrupt("tenant_plan", tenant))?,
        zone: Zone::or_utc(&plan.timezone),
        anchor: OffsetDateTime::try_from(plan.anchor).map_err(corrupt("tenant_plan", tenant))?,
        pool: plan.pool_id.map(TenantId::from_uuid),
    }))
}

fn values_json(values: &BTreeMap<Code, Value>) -> String {
    let encoded: Map<String, Json> = values
        .iter()
        .map(|(code, value)| (code.as_str().to_owned(), changes::encode(value)))
        .collect();
    Json::Object(encoded).to_string()
}

fn values(stored: &str) -> Result<BTreeMap<Code, Value>, String> {
    let stored: Map<String, Json> = serde_json::from_str(stored).map_err(|cause| cause.to_string())?;
    let decoded = |(code, value): (String, Json)| {
        let value = changes::decode(&value).ok_or_else(|| format!("the value of {code} is none of ours"))?;
        let code = Code::try_from(code).map_err(|cause| cause.to_string())?;
        Ok((code, value))
    };
    stored.into_iter().map(decoded).collect()
}

fn allowance(row: entitlement::Model) -> Result<Allowance, StoreError> {
    let tenant = row.tenant_id;
    let enforcement = Enforcement::parse(&row.enforcement).ok_or("unknown enforcement");
    let period = Period::parse(&row.period).ok_or("unknown period");
    let share = Share::parse(&row.share).ok_or("unknown share");
    Ok(Allowance {
        meter: Code::try_from(row.meter).map_err(corrupt("entitlement", tenant))?,
        limit: limit(row.limit_value).map_err(corrupt("entitlement", tenant))?,
        enforcement: enforcement.map_err(corrupt("entitlement", tenant))?,
        overage: row.overage,
        period: period.map_err(corrupt("entitlement", tenant))?,
        share: share.map_err(corrupt("entitlement", tenant))?,
        rollover: limit(row.rollover).map_err(corrupt("entitlement", tenant))?,
        grace_percent: u8::try_from(row.grace_percent).map_err(corrupt("entitlement", tenant))?,
    })
}

fn limit_override(row: quota_override::Model) -> Result<LimitOverride, StoreError> {
    let tenant = row.tenant_id;
    let expires_at = row.expires_at.map(OffsetDateTime::try_from).transpose();
    Ok(LimitOverride {
        meter: Code::try_from(row.meter).map_err(corrupt("quota_override", tenant))?,
        subject: Subject::parse(&row.subject).map_err(corrupt("quota_override", tenant))?,
        limit: limit(row.limit_value).map_err(corrupt("quota_override", tenant))?,
        reason: row.reason,
        at: OffsetDateTime::try_from(row.overridden_at).map_err(corrupt("quota_override", tenant))?,
        expires_at: expires_at.map_err(corrupt("quota_override", tenant))?,
    })
}

fn limit(stored: Option<i64>) -> Result<Option<i64>, &'static str> {
    if stored.is_some_and(|limit| limit < 0) {
        return Err("a limit is below nothing");
    }
    Ok(stored)
}
