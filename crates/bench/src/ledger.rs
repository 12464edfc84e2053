//! Rows of the ledger in plain SQL: what counting without the engine, and ingestion without the program, write.

use sea_orm::{DbBackend, Value};
use tenantry_kernel::uuid::Uuid;

/// The tenant that plain SQL counts for.
pub const PLAIN_TENANT: u128 = 3;

/// 1 March 2026, 12:00 UTC, and when its month began, in microseconds.
const NOW_US: i64 = 1_772_366_400_000_000;
const MONTH_US: i64 = 1_772_323_200_000_000;
/// 1 April 2026.
const NEXT_MONTH_US: i64 = 1_775_001_600_000_000;

const COLUMNS: &str = "tenant_id, id, operation, line, kind, digest, meter, live, period, period_start, amount, value, \
    member, used_after, limit_value, resets_at, description, subject, used_by, pool_id, actor_kind, actor_id, event_at, \
    recorded_at, mark";
const COLUMN_COUNT: usize = 25;

/// Adds so many rows to a table that looks like the ledger.
pub fn insert(table: &str, backend: DbBackend, rows: usize) -> String {
    let mut place = 0;
    let values: Vec<String> = (0..rows)
        .map(|_| {
            let cells: Vec<String> = (0..COLUMN_COUNT)
                .map(|_| {
                    place += 1;
                    if backend == DbBackend::Postgres {
                        format!("${place}")
                    } else {
                        "?".to_owned()
                    }
                })
                .collect();
            format!("({})", cells.join(","))
        })
        .collect();
    format!("insert into {table} ({COLUMNS}) values {}", values.join(","))
}

/// One row, as the engine writes it for one event.
pub fn row(tenant: u128, id: u128) -> Vec<Value> {
    let none = || Value::from(None::<String>);
    vec![
        Uuid::from_u128(tenant).into(),
        Uuid::from_u128(id).into(),
        format!("\u{b7}event//bench/{}", Uuid::from_u128(id)).into(),
        0_i64.into(),
        "usage".into(),
        vec![7_u8; 32].into(),
        "events".into(),
        true.into(),
        "month".into(),
        MONTH_US.into(),
        1_i64.into(),
        1_i64.into(),
        none(),
        i64::try_from(id & 0xffff_ffff).unwrap_or(1).into(),
        1_000_000_000_000_i64.into(),
        NEXT_MONTH_US.into(),
        none(),
        none(),
        none(),
        Value::from(None::<Uuid>),
        "api_key".into(),
        "01890a5d-ac96-774b-bcce-b302099a8057".into(),
        NOW_US.into(),
        NOW_US.into(),
        1_i64.into(),
    ]
}

/// The account that plain SQL counts on.
pub fn open_account(backend: DbBackend) -> String {
    let id = tenant(backend);
    format!(
        "insert into quota_account (tenant_id, meter, live, subject, period, period_start, posted, pending, granted, \
         within_limit, revision, aggregation, resets_at, settled_until) values ({id}, 'events', true, '', 'month', \
         {MONTH_US}, 0, 0, 0, 1000000000000, 1, 'sum', {NEXT_MONTH_US}, {NOW_US})"
    )
}

/// Counts one more on it, where that fits.
pub fn post_one(backend: DbBackend) -> String {
    let id = tenant(backend);
    format!(
        "update quota_account set posted = posted + 1 where tenant_id = {id} and meter = 'events' and live = true \
         and subject = '' and period = 'month' and period_start = {MONTH_US} and posted + 1 <= 1000000000000"
    )
}

/// The tenant as a literal.
fn tenant(backend: DbBackend) -> String {
    let id = Uuid::from_u128(PLAIN_TENANT);
    if backend == DbBackend::Postgres {
        format!("'{id}'::uuid")
    } else {
        format!("x'{}'", id.simple())
    }
}
