//! Further roles of members.

use std::collections::BTreeSet;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use tenantry_kernel::id::MembershipId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, Resource, StoreError};
use tenantry_tenancy::role::{AssignmentId, RoleAssignment};
use uuid::Uuid;

use crate::entity::{membership, role_assignment};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// Of these members, oldest first; also for the directory.
pub(super) async fn of(unit: &SeaOrmUnit, members: &[MembershipId]) -> Result<Vec<RoleAssignment>, StoreError> {
    if members.is_empty() {
        return Ok(Vec::new());
    }
    let ids = members.iter().map(|member| member.as_uuid());
    let rows = unit
        .rows::<role_assignment::Entity>()
        .filter(role_assignment::Column::MembershipId.is_in(ids))
        .order_by_asc(role_assignment::Column::Id)
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    rows.into_iter().map(restore).collect()
}

pub(super) async fn add(unit: &SeaOrmUnit, assignment: &RoleAssignment) -> Result<(), StoreError> {
    let resource = assignment.resource.as_ref().map(Resource::as_str).unwrap_or_default();
    unit.add(role_assignment::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(assignment.id.as_uuid()),
        membership_id: Set(assignment.membership.as_uuid()),
        role: Set(assignment.role.as_str().to_owned()),
        resource: Set(resource.to_owned()),
        created_at: Set(assignment.created_at.into()),
    })
    .await
}

pub(super) async fn remove(unit: &SeaOrmUnit, id: AssignmentId) -> Result<(), StoreError> {
    unit.remove::<role_assignment::Entity>()
        .filter(role_assignment::Column::Id.eq(id.as_uuid()))
        .exec(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(())
}

/// How often the role is carried and assigned.
pub(super) async fn holders(unit: &SeaOrmUnit, role: &Code) -> Result<u64, StoreError> {
    let carried = unit.rows::<membership::Entity>();
    let carried = carried.filter(membership::Column::Role.eq(role.as_str()));
    let assigned = unit.rows::<role_assignment::Entity>();
    let assigned = assigned.filter(role_assignment::Column::Role.eq(role.as_str()));
    let carried = carried.count(unit.txn()).await.map_err(store_error)?;
    Ok(carried + assigned.count(unit.txn()).await.map_err(store_error)?)
}

/// Puts one role in the place of another.
pub(super) async fn replace(unit: &SeaOrmUnit, from: &Code, to: &Code) -> Result<u64, StoreError> {
    let carried = unit
        .change::<membership::Entity>()
        .col_expr(membership::Column::Role, Expr::value(to.as_str()))
        .col_expr(
            membership::Column::Version,
            Expr::col(membership::Column::Version).add(1),
        )
        .col_expr(membership::Column::UpdatedAt, Expr::value(Micros::from(unit.now()).0))
        .filter(membership::Column::Role.eq(from.as_str()))
        .exec(unit.txn())
        .await
        .map_err(store_error)?;
    let rows = unit
        .rows::<role_assignment::Entity>()
        .filter(role_assignment::Column::Role.is_in([from.as_str(), to.as_str()]))
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    let (old, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.role == from.as_str());
    let there: BTreeSet<_> = new.into_iter().map(|row| (row.membership_id, row.resource)).collect();
    let assigned = u64::try_from(old.len()).unwrap_or(u64::MAX);
    let twice = old
        .into_iter()
        .filter(|row| there.contains(&(row.membership_id, row.resource.clone())));
    let twice: Vec<Uuid> = twice.map(|row| row.id).collect();
    // A statement has room for so many values and no more.
    for some in twice.chunks(1_000) {
        unit.remove::<role_assignment::Entity>()
            .filter(role_assignment::Column::Id.is_in(some.iter().copied()))
            .exec(unit.txn())
            .await
            .map_err(store_error)?;
    }
    unit.change::<role_assignment::Entity>()
        .col_expr(role_assignment::Column::Role, Expr::value(to.as_str()))
        .filter(role_assignment::Column::Role.eq(from.as_str()))
        .exec(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(carried.rows_affected + assigned)
}

fn restore(row: role_assignment::Model) -> Result<RoleAssignment, StoreError> {
    let resource = match row.resource.as_str() {
        "" => None,
        text => Some(Resource::try_from(text).map_err(corrupt("role_assignment", row.id))?),
    };
    Ok(RoleAssignment {
        id: AssignmentId::from_uuid(row.id),
        membership: MembershipId::from_uuid(row.membership_id),
        role: Code::try_from(row.role).map_err(corrupt("role_assignment", row.id))?,
        resource,
        created_at: OffsetDateTime::try_from(row.created_at).map_err(corrupt("role_assignment", row.id))?,
    })
}
