//! The schema: migrations land whole and once, entities fit it, tables are fenced.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tenantry_migrations::MigrateError;
use tenantry_store_seaorm::columns;
use tenantry_test_support::{Engine, FreshDatabase, on_each_database, schema};

/// Tables that belong to the migrations themselves.
const OF_MIGRATIONS: &str = "seaql_migrations";

async fn connect(database: &FreshDatabase) -> DatabaseConnection {
    Database::connect(database.url()).await.unwrap()
}

#[tokio::test]
async fn every_entity_has_exactly_the_columns_of_its_table() {
    on_each_database(async |subject| {
        let migrated: BTreeMap<_, _> = schema::columns(subject.store.schema_connection())
            .await
            .into_iter()
            .collect();

        for (table, believed) in columns() {
            let mut actual = migrated.get(table).cloned().unwrap_or_default();
            let mut believed: Vec<String> = believed.into_iter().map(str::to_owned).collect();
            actual.sort();
            believed.sort();
            assert_eq!(believed, actual, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let mut seen = Vec::new();
    for engine in [Engine::SqliteMemory, Engine::Postgres] {
        if let Some(subject) = tenantry_test_support::TestStore::on(engine).await {
            seen.push(schema::columns(subject.store.schema_connection()).await);
        }
    }

    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    on_each_database(async |subject| {
        let connection = subject.store.schema_connection();
        let before = schema::dump(connection).await;

        let again = tenantry_migrations::up(connection).await.unwrap();

        assert_eq!(again, Vec::<String>::new());
        assert_eq!(schema::dump(connection).await, before);
        assert!(
            tenantry_migrations::status(connection)
                .await
                .unwrap()
                .pending
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(database) = FreshDatabase::empty_on(engine).await else {
            continue;
        };
        let (one, two) = (connect(&database).await, connect(&database).await);

        let (first, second) = tokio::join!(tenantry_migrations::up(&one), tenantry_migrations::up(&two));

        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.is_empty() != second.is_empty(), "{engine}: {first:?} {second:?}");
        for connection in [one, two] {
            connection.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_empty_database_has_everything_pending() {
    for engine in Engine::ALL {
        let Some(database) = FreshDatabase::empty_on(engine).await else {
            continue;
        };
        let connection = connect(&database).await;

        let status = tenantry_migrations::status(&connection).await.unwrap();

        assert!(
            status.applied.is_empty() && status.pending.len() >= 6,
            "{engine}: {status:?}"
        );
        connection.close().await.unwrap();
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "plays a newer version")]
async fn a_schema_newer_than_the_program_is_refused() {
    on_each_database(async |subject| {
        let connection = subject.store.schema_connection();
        let newer = "insert into seaql_migrations (version, applied_at) values ('m2999_01_01_000001_future', 1)";
        connection.execute_unprepared(newer).await.unwrap();

        let refused = tenantry_migrations::up(connection).await;

        assert!(
            matches!(&refused, Err(MigrateError::Newer { unknown }) if unknown == &["m2999_01_01_000001_future"]),
            "{refused:?}"
        );
    })
    .await;
}

/// Platform tables: their grants are their fence. The list may only grow with a reason.
const WITHOUT_ROW_SECURITY: &[&str] = &[
    "catalog_state",
    "invoice_counter",
    "job",
    "outbox_event",
    "plan_version",
    "platform_key",
    OF_MIGRATIONS,
    "signing_key",
    "spent_budget",
    "usage_mark",
];

#[tokio::test]
async fn row_security_is_forced_on_every_table_that_is_not_the_platforms() {
    let Some(subject) = tenantry_test_support::TestStore::on(Engine::Postgres).await else {
        return;
    };
    let dump = schema::dump(subject.store.schema_connection()).await;

    let open: Vec<&str> = dump
        .lines()
        .filter_map(|line| line.strip_prefix("row security "))
        .filter_map(|line| line.strip_suffix(": off").or_else(|| line.strip_suffix(": on")))
        .filter(|table| !WITHOUT_ROW_SECURITY.contains(table))
        .collect();

    assert_eq!(open, Vec::<&str>::new());
}

#[tokio::test]
async fn keys_of_tenant_owned_tables_start_with_the_tenant() {
    let Some(subject) = tenantry_test_support::TestStore::on(Engine::Postgres).await else {
        return;
    };
    let connection = subject.store.schema_connection();
    let owned: Vec<String> = schema::columns(connection)
        .await
        .into_iter()
        .filter(|(_, columns)| columns.first().is_some_and(|first| first == "tenant_id"))
        .map(|(table, _)| table)
        .collect();
    assert!(owned.len() >= 4, "{owned:?}");
    let dump = schema::dump(connection).await;

    let stray: Vec<&str> = dump
        .lines()
        .filter_map(|line| line.strip_prefix("constraint "))
        .filter(|line| owned.iter().any(|table| line.starts_with(&format!("{table}."))))
        .filter(|line| !line.contains(": CHECK "))
        .filter(|line| !line.contains("KEY (tenant_id") && !line.contains("UNIQUE (tenant_id"))
        .collect();

    assert_eq!(stray, Vec::<&str>::new());
}
