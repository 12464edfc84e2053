//! The tenant of the unit.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, StoreError, TenantId, async_trait};
use tenantry_tenancy::locale::{Locale, Timezone};
use tenantry_tenancy::tenant::{Profile, Slug, SuspensionCause, Tenant, TenantRepository, TenantState, TenantStatus};
use tenantry_tenancy::text::{DisplayName, Note, Phone};

use crate::entity::{slug_directory, tenant};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::search;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl TenantRepository for SeaOrmUnit {
    async fn find(&mut self) -> Result<Option<Tenant>, StoreError> {
        let row = self
            .rows::<tenant::Entity>()
            .one(self.txn())
            .await
            .map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn insert(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        self.add(to_row(tenant, tenant.version())).await?;
        let entry = slug_directory::ActiveModel {
            slug: Set(tenant.slug().as_str().to_owned()),
            tenant_id: Set(self.tenant_uuid()),
        };
        self.add(entry).await
    }

    async fn update(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        let written = self
            .change::<tenant::Entity>()
            .set(to_row(tenant, tenant.version() + 1))
            .filter(tenant::Column::Version.eq(tenant.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)?;
        let slug = tenant.slug().as_str();
        self.change::<slug_directory::Entity>()
            .col_expr(slug_directory::Column::Slug, slug.into())
            .filter(slug_directory::Column::Slug.ne(slug))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

fn to_row(tenant: &Tenant, version: i64) -> tenant::ActiveModel {
    let profile = tenant.profile();
    let (suspended_at, suspended_reason, suspended_for) = match tenant.status() {
        TenantStatus::Active => (None, None, None),
        TenantStatus::Suspended { at, reason, cause } => (
            Some(Micros::from(*at)),
            Some(reason.clone()),
            Some(cause.as_str().to_owned()),
        ),
    };
    let note = |note: &Option<Note>| note.as_ref().map(|note| note.as_str().to_owned());
    let searched = [
        profile.name.as_str(),
        tenant.slug().as_str(),
        profile.billing_email.as_str(),
    ];
    tenant::ActiveModel {
        id: Set(tenant.id().as_uuid()),
        slug: Set(tenant.slug().as_str().to_owned()),
        name: Set(profile.name.as_str().to_owned()),
        status: Set(tenant.status().state().as_str().to_owned()),
        suspended_at: Set(suspended_at),
        suspended_reason: Set(suspended_reason),
        suspended_for: Set(suspended_for),
        billing_email: Set(profile.billing_email.as_str().to_owned()),
        phone: Set(profile.phone.as_ref().map(|phone| phone.as_str().to_owned())),
        timezone: Set(profile.timezone.as_str().to_owned()),
        locale: Set(profile.locale.as_str().to_owned()),
        company_size: Set(note(&profile.company_size)),
        use_case: Set(note(&profile.use_case)),
        region: Set(note(&profile.region)),
        search_text: Set(search::folded(&searched)),
        created_at: Set(tenant.created_at().into()),
        updated_at: Set(tenant.updated_at().into()),
        version: Set(version),
        // The policy has a writer of its own.
        ..Default::default()
    }
}

fn restore(row: tenant::Model) -> Result<Tenant, StoreError> {
    let id = row.id;
    let status = status(&row)?;
    let note = |text: Option<String>| text.map(Note::try_from).transpose().map_err(corrupt("tenant", id));
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("tenant", id));
    let profile = Profile {
        name: DisplayName::try_from(row.name).map_err(corrupt("tenant", id))?,
        billing_email: EmailAddress::try_from(row.billing_email).map_err(corrupt("tenant", id))?,
        phone: row
            .phone
            .map(Phone::try_from)
            .transpose()
            .map_err(corrupt("tenant", id))?,
        timezone: Timezone::try_from(row.timezone).map_err(corrupt("tenant", id))?,
        locale: Locale::try_from(row.locale).map_err(corrupt("tenant", id))?,
        company_size: note(row.company_size)?,
        use_case: note(row.use_case)?,
        region: note(row.region)?,
    };
    Ok(Tenant::restore(
        TenantId::from_uuid(id),
        Slug::try_from(row.slug.as_str()).map_err(corrupt("tenant", id))?,
        profile,
        status,
        (time(row.created_at)?, time(row.updated_at)?),
        row.version,
    ))
}

/// Also for the directory, which needs no more than this.
pub(super) fn status(row: &tenant::Model) -> Result<TenantStatus, StoreError> {
    let broken = |why: &str| corrupt("tenant", row.id)(why.to_owned());
    match (TenantState::from_name(&row.status), row.suspended_at) {
        (Some(TenantState::Active), _) => Ok(TenantStatus::Active),
        (Some(TenantState::Suspended), Some(at)) => Ok(TenantStatus::Suspended {
            at: at.try_into().map_err(corrupt("tenant", row.id))?,
            reason: row.suspended_reason.clone().unwrap_or_default(),
            // Rows of before there was another cause name none.
            cause: match row.suspended_for.as_deref() {
                None => SuspensionCause::Operator,
                Some(name) => {
                    SuspensionCause::from_name(name).ok_or_else(|| broken("suspended for an unknown cause"))?
                }
            },
        }),
        (Some(TenantState::Suspended), None) => Err(broken("suspended, but not since when")),
        (None, _) => Err(broken("unknown status")),
    }
}
