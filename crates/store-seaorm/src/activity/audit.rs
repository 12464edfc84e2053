//! The audit log of the unit's tenant, to read. `journal.rs` writes it.

use std::net::IpAddr;

use sea_orm::sea_query::{LikeExpr, Query};
use sea_orm::{ColumnTrait, Condition, Order, QueryFilter, QueryOrder, QuerySelect, Select};
use tenantry_activity::audit::{
    Actor, AuditEntry, AuditEntryId, AuditFilter, AuditPurge, AuditRepository, OwnAct, OwnActs, ResourceFilter,
};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{MembershipId, Page, PageRequest, StoreError, SystemScope, TenantId, UserId, async_trait};

use super::changes;
use super::personal::Said;
use crate::entity::audit_log::{Column, Entity, Model};
use crate::entity::audit_personal;
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;
use uuid::Uuid;

#[async_trait]
impl AuditRepository for SeaOrmUnit {
    async fn list(&mut self, filter: &AuditFilter, page: PageRequest) -> Result<Page<AuditEntry>, StoreError> {
        let mut found = matching(self.rows::<Entity>(), filter);
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let about = rows.iter().filter(|row| row.personal.is_some()).map(|row| row.id);
        let said = said_of(self, self.rows::<audit_personal::Entity>(), about.collect()).await?;
        let entries = rows.into_iter().map(|row| restore(row, &said));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(entries, page, |entry| entry.id.as_uuid()))
    }

    async fn forget(&mut self, person: UserId) -> Result<(), StoreError> {
        self.remove::<audit_personal::Entity>()
            .filter(audit_personal::Column::UserId.eq(person.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

#[async_trait]
impl OwnActs for SeaOrmStore {
    async fn acts_of(&self, person: UserId, limit: u16) -> Result<Vec<OwnAct>, StoreError> {
        let unit = self.look_up(None, Some(person)).await?;
        let rows = unit
            .own_rows::<Entity>()
            .order_by_desc(Column::Id)
            .limit(u64::from(limit))
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let about = rows.iter().filter(|row| row.personal.is_some()).map(|row| row.id);
        let said = said_of(&unit, unit.own_rows::<audit_personal::Entity>(), about.collect()).await?;
        let act = |row: Model| {
            let tenant = Some(row.tenant_id).filter(|tenant| !tenant.is_nil());
            restore(row, &said).map(|entry| OwnAct {
                tenant: tenant.map(TenantId::from_uuid),
                entry,
            })
        };
        rows.into_iter().map(act).collect()
    }
}

/// How many entries are asked about at a time: databases take only so many values in one statement.
const ASKED: usize = 500;

/// What was kept apart of these entries, as far as `visible` shows it.
async fn said_of(
    unit: &SeaOrmUnit,
    visible: Select<audit_personal::Entity>,
    entries: Vec<Uuid>,
) -> Result<Said, StoreError> {
    let mut found = Vec::new();
    for some in entries.chunks(ASKED) {
        let of_them = visible
            .clone()
            .filter(audit_personal::Column::AuditId.is_in(some.iter().copied()));
        found.extend(of_them.all(unit.txn()).await.map_err(store_error)?);
    }
    Ok(Said::of(found))
}

#[async_trait]
impl AuditPurge for SeaOrmStore {
    async fn purge_audit(
        &self,
        _scope: &SystemScope,
        tenant: TenantId,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let unit = self.worker_unit().await?;
        // Later entries have later ids: the primary key finds the oldest ones, and no more are looked at.
        let oldest = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::TenantId.eq(tenant.as_uuid()))
            .order_by(Column::Id, Order::Asc)
            .limit(u64::from(limit))
            .take();
        let removed = unit
            .remove_every::<Entity>()
            .filter(Column::TenantId.eq(tenant.as_uuid()))
            .filter(Column::At.lt(Micros::from(before)))
            .filter(Column::Id.in_subquery(oldest))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
        unit.finish().await?;
        Ok(removed.rows_affected)
    }
}

fn matching(mut found: Select<Entity>, filter: &AuditFilter) -> Select<Entity> {
    if let Some(action) = &filter.action {
        found = if action.ends_with('.') {
            found.filter(Column::Action.like(beginning_with(action)))
        } else {
            found.filter(Column::Action.eq(action.as_str()))
        };
    }
    if let Some(actor) = &filter.actor {
        let either = Condition::any()
            .add(Column::ActorId.eq(actor.as_str()))
            .add(Column::ActorKind.eq(actor.as_str()));
        found = found.filter(either);
    }
    if let Some(from) = filter.from {
        found = found.filter(Column::At.gte(Micros::from(from)));
    }
    if let Some(to) = filter.to {
        found = found.filter(Column::At.lt(Micros::from(to)));
    }
    match &filter.resource {
        None => found,
        Some(ResourceFilter::Kind(kind)) => found.filter(Column::ResourceType.eq(kind.as_str())),
        Some(ResourceFilter::Id(id)) => found.filter(Column::ResourceId.eq(id.as_str())),
        Some(ResourceFilter::One { kind, id }) => found
            .filter(Column::ResourceType.eq(kind.as_str()))
            .filter(Column::ResourceId.eq(id.as_str())),
    }
}

fn beginning_with(area: &str) -> LikeExpr {
    let literal = area.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("{literal}%")).escape('\\')
}

fn restore(mut row: Model, said: &Said) -> Result<AuditEntry, StoreError> {
    let id = row.id;
    said.restore(id, &mut row.changes);
    let address = row.address.or_else(|| said.address(id));
    let address = address.map(|text| text.parse::<IpAddr>()).transpose();
    Ok(AuditEntry {
        id: AuditEntryId::from_uuid(id),
        at: row.at.try_into().map_err(corrupt("audit_log", id))?,
        action: row.action,
        actor: Actor {
            kind: row.actor_kind,
            id: row.actor_id,
            on_behalf_of: row.on_behalf_of.map(MembershipId::from_uuid),
        },
        resource_type: row.resource_type,
        resource_id: row.resource_id,
        changes: changes::from_json(&row.changes)
            .ok_or("changes are unreadable")
            .map_err(corrupt("audit_log", id))?,
        address: address.map_err(corrupt("audit_log", id))?,
        user_agent: row.user_agent.or_else(|| said.user_agent(id)),
        request_id: row.request_id,
    })
}
