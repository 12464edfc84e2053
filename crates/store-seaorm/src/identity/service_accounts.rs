//! Service accounts of the unit's tenant, each with its secrets in its row.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tenantry_identity::api_key::KeyName;
use tenantry_identity::service_account::{
    ClientSecret, ClientSecretId, RevokedToken, SERVICE_ACCOUNTS_FULL, ServiceAccount, ServiceAccountDirectory,
    ServiceAccountRecord, ServiceAccountRepository,
};
use tenantry_kernel::id::{MembershipId, ServiceAccountId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Page, PageRequest, Permission, StoreError, TenantId, async_trait};
use uuid::Uuid;

use super::api_keys::permissions;
use super::fingerprint;
use crate::entity::service_account::{ActiveModel, Column, Entity, Model};
use crate::entity::tenant;
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

/// A secret as it is stored.
#[derive(Deserialize, Serialize)]
struct StoredSecret {
    id: Uuid,
    fingerprint: Vec<u8>,
    hint: String,
    created_at: i64,
    expires_at: Option<i64>,
}

/// A revoked token as it is stored.
#[derive(Deserialize, Serialize)]
struct StoredToken {
    jti: Uuid,
    until: i64,
}

#[async_trait]
impl ServiceAccountRepository for SeaOrmUnit {
    async fn find(&mut self, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
        by_id(self, id).await
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<ServiceAccount>, StoreError> {
        let mut found = self.rows::<Entity>().filter(Column::RemovedAt.is_null());
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let accounts = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(accounts, page, |account| account.id().as_uuid()))
    }

    async fn insert(&mut self, account: &ServiceAccount, at_most: u32) -> Result<(), StoreError> {
        // The tenant's row is locked: of two who add an account at once the second waits, and counts the first one's.
        self.rows::<tenant::Entity>()
            .lock(LockType::NoKeyUpdate)
            .one(self.txn())
            .await
            .map_err(store_error)?;
        let there = self
            .rows::<Entity>()
            .filter(Column::RemovedAt.is_null())
            .count(self.txn())
            .await
            .map_err(store_error)?;
        if there >= u64::from(at_most) {
            return Err(StoreError::Conflict(SERVICE_ACCOUNTS_FULL));
        }
        let row = to_row(self.tenant_uuid(), account, account.version())?;
        self.add(row).await
    }

    async fn update(&mut self, account: &ServiceAccount) -> Result<(), StoreError> {
        let row = to_row(self.tenant_uuid(), account, account.version() + 1)?;
        let written = self
            .change::<Entity>()
            .set(row)
            .filter(Column::Id.eq(account.id().as_uuid()))
            .filter(Column::Version.eq(account.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

#[async_trait]
impl ServiceAccountDirectory for SeaOrmStore {
    async fn service_account(
        &self,
        tenant: TenantId,
        account: ServiceAccountId,
    ) -> Result<Option<Arc<ServiceAccount>>, StoreError> {
        let unit = self.look_up(Some(tenant), None).await?;
        Ok(by_id(&unit, account).await?.map(Arc::new))
    }
}

async fn by_id(unit: &SeaOrmUnit, id: ServiceAccountId) -> Result<Option<ServiceAccount>, StoreError> {
    let found = unit.row::<Entity>(id.as_uuid());
    let row = found.one(unit.txn()).await.map_err(store_error)?;
    row.map(restore).transpose()
}

fn json(value: &impl Serialize) -> Result<Json, StoreError> {
    serde_json::to_value(value).map_err(|cause| StoreError::Backend(Box::new(cause)))
}

fn to_row(tenant: Uuid, account: &ServiceAccount, version: i64) -> Result<ActiveModel, StoreError> {
    let record = account.record();
    let secret = |secret: &ClientSecret| StoredSecret {
        id: secret.id.as_uuid(),
        fingerprint: secret.fingerprint.as_bytes().to_vec(),
        hint: secret.hint.clone(),
        created_at: Micros::from(secret.created_at).0,
        expires_at: secret.expires_at.map(|at| Micros::from(at).0),
    };
    let token = |token: &RevokedToken| StoredToken {
        jti: token.jti,
        until: Micros::from(token.until).0,
    };
    Ok(ActiveModel {
        tenant_id: Set(tenant),
        id: Set(record.id.as_uuid()),
        name: Set(record.name.as_str().to_owned()),
        permissions: Set(record.permissions.iter().map(Permission::as_str).collect::<Json>()),
        secrets: Set(json(&record.secrets.iter().map(secret).collect::<Vec<_>>())?),
        created_by: Set(record.created_by.map(MembershipId::as_uuid)),
        created_at: Set(record.created_at.into()),
        deactivated_at: Set(record.deactivated_at.map(Micros::from)),
        removed_at: Set(record.removed_at.map(Micros::from)),
        revoked_tokens: Set(json(&record.revoked_tokens.iter().map(token).collect::<Vec<_>>())?),
        tokens_void_until: Set(record.tokens_void_until.map(Micros::from)),
        version: Set(version),
    })
}

fn restore(row: Model) -> Result<ServiceAccount, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("service_account", id));
    let secrets: Vec<StoredSecret> = serde_json::from_value(row.secrets).map_err(corrupt("service_account", id))?;
    let secret = |secret: StoredSecret| {
        Ok(ClientSecret {
            id: ClientSecretId::from_uuid(secret.id),
            fingerprint: fingerprint(&secret.fingerprint).map_err(corrupt("service_account", id))?,
            hint: secret.hint,
            created_at: time(Micros(secret.created_at))?,
            expires_at: secret.expires_at.map(Micros).map(time).transpose()?,
        })
    };
    let tokens: Vec<StoredToken> =
        serde_json::from_value(row.revoked_tokens).map_err(corrupt("service_account", id))?;
    let token = |token: StoredToken| {
        Ok(RevokedToken {
            jti: token.jti,
            until: time(Micros(token.until))?,
        })
    };
    Ok(ServiceAccount::restore(ServiceAccountRecord {
        id: ServiceAccountId::from_uuid(id),
        name: KeyName::try_from(row.name.as_str()).map_err(corrupt("service_account", id))?,
        permissions: permissions(&row.permissions).map_err(corrupt("service_account", id))?,
        secrets: secrets.into_iter().map(secret).collect::<Result<_, StoreError>>()?,
        created_by: row.created_by.map(MembershipId::from_uuid),
        created_at: time(row.created_at)?,
        deactivated_at: row.deactivated_at.map(time).transpose()?,
        removed_at: row.removed_at.map(time).transpose()?,
        revoked_tokens: tokens.into_iter().map(token).collect::<Result<_, StoreError>>()?,
        tokens_void_until: row.tokens_void_until.map(time).transpose()?,
        version: row.version,
    }))
}
