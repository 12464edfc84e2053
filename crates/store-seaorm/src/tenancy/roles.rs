//! The roles that the unit's tenant defines.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::prelude::Json;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, async_trait};
use tenantry_tenancy::role::model::StoredRole;
use tenantry_tenancy::role::{Grant, Grants, OwnRole, RoleDraft, RoleId, RoleRepository};
use tenantry_tenancy::text::{DisplayName, Note};

use crate::entity::tenant_role;
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl RoleRepository for SeaOrmUnit {
    async fn all(&mut self) -> Result<Vec<OwnRole>, StoreError> {
        let found = self.rows::<tenant_role::Entity>();
        let found = found.order_by_asc(tenant_role::Column::Id);
        let rows = found.all(self.txn()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn hold(&mut self) -> Result<Vec<OwnRole>, StoreError> {
        // Shared, and always in the same order: those who give roles do not wait for one another, only for whoever
        // rewrites or removes one.
        let found = self.rows::<tenant_role::Entity>();
        let found = found.order_by_asc(tenant_role::Column::Id).lock_shared();
        let rows = found.all(self.txn()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn find(&mut self, id: RoleId) -> Result<Option<OwnRole>, StoreError> {
        let found = self.row::<tenant_role::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn insert(&mut self, role: &OwnRole) -> Result<(), StoreError> {
        self.add(tenant_role::ActiveModel {
            tenant_id: Set(self.tenant_uuid()),
            id: Set(role.id().as_uuid()),
            slot: Set(i64::from(role.slot())),
            code: Set(role.code().as_str().to_owned()),
            code_key: Set(Code::fold(role.code().as_str())),
            created_at: Set(role.created_at().into()),
            version: Set(role.version()),
            ..written(role)
        })
        .await
    }

    async fn update(&mut self, role: &OwnRole) -> Result<(), StoreError> {
        let changed = self
            .change::<tenant_role::Entity>()
            .set(tenant_role::ActiveModel {
                version: Set(role.version() + 1),
                ..written(role)
            })
            .filter(tenant_role::Column::Id.eq(role.id().as_uuid()))
            .filter(tenant_role::Column::Version.eq(role.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(changed.rows_affected)
    }

    async fn delete(&mut self, id: RoleId, version: i64) -> Result<(), StoreError> {
        let removed = self
            .remove::<tenant_role::Entity>()
            .filter(tenant_role::Column::Id.eq(id.as_uuid()))
            .filter(tenant_role::Column::Version.eq(version))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(removed.rows_affected)
    }
}

/// The columns that are written anew with every change.
fn written(role: &OwnRole) -> tenant_role::ActiveModel {
    tenant_role::ActiveModel {
        tenant_id: NotSet,
        id: NotSet,
        slot: NotSet,
        code: NotSet,
        code_key: NotSet,
        name: Set(role.name().as_str().to_owned()),
        name_key: Set(Code::fold(role.name().as_str())),
        description: Set(role.description().map(|note| note.as_str().to_owned())),
        permissions: Set(role.grants().texts().into_iter().collect::<Json>()),
        created_at: NotSet,
        updated_at: Set(role.updated_at().into()),
        version: NotSet,
    }
}

/// Also for the directory.
pub(super) fn restore(row: tenant_role::Model) -> Result<OwnRole, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("tenant_role", id));
    let description = row.description.map(Note::try_from).transpose();
    Ok(OwnRole::restore(StoredRole {
        id: RoleId::from_uuid(id),
        slot: u16::try_from(row.slot).map_err(corrupt("tenant_role", id))?,
        code: Code::try_from(row.code).map_err(corrupt("tenant_role", id))?,
        draft: RoleDraft {
            name: DisplayName::try_from(row.name).map_err(corrupt("tenant_role", id))?,
            description: description.map_err(corrupt("tenant_role", id))?,
            grants: grants(&row.permissions).map_err(corrupt("tenant_role", id))?,
        },
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
        version: row.version,
    }))
}

fn grants(stored: &Json) -> Result<Grants, String> {
    let texts = stored.as_array().ok_or("permissions are no list")?;
    texts
        .iter()
        .map(|text| {
            let text = text.as_str().ok_or("a permission is no text")?;
            Grant::restore(text).map_err(|cause| cause.to_string())
        })
        .collect()
}
