//! The pinned person's addresses, and whom the directory leads to.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder};
use tenantry_identity::email::{EmailId, EmailRepository, OwnedEmail};
use tenantry_identity::user::EMAIL_TAKEN;
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, StoreError, async_trait};

use super::users::entry;
use crate::entity::{email_directory, user_email};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl EmailRepository for SeaOrmUnit {
    async fn list(&mut self) -> Result<Vec<OwnedEmail>, StoreError> {
        let rows = self
            .own_rows::<user_email::Entity>()
            .order_by_asc(user_email::Column::CreatedAt)
            .order_by_asc(user_email::Column::Id)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn find(&mut self, id: EmailId) -> Result<Option<OwnedEmail>, StoreError> {
        let found = self.own_row::<user_email::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn insert(&mut self, email: &OwnedEmail) -> Result<(), StoreError> {
        let row = user_email::ActiveModel {
            user_id: Set(self.user_uuid()),
            id: Set(email.id.as_uuid()),
            email: Set(email.email.as_str().to_owned()),
            verified_at: Set(email.verified_at.map(Micros::from)),
            held_at: Set(email.held_at.map(Micros::from)),
            replaced_at: Set(email.replaced_at.map(Micros::from)),
            created_at: Set(email.created_at.into()),
        };
        self.add_own(row).await
    }

    async fn prove(&mut self, email: &OwnedEmail, at: OffsetDateTime) -> Result<Option<UserId>, StoreError> {
        let from = take(self, &email.email).await?;
        note(self, &email.email, at).await?;
        Ok(from)
    }

    async fn hold(&mut self, email: &EmailAddress, at: OffsetDateTime) -> Result<bool, StoreError> {
        let held = self
            .change_own::<user_email::Entity>()
            .col_expr(user_email::Column::HeldAt, Expr::value(Micros::from(at).0))
            .filter(user_email::Column::Email.eq(email.as_str()))
            .filter(user_email::Column::VerifiedAt.is_not_null())
            .filter(user_email::Column::HeldAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(held.rows_affected > 0)
    }

    async fn replace(&mut self, id: EmailId, at: Option<OffsetDateTime>) -> Result<(), StoreError> {
        self.change_own::<user_email::Entity>()
            .col_expr(
                user_email::Column::ReplacedAt,
                Expr::value(at.map(|at| Micros::from(at).0)),
            )
            .filter(user_email::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn remove(&mut self, email: &OwnedEmail) -> Result<(), StoreError> {
        self.remove_own::<user_email::Entity>()
            .filter(user_email::Column::Id.eq(email.id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        self.remove_own::<email_directory::Entity>()
            .filter(email_directory::Column::Fingerprint.eq(entry(self.store(), &email.email)))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn release(&mut self) -> Result<(), StoreError> {
        self.change_own::<email_directory::Entity>()
            .col_expr(email_directory::Column::Verified, Expr::value(false))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

/// The person proved the address that they registered with.
pub(super) async fn prove_primary(
    unit: &SeaOrmUnit,
    email: &EmailAddress,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    take(unit, email).await?;
    note(unit, email, at).await
}

/// One statement: the entry becomes the person's and proved, unless somebody else has proved it. Answers who had it.
async fn take(unit: &SeaOrmUnit, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
    use email_directory::Column;
    let fingerprint = entry(unit.store(), email);
    let before = unit
        .shared::<email_directory::Entity>()
        .filter(Column::Fingerprint.eq(fingerprint.clone()))
        .one(unit.txn())
        .await
        .map_err(store_error)?;
    let row = email_directory::ActiveModel {
        fingerprint: Set(fingerprint),
        user_id: Set(unit.user_uuid()),
        verified: Set(true),
    };
    let open = Condition::any()
        .add(Expr::col((email_directory::Entity, Column::Verified)).eq(false))
        .add(Expr::col((email_directory::Entity, Column::UserId)).eq(unit.user_uuid()));
    let clash = OnConflict::column(Column::Fingerprint)
        .update_columns([Column::UserId, Column::Verified])
        .action_cond_where(open)
        .to_owned();
    if unit.put_every(vec![row], clash).await? == 0 {
        return Err(StoreError::Conflict(EMAIL_TAKEN));
    }
    let others = before.filter(|entry| entry.user_id != unit.user_uuid());
    Ok(others.map(|entry| UserId::from_uuid(entry.user_id)))
}

/// The first time counts.
async fn note(unit: &SeaOrmUnit, email: &EmailAddress, at: OffsetDateTime) -> Result<(), StoreError> {
    unit.change_own::<user_email::Entity>()
        .col_expr(user_email::Column::VerifiedAt, Expr::value(Micros::from(at).0))
        .filter(user_email::Column::Email.eq(email.as_str()))
        .filter(user_email::Column::VerifiedAt.is_null())
        .exec(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn restore(row: user_email::Model) -> Result<OwnedEmail, StoreError> {
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("user_email", row.id));
    Ok(OwnedEmail {
        id: EmailId::from_uuid(row.id),
        email: EmailAddress::try_from(row.email.as_str()).map_err(corrupt("user_email", row.id))?,
        verified_at: row.verified_at.map(time).transpose()?,
        held_at: row.held_at.map(time).transpose()?,
        replaced_at: row.replaced_at.map(time).transpose()?,
        created_at: time(row.created_at)?,
    })
}
