//! Reading a database past the product, for tests that do not take its word.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement};

/// A connection that sees everything.
#[derive(Debug)]
pub struct Reader(DatabaseConnection);

impl Reader {
    /// Connects; on PostgreSQL as the role that the URL names, which must be one that row security does not hold.
    ///
    /// # Panics
    /// When the database cannot be reached.
    pub async fn of(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        match Database::connect(options).await {
            Ok(connection) => Self(connection),
            Err(cause) => panic!("the database cannot be reached: {cause}"),
        }
    }

    /// True on PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Postgres
    }

    /// What a query answers; it names its columns `c0`, `c1`, … and casts each to text.
    ///
    /// # Panics
    /// When the query is wrong.
    #[expect(clippy::disallowed_methods, reason = "tests look at what really is in the tables")]
    pub async fn texts(&self, sql: &str, columns: usize) -> Vec<Vec<Option<String>>> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = match self.0.query_all_raw(statement).await {
            Ok(rows) => rows,
            Err(cause) => panic!("{sql}: {cause}"),
        };
        let texts = rows.iter().map(|row| {
            let cell = |column: usize| row.try_get::<Option<String>>("", &format!("c{column}"));
            (0..columns).map(cell).collect::<Result<Vec<_>, DbErr>>()
        });
        match texts.collect() {
            Ok(texts) => texts,
            Err(cause) => panic!("{sql}: {cause}"),
        }
    }

    /// The text of a UUID column, as an expression.
    #[must_use]
    pub fn uuid(&self, column: &str) -> String {
        if self.is_postgres() {
            format!("replace(cast({column} as text), '-', '')")
        } else {
            format!("lower(hex({column}))")
        }
    }

    /// Ends the connection.
    ///
    /// # Panics
    /// When the database fails.
    pub async fn close(self) {
        if let Err(cause) = self.0.close().await {
            panic!("{cause}");
        }
    }
}
