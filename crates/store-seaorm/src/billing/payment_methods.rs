//! Payment methods of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use tenantry_billing::gateway::{MethodDetails, MethodToken};
use tenantry_billing::payment_method::{PaymentMethod, PaymentMethodId, PaymentMethodRepository};
use tenantry_kernel::{Page, PageRequest, StoreError, async_trait};

use super::columns::Reader;
use crate::entity::payment_method::{ActiveModel, Column, Entity, Model};
use crate::error::store_error;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl PaymentMethodRepository for SeaOrmUnit {
    async fn find(&mut self, id: PaymentMethodId) -> Result<Option<PaymentMethod>, StoreError> {
        let found = self.row::<Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn find_by_token(&mut self, token: &MethodToken) -> Result<Option<PaymentMethod>, StoreError> {
        let found = self.rows::<Entity>().filter(Column::Token.eq(token.expose()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn default_method(&mut self) -> Result<Option<PaymentMethod>, StoreError> {
        let found = self.rows::<Entity>().filter(Column::IsDefault.eq(true));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn list(&mut self, page: PageRequest) -> Result<Page<PaymentMethod>, StoreError> {
        let mut found = self.rows::<Entity>();
        if let Some(after) = page.after() {
            found = found.filter(Column::Id.lt(after.0));
        }
        let rows = found
            .order_by_desc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let methods = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(methods, page, |method| method.id.as_uuid()))
    }

    async fn insert(&mut self, method: &PaymentMethod) -> Result<(), StoreError> {
        if method.is_default {
            no_default(self).await?;
        }
        self.add(to_row(self, method)).await
    }

    async fn set_default(&mut self, id: PaymentMethodId) -> Result<bool, StoreError> {
        if PaymentMethodRepository::find(self, id).await?.is_none() {
            return Ok(false);
        }
        no_default(self).await?;
        let written = self
            .change::<Entity>()
            .col_expr(Column::IsDefault, Expr::val(true))
            .filter(Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(written.rows_affected > 0)
    }

    async fn delete(&mut self, id: PaymentMethodId) -> Result<bool, StoreError> {
        let removed = self
            .remove::<Entity>()
            .filter(Column::Id.eq(id.as_uuid()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        Ok(removed.rows_affected > 0)
    }
}

/// First nobody is the default, then the new one: the index allows one at a time.
async fn no_default(unit: &SeaOrmUnit) -> Result<(), StoreError> {
    unit.change::<Entity>()
        .col_expr(Column::IsDefault, Expr::val(false))
        .filter(Column::IsDefault.eq(true))
        .exec(unit.txn())
        .await
        .map_err(store_error)?;
    Ok(())
}

fn to_row(unit: &SeaOrmUnit, method: &PaymentMethod) -> ActiveModel {
    ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(method.id.as_uuid()),
        token: Set(method.token.expose().to_owned()),
        brand: Set(method.details.brand.clone()),
        last4: Set(method.details.last4.clone()),
        is_default: Set(method.is_default),
        created_at: Set(method.created_at.into()),
    }
}

fn restore(row: Model) -> Result<PaymentMethod, StoreError> {
    let reader = Reader {
        table: "payment_method",
        id: row.id,
    };
    Ok(PaymentMethod {
        id: PaymentMethodId::from_uuid(row.id),
        token: MethodToken::try_from(row.token.as_str()).map_err(reader.refuse())?,
        details: MethodDetails {
            brand: row.brand,
            last4: row.last4,
        },
        is_default: row.is_default,
        created_at: reader.time(row.created_at)?,
    })
}
