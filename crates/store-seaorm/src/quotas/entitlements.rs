//! What the unit's tenant is entitled to, and the look-up of it before a scope exists.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, TenantId, async_trait};
use tenantry_quotas::directory::EntitlementSource;
use tenantry_quotas::entitlement::{Allowance, Enforcement, EntitlementRepository, Entitlements, LimitOverride};
use tenantry_quotas::period::Period;

use crate::entity::{entitlement, feature_grant, quota_override, tenant_plan};
use crate::error::{corrupt, store_error};
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl EntitlementRepository for SeaOrmUnit {
    async fn find(&mut self) -> Result<Option<Entitlements>, StoreError> {
        load(self).await
    }

    async fn replace(&mut self, entitlements: &Entitlements) -> Result<(), StoreError> {
        let plan = tenant_plan::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            plan_code: Set(entitlements.plan.as_str().to_owned()),
            plan_version: Set(entitlements.plan_version.clone()),
            timezone: Set(entitlements.timezone.clone()),
            anchor: Set(entitlements.anchor.into()),
        };
        let mut replaced = OnConflict::column(tenant_plan::Column::TenantId);
        replaced.update_columns([
            tenant_plan::Column::PlanCode,
            tenant_plan::Column::PlanVersion,
            tenant_plan::Column::Timezone,
            tenant_plan::Column::Anchor,
        ]);
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
            limit_value: Set(allowance.limit),
            enforcement: Set(allowance.enforcement.as_str().to_owned()),
            overage: Set(allowance.overage),
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
        let row = quota_override::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            meter: Set(change.meter.as_str().to_owned()),
            limit_value: Set(change.limit),
            reason: Set(change.reason.clone()),
            overridden_at: Set(change.at.into()),
        };
        let mut replaced = OnConflict::columns([quota_override::Column::TenantId, quota_override::Column::Meter]);
        replaced.update_columns([
            quota_override::Column::LimitValue,
            quota_override::Column::Reason,
            quota_override::Column::OverriddenAt,
        ]);
        self.put([row], replaced).await?;
        Ok(())
    }

    async fn delete_override(&mut self, meter: &Code) -> Result<bool, StoreError> {
        let removed = self
            .remove::<quota_override::Entity>()
            .filter(quota_override::Column::Meter.eq(meter.as_str()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected > 0)
    }
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
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    let features = unit.rows::<feature_grant::Entity>().all(unit.txn()).await;
    let overrides = unit
        .rows::<quota_override::Entity>()
        .order_by_asc(quota_override::Column::Meter)
        .all(unit.txn())
        .await
        .map_err(store_error)?;

    let tenant = plan.tenant_id;
    let code = |text: String| Code::try_from(text).map_err(corrupt("feature_grant", tenant));
    Ok(Some(Entitlements {
        plan: Code::try_from(plan.plan_code).map_err(corrupt("tenant_plan", tenant))?,
        plan_version: plan.plan_version,
        allowances: allowances.into_iter().map(allowance).collect::<Result<_, _>>()?,
        overrides: overrides.into_iter().map(limit_override).collect::<Result<_, _>>()?,
        features: features
            .map_err(store_error)?
            .into_iter()
            .map(|row| code(row.feature))
            .collect::<Result<_, _>>()?,
        timezone: plan.timezone,
        anchor: OffsetDateTime::try_from(plan.anchor).map_err(corrupt("tenant_plan", tenant))?,
    }))
}

fn allowance(row: entitlement::Model) -> Result<Allowance, StoreError> {
    let tenant = row.tenant_id;
    let enforcement = Enforcement::parse(&row.enforcement).ok_or("unknown enforcement");
    Ok(Allowance {
        meter: Code::try_from(row.meter).map_err(corrupt("entitlement", tenant))?,
        limit: limit(row.limit_value).map_err(corrupt("entitlement", tenant))?,
        enforcement: enforcement.map_err(corrupt("entitlement", tenant))?,
        overage: row.overage,
        period: Period::parse(&row.period)
            .ok_or("unknown period")
            .map_err(corrupt("entitlement", tenant))?,
    })
}

fn limit_override(row: quota_override::Model) -> Result<LimitOverride, StoreError> {
    let tenant = row.tenant_id;
    Ok(LimitOverride {
        meter: Code::try_from(row.meter).map_err(corrupt("quota_override", tenant))?,
        limit: limit(row.limit_value).map_err(corrupt("quota_override", tenant))?,
        reason: row.reason,
        at: OffsetDateTime::try_from(row.overridden_at).map_err(corrupt("quota_override", tenant))?,
    })
}

fn limit(stored: Option<i64>) -> Result<Option<i64>, &'static str> {
    if stored.is_some_and(|limit| limit < 0) {
        return Err("a limit is below nothing");
    }
    Ok(stored)
}
