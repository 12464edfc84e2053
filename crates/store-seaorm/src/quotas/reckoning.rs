//! What accounts hold by the ledger: for accounts that nobody used yet, or used under other entitlements last.

use std::collections::BTreeMap;

use sea_orm::FromQueryResult;
use serde_json::Value as Json;
use tenantry_kernel::StoreError;
use tenantry_quotas::account::{Subject, TenantAccount};
use tenantry_quotas::limit::Limit;
use tenantry_quotas::meter::Aggregation;

use super::accounts;
use super::listed::{Columns, Kind, Listed};
use crate::entity::quota_account;
use crate::micros::Micros;
use crate::unit::SeaOrmUnit;

/// The entries that count on the account `a`, as `l`: its tenant's own. `||` with nothing is nothing, so an entry of
/// nobody matches no user.
macro_rules! own {
    () => {
        "l.tenant_id = a.tenant_id and l.meter = a.meter and l.live = a.live and l.event_at >= a.period_start \
         and l.event_at < coalesce(a.resets_at, 9223372036854775807) \
         and (a.subject = '' or a.subject = 'user:' || l.used_by \
              or (l.actor_kind = 'api_key' and a.subject = 'key:' || l.actor_id))"
    };
}

/// The entries of other tenants that count on the account `a`, as `l`: it pools them.
macro_rules! pooled {
    () => {
        "l.pool_id = a.tenant_id and l.tenant_id <> a.tenant_id and a.subject = '' and l.meter = a.meter \
         and l.live = a.live and l.event_at >= a.period_start \
         and l.event_at < coalesce(a.resets_at, 9223372036854775807)"
    };
}

macro_rules! entries {
    () => {
        concat!(
            "(select l.amount, l.value, l.member, l.id from usage_ledger l where ",
            own!(),
            " union all select l.amount, l.value, l.member, l.id from usage_ledger l where ",
            pooled!(),
            ") e"
        )
    };
}

/// What the account `a` holds by the ledger. Nothing is the floor: less was never granted. The last level is the one
/// that was reported last, whenever it was measured: so the engine sets it.
macro_rules! posted {
    () => {
        concat!(
            "cast(coalesce(case a.aggregation when 'max' then (select max(e.value) from ",
            entries!(),
            ") when 'last' then (select e.value from ",
            entries!(),
            " order by e.id desc limit 1) when 'unique' then (select count(distinct e.member) from ",
            entries!(),
            ") else (select sum(e.amount) from ",
            entries!(),
            ") end, 0) as bigint)"
        )
    };
}

/// For statements over accounts `a`.
pub(super) const POSTED: &str = posted!();

const RECKON: &str = concat!(
    "select a.i as i, ",
    posted!(),
    " as posted, (select max(l.event_at) from usage_ledger l where l.tenant_id = a.tenant_id and l.meter = a.meter \
     and l.live = a.live and l.event_at >= a.period_start \
     and l.event_at < coalesce(a.resets_at, 9223372036854775807)) as own_latest, \
     (select max(l.event_at) from usage_ledger l where l.pool_id = a.tenant_id and l.meter = a.meter \
     and l.live = a.live and l.event_at >= a.period_start \
     and l.event_at < coalesce(a.resets_at, 9223372036854775807)) as pooled_latest from a"
);

const JOIN: &str = concat!(
    "insert into usage_member (tenant_id, meter, live, subject, period, period_start, member) \
     select a.tenant_id, a.meter, a.live, a.subject, a.period, a.period_start, l.member \
     from a cross join usage_ledger l where l.member is not null and ",
    own!(),
    " union select a.tenant_id, a.meter, a.live, a.subject, a.period, a.period_start, l.member \
     from a cross join usage_ledger l where l.member is not null and ",
    pooled!(),
    " on conflict do nothing"
);

/// What the ledger says of one account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reckoned {
    pub posted: i64,
    /// All that happened in the period and was counted so far happened no later than this.
    pub settled_until: Micros,
}

impl Reckoned {
    /// An account of which the ledger holds nothing.
    fn nothing(limit: &Limit) -> Self {
        Self {
            posted: 0,
            settled_until: Micros(Micros::from(limit.account.key.period_start).0 - 1),
        }
    }
}

#[derive(FromQueryResult)]
struct Found {
    i: i64,
    posted: i64,
    own_latest: Option<i64>,
    pooled_latest: Option<i64>,
}

/// Which of the limits' accounts have to be reckoned: those that are missing, and those of another revision.
pub(super) fn stale<'l>(limits: &'l [Limit], known: &BTreeMap<TenantAccount, quota_account::Model>) -> Vec<&'l Limit> {
    let current = |limit: &&Limit| {
        let row = known.get(&limit.account);
        row.is_none_or(|row| row.revision != limit.revision)
    };
    limits.iter().filter(current).collect()
}

/// Reckons accounts, in their order, in one statement; in none where nothing can be in the ledger.
pub(super) async fn reckon(
    unit: &SeaOrmUnit,
    wanted: &[&Limit],
    known: &BTreeMap<TenantAccount, quota_account::Model>,
) -> Result<Vec<Reckoned>, StoreError> {
    const COLUMNS: &Columns = &[("resets_at", Kind::Int), ("aggregation", Kind::Text), ("i", Kind::Int)];
    let mut reckoned: Vec<Reckoned> = wanted.iter().map(|limit| Reckoned::nothing(limit)).collect();
    let asked = wanted
        .iter()
        .enumerate()
        .filter(|(_, limit)| known.contains_key(&limit.account) || !is_covered(limit, known));
    let rows = asked.map(|(number, limit)| {
        let mut cells = period_cells(limit);
        cells.push(Json::from(limit.aggregation.as_str()));
        cells.push(Json::from(number));
        cells
    });
    let listed = Listed::new(&[accounts::COLUMNS, COLUMNS], rows);
    let found: Vec<Found> = listed.select(unit, "a", RECKON).await?;
    for found in found {
        let Some(slot) = usize::try_from(found.i).ok().and_then(|i| reckoned.get_mut(i)) else {
            continue;
        };
        slot.posted = found.posted.max(0);
        let latest = found.own_latest.max(found.pooled_latest);
        slot.settled_until = latest.map_or(slot.settled_until, Micros);
    }
    Ok(reckoned)
}

/// Writes down whom these accounts have counted, for those that count different ones.
pub(super) async fn join_members(unit: &SeaOrmUnit, wanted: &[&Limit]) -> Result<(), StoreError> {
    const COLUMNS: &Columns = &[("resets_at", Kind::Int)];
    let unique = wanted.iter().filter(|limit| limit.aggregation == Aggregation::Unique);
    let listed = Listed::new(&[accounts::COLUMNS, COLUMNS], unique.map(|limit| period_cells(limit)));
    listed.execute(unit, "a", JOIN).await?;
    Ok(())
}

/// True when an account that does not exist cannot have anything in the ledger: the tenant's own account was counted
/// under the same entitlements, and everything since the shorter period began was counted after that. So whatever
/// moved this account would have made it. Without this, the first call of every user on every day would add up the day.
fn is_covered(limit: &Limit, known: &BTreeMap<TenantAccount, quota_account::Model>) -> bool {
    let key = &limit.account.key;
    let start = Micros::from(key.period_start);
    let end = limit.resets_at.map(Micros::from);
    let of_meter = TenantAccount {
        key: tenantry_quotas::account::AccountKey {
            subject: Subject::Tenant,
            period: tenantry_quotas::period::Period::Minute,
            period_start: tenantry_kernel::time::OffsetDateTime::UNIX_EPOCH,
            ..key.clone()
        },
        ..limit.account.clone()
    };
    let covers = |row: &quota_account::Model| {
        let ends_later = match (row.resets_at, end) {
            (None, _) => true,
            (Some(theirs), Some(ours)) => theirs >= ours,
            (Some(_), None) => false,
        };
        row.revision == limit.revision && row.period_start <= start && ends_later && row.settled_until < start
    };
    known
        .range(of_meter..)
        .take_while(|(account, _)| {
            account.tenant == limit.account.tenant
                && account.key.meter == key.meter
                && account.key.live == key.live
                && account.key.subject == Subject::Tenant
        })
        .any(|(_, row)| covers(row))
}

/// Name and end of a limit's account, as cells.
fn period_cells(limit: &Limit) -> Vec<Json> {
    let mut cells = accounts::cells(&limit.account);
    cells.push(Json::from(limit.resets_at.map(|end| Micros::from(end).0)));
    cells
}
