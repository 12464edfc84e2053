//! How connections are set up.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenantry_store_seaorm::{Durability, SeaOrmStore, StoreOptions, StorePorts};
use tenantry_test_support::{Engine, FreshDatabase, TestStore, on_each_database};

#[expect(clippy::disallowed_methods, reason = "asks SQLite about the connection")]
async fn pragma(store: &SeaOrmStore, name: &str) -> String {
    let asked = Statement::from_string(
        DbBackend::Sqlite,
        format!("select cast({name} as text) as v from pragma_{name}"),
    );
    let row = store.schema_connection().query_one_raw(asked).await.unwrap();
    row.unwrap().try_get("", "v").unwrap()
}

#[tokio::test]
async fn a_commit_to_a_sqlite_file_survives_the_loss_of_power() {
    let subject = TestStore::on(Engine::SqliteFile).await.unwrap();

    assert_eq!(pragma(&subject.store, "synchronous").await, "2", "FULL");
    assert_eq!(pragma(&subject.store, "journal_mode").await, "wal");
    assert_eq!(pragma(&subject.store, "foreign_keys").await, "1");
}

#[tokio::test]
async fn an_operator_may_choose_less_durability() {
    let subject = TestStore::on(Engine::SqliteFile).await.unwrap();
    let database = FreshDatabase::on(Engine::SqliteFile).await.unwrap();
    let ports = StorePorts {
        cipher: std::sync::Arc::new(tenantry_test_support::TestCipher),
        clock: subject.clock.clone(),
        ids: subject.ids.clone(),
    };

    let options = StoreOptions::new(database.url()).durability(Durability::Normal);
    let store = SeaOrmStore::connect(&options, ports).await.unwrap();

    assert_eq!(pragma(&store, "synchronous").await, "1", "NORMAL");
}

#[tokio::test]
async fn a_database_that_answers_is_ready_and_a_closed_one_is_not() {
    on_each_database(async |subject| {
        assert!(subject.store.ping().await.is_ok());

        subject.store.close().await.unwrap();

        assert!(subject.store.ping().await.is_err());
    })
    .await;
}
