//! What the database itself says its schema is, as text that can be compared.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

/// The tables, in name order, each with its columns in order.
///
/// # Panics
/// When the database does not answer.
pub async fn columns(connection: &DatabaseConnection) -> Vec<(String, Vec<String>)> {
    let sql = match connection.get_database_backend() {
        DbBackend::Postgres => {
            "select table_name as t, column_name as c from information_schema.columns \
             where table_schema = current_schema() order by table_name, ordinal_position"
        }
        _ => {
            "select m.name as t, p.name as c from sqlite_master m join pragma_table_info(m.name) p \
             where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' order by m.name, p.cid"
        }
    };
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for (table, column) in rows(connection, sql).await.iter().map(pair) {
        match tables.last_mut() {
            Some((last, columns)) if *last == table => columns.push(column),
            _ => tables.push((table, vec![column])),
        }
    }
    tables
}

/// Everything that counts, one line each, in a stable order: columns with types, keys, indexes, and on
/// PostgreSQL row security, policies and grants.
///
/// # Panics
/// When the database does not answer.
pub async fn dump(connection: &DatabaseConnection) -> String {
    let statements: &[&str] = match connection.get_database_backend() {
        DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    let mut text = String::new();
    for sql in statements {
        for (subject, fact) in rows(connection, sql).await.iter().map(pair) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{subject}: {fact}");
        }
    }
    text
}

/// Where a text stands in the clear: every column of every table that holds it in some row, whatever its case, as
/// `table.column`. Bytes are looked through too.
///
/// # Panics
/// When the database does not answer.
pub async fn holding(connection: &DatabaseConnection, text: &str) -> Vec<String> {
    let needle = text.to_lowercase().replace('\'', "''");
    let digits = needle.bytes().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    let postgres = connection.get_database_backend() == DbBackend::Postgres;
    let mut found = Vec::new();
    for (table, columns) in columns(connection).await {
        for column in columns {
            let text = if postgres {
                // Of bytes their hexadecimal digits are looked through.
                format!("\"{column}\"::text")
            } else {
                format!("cast(\"{column}\" as text)")
            };
            let sql = format!(
                "select '{table}.{column}' as t, '' as c from \"{table}\" \
                 where lower({text}) like '%{needle}%' or lower({text}) like '%{digits}%' limit 1"
            );
            found.extend(rows(connection, &sql).await.iter().map(|row| pair(row).0));
        }
    }
    found
}

const POSTGRES: &[&str] = &[
    "select 'column ' || table_name || '.' || column_name as t, data_type
            || case is_nullable when 'NO' then ' not null' else '' end
            || coalesce(' default ' || column_default, '') as c
       from information_schema.columns where table_schema = current_schema()
      order by table_name, ordinal_position",
    "select 'constraint ' || conrelid::regclass || '.' || conname as t, pg_get_constraintdef(oid) as c
       from pg_constraint where connamespace = current_schema()::regnamespace and contype in ('p', 'f', 'u', 'c')
      order by conrelid::regclass::text, conname",
    "select 'index ' || indexname as t, indexdef as c from pg_indexes where schemaname = current_schema()
      order by indexname",
    "select 'row security ' || relname as t,
            case when relforcerowsecurity then 'forced' when relrowsecurity then 'on' else 'off' end as c
       from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' order by relname",
    "select 'policy ' || tablename || '.' || policyname as t,
            cmd || ' to ' || array_to_string(roles, ', ') || coalesce(' using ' || qual, '')
            || coalesce(' check ' || with_check, '') as c
       from pg_policies where schemaname = current_schema() order by tablename, policyname",
    "select 'grant ' || table_name || ' to ' || grantee as t, string_agg(privilege_type, ', ' order by privilege_type) as c
       from information_schema.role_table_grants
      where table_schema = current_schema() and grantee like 'tenantry%' group by table_name, grantee
      order by table_name, grantee",
];

const SQLITE: &[&str] = &[
    "select 'column ' || m.name || '.' || p.name as t, p.type || case p.\"notnull\" when 1 then ' not null' else '' end
            || coalesce(' default ' || p.dflt_value, '') || case when p.pk > 0 then ' key ' || p.pk else '' end as c
       from sqlite_master m join pragma_table_info(m.name) p
      where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' order by m.name, p.cid",
    "select 'foreign key ' || m.name || '.' || f.\"from\" as t, f.\"table\" || '.' || f.\"to\" || ' on delete ' || f.on_delete as c
       from sqlite_master m join pragma_foreign_key_list(m.name) f
      where m.type = 'table' order by m.name, f.id, f.seq",
    "select 'index ' || name as t, sql as c from sqlite_master where type = 'index' and sql is not null order by name",
];

#[expect(clippy::disallowed_methods, reason = "reads the schema, not rows")]
async fn rows(connection: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    match connection.query_all_raw(statement).await {
        Ok(rows) => rows,
        Err(cause) => panic!("the schema cannot be read: {cause}"),
    }
}

fn pair(row: &QueryResult) -> (String, String) {
    let read = || -> Result<_, DbErr> { Ok((row.try_get("", "t")?, row.try_get("", "c")?)) };
    match read() {
        Ok(pair) => pair,
        Err(cause) => panic!("the schema cannot be read: {cause}"),
    }
}
