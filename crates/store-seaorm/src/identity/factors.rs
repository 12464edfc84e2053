//! The pinned person's second factors and passkeys.

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_identity::factor::{FactorRepository, PasskeyUse, RecoveryCode, TOTP_ENROLLED, TotpFactor, TotpId};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::passkey::{Passkey, PasskeyId, PasskeyName};
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, async_trait};
use uuid::Uuid;

use super::require_pinned;
use crate::entity::{passkey, recovery_code, spent_challenge, totp_factor};
use crate::error::{corrupt, store_error};
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl FactorRepository for SeaOrmUnit {
    async fn totp(&mut self) -> Result<Option<TotpFactor>, StoreError> {
        let mut found = self.own_rows::<totp_factor::Entity>();
        if !self.is_read_only() {
            // Guesses at once queue here, so that each is counted before the next is looked at.
            found = found.lock(LockType::Update);
        }
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore_totp).transpose()
    }

    async fn begin_totp(&mut self, factor: &TotpFactor) -> Result<(), StoreError> {
        require_pinned(self, factor.user)?;
        self.remove_own::<totp_factor::Entity>()
            .filter(totp_factor::Column::ConfirmedAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        // Asked beforehand, as a refusal by the schema would end the transaction.
        let there = self.own_rows::<totp_factor::Entity>().count(self.txn()).await;
        if there.map_err(store_error)? > 0 {
            return Err(StoreError::Conflict(TOTP_ENROLLED));
        }
        self.add_own(totp_factor::ActiveModel {
            user_id: Set(factor.user.as_uuid()),
            id: Set(factor.id.as_uuid()),
            secret: Set(factor.sealed.clone()),
            confirmed_at: Set(factor.confirmed_at.map(Micros::from)),
            last_step: Set(factor.last_step),
            failures: Set(i64::from(factor.failures)),
            locked_until: Set(factor.locked_until.map(Micros::from)),
            created_at: Set(factor.created_at.into()),
        })
        .await
    }

    async fn confirm_totp(&mut self, id: TotpId, step: i64, at: OffsetDateTime) -> Result<bool, StoreError> {
        let confirmed = self
            .change_own::<totp_factor::Entity>()
            .col_expr(totp_factor::Column::ConfirmedAt, Expr::value(Micros::from(at).0))
            .col_expr(totp_factor::Column::LastStep, Expr::value(step))
            .filter(totp_factor::Column::Id.eq(id.as_uuid()))
            .filter(totp_factor::Column::ConfirmedAt.is_null())
            .filter(totp_factor::Column::LastStep.lt(step))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(confirmed.rows_affected == 1)
    }

    async fn spend_step(&mut self, id: TotpId, step: i64) -> Result<bool, StoreError> {
        // One conditional update: of many who show one code at once, one finds it unspent.
        let spent = self
            .change_own::<totp_factor::Entity>()
            .col_expr(totp_factor::Column::LastStep, Expr::value(step))
            .col_expr(totp_factor::Column::Failures, Expr::value(0_i64))
            .col_expr(totp_factor::Column::LockedUntil, Expr::value(None::<i64>))
            .filter(totp_factor::Column::Id.eq(id.as_uuid()))
            .filter(totp_factor::Column::ConfirmedAt.is_not_null())
            .filter(totp_factor::Column::LastStep.lt(step))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(spent.rows_affected == 1)
    }

    async fn note_totp_failure(&mut self, factor: &TotpFactor) -> Result<(), StoreError> {
        self.change_own::<totp_factor::Entity>()
            .col_expr(totp_factor::Column::Failures, Expr::value(i64::from(factor.failures)))
            .col_expr(
                totp_factor::Column::LockedUntil,
                Expr::value(factor.locked_until.map(|at| Micros::from(at).0)),
            )
            .filter(totp_factor::Column::Id.eq(factor.id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn remove_totp(&mut self) -> Result<bool, StoreError> {
        let confirmed = self
            .remove_own::<totp_factor::Entity>()
            .filter(totp_factor::Column::ConfirmedAt.is_not_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(confirmed.rows_affected > 0)
    }

    async fn replace_recovery_codes(&mut self, codes: &[RecoveryCode]) -> Result<(), StoreError> {
        self.remove_own::<recovery_code::Entity>()
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        let user = self.user_uuid();
        for code in codes {
            let row = recovery_code::ActiveModel {
                user_id: Set(user),
                id: Set(code.id.as_uuid()),
                fingerprint: Set(code.fingerprint.as_bytes().to_vec()),
                created_at: Set(code.created_at.into()),
                used_at: Set(None),
            };
            self.add_own(row).await?;
        }
        Ok(())
    }

    async fn recovery_codes_left(&mut self) -> Result<u64, StoreError> {
        self.own_rows::<recovery_code::Entity>()
            .filter(recovery_code::Column::UsedAt.is_null())
            .count(self.txn())
            .await
            .map_err(store_error)
    }

    async fn knows_recovery_code(&mut self, print: &Fingerprint) -> Result<bool, StoreError> {
        let found = self
            .own_rows::<recovery_code::Entity>()
            .filter(recovery_code::Column::Fingerprint.eq(print.as_bytes().to_vec()))
            .filter(recovery_code::Column::UsedAt.is_null())
            .count(self.txn())
            .await
            .map_err(store_error)?;
        Ok(found > 0)
    }

    async fn spend_recovery_code(&mut self, print: &Fingerprint, at: OffsetDateTime) -> Result<bool, StoreError> {
        let spent = self
            .change_own::<recovery_code::Entity>()
            .col_expr(recovery_code::Column::UsedAt, Expr::value(Micros::from(at).0))
            .filter(recovery_code::Column::Fingerprint.eq(print.as_bytes().to_vec()))
            .filter(recovery_code::Column::UsedAt.is_null())
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(spent.rows_affected == 1)
    }

    async fn passkeys(&mut self) -> Result<Vec<Passkey>, StoreError> {
        let rows = self
            .own_rows::<passkey::Entity>()
            .order_by_asc(passkey::Column::CreatedAt)
            .order_by_asc(passkey::Column::Id)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(restore_passkey).collect()
    }

    async fn passkey_of(&mut self, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let found = self
            .own_rows::<passkey::Entity>()
            .filter(passkey::Column::Credential.eq(credential.to_vec()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore_passkey).transpose()
    }

    async fn add_passkey(&mut self, added: &Passkey) -> Result<(), StoreError> {
        require_pinned(self, added.user)?;
        let transports: Json = added.transports.iter().map(String::as_str).collect();
        self.add_own(passkey::ActiveModel {
            user_id: Set(added.user.as_uuid()),
            id: Set(added.id.as_uuid()),
            name: Set(added.name.as_str().to_owned()),
            credential: Set(added.credential.clone()),
            public_key: Set(added.public_key.clone()),
            sign_count: Set(i64::from(added.sign_count)),
            backup_eligible: Set(added.backup_eligible),
            backed_up: Set(added.backed_up),
            transports: Set(transports),
            created_at: Set(added.created_at.into()),
            last_used_at: Set(added.last_used_at.map(Micros::from)),
        })
        .await
    }

    async fn rename_passkey(&mut self, id: PasskeyId, name: &str) -> Result<bool, StoreError> {
        let renamed = self
            .change_own::<passkey::Entity>()
            .col_expr(passkey::Column::Name, Expr::value(name))
            .filter(passkey::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(renamed.rows_affected == 1)
    }

    async fn use_passkey(&mut self, id: PasskeyId, what: PasskeyUse) -> Result<bool, StoreError> {
        let shown = i64::from(what.sign_count);
        let mut forward = Condition::any().add(passkey::Column::SignCount.lt(shown));
        if shown == 0 {
            // An authenticator that does not count.
            forward = forward.add(passkey::Column::SignCount.eq(0_i64));
        }
        let used = self
            .change_own::<passkey::Entity>()
            .col_expr(passkey::Column::SignCount, Expr::value(shown))
            .col_expr(passkey::Column::BackedUp, Expr::value(what.backed_up))
            .col_expr(passkey::Column::LastUsedAt, Expr::value(Micros::from(what.at).0))
            .filter(passkey::Column::Id.eq(id.as_uuid()))
            .filter(forward)
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(used.rows_affected == 1)
    }

    async fn remove_passkey(&mut self, id: PasskeyId) -> Result<bool, StoreError> {
        let removed = self
            .remove_own::<passkey::Entity>()
            .filter(passkey::Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected == 1)
    }

    async fn spend_challenge(
        &mut self,
        challenge: &Fingerprint,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.remove_own::<spent_challenge::Entity>()
            .filter(spent_challenge::Column::ExpiresAt.lte(Micros::from(now)))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        let row = spent_challenge::ActiveModel {
            user_id: Set(self.user_uuid()),
            id: Set(id_of(challenge)),
            fingerprint: Set(challenge.as_bytes().to_vec()),
            expires_at: Set(expires_at.into()),
        };
        let first = OnConflict::columns([spent_challenge::Column::UserId, spent_challenge::Column::Fingerprint])
            .do_nothing()
            .to_owned();
        self.add_own_new(row, first).await
    }
}

/// A mark needs no id of its own: the challenge is random.
fn id_of(challenge: &Fingerprint) -> Uuid {
    let (head, _) = challenge.as_bytes().split_at(16);
    Uuid::from_slice(head).unwrap_or_default()
}

fn restore_totp(row: totp_factor::Model) -> Result<TotpFactor, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("totp_factor", id));
    Ok(TotpFactor {
        id: TotpId::from_uuid(id),
        user: UserId::from_uuid(row.user_id),
        sealed: row.secret,
        confirmed_at: row.confirmed_at.map(time).transpose()?,
        last_step: row.last_step,
        failures: u32::try_from(row.failures).map_err(corrupt("totp_factor", id))?,
        locked_until: row.locked_until.map(time).transpose()?,
        created_at: time(row.created_at)?,
    })
}

fn restore_passkey(row: passkey::Model) -> Result<Passkey, StoreError> {
    let id = row.id;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("passkey", id));
    let transports = row.transports.as_array().into_iter().flatten();
    Ok(Passkey {
        id: PasskeyId::from_uuid(id),
        user: UserId::from_uuid(row.user_id),
        name: PasskeyName::try_from(row.name.as_str()).map_err(corrupt("passkey", id))?,
        credential: row.credential,
        public_key: row.public_key,
        sign_count: u32::try_from(row.sign_count).map_err(corrupt("passkey", id))?,
        backup_eligible: row.backup_eligible,
        backed_up: row.backed_up,
        transports: transports.filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        created_at: time(row.created_at)?,
        last_used_at: row.last_used_at.map(time).transpose()?,
    })
}
