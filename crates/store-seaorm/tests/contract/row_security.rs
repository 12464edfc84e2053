//! The last fence, on PostgreSQL: even SQL that forgets the tenant stays inside it.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement, TransactionTrait};
use tenantry_activity::feed::InvalidationFeed;
use tenantry_activity::job::JobQueue;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{Event, TenantScope};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::store::TenancyStore;
use tenantry_tenancy::testing;
use tenantry_test_support::{Engine, TestStore};

/// Two tenants with a member each, and a connection of the kind that attackers dream of: raw SQL.
pub(crate) async fn two_tenants() -> Option<(TestStore, DatabaseConnection)> {
    let subject = TestStore::on(Engine::Postgres).await?;
    for (number, slug) in [(1, "acme"), (2, "globex")] {
        let mut unit = subject.store.begin(&TenantScope::for_test(number, &[])).await.unwrap();
        unit.tenants().insert(&testing::tenant(number, slug)).await.unwrap();
        unit.memberships()
            .insert(&testing::member(10, SystemRole::Owner))
            .await
            .unwrap();
        unit.commit(vec![Event::new("tenant.created", number)]).await.unwrap();
    }
    let raw = Database::connect(subject.database().url()).await.unwrap();
    Some((subject, raw))
}

pub(crate) const fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// Runs `sql` as `role`, pinned to `tenant` and `user`, and answers the number in its first column.
#[expect(clippy::disallowed_methods, reason = "raw SQL is what this is about")]
pub(crate) async fn as_role(
    raw: &DatabaseConnection,
    role: &str,
    tenant: Option<u128>,
    user: Option<u128>,
    sql: &str,
) -> Result<i64, DbErr> {
    let text = |id: Option<u128>| id.map(|id| uuid(id).to_string()).unwrap_or_default();
    let pin = format!(
        "set local role {role}; select set_config('app.tenant_id', '{}', true), set_config('app.user_id', '{}', true)",
        text(tenant),
        text(user)
    );
    let txn = raw.begin().await?;
    txn.execute_unprepared(&pin).await?;
    let row = txn
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await?;
    row.unwrap().try_get_by_index(0)
}

#[tokio::test]
async fn without_a_pin_there_are_no_rows() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    for table in [
        "tenant",
        "membership",
        "custom_domain",
        "audit_log",
        "idempotency_receipt",
    ] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(
            as_role(&raw, "tenantry_app", None, None, &sql).await.unwrap(),
            0,
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_pin_shows_one_tenant_to_sql_that_names_none() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    for table in ["tenant", "membership", "audit_log"] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(
            as_role(&raw, "tenantry_app", Some(1), None, &sql).await.unwrap(),
            1,
            "{table}"
        );
    }
}

#[tokio::test]
async fn a_row_for_another_tenant_is_refused() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    let insert = format!(
        "insert into custom_domain (tenant_id, id, host, verification_token, created_at) \
         values ('{}', '{}', 'x.example', 't', 0) returning 1::bigint",
        uuid(2),
        uuid(9)
    );
    let steal = format!("update membership set tenant_id = '{}' returning 1::bigint", uuid(2));

    for sql in [insert, steal] {
        let refused = as_role(&raw, "tenantry_app", Some(1), None, &sql).await;
        assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_person_reads_their_memberships_everywhere_and_changes_none() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    let count = "select count(*) from membership";
    let change = "with changed as (update membership set role = 'owner' returning 1) select count(*) from changed";

    assert_eq!(
        as_role(&raw, "tenantry_app", None, Some(1_010), count).await.unwrap(),
        2
    );
    assert_eq!(
        as_role(&raw, "tenantry_app", None, Some(1_011), count).await.unwrap(),
        0
    );
    assert_eq!(
        as_role(&raw, "tenantry_app", None, Some(1_010), change).await.unwrap(),
        0
    );
}

#[tokio::test]
async fn the_audit_log_is_never_changed_and_trimmed_by_the_worker_alone() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    let change = "update audit_log set action = 'nothing' returning 1::bigint";
    let remove = "delete from audit_log returning 1::bigint";
    let read = "select count(changes) from audit_log";
    for (role, sql) in [
        ("tenantry_app", change),
        ("tenantry_app", remove),
        ("tenantry_quota", change),
        ("tenantry_quota", remove),
        ("tenantry_worker", change),
        ("tenantry_worker", read),
    ] {
        let refused = as_role(&raw, role, Some(1), None, sql).await;
        assert!(
            format!("{refused:?}").contains("permission denied"),
            "{role}, {sql}: {refused:?}"
        );
    }
    let by_age = "select count(*) from audit_log where at < 0";
    assert!(as_role(&raw, "tenantry_worker", None, None, by_age).await.is_ok());
}

#[tokio::test]
async fn the_worker_lists_tenants_and_counts_members_without_seeing_them() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    let tenants = as_role(&raw, "tenantry_worker", None, None, "select count(*) from tenant").await;
    let members = as_role(
        &raw,
        "tenantry_worker",
        None,
        None,
        "select count(status) from membership",
    )
    .await;

    assert_eq!((tenants.unwrap(), members.unwrap()), (2, 2));
    for column in ["email", "name", "role"] {
        let sql = format!("select count({column}) from membership");
        let refused = as_role(&raw, "tenantry_worker", None, None, &sql).await;
        assert!(
            format!("{refused:?}").contains("permission denied"),
            "{column}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn requests_add_jobs_and_notices_but_read_none() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    for table in ["job", "outbox_event", "platform_key", "signing_key", "spent_budget"] {
        let sql = format!("select count(*) from {table}");
        let refused = as_role(&raw, "tenantry_app", Some(1), None, &sql).await;
        assert!(
            format!("{refused:?}").contains("permission denied"),
            "{table}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_pin_is_forgotten_when_its_transaction_ends() {
    let Some((subject, raw)) = two_tenants().await else {
        return;
    };
    // One connection, so that the second transaction meets what the first left behind.
    let url = subject.database().url();
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1);
    let single = Database::connect(options).await.unwrap();
    let count = "select count(*) from tenant";
    assert_eq!(as_role(&single, "tenantry_app", Some(1), None, count).await.unwrap(), 1);

    let pin = "select length(coalesce(current_setting('app.tenant_id', true), ''))::bigint";

    assert_eq!(as_role(&single, "tenantry_app", None, None, count).await.unwrap(), 0);
    assert_eq!(as_role(&raw, "tenantry_app", None, None, pin).await.unwrap(), 0);
}

#[tokio::test]
async fn a_superusers_connection_is_recognized() {
    let Some((subject, _raw)) = two_tenants().await else {
        return;
    };

    // The test servers' own role makes databases: it is one that production refuses.
    assert!(subject.store.bypasses_row_security().await.unwrap());
    assert!(
        !TestStore::in_memory()
            .await
            .store
            .bypasses_row_security()
            .await
            .unwrap()
    );
}

/// A unit whose write was refused is lost. A plain COMMIT would say that all went well.
#[tokio::test]
async fn a_commit_after_a_refused_write_is_an_error() {
    let Some((subject, _raw)) = two_tenants().await else {
        return;
    };
    let mut unit = subject.store.begin(&TenantScope::for_test(1, &[])).await.unwrap();
    unit.memberships()
        .insert(&testing::member(11, SystemRole::Member))
        .await
        .unwrap();
    let refused = unit
        .memberships()
        .insert(&testing::member(10, SystemRole::Member))
        .await;
    assert!(refused.is_err());

    let committed = unit.commit(Vec::new()).await;

    assert!(committed.is_err());
}

#[tokio::test]
async fn a_reading_unit_cannot_write() {
    for engine in [Engine::SqliteFile, Engine::Postgres] {
        let Some(subject) = TestStore::on(engine).await else {
            continue;
        };
        let mut unit = subject.store.read(&TenantScope::for_test(1, &[])).await.unwrap();

        let written = unit.tenants().insert(&testing::tenant(1, "acme")).await;

        assert!(written.is_err(), "{engine}");
        drop(unit);
        subject.close().await;
    }
}

/// As in production: the server connects as a role that owns nothing and passes by nothing.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "makes and removes a role")]
async fn a_login_without_rights_of_its_own_can_run_the_server() {
    let Some((subject, raw)) = two_tenants().await else {
        return;
    };
    let url = subject.database().url().to_owned();
    let (server, database) = url.rsplit_once('/').unwrap();
    let login = format!("login_{}", database.split('?').next().unwrap());
    let host = server
        .rsplit_once('@')
        .map_or_else(|| server.rsplit_once('/').unwrap().1, |(_, host)| host);
    raw.execute_unprepared(&format!("create role {login} login password 'pw'"))
        .await
        .unwrap();
    tenantry_migrations::grant_login(&raw, &login).await.unwrap();

    let lesser = subject
        .another_node_at(&format!("postgres://{login}:pw@{host}/{database}"))
        .await;

    let nothing_to_do = tenantry_migrations::up(lesser.schema_connection()).await.unwrap();
    assert_eq!(nothing_to_do, Vec::<String>::new());
    assert!(!lesser.bypasses_row_security().await.unwrap());
    let mut unit = lesser.begin(&TenantScope::for_test(1, &[])).await.unwrap();
    let member = testing::member(11, SystemRole::Member);
    unit.memberships().insert(&member).await.unwrap();
    unit.commit(vec![member.created()]).await.unwrap();
    let feed = lesser.since(lesser.now().await.unwrap()).await;
    let jobs = lesser.claim(&["mail".to_owned()], 1, Duration::MINUTE).await;
    assert!(feed.is_ok() && jobs.is_ok(), "{feed:?} {jobs:?}");
    lesser.close().await.unwrap();
    subject.close().await;
    let admin = Database::connect(format!("{server}/postgres")).await.unwrap();
    admin.execute_unprepared(&format!("drop role {login}")).await.unwrap();
}

/// A transaction that names people adds rows for them, and for nobody else; it reads and changes none.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "raw SQL is what this is about")]
async fn people_are_added_by_a_list_and_not_otherwise_reached() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    let person = |number: u128| {
        format!(
            "insert into app_user (id, email, name, status, failed_logins, locale, created_at, version) \
             values ('{}', 'p{number}@x.example', 'P', 'active', 0, 'en', 0, 1)",
            uuid(number)
        )
    };
    let listed = format!(
        "set local role tenantry_app; select set_config('app.tenant_id', '{}', true), \
         set_config('app.added_people', '{},{}', true)",
        uuid(1),
        uuid(71),
        uuid(72)
    );

    let txn = raw.begin().await.unwrap();
    txn.execute_unprepared(&listed).await.unwrap();
    for number in [71, 72] {
        txn.execute_unprepared(&person(number)).await.unwrap();
    }
    let seen = Statement::from_string(DbBackend::Postgres, "select count(*) from app_user");
    let seen: i64 = txn
        .query_one_raw(seen)
        .await
        .unwrap()
        .unwrap()
        .try_get_by_index(0)
        .unwrap();
    let changed = txn.execute_unprepared("update app_user set name = 'Q'").await.unwrap();
    let stranger = txn.execute_unprepared(&person(73)).await;

    assert_eq!((seen, changed.rows_affected()), (0, 0));
    assert!(format!("{stranger:?}").contains("row-level security"), "{stranger:?}");
    let unnamed = as_role(
        &raw,
        "tenantry_app",
        Some(1),
        None,
        &format!("{} returning 1::bigint", person(74)),
    )
    .await;
    assert!(format!("{unnamed:?}").contains("row-level security"), "{unnamed:?}");
}

/// Person 10 did something in tenant 1 that tells of them; and person 10 has an address that nobody proved.
const TOLD: &str = "insert into audit_personal (tenant_id, id, audit_id, user_id, said) \
                    select tenant_id, id, id, '00000000-0000-0000-0000-00000000000a', '{}' from audit_log";

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "raw SQL is what this is about")]
async fn what_logs_say_of_people_is_theirs_and_their_tenants() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    raw.execute_unprepared(TOLD).await.unwrap();
    let count = "select count(*) from audit_personal";
    let change = "update audit_personal set said = '[]' returning 1::bigint";
    let remove = "with gone as (delete from audit_personal returning 1) select count(*) from gone";
    let app = async |tenant, user, sql| as_role(&raw, "tenantry_app", tenant, user, sql).await;

    assert_eq!(app(None, None, count).await.unwrap(), 0);
    assert_eq!(app(Some(1), None, count).await.unwrap(), 1);
    assert_eq!(app(None, Some(10), count).await.unwrap(), 2);
    assert_eq!(app(None, Some(11), count).await.unwrap(), 0);
    assert!(app(Some(1), Some(10), change).await.is_err());
    assert_eq!(app(None, Some(11), remove).await.unwrap(), 0);
    assert_eq!(app(Some(2), None, remove).await.unwrap(), 1);
    assert_eq!(
        app(None, Some(10), remove).await.unwrap(),
        2,
        "what is not committed is not gone"
    );
}

#[tokio::test]
async fn the_worker_lists_people_and_reads_no_hash() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    let worker = async |column: &str| {
        let sql = format!("select count({column}) from app_user");
        as_role(&raw, "tenantry_worker", None, None, &sql).await
    };

    for column in ["id", "email", "name", "search_text", "erase_at"] {
        assert_eq!(worker(column).await.unwrap(), 0, "{column}");
    }
    for column in ["password_hash", "failed_logins", "locked_until"] {
        assert!(worker(column).await.is_err(), "{column}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "raw SQL is what this is about")]
async fn an_address_is_taken_from_nobody_who_proved_it() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    for (number, entry) in [(10, Some(false)), (11, Some(true)), (12, None)] {
        let person = format!(
            "insert into app_user (id, email, name, status, failed_logins, locale, created_at, version) \
             values ('{}', 'p{number}@x.example', 'P', 'active', 0, 'en', 0, 1)",
            uuid(number)
        );
        raw.execute_unprepared(&person).await.unwrap();
        let Some(verified) = entry else { continue };
        let entry = format!(
            "insert into email_directory (fingerprint, user_id, verified) values ('\\x{number}', '{}', {verified})",
            uuid(number)
        );
        raw.execute_unprepared(&entry).await.unwrap();
    }
    let take = |taker: u128| {
        format!(
            "with taken as (update email_directory set user_id = '{}', verified = true returning 1) \
             select count(*) from taken",
            uuid(taker)
        )
    };

    let by_nobody = as_role(&raw, "tenantry_app", None, None, &take(12)).await;
    assert!(by_nobody.is_err(), "{by_nobody:?}");
    let for_another = as_role(&raw, "tenantry_app", None, Some(12), &take(11)).await;
    assert!(for_another.is_err(), "{for_another:?}");
    assert_eq!(
        as_role(&raw, "tenantry_app", None, Some(12), &take(12)).await.unwrap(),
        1
    );
}
