//! Which PostgreSQL server the tests use, and fresh databases on it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};
use tokio::sync::OnceCell;

use crate::{private_server, target_dir};

/// Databases of tests that were killed are removed by later ones after this many seconds.
const STALE_AFTER_S: u64 = 6 * 60 * 60;

/// How long a server is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server: how to reach its `postgres` database, and the name of the migrated template on it.
struct Server {
    admin_url: String,
    template: String,
}

static SERVER: OnceCell<Result<Server, String>> = OnceCell::const_new();

/// Makes a database and answers its URL, or why there is none.
pub(crate) async fn fresh(number: u64) -> Result<String, String> {
    let server = SERVER.get_or_init(prepare).await.as_ref().map_err(Clone::clone)?;
    create(server, number, &server.template).await
}

/// The same without any tables.
pub(crate) async fn empty(number: u64) -> Result<String, String> {
    let server = SERVER.get_or_init(prepare).await.as_ref().map_err(Clone::clone)?;
    create(server, number, "template1").await
}

async fn create(server: &Server, number: u64, template: &str) -> Result<String, String> {
    let name = format!("{}_{number}", name("test"));
    let create = format!("create database {name} template {template}");
    if let Err(cause) = at(&server.admin_url, &[create]).await {
        panic!("no database on PostgreSQL: {cause}");
    }
    note(&name);
    Ok(with_database(&server.admin_url, &name))
}

/// Removes a database. The caller is a `drop`, so this cannot wait in its runtime.
pub(crate) fn remove(url: &str) {
    let Some(Ok(server)) = SERVER.get() else {
        return;
    };
    let Some((_, name)) = split(url) else {
        return;
    };
    let statement = format!("drop database if exists {name} with (force)");
    let removing = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            // What stays is removed as stale by a later run.
            let _ = runtime.block_on(at(&server.admin_url, &[statement]));
        }
    });
    let _ = removing.join();
}

async fn prepare() -> Result<Server, String> {
    let admin_url = find().await?;
    let template = name("template");
    let made = async {
        remove_stale(&admin_url).await?;
        at(&admin_url, &[format!("create database {template}")]).await?;
        let connection = connect(&with_database(&admin_url, &template)).await?;
        let migrated = tenantry_migrations::up(&connection).await;
        // A template must have no connections.
        connection.close().await?;
        migrated.map_err(|cause| DbErr::Custom(format!("{cause:?}")))
    };
    match made.await {
        Ok(_) => Ok(Server { admin_url, template }),
        Err(cause) => panic!("the PostgreSQL template was not migrated: {cause}"),
    }
}

/// The server that was named, or that answers, or that can be started.
async fn find() -> Result<String, String> {
    if let Ok(named) = std::env::var("TENANTRY_TEST_POSTGRES_URL") {
        return match at(&named, &[]).await {
            Ok(()) => Ok(named),
            Err(cause) => panic!("TENANTRY_TEST_POSTGRES_URL does not answer: {cause}"),
        };
    }
    let local = SocketAddr::from(([127, 0, 0, 1], 5432));
    if TcpStream::connect_timeout(&local, Duration::from_millis(300)).is_ok() {
        for credentials in ["postgres", "postgres:postgres"] {
            let url = format!("postgres://{credentials}@127.0.0.1:5432/postgres");
            if at(&url, &[]).await.is_ok() {
                return Ok(url);
            }
        }
    }
    // Waits for processes, so it must not hold up the runtime.
    tokio::task::spawn_blocking(private_server::url)
        .await
        .map_err(|cause| cause.to_string())?
}

/// True when the server at `url` answers.
pub(crate) fn answers(url: &str) -> bool {
    answers_within(url, PATIENCE)
}

/// True when it answers before this time is over. A server that is not there is asked for as long.
pub(crate) fn answers_within(url: &str, wait: Duration) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let answered = async { connect_within(url, wait).await?.close().await };
    runtime.is_ok_and(|runtime| runtime.block_on(answered).is_ok())
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    connect_within(url, PATIENCE).await
}

async fn connect_within(url: &str, wait: Duration) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false).acquire_timeout(wait);
    Database::connect(options).await
}

#[expect(clippy::disallowed_methods, reason = "databases are made and removed here")]
async fn at(url: &str, statements: &[String]) -> Result<(), DbErr> {
    let connection = connect(url).await?;
    for statement in statements {
        connection.execute_unprepared(statement).await?;
    }
    connection.close().await
}

#[expect(clippy::disallowed_methods, reason = "databases are found here")]
async fn remove_stale(admin_url: &str) -> Result<(), DbErr> {
    let connection = connect(admin_url).await?;
    let sql = "select datname from pg_database where datname like 'tenantry\\_te%'";
    let rows = connection
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    for row in rows {
        let name: String = row.try_get("", "datname")?;
        let made_at = name.split('_').nth(2).and_then(|secs| secs.parse::<u64>().ok());
        if made_at.is_some_and(|made_at| made_at + STALE_AFTER_S < now_s()) {
            // Another run may be removing it at the same time.
            let _ = connection
                .execute_unprepared(&format!("drop database if exists {name} with (force)"))
                .await;
        }
    }
    connection.close().await
}

/// `tenantry_<what>_<seconds>_<process>`: tells later runs how old it is.
fn name(what: &str) -> String {
    format!("tenantry_{what}_{}_{}", now_s(), std::process::id())
}

fn now_s() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs())
}

/// The URL without its database, and the database; parameters after `?` belong to neither.
fn split(url: &str) -> Option<(&str, &str)> {
    let (server, database) = url.rsplit_once('/')?;
    Some((server, database.split('?').next().unwrap_or(database)))
}

fn with_database(url: &str, name: &str) -> String {
    let parameters = url.split_once('?').map(|(_, parameters)| format!("?{parameters}"));
    let server = split(url.split('?').next().unwrap_or(url)).map_or(url, |(server, _)| server);
    format!("{server}/{name}{}", parameters.unwrap_or_default())
}

/// For whoever must be sure that PostgreSQL was used.
fn note(name: &str) {
    let path = target_dir().join("tenantry-postgres-used");
    let noted = std::fs::OpenOptions::new().create(true).append(true).open(path);
    if let Ok(mut file) = noted {
        let _ = writeln!(file, "{name}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_the_one_in_the_url() {
        let url = "postgres://me:pw@db:5432/postgres?sslmode=disable";

        assert_eq!(with_database(url, "x"), "postgres://me:pw@db:5432/x?sslmode=disable");
        assert_eq!(split("postgres://db/x?a=b"), Some(("postgres://db", "x")));
    }
}
