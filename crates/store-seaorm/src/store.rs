//! The database: connections, and the units that are opened over them.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tenantry_activity::feed::{CommitListener, Committed};
use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Clock, IdSource, Origin, StoreError, SystemScope, TenantId, TenantScope};

use crate::error::store_error;
use crate::micros::Micros;
use crate::options::{Durability, StoreOptions};
use crate::unit::{Author, Marks, Pin, Role, SeaOrmUnit};

/// What the store needs from outside.
#[derive(Clone)]
pub struct StorePorts {
    /// Seals what is secret at rest.
    pub cipher: Arc<dyn Cipher>,
    /// Tells when things happened.
    pub clock: Arc<dyn Clock>,
    /// Names audit rows and jobs.
    pub ids: Arc<dyn IdSource>,
}

/// What store and units share.
pub(crate) struct Core {
    /// On SQLite one connection, so that writers queue here and not on a lock.
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    pub(crate) ports: StorePorts,
    listeners: RwLock<Vec<Arc<dyn CommitListener>>>,
}

impl Core {
    pub(crate) fn tell(&self, what: Committed) {
        let listeners = self.listeners.read().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            listener.committed(what);
        }
    }
}

/// The database of one installation. Cheap to clone.
#[derive(Clone)]
pub struct SeaOrmStore {
    core: Arc<Core>,
}

impl fmt::Debug for SeaOrmStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeaOrmStore")
            .field("backend", &self.backend())
            .finish_non_exhaustive()
    }
}

impl SeaOrmStore {
    /// Connects. A SQLite file that does not exist is made; the schema is not (see `tenantry-migrations`).
    ///
    /// # Errors
    /// `Unavailable` when nobody answers.
    pub async fn connect(options: &StoreOptions, ports: StorePorts) -> Result<Self, StoreError> {
        let (writer, reader) = if options.is_sqlite() {
            sqlite(options).await?
        } else {
            let pool = Database::connect(postgres(options)).await.map_err(unreachable)?;
            (pool.clone(), pool)
        };
        let core = Core {
            writer,
            reader,
            ports,
            listeners: RwLock::default(),
        };
        Ok(Self { core: Arc::new(core) })
    }

    /// Tells `listener` of every commit of this process that changed something, before the committer
    /// goes on: caches on this node forget at once.
    pub fn on_commit(&self, listener: Arc<dyn CommitListener>) {
        let mut listeners = self.core.listeners.write().unwrap_or_else(PoisonError::into_inner);
        listeners.push(listener);
    }

    /// The connection for migrations, and for nothing else.
    #[must_use]
    pub fn schema_connection(&self) -> &DatabaseConnection {
        &self.core.writer
    }

    /// Which database this is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.core.writer.get_database_backend()
    }

    /// Asks the database for an answer, for readiness.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.core.reader.ping().await.map_err(unreachable)
    }

    /// The time by the database's clock.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn database_time(&self) -> Result<time::OffsetDateTime, StoreError> {
        let unit = self.worker_look_up().await?;
        let now = Micros(unit.ask(unit.database_time()).await?);
        now.try_into()
            .map_err(|cause: time::error::ComponentRange| StoreError::Backend(Box::new(cause)))
    }

    /// True when the role of the connection itself passes by row security: a superuser, or one with `BYPASSRLS`.
    /// Transactions take a lesser role all the same; in production the server refuses such a connection.
    ///
    /// # Errors
    /// `Unavailable`.
    #[expect(clippy::disallowed_methods, reason = "asks about the connection, not for rows")]
    pub async fn bypasses_row_security(&self) -> Result<bool, StoreError> {
        if self.backend() != DbBackend::Postgres {
            return Ok(false);
        }
        let asked = Statement::from_string(
            DbBackend::Postgres,
            "select rolsuper or rolbypassrls as passes from pg_roles where rolname = session_user",
        );
        let row = self.core.reader.query_one_raw(asked).await.map_err(store_error)?;
        row.map_or(Ok(false), |row| row.try_get("", "passes").map_err(store_error))
    }

    pub(crate) fn cipher(&self) -> &dyn Cipher {
        self.core.ports.cipher.as_ref()
    }

    /// Closes all connections once the units that are open have ended.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.core.reader.close_by_ref().await.map_err(unreachable)?;
        self.core.writer.close_by_ref().await.map_err(unreachable)
    }

    /// A unit that may write the tenant's rows. Domains reach it through their ports; a program that embeds
    /// Tenantry opens it for entities of its own (see [`crate::scope`]).
    ///
    /// # Errors
    /// `Unavailable`, `Contended`.
    pub async fn unit_for(&self, scope: &TenantScope) -> Result<SeaOrmUnit, StoreError> {
        let pin = Pin::app(Some(scope.tenant_id()), None);
        self.open(pin, Author::Tenant(scope.clone())).await
    }

    /// A unit that reads the tenant's rows.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn read_for(&self, scope: &TenantScope) -> Result<SeaOrmUnit, StoreError> {
        let pin = Pin::app(Some(scope.tenant_id()), None).read_only();
        self.open(pin, Author::Tenant(scope.clone())).await
    }

    /// A unit over one person's platform rows: log-in, profile, sessions.
    ///
    /// # Errors
    /// `Unavailable`, `Contended`.
    pub async fn unit_for_person(&self, user: UserId, origin: &Origin) -> Result<SeaOrmUnit, StoreError> {
        let pin = Pin::app(None, Some(user));
        self.open(pin, Author::Person(user, origin.clone())).await
    }

    /// A unit over one person's platform rows, for an operator or a worker.
    pub(crate) async fn unit_for_person_as(&self, scope: &SystemScope, user: UserId) -> Result<SeaOrmUnit, StoreError> {
        self.open(Pin::app(None, Some(user)), Author::System(scope.clone()))
            .await
    }

    /// A unit over one tenant *and* one person: founding a tenant, accepting an invitation, signing in to one.
    ///
    /// # Errors
    /// `Unavailable`, `Contended`.
    pub async fn unit_for_tenant_and_person(
        &self,
        scope: &TenantScope,
        user: UserId,
    ) -> Result<SeaOrmUnit, StoreError> {
        let pin = Pin::app(Some(scope.tenant_id()), Some(user));
        self.open(pin, Author::Tenant(scope.clone())).await
    }

    /// A unit over platform tables, as the worker.
    pub(crate) async fn unit_for_system(&self, scope: &SystemScope) -> Result<SeaOrmUnit, StoreError> {
        self.open(Pin::worker(), Author::System(scope.clone())).await
    }

    /// A read-only unit before any scope exists: directories, caches.
    pub(crate) async fn look_up(
        &self,
        tenant: Option<TenantId>,
        user: Option<UserId>,
    ) -> Result<SeaOrmUnit, StoreError> {
        self.open(Pin::app(tenant, user).read_only(), Author::Nobody).await
    }

    /// A read-only unit as the worker.
    pub(crate) async fn worker_look_up(&self) -> Result<SeaOrmUnit, StoreError> {
        self.open(Pin::worker().read_only(), Author::Nobody).await
    }

    /// A unit as the worker, for its own queues: nobody's act, so it leaves no audit row.
    pub(crate) async fn worker_unit(&self) -> Result<SeaOrmUnit, StoreError> {
        self.open(Pin::worker(), Author::Nobody).await
    }

    /// Opens a transaction, pinned.
    #[expect(clippy::disallowed_methods, reason = "the pin is raw SQL, and it is made here only")]
    pub(crate) async fn open(&self, pin: Pin, author: Author) -> Result<SeaOrmUnit, StoreError> {
        let txn = if pin.read_only {
            self.core.reader.begin().await
        } else {
            let immediate = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            };
            self.core.writer.begin_with_options(immediate).await
        };
        let txn = txn.map_err(store_error)?;
        if txn.get_database_backend() == DbBackend::Postgres {
            txn.execute_unprepared(&pin.sql()).await.map_err(store_error)?;
        }
        Ok(SeaOrmUnit::new(txn, pin, author, Arc::clone(&self.core)))
    }
}

impl Pin {
    pub(crate) const fn app(tenant: Option<TenantId>, user: Option<UserId>) -> Self {
        Self {
            role: Role::App,
            tenant,
            user,
            read_only: false,
            marks: Marks::None,
        }
    }

    pub(crate) const fn worker() -> Self {
        Self {
            role: Role::Worker,
            tenant: None,
            user: None,
            read_only: false,
            marks: Marks::None,
        }
    }

    pub(crate) const fn quota() -> Self {
        Self {
            role: Role::Quota,
            tenant: None,
            user: None,
            read_only: false,
            marks: Marks::None,
        }
    }

    pub(crate) const fn with(mut self, marks: Marks) -> Self {
        self.marks = marks;
        self
    }

    pub(crate) const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }
}

fn unreachable(cause: sea_orm::DbErr) -> StoreError {
    StoreError::Unavailable(Box::new(cause))
}

fn common(options: &StoreOptions) -> ConnectOptions {
    let mut connect = ConnectOptions::new(&options.url);
    connect
        .sqlx_logging(false)
        .acquire_timeout(options.acquire_timeout)
        .max_connections(options.pool_size);
    connect
}

fn postgres(options: &StoreOptions) -> ConnectOptions {
    let mut connect = common(options);
    connect
        .set_application_name("tenantry")
        // A ping per checkout costs a round trip; a connection that was just used is alive.
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(30));
    connect
}

/// One writer, and readers that never wait for it. In memory they are one connection: another would
/// see another database.
async fn sqlite(options: &StoreOptions) -> Result<(DatabaseConnection, DatabaseConnection), StoreError> {
    let mut writer = common(options);
    let in_memory = options.is_in_memory();
    let synchronous = match options.durability {
        Durability::Full => SqliteSynchronous::Full,
        Durability::Normal => SqliteSynchronous::Normal,
    };
    let busy_timeout = options.busy_timeout;
    writer
        .max_connections(1)
        .min_connections(1)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .busy_timeout(busy_timeout)
                .synchronous(synchronous);
            if in_memory {
                return sqlite;
            }
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                // After a burst the log would stay as large as it grew.
                .pragma("journal_size_limit", "67108864")
        });
    let mut reader = writer.clone();
    let writer = Database::connect(writer).await.map_err(unreachable)?;
    if in_memory {
        return Ok((writer.clone(), writer));
    }
    reader
        .max_connections(options.pool_size)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .foreign_keys(true)
                .busy_timeout(busy_timeout)
                .pragma("query_only", "on")
        });
    let reader = Database::connect(reader).await.map_err(unreachable)?;
    Ok((writer, reader))
}
