//! How the unit's tenant shows itself.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, QueryFilter};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, StoreError, TenantId, async_trait};
use tenantry_tenancy::branding::{Brand, BrandDirectory, Branding, BrandingRepository, Color, Look, WebAddress};
use tenantry_tenancy::text::{DisplayName, Note};

use crate::entity::{branding, tenant};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::store::SeaOrmStore;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl BrandingRepository for SeaOrmUnit {
    async fn find(&mut self) -> Result<Branding, StoreError> {
        let row = self
            .rows::<branding::Entity>()
            .one(self.txn())
            .await
            .map_err(store_error)?;
        row.map_or(Ok(Branding::default()), restore)
    }

    async fn put(&mut self, branding: &Branding) -> Result<(), StoreError> {
        let row = to_row(self, branding);
        if branding.version() == 0 {
            // Of two who set it first one adds the row, and the other finds it there.
            let once = OnConflict::column(branding::Column::TenantId).do_nothing().to_owned();
            return if self.put_new(row, once).await? {
                Ok(())
            } else {
                Err(StoreError::Stale)
            };
        }
        let written = self
            .change::<branding::Entity>()
            .set(row)
            .filter(branding::Column::Version.eq(branding.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

#[async_trait]
impl BrandDirectory for SeaOrmStore {
    async fn brand(&self, tenant: TenantId) -> Result<Option<Brand>, StoreError> {
        let mut unit = self.look_up(Some(tenant), None).await?;
        let found = unit
            .rows::<tenant::Entity>()
            .one(unit.txn())
            .await
            .map_err(store_error)?;
        let Some(found) = found else { return Ok(None) };
        Ok(Some(Brand {
            name: DisplayName::try_from(found.name).map_err(corrupt("tenant", found.id))?,
            branding: BrandingRepository::find(&mut unit).await?,
        }))
    }
}

fn to_row(unit: &SeaOrmUnit, branding: &Branding) -> branding::ActiveModel {
    let look = branding.look();
    let owned = |text: Option<&str>| Set(text.map(str::to_owned));
    branding::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        display_name: owned(look.display_name.as_ref().map(DisplayName::as_str)),
        logo_url: owned(look.logo_url.as_ref().map(WebAddress::as_str)),
        primary_color: owned(look.primary_color.as_ref().map(Color::as_str)),
        support_email: owned(look.support_email.as_ref().map(EmailAddress::as_str)),
        support_url: owned(look.support_url.as_ref().map(WebAddress::as_str)),
        footer: owned(look.footer.as_ref().map(Note::as_str)),
        updated_at: Set(branding.updated_at().map_or(Micros(0), Micros::from)),
        version: Set(branding.version() + 1),
    }
}

fn restore(row: branding::Model) -> Result<Branding, StoreError> {
    let id = row.tenant_id;
    let page = |text: Option<String>| {
        let page = text.map(WebAddress::try_from).transpose();
        page.map_err(corrupt("branding", id))
    };
    let look = Look {
        display_name: row
            .display_name
            .map(DisplayName::try_from)
            .transpose()
            .map_err(corrupt("branding", id))?,
        logo_url: page(row.logo_url)?,
        primary_color: row
            .primary_color
            .map(Color::try_from)
            .transpose()
            .map_err(corrupt("branding", id))?,
        support_email: row
            .support_email
            .map(EmailAddress::try_from)
            .transpose()
            .map_err(corrupt("branding", id))?,
        support_url: page(row.support_url)?,
        footer: row
            .footer
            .map(Note::try_from)
            .transpose()
            .map_err(corrupt("branding", id))?,
    };
    let updated_at = OffsetDateTime::try_from(row.updated_at).map_err(corrupt("branding", id))?;
    Ok(Branding::restore(look, updated_at, row.version))
}
