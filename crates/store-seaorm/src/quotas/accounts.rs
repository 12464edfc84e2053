//! Names of accounts, to and from their columns.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, Iterable};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, TenantId};
use tenantry_quotas::account::{AccountKey, TenantAccount};
use tenantry_quotas::period::Period;

use crate::entity::quota_account;
use crate::error::corrupt;
use crate::micros::Micros;

/// At least these accounts: others of the same meters and moments may be among them.
///
/// A list of whole keys would be exact, and slower to plan than to run.
pub(super) fn around<'a>(accounts: impl Iterator<Item = &'a AccountKey>) -> Condition {
    let (meters, starts): (Vec<_>, Vec<_>) = accounts
        .map(|account| (account.meter.as_str(), Micros::from(account.period_start)))
        .unzip();
    Condition::all()
        .add(quota_account::Column::Meter.is_in(distinct(meters)))
        .add(quota_account::Column::PeriodStart.is_in(distinct(starts)))
}

fn distinct<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn restore(row: &quota_account::Model) -> Result<TenantAccount, StoreError> {
    let key = key(&row.meter, row.live, &row.period, row.period_start);
    Ok(TenantAccount {
        tenant: TenantId::from_uuid(row.tenant_id),
        key: key.map_err(corrupt("quota_account", row.tenant_id))?,
    })
}

/// An account's name from its columns, wherever they stand.
pub(super) fn key(meter: &str, live: bool, period: &str, period_start: Micros) -> Result<AccountKey, String> {
    Ok(AccountKey {
        meter: Code::try_from(meter).map_err(|cause| format!("meter {meter}: {cause}"))?,
        live,
        period: Period::parse(period).ok_or_else(|| format!("there is no period {period}"))?,
        period_start: OffsetDateTime::try_from(period_start).map_err(|cause| cause.to_string())?,
    })
}

/// The columns that name an account, in the order of the primary key: the order in which accounts are locked.
pub(super) fn name_columns() -> impl Iterator<Item = quota_account::Column> {
    use quota_account::Column;
    Column::iter().filter(|column| !matches!(column, Column::Posted | Column::WithinLimit))
}
