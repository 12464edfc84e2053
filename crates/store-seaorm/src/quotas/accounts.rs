//! Names of accounts, to and from their columns and cells.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::Condition;
use serde_json::Value as Json;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, StoreError, TenantId};
use tenantry_quotas::account::{AccountKey, Held, Subject, TenantAccount};
use tenantry_quotas::period::Period;
use uuid::Uuid;

use super::listed::{Columns, Kind, flag, id};
use crate::entity::{quota_account, quota_alert};
use crate::error::corrupt;
use crate::micros::Micros;

/// The columns that name an account, in the order of the primary key: the order in which accounts are locked.
pub(super) const COLUMNS: &Columns = &[
    ("tenant_id", Kind::Id),
    ("meter", Kind::Text),
    ("live", Kind::Flag),
    ("subject", Kind::Text),
    ("period", Kind::Text),
    ("period_start", Kind::Int),
];

/// The same account in the table `q` as in the list `w`.
pub(super) const SAME: &str = "q.tenant_id = w.tenant_id and q.meter = w.meter and q.live = w.live \
     and q.subject = w.subject and q.period = w.period and q.period_start = w.period_start";

/// The name of an account as cells of a list.
pub(super) fn cells(account: &TenantAccount) -> Vec<Json> {
    let TenantAccount { tenant, key } = account;
    vec![
        id(tenant.as_uuid()),
        Json::from(key.meter.as_str()),
        flag(key.live),
        Json::from(key.subject.to_string()),
        Json::from(key.period.as_str()),
        Json::from(Micros::from(key.period_start).0),
    ]
}

pub(super) fn restore(row: &quota_account::Model) -> Result<TenantAccount, StoreError> {
    let key = key(&row.meter, row.live, &row.subject, &row.period, row.period_start);
    Ok(TenantAccount {
        tenant: TenantId::from_uuid(row.tenant_id),
        key: key.map_err(corrupt("quota_account", row.tenant_id))?,
    })
}

pub(super) const fn held(row: &quota_account::Model) -> Held {
    Held {
        posted: row.posted,
        pending: row.pending,
        granted: row.granted,
    }
}

/// An account's name from its columns, wherever they stand.
pub(super) fn key(
    meter: &str,
    live: bool,
    subject: &str,
    period: &str,
    period_start: Micros,
) -> Result<AccountKey, String> {
    Ok(AccountKey {
        meter: Code::try_from(meter).map_err(|cause| format!("meter {meter}: {cause}"))?,
        live,
        subject: Subject::parse(subject).map_err(|cause| format!("subject {subject}: {cause}"))?,
        period: Period::parse(period).ok_or_else(|| format!("there is no period {period}"))?,
        period_start: OffsetDateTime::try_from(period_start).map_err(|cause| cause.to_string())?,
    })
}

/// As [`key`], of a tenant, for rows that the engine found.
pub(super) fn of_tenant(tenant: Uuid, key: Result<AccountKey, String>) -> Result<TenantAccount, String> {
    Ok(TenantAccount {
        tenant: TenantId::from_uuid(tenant),
        key: key?,
    })
}

/// The alerts of one account of the unit's tenant.
pub(super) fn alerts_of(account: &AccountKey) -> Condition {
    use quota_alert::Column;
    Condition::all()
        .add(Column::Meter.eq(account.meter.as_str()))
        .add(Column::Live.eq(account.live))
        .add(Column::Subject.eq(account.subject.to_string()))
        .add(Column::Period.eq(account.period.as_str()))
        .add(Column::PeriodStart.eq(Micros::from(account.period_start)))
}
