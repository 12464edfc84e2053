//! The pinned person's own user row, and the directory that leads to it.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::LockType;
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, Select};
use tenantry_identity::email::{EmailId, EmailRepository, OwnedEmail};
use tenantry_identity::user::{PasswordHash, PlatformRole, User, UserRecord, UserRepository, UserStatus};
use tenantry_kernel::id::UserId;
use tenantry_kernel::locale::Timezone;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{DisplayName, EmailAddress, Locale, StoreError, async_trait};

use super::{emails, require_pinned};
use crate::entity::{app_user, audit_personal, email_directory, user_email};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::search;
use crate::store::{Core, SeaOrmStore};
use crate::unit::SeaOrmUnit;

const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";
const ERASED: &str = "erased";

/// Which person an address leads to.
pub(super) async fn by_email(store: &SeaOrmStore, email: &EmailAddress) -> Result<Option<UserId>, StoreError> {
    let unit = store.look_up(None, None).await?;
    let found = unit
        .shared::<email_directory::Entity>()
        .filter(email_directory::Column::Fingerprint.eq(entry(unit.store(), email)));
    let row = found.one(unit.txn()).await.map_err(store_error)?;
    Ok(row.map(|row| UserId::from_uuid(row.user_id)))
}

/// Which people these addresses lead to.
pub(super) async fn by_emails(
    store: &SeaOrmStore,
    emails: &[EmailAddress],
) -> Result<BTreeMap<EmailAddress, UserId>, StoreError> {
    let unit = store.look_up(None, None).await?;
    let entries: BTreeMap<Vec<u8>, &EmailAddress> =
        emails.iter().map(|email| (entry(unit.store(), email), email)).collect();
    let rows = unit
        .shared::<email_directory::Entity>()
        .filter(email_directory::Column::Fingerprint.is_in(entries.keys().cloned()))
        .all(unit.txn())
        .await
        .map_err(store_error)?;
    let known = rows.into_iter().filter_map(|row| {
        let email = entries.get(&row.fingerprint)?;
        Some(((*email).clone(), UserId::from_uuid(row.user_id)))
    });
    Ok(known.collect())
}

/// The role over the installation of the pinned person, while they may sign in.
pub(super) async fn platform_role(unit: &SeaOrmUnit, user: UserId) -> Result<Option<PlatformRole>, StoreError> {
    let found: Option<Option<String>> = while_active(unit, user)
        .select_only()
        .column(app_user::Column::PlatformRole)
        .into_tuple()
        .one(unit.txn())
        .await
        .map_err(store_error)?;
    let named = |name: String| PlatformRole::from_name(&name).ok_or("unknown platform role");
    found
        .flatten()
        .map(named)
        .transpose()
        .map_err(corrupt("app_user", user.as_uuid()))
}

/// The pinned person's row, while they may sign in.
fn while_active(unit: &SeaOrmUnit, user: UserId) -> Select<app_user::Entity> {
    unit.own_row::<app_user::Entity>(user.as_uuid())
        .filter(app_user::Column::Status.eq(ACTIVE))
}

/// True while the pinned person may sign in.
pub(super) async fn may_sign_in(unit: &SeaOrmUnit, user: UserId) -> Result<bool, StoreError> {
    let found: Option<Uuid> = while_active(unit, user)
        .select_only()
        .column(app_user::Column::Id)
        .into_tuple()
        .one(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(found.is_some())
}

/// How the directory knows an address.
pub(crate) fn entry(core: &Core, email: &EmailAddress) -> Vec<u8> {
    core.ports
        .cipher
        .fingerprint("email", email.as_str().as_bytes())
        .to_vec()
}

#[async_trait]
impl UserRepository for SeaOrmUnit {
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        let mut found = self.own_row::<app_user::Entity>(id.as_uuid());
        if !self.is_read_only() {
            // Log-ins of one person queue here instead of losing each other's counts. Not `FOR UPDATE`:
            // that would wait for every new row that names the person.
            found = found.lock(LockType::NoKeyUpdate);
        }
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn insert(&mut self, user: &User) -> Result<(), StoreError> {
        require_pinned(self, user.id())?;
        self.add_own(to_row(user, user.version())).await?;
        let entry = email_directory::ActiveModel {
            fingerprint: Set(entry(self.store(), user.email())),
            user_id: Set(user.id().as_uuid()),
            verified: Set(user.email_verified_at().is_some()),
        };
        self.add_own(entry).await?;
        let claim = OwnedEmail {
            verified_at: user.email_verified_at(),
            ..OwnedEmail::claim(
                EmailId::from_uuid(self.store().ports.ids.next()),
                user.email().clone(),
                user.record().created_at,
            )
        };
        EmailRepository::insert(self, &claim).await
    }

    async fn insert_many(&mut self, users: &[User]) -> Result<(), StoreError> {
        self.add_listed(users.iter().map(|user| to_row(user, user.version())))
            .await?;
        let entries = users.iter().map(|user| email_directory::ActiveModel {
            fingerprint: Set(entry(self.store(), user.email())),
            user_id: Set(user.id().as_uuid()),
            verified: Set(user.email_verified_at().is_some()),
        });
        self.add_listed(entries.collect::<Vec<_>>()).await?;
        let claims = users.iter().map(|user| user_email::ActiveModel {
            user_id: Set(user.id().as_uuid()),
            id: Set(self.store().ports.ids.next()),
            email: Set(user.email().as_str().to_owned()),
            verified_at: Set(user.email_verified_at().map(Micros::from)),
            held_at: Set(None),
            replaced_at: Set(None),
            created_at: Set(user.record().created_at.into()),
        });
        self.add_listed(claims.collect::<Vec<_>>()).await
    }

    async fn update(&mut self, user: &User) -> Result<(), StoreError> {
        let written = self
            .change_own::<app_user::Entity>()
            .set(to_row(user, user.version() + 1))
            .filter(app_user::Column::Id.eq(user.id().as_uuid()))
            .filter(app_user::Column::Version.eq(user.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)?;
        if let (true, Some(at)) = (user.is_newly_verified(), user.email_verified_at()) {
            emails::prove_primary(self, user.email(), at).await?;
        }
        Ok(())
    }

    async fn erase(&mut self, tombstone: &User) -> Result<(), StoreError> {
        require_pinned(self, tombstone.id())?;
        // Every table of a person names them by a key that goes when they go.
        let removed = self
            .remove_own::<app_user::Entity>()
            .filter(app_user::Column::Version.eq(tombstone.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(removed.rows_affected)?;
        self.add_own(to_row(tombstone, tombstone.version() + 1)).await
    }

    async fn forget(&mut self) -> Result<(), StoreError> {
        self.remove_own::<audit_personal::Entity>()
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

fn to_row(user: &User, version: i64) -> app_user::ActiveModel {
    let record = user.record();
    let (status, disabled_at) = match record.status {
        UserStatus::Active => (ACTIVE, None),
        UserStatus::Disabled { at } => (DISABLED, Some(Micros::from(at))),
        UserStatus::Erased { at } => (ERASED, Some(Micros::from(at))),
    };
    app_user::ActiveModel {
        id: Set(record.id.as_uuid()),
        email: Set(record.email.as_str().to_owned()),
        name: Set(record.name.as_str().to_owned()),
        password_hash: Set(record.password_hash.as_ref().map(|hash| hash.as_str().to_owned())),
        email_verified_at: Set(record.email_verified_at.map(Micros::from)),
        status: Set(status.to_owned()),
        disabled_at: Set(disabled_at),
        platform_role: Set(record.platform_role.map(|role| role.as_str().to_owned())),
        failed_logins: Set(i64::from(record.failed_logins)),
        locked_until: Set(record.locked_until.map(Micros::from)),
        last_login_at: Set(record.last_login_at.map(Micros::from)),
        locale: Set(record.locale.as_str().to_owned()),
        created_at: Set(record.created_at.into()),
        version: Set(version),
        timezone: Set(record.timezone.as_ref().map(|zone| zone.as_str().to_owned())),
        erase_at: Set(record.erase_at.map(Micros::from)),
        merged_into: Set(record.merged_into.map(UserId::as_uuid)),
        search_text: Set(search::folded(&[record.name.as_str(), record.email.as_str()])),
    }
}

fn restore(row: app_user::Model) -> Result<User, StoreError> {
    let id = row.id;
    let status = status(&row)?;
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("app_user", id));
    let role = |name: String| {
        let role = PlatformRole::from_name(&name).ok_or("unknown platform role");
        role.map_err(corrupt("app_user", id))
    };
    Ok(User::restore(UserRecord {
        id: UserId::from_uuid(id),
        email: EmailAddress::try_from(row.email).map_err(corrupt("app_user", id))?,
        name: DisplayName::try_from(row.name).map_err(corrupt("app_user", id))?,
        password_hash: row.password_hash.map(PasswordHash::from_phc),
        email_verified_at: row.email_verified_at.map(time).transpose()?,
        status,
        platform_role: row.platform_role.map(role).transpose()?,
        failed_logins: u32::try_from(row.failed_logins).map_err(corrupt("app_user", id))?,
        locked_until: row.locked_until.map(time).transpose()?,
        last_login_at: row.last_login_at.map(time).transpose()?,
        locale: Locale::try_from(row.locale).map_err(corrupt("app_user", id))?,
        timezone: row
            .timezone
            .map(Timezone::try_from)
            .transpose()
            .map_err(corrupt("app_user", id))?,
        erase_at: row.erase_at.map(time).transpose()?,
        merged_into: row.merged_into.map(UserId::from_uuid),
        created_at: time(row.created_at)?,
        version: row.version,
    }))
}

fn status(row: &app_user::Model) -> Result<UserStatus, StoreError> {
    match (row.status.as_str(), row.disabled_at) {
        (ACTIVE, _) => Ok(UserStatus::Active),
        (DISABLED, Some(at)) => Ok(UserStatus::Disabled {
            at: at.try_into().map_err(corrupt("app_user", row.id))?,
        }),
        (ERASED, Some(at)) => Ok(UserStatus::Erased {
            at: at.try_into().map_err(corrupt("app_user", row.id))?,
        }),
        _ => Err(corrupt("app_user", row.id)("unknown status")),
    }
}
