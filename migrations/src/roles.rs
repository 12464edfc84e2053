//! The three roles that transactions run as on PostgreSQL.
//!
//! Roles belong to the cluster, not to the database: several databases (tests make many) share them,
//! and making them at the same time fails with `tuple concurrently updated`. So they are made once,
//! outside the migrations' transaction, and tried again when somebody else is making them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, Statement};

/// Requests: sees the pinned tenant and the pinned person.
pub const APP: &str = "tenantry_app";
/// Background work: the queue, the feed, the directories, and which tenants are due.
pub const WORKER: &str = "tenantry_worker";
/// The quota engine: usage accounts of all tenants, nothing else.
pub const QUOTA: &str = "tenantry_quota";

/// How often making the roles is tried.
const ATTEMPTS: u32 = 20;

const MAKE: &str = "
do $$
declare wanted text;
begin
  foreach wanted in array array['tenantry_app', 'tenantry_worker', 'tenantry_quota'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I nologin nosuperuser nobypassrls noinherit', wanted);
    end if;
    if not pg_has_role(current_user, wanted, 'member') then
      execute format('grant %I to current_user', wanted);
    end if;
  end loop;
end $$";

/// Makes the roles that do not exist yet and lets the connection's own role switch to them.
#[expect(clippy::disallowed_methods, reason = "roles have no words in SeaQuery")]
pub(crate) async fn ensure(db: &DatabaseConnection) -> Result<(), DbErr> {
    let mut attempt = 1;
    loop {
        let Err(cause) = db.execute_unprepared(MAKE).await else {
            return Ok(());
        };
        if attempt == ATTEMPTS || !lost_a_race(&cause) {
            return Err(cause);
        }
        // The server waits for us: this crate has no runtime of its own to sleep in.
        db.execute_unprepared("select pg_sleep(0.05)").await?;
        attempt += 1;
    }
}

fn lost_a_race(cause: &DbErr) -> bool {
    let message = cause.to_string();
    ["tuple concurrently updated", "already exists", "duplicate key"]
        .iter()
        .any(|sign| message.contains(sign))
}

/// Lets the role `login`, which the server connects as, switch to the three roles.
#[expect(clippy::disallowed_methods, reason = "roles have no words in SeaQuery")]
pub(crate) async fn grant_to(db: &DatabaseConnection, login: &str) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let quoted = Statement::from_sql_and_values(
        backend,
        "select quote_ident($1) as login, current_setting('server_version_num')::int >= 160000 as modern",
        [login.into()],
    );
    let row = db
        .query_one_raw(quoted)
        .await?
        .ok_or_else(|| DbErr::Custom("no answer".to_owned()))?;
    let login: String = row.try_get("", "login")?;
    // Since 16 the right to switch can be given without the privileges themselves.
    let terms = if row.try_get("", "modern")? {
        " with inherit false, set true"
    } else {
        ""
    };
    for role in [APP, WORKER, QUOTA] {
        db.execute_unprepared(&format!("grant {role} to {login}{terms}"))
            .await?;
    }
    Ok(())
}
