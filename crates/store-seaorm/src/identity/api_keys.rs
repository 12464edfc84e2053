//! API keys of the unit's tenant.

use std::num::NonZeroU32;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::prelude::Json;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::api_key::{
    API_KEYS_FULL, ApiKey, ApiKeyRecord, ApiKeyRepository, Cidr, KeyFilter, KeyName, KeyOwner, KeyStatus,
    PreviousSecret,
};
use tenantry_kernel::id::{ApiKeyId, MembershipId, ServiceAccountId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Page, PageRequest, Permission, PermissionSet, StoreError, async_trait};
use uuid::Uuid;

use super::fingerprint;
use crate::entity::{api_key, tenant};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl ApiKeyRepository for SeaOrmUnit {
    async fn find(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let found = self.row::<api_key::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn list(&mut self, filter: &KeyFilter, page: PageRequest) -> Result<Page<ApiKey>, StoreError> {
        let mut found = self.rows::<api_key::Entity>().filter(matching(filter));
        if let Some(after) = page.after() {
            found = found.filter(api_key::Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(api_key::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let keys = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(keys, page, |key| key.id().as_uuid()))
    }

    async fn insert(&mut self, key: &ApiKey, at_most: u32) -> Result<(), StoreError> {
        // The tenant's row is locked: of two who add a key at once the second waits, and then counts the first one's.
        self.rows::<tenant::Entity>()
            .lock(LockType::NoKeyUpdate)
            .one(self.txn())
            .await
            .map_err(store_error)?;
        let made = Micros::from(key.record().created_at);
        let alive = Condition::any()
            .add(api_key::Column::ExpiresAt.is_null())
            .add(api_key::Column::ExpiresAt.gt(made));
        let live = self
            .rows::<api_key::Entity>()
            .filter(api_key::Column::RevokedAt.is_null())
            .filter(alive)
            .count(self.txn())
            .await
            .map_err(store_error)?;
        if live >= u64::from(at_most) {
            return Err(StoreError::Conflict(API_KEYS_FULL));
        }
        self.add(to_row(self.tenant_uuid(), key, key.version())).await
    }

    async fn update(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let mut row = to_row(self.tenant_uuid(), key, key.version() + 1);
        row.last_used_at = NotSet;
        let written = self
            .change::<api_key::Entity>()
            .set(row)
            .filter(api_key::Column::Id.eq(key.id().as_uuid()))
            .filter(api_key::Column::Version.eq(key.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

fn matching(filter: &KeyFilter) -> Condition {
    use api_key::Column;
    let now = Micros::from(filter.now);
    let unexpired = Condition::any()
        .add(Column::ExpiresAt.is_null())
        .add(Column::ExpiresAt.gt(now));
    let mut all = match filter.status {
        None => Condition::all().add(Column::RevokedAt.is_null()),
        Some(KeyStatus::Active) => Condition::all().add(Column::RevokedAt.is_null()).add(unexpired),
        Some(KeyStatus::Expired) => Condition::all()
            .add(Column::RevokedAt.is_null())
            .add(Column::ExpiresAt.lte(now)),
        Some(KeyStatus::Revoked) => Condition::all().add(Column::RevokedAt.is_not_null()),
    };
    if let Some(kind) = filter.kind {
        all = all.add(Column::Kind.eq(kind));
    }
    if let Some(owner) = filter.owner {
        let personal = Condition::all()
            .add(Column::Kind.eq(KeyOwner::Personal.kind()))
            .add(Column::CreatedBy.eq(owner));
        all = all.add(Condition::any().add(personal).add(Column::ServiceAccountId.eq(owner)));
    }
    all
}

fn to_row(tenant: Uuid, key: &ApiKey, version: i64) -> api_key::ActiveModel {
    let record = key.record();
    let ranges = record.allowed_ips.iter().map(ToString::to_string);
    let previous = record.previous.as_ref();
    api_key::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(record.id.as_uuid()),
        name: Set(record.name.as_str().to_owned()),
        live: Set(record.live),
        permissions: Set(record.permissions.iter().map(Permission::as_str).collect::<Json>()),
        rate_limit: Set(record.rate_limit.map(|limit| i64::from(limit.get()))),
        allowed_ips: Set(ranges.collect::<Json>()),
        fingerprint: Set(record.fingerprint.as_bytes().to_vec()),
        hint: Set(record.hint.clone()),
        created_by: Set(record.created_by.map(MembershipId::as_uuid)),
        created_at: Set(record.created_at.into()),
        expires_at: Set(record.expires_at.map(Micros::from)),
        revoked_at: Set(record.revoked_at.map(Micros::from)),
        rotated_at: Set(record.rotated_at.map(Micros::from)),
        last_used_at: Set(record.last_used_at.map(Micros::from)),
        version: Set(version),
        kind: Set(record.owner.kind().to_owned()),
        service_account_id: Set(record.owner.service_account().map(ServiceAccountId::as_uuid)),
        previous_fingerprint: Set(previous.map(|secret| secret.fingerprint.as_bytes().to_vec())),
        previous_hint: Set(previous.map(|secret| secret.hint.clone())),
        previous_until: Set(previous.map(|secret| secret.good_until.into())),
    }
}

/// Also for the directory.
pub(super) fn restore(row: api_key::Model) -> Result<ApiKey, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("api_key", id));
    let limit = |limit: i64| {
        let limit = u32::try_from(limit).ok().and_then(NonZeroU32::new);
        limit
            .ok_or("the rate limit is out of range")
            .map_err(corrupt("api_key", id))
    };
    let owner = match (row.kind.as_str(), row.service_account_id) {
        ("personal", None) => Ok(KeyOwner::Personal),
        ("tenant", None) => Ok(KeyOwner::Tenant),
        ("service_account", Some(account)) => Ok(KeyOwner::ServiceAccount(ServiceAccountId::from_uuid(account))),
        _ => Err("the kind is unknown").map_err(corrupt("api_key", id)),
    };
    let previous = match (row.previous_fingerprint, row.previous_hint, row.previous_until) {
        (Some(bytes), Some(hint), Some(until)) => Some(PreviousSecret {
            fingerprint: fingerprint(&bytes).map_err(corrupt("api_key", id))?,
            hint,
            good_until: time(until)?,
        }),
        _ => None,
    };
    Ok(ApiKey::restore(ApiKeyRecord {
        previous,
        owner: owner?,
        id: ApiKeyId::from_uuid(id),
        name: KeyName::try_from(row.name.as_str()).map_err(corrupt("api_key", id))?,
        live: row.live,
        permissions: permissions(&row.permissions).map_err(corrupt("api_key", id))?,
        rate_limit: row.rate_limit.map(limit).transpose()?,
        allowed_ips: ranges(&row.allowed_ips).map_err(corrupt("api_key", id))?,
        fingerprint: fingerprint(&row.fingerprint).map_err(corrupt("api_key", id))?,
        hint: row.hint,
        created_by: row.created_by.map(MembershipId::from_uuid),
        created_at: time(row.created_at)?,
        expires_at: row.expires_at.map(time).transpose()?,
        revoked_at: row.revoked_at.map(time).transpose()?,
        rotated_at: row.rotated_at.map(time).transpose()?,
        last_used_at: row.last_used_at.map(time).transpose()?,
        version: row.version,
    }))
}

pub(super) fn permissions(stored: &Json) -> Result<PermissionSet, String> {
    texts(stored)?
        .map(|name| Permission::declared(name?).map_err(|cause| cause.to_string()))
        .collect()
}

pub(super) fn ranges(stored: &Json) -> Result<Vec<Cidr>, String> {
    texts(stored)?
        .map(|text| {
            text?
                .parse()
                .map_err(|cause: tenantry_identity::api_key::InvalidCidr| cause.to_string())
        })
        .collect()
}

/// The texts of a stored list.
fn texts(stored: &Json) -> Result<impl Iterator<Item = Result<&str, String>>, String> {
    let entries = stored.as_array().ok_or("a list is no list")?;
    Ok(entries
        .iter()
        .map(|entry| entry.as_str().ok_or_else(|| "an entry is no text".to_owned())))
}
