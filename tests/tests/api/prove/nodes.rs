//! Several nodes, one limit: processes of their own on one database admit exactly what the plan grants.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::books::Books;
use super::chance::Length;
use super::client::Tenant;
use super::standing::setup;
use crate::harness::{Caller, Engine, FreshDatabase, Process};

const NODES: usize = 4;
const CLIENTS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_admit_exactly_one_limit_on_postgres() {
    admit_exactly(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_admit_exactly_one_limit_on_sqlite() {
    admit_exactly(Engine::SqliteFile).await;
}

async fn admit_exactly(engine: Engine) {
    let Some(database) = FreshDatabase::on(engine).await else {
        return;
    };
    let setup = setup();
    let nodes = join_all((0..NODES).map(|_| Process::start(&setup, database.url()))).await;
    let tenant = Tenant::found(&nodes[0], "acme", "shared").await;
    let (meter, limit) = if Length::asked_for().long {
        ("hot", 10_000)
    } else {
        ("small", 600)
    };
    let asked = AtomicU64::new(0);

    let clients = (0..CLIENTS).map(|client| {
        let (caller, asked) = (tenant.at(&nodes[client % NODES]), &asked);
        async move { uses_until_refused(&caller, meter, asked).await }
    });
    let granted: u64 = join_all(clients).await.into_iter().sum();

    assert_eq!(granted, limit, "{engine}");
    let books = Books::read(database.url()).await;
    assert_eq!(u64::try_from(books.posted(&tenant, meter)).unwrap(), limit);
    assert_eq!(books.len() as u64, limit);
    let at_each = nodes.iter().map(|node| async {
        let rows = tenant.at(node).get("/tenants/current/quotas").await.expect(200);
        let rows = rows["data"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["meter"] == meter).unwrap()["used"].clone()
    });
    assert_eq!(join_all(at_each).await, vec![json!(limit); NODES]);
}

/// Uses one after the other until it is refused twice: how many were granted.
async fn uses_until_refused(caller: &Caller, meter: &str, asked: &AtomicU64) -> u64 {
    let body = json!({ "meter": meter }).to_string().into_bytes();
    let (mut granted, mut refused) = (0, 0);
    while refused < 2 {
        let key = asked.fetch_add(1, Ordering::Relaxed).to_string();
        let caller = caller.once(&key);
        loop {
            let sent = caller.try_send(Method::POST, "/tenants/current/usage", Some(body.clone()));
            let reply = sent.await.expect("nobody is killed here");
            match reply.status {
                201 => granted += 1,
                // Nodes that are in each other's way say so; the same key is asked for again.
                503 => continue,
                _ => {
                    reply.refused(429, "quota_exceeded");
                    refused += 1;
                }
            }
            break;
        }
    }
    granted
}
