//! A fresh database for every test: SQLite in memory, SQLite in a file, PostgreSQL.
//!
//! PostgreSQL is the server at `TENANTRY_TEST_POSTGRES_URL`, else the one that answers at
//! 127.0.0.1:5432, else one started privately from the binaries on this machine (also as root).
//! Without any, the tests say aloud on stderr what they skip; `TENANTRY_TEST_REQUIRE_POSTGRES=1` makes
//! that a failure. Every PostgreSQL database made is noted in `target/tenantry-postgres-used`.
//! Redis is likewise the server at `TENANTRY_TEST_REDIS_URL` or a private `redis-server`, noted in
//! `target/tenantry-redis-used`. Start with [`on_each_database`].
//!
//! **Invariant:** nothing in here is part of the product; it may panic, because only tests call it.

mod cipher;
mod crashing;
mod database;
mod postgres;
mod private_server;
mod redis;
pub mod schema;
pub mod sql;

pub use cipher::TestCipher;
pub use crashing::OwnPostgres;
pub use database::{Engine, FreshDatabase, TestStore, on_each_database};
pub use redis::TestRedis;

/// Where cargo builds: test binaries lie two folders below it.
pub(crate) fn target_dir() -> std::path::PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    let deps = here.ancestors().find(|dir| dir.ends_with("deps"));
    deps.and_then(|deps| deps.ancestors().nth(2))
        .map_or_else(std::env::temp_dir, std::path::Path::to_path_buf)
}
