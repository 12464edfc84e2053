//! All people, as the worker, which may read of them no more than a list shows.

use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::store::IdentityStore;
use tenantry_identity::user::UserStatus;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, Page, PageRequest, StoreError, SystemScope, TenantId, UserId, async_trait};
use tenantry_lifecycle::people::{PersonCard, PersonDirectory, PersonFilter};
use uuid::Uuid;

use crate::entity::app_user::Column;
use crate::entity::{app_user, membership, tenant};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::search;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl PersonDirectory for SeaOrmStore {
    async fn people(
        &self,
        _scope: &SystemScope,
        filter: &PersonFilter,
        page: PageRequest,
    ) -> Result<Page<PersonCard>, StoreError> {
        let named = match &filter.text {
            Some(text) => self.named(text).await?,
            None => Condition::all(),
        };
        let unit = self.worker_look_up().await?;
        let mut found = unit.everybody::<app_user::Entity>().filter(named);
        if let Some(status) = filter.status {
            found = found.filter(Column::Status.eq(status));
        }
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.gt(after.0));
        }
        let rows: Vec<CardRow> = found
            .select_only()
            .columns([
                Column::Id,
                Column::Email,
                Column::Name,
                Column::EmailVerifiedAt,
                Column::Status,
                Column::DisabledAt,
                Column::PlatformRole,
                Column::LastLoginAt,
                Column::CreatedAt,
                Column::EraseAt,
                Column::MergedInto,
            ])
            .order_by_asc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        let tenants = tenants_of(&unit, rows.iter().map(|row| row.0)).await?;
        let cards = rows
            .into_iter()
            .map(|row| {
                let tenants = tenants.get(&row.0).copied().unwrap_or_default();
                card(row, tenants)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(cards, page, |card| card.id.as_uuid()))
    }

    async fn departing(
        &self,
        _scope: &SystemScope,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<UserId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let found: Vec<Uuid> = unit
            .everybody::<app_user::Entity>()
            .filter(Column::EraseAt.lte(Micros::from(now)))
            .select_only()
            .column(Column::Id)
            .order_by_asc(Column::EraseAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(found.into_iter().map(UserId::from_uuid).collect())
    }

    async fn merged_into(&self, _scope: &SystemScope, user: UserId) -> Result<Vec<UserId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let found: Vec<Uuid> = unit
            .everybody::<app_user::Entity>()
            .filter(Column::MergedInto.eq(user.as_uuid()))
            .select_only()
            .column(Column::Id)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(found.into_iter().map(UserId::from_uuid).collect())
    }

    async fn billed_at(&self, _scope: &SystemScope, emails: &[EmailAddress]) -> Result<Vec<TenantId>, StoreError> {
        let unit = self.worker_look_up().await?;
        let found: Vec<Uuid> = unit
            .every::<tenant::Entity>()
            .filter(tenant::Column::BillingEmail.is_in(emails.iter().map(EmailAddress::as_str)))
            .select_only()
            .column(tenant::Column::Id)
            .into_tuple()
            .all(unit.txn())
            .await
            .map_err(store_error)?;
        Ok(found.into_iter().map(TenantId::from_uuid).collect())
    }
}

/// Id, address, name, verified, status, since when, platform role, last log-in, since when, to be erased, merged.
type CardRow = (
    Uuid,
    String,
    String,
    Option<Micros>,
    String,
    Option<Micros>,
    Option<String>,
    Option<Micros>,
    Micros,
    Option<Micros>,
    Option<Uuid>,
);

impl SeaOrmStore {
    /// By id, by an address in full, or by a part of what they are called.
    async fn named(&self, text: &str) -> Result<Condition, StoreError> {
        let mut either = Condition::any().add(Column::SearchText.like(search::containing(text)));
        if let Ok(id) = text.parse::<Uuid>() {
            either = either.add(Column::Id.eq(id));
        }
        if let Ok(email) = EmailAddress::try_from(text) {
            // Not as the worker, which has no business with the directory of addresses.
            let known = self.user_by_email(&email).await?;
            either = known
                .into_iter()
                .fold(either, |either, id| either.add(Column::Id.eq(id.as_uuid())));
        }
        Ok(either)
    }
}

async fn tenants_of(
    unit: &SeaOrmUnit,
    people: impl Iterator<Item = Uuid> + Send,
) -> Result<BTreeMap<Uuid, u64>, StoreError> {
    let people: Vec<Uuid> = people.collect();
    let counted: Vec<(Uuid, i64)> = unit
        .every::<membership::Entity>()
        .filter(membership::Column::UserId.is_in(people))
        .select_only()
        .column(membership::Column::UserId)
        .column_as(membership::Column::TenantId.count(), "many")
        .group_by(membership::Column::UserId)
        .into_tuple()
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    let many = |(user, count): (Uuid, i64)| (user, u64::try_from(count).unwrap_or_default());
    Ok(counted.into_iter().map(many).collect())
}

fn card(
    (id, email, name, verified, status, since, role, login, created, erase_at, merged): CardRow,
    tenants: u64,
) -> Result<PersonCard, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("app_user", id));
    let since = since.map(time).transpose()?;
    let status = match (status.as_str(), since) {
        ("active", _) => UserStatus::Active,
        ("disabled", Some(at)) => UserStatus::Disabled { at },
        ("erased", Some(at)) => UserStatus::Erased { at },
        _ => return Err(corrupt("app_user", id)("unknown status")),
    };
    Ok(PersonCard {
        id: UserId::from_uuid(id),
        email,
        name,
        email_verified: verified.is_some(),
        status,
        platform_role: role,
        tenants,
        last_login_at: login.map(time).transpose()?,
        created_at: time(created)?,
        erase_at: erase_at.map(time).transpose()?,
        merged_into: merged.map(UserId::from_uuid),
    })
}
