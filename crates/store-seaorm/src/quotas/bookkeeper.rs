//! Checks that accounts hold what their ledger adds up to.

use sea_orm::{FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value as Json;
use tenantry_kernel::{StoreError, TenantId, async_trait};
use tenantry_quotas::audit::{AuditPage, Bookkeeper, Discrepancy};
use uuid::Uuid;

use super::listed::{Columns, Kind, Listed, id};
use super::{accounts, reckoning};
use crate::entity::tenant_plan::{Column, Entity};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::{Author, Pin};

#[derive(FromQueryResult)]
struct Checked {
    tenant_id: Uuid,
    meter: String,
    live: bool,
    subject: String,
    period: String,
    period_start: Micros,
    posted: i64,
    ledger: i64,
}

#[async_trait]
impl Bookkeeper for SeaOrmStore {
    async fn check(&self, after: Option<TenantId>, tenants: u32) -> Result<AuditPage, StoreError> {
        const COLUMNS: &Columns = &[("tenant_id", Kind::Id), ("revision", Kind::Int)];
        let unit = self.open(Pin::quota().read_only(), Author::Nobody).await?;
        let mut plans = unit
            .every::<Entity>()
            .select_only()
            .columns([Column::TenantId, Column::Revision])
            .order_by_asc(Column::TenantId)
            .limit(u64::from(tenants));
        if let Some(after) = after {
            plans = plans.filter(sea_orm::ColumnTrait::gt(&Column::TenantId, after.as_uuid()));
        }
        let plans: Vec<(Uuid, i64)> = plans.into_tuple().all(unit.txn()).await.map_err(store_error)?;
        let full = usize::try_from(tenants).is_ok_and(|tenants| tenants == plans.len());
        let last = plans
            .last()
            .filter(|_| full)
            .map(|(tenant, _)| TenantId::from_uuid(*tenant));

        // An account of another revision is no claim: it is reckoned anew before anybody uses it again. Nor is one
        // whose limit of its own ends: what is used after that does not count on it.
        let body = format!(
            "select a.tenant_id, a.meter, a.live, a.subject, a.period, a.period_start, a.posted, {} as ledger \
             from w cross join quota_account a where a.tenant_id = w.tenant_id and a.revision = w.revision \
             and (a.subject = '' or not exists (select 1 from quota_override o where o.tenant_id = a.tenant_id \
             and o.meter = a.meter and o.subject = a.subject and o.expires_at is not null))",
            reckoning::POSTED
        );
        let rows = plans
            .iter()
            .map(|(tenant, revision)| vec![id(*tenant), Json::from(*revision)]);
        let found: Vec<Checked> = Listed::new(&[COLUMNS], rows).select(&unit, "w", &body).await?;
        let checked = found.len() as u64;
        let wrong = found.into_iter().filter(|row| row.posted != row.ledger.max(0));
        Ok(AuditPage {
            checked,
            wrong: wrong.map(discrepancy).collect::<Result<_, _>>()?,
            last,
        })
    }
}

fn discrepancy(row: Checked) -> Result<Discrepancy, StoreError> {
    let key = accounts::key(&row.meter, row.live, &row.subject, &row.period, row.period_start);
    let account = accounts::of_tenant(row.tenant_id, key);
    Ok(Discrepancy {
        account: account.map_err(corrupt("quota_account", row.tenant_id))?,
        posted: row.posted,
        ledger: row.ledger,
    })
}
