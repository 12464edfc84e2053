//! Where a person belongs, in two statements: their memberships as themself, and what those tenants are called as the
//! worker, which alone may read of tenants that a transaction is not pinned to.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, DisplayName, EmailAddress, Page, PageRequest, StoreError, TenantId, async_trait};
use tenantry_tenancy::directory::{Belonging, BelongingDirectory};
use tenantry_tenancy::tenant::{Slug, TenantState};
use uuid::Uuid;

use super::memberships;
use crate::entity::{membership, tenant};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;

/// Slug, name and status.
type Card = (String, String, String);

#[async_trait]
impl BelongingDirectory for SeaOrmStore {
    async fn belongings(&self, user: UserId, page: PageRequest) -> Result<Page<Belonging>, StoreError> {
        let unit = self.look_up(None, Some(user)).await?;
        let mut found = unit.own_rows::<membership::Entity>();
        if let Some(after) = page.after() {
            found = found.filter(membership::Column::Id.gt(after.0));
        }
        let rows = found
            .order_by_asc(membership::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        drop(unit);
        if rows.is_empty() {
            return Ok(Page::from_rows(Vec::new(), page, |row: &Belonging| {
                row.membership.as_uuid()
            }));
        }
        let unit = self.worker_look_up().await?;
        let tenants: Vec<(Uuid, String, String, String)> = unit
            .every::<tenant::Entity>()
            .filter(tenant::Column::Id.is_in(rows.iter().map(|row| row.tenant_id)))
            .select_only()
            .columns([
                tenant::Column::Id,
                tenant::Column::Slug,
                tenant::Column::Name,
                tenant::Column::Status,
            ])
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let tenants: BTreeMap<Uuid, Card> = tenants
            .into_iter()
            .map(|(id, slug, name, status)| (id, (slug, name, status)))
            .collect();
        let both = rows.into_iter().map(|row| {
            let card = tenants.get(&row.tenant_id).cloned().ok_or("its tenant is not there");
            let card = card.map_err(corrupt("membership", row.id))?;
            belonging(row, card)
        });
        let belongings = both.collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(belongings, page, |row| row.membership.as_uuid()))
    }
}

fn belonging(row: membership::Model, (slug, name, status): Card) -> Result<Belonging, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("membership", id));
    let state = TenantState::from_name(&status).ok_or("unknown status");
    let called = row.name.as_deref().map(DisplayName::try_from).transpose();
    Ok(Belonging {
        tenant: TenantId::from_uuid(row.tenant_id),
        slug: Slug::try_from(slug.as_str()).map_err(corrupt("tenant", row.tenant_id))?,
        name: DisplayName::try_from(name).map_err(corrupt("tenant", row.tenant_id))?,
        state: state.map_err(corrupt("tenant", row.tenant_id))?,
        membership: MembershipId::from_uuid(id),
        status: memberships::state(&row)?,
        role: Code::try_from(row.role.as_str()).map_err(corrupt("membership", id))?,
        email: EmailAddress::try_from(row.email.as_str()).map_err(corrupt("membership", id))?,
        called: called.map_err(corrupt("membership", id))?,
        invitation_expires_at: row.invitation_expires_at.map(time).transpose()?,
        last_login_at: row.last_login_at.map(time).transpose()?,
        since: time(row.created_at)?,
    })
}
