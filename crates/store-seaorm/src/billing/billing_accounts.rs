//! The billing account of the unit's tenant, which is its billing lock.

use sea_orm::ActiveValue::Set;
use sea_orm::QuerySelect;
use tenantry_billing::account::{BillingAccount, BillingAccountRepository};
use tenantry_kernel::{StoreError, async_trait};

use super::columns::Reader;
use crate::entity::billing_account::{ActiveModel, Entity, Model};
use crate::error::{fresh, store_error};
use crate::unit::SeaOrmUnit;

#[async_trait]
impl BillingAccountRepository for SeaOrmUnit {
    async fn find(&mut self) -> Result<Option<BillingAccount>, StoreError> {
        let row = self.rows::<Entity>().one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn lock(&mut self) -> Result<Option<BillingAccount>, StoreError> {
        // SQLite has one writer, and ignores this.
        let locked = self.rows::<Entity>().lock_exclusive();
        let row = locked.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn insert(&mut self, account: &BillingAccount) -> Result<(), StoreError> {
        self.add(to_row(self, account)).await
    }

    async fn update(&mut self, account: &BillingAccount) -> Result<(), StoreError> {
        let written = self
            .change::<Entity>()
            .set(to_row(self, account))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

fn to_row(unit: &SeaOrmUnit, account: &BillingAccount) -> ActiveModel {
    ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        // One per tenant: the primary key says so.
        id: Set(unit.tenant_uuid()),
        currency: Set(account.currency().as_str().to_owned()),
        credit_minor: Set(account.credit().amount_minor()),
    }
}

fn restore(row: Model) -> Result<BillingAccount, StoreError> {
    let reader = Reader {
        table: "billing_account",
        id: row.id,
    };
    let credit = reader.money(row.credit_minor, &row.currency)?;
    BillingAccount::restore(credit).map_err(reader.refuse())
}
