//! How visits end: for whatever reason, within a second on every node.

use std::time::{Duration, Instant};

use serde_json::json;
use tenantry_identity::store::IdentityStore as _;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{Event, Origin, UserId};

use super::{asked, end_of, operator, visit};
use crate::harness::{Caller, Engine, FreshDatabase, Node, Setup, eventually, on_each_database};

/// The bound of every cache.
const A_SECOND: Duration = Duration::from_secs(1);

/// What all nodes of an installation share.
fn setup() -> Setup {
    Setup::catalog("default")
        .with("public_url", "http://localhost:8080")
        .with(
            "master_key",
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        )
}

/// Two nodes of one installation. The database goes when it is dropped.
pub(super) async fn two_nodes() -> Option<(FreshDatabase, Node, Node)> {
    let database = FreshDatabase::on(Engine::Postgres).await?;
    let here = Node::start(&setup(), &database).await;
    let there = Node::start(&setup(), &database).await;
    Some((database, here, there))
}

/// The visit, which the other node let in a moment ago, is over there within a second.
pub(super) async fn over_within_a_second(what: &str, visit: &Caller, status: u16) {
    let ended = Instant::now();
    let over = async || (visit.get("/tenants/current").await.status == status).then_some(());
    eventually(what, over).await;
    assert!(ended.elapsed() < A_SECOND, "{what}: {:?}", ended.elapsed());
}

/// Gives the operator another platform role, or takes it, as somebody at the console does.
async fn appoint(node: &Node, operator: UserId, role: Option<PlatformRole>) {
    let store = &node.installation().store;
    let mut unit = store.begin_person(operator, &Origin::default()).await.unwrap();
    let mut user = unit.users().find(operator).await.unwrap().unwrap();
    user.set_platform_role(role);
    unit.users().update(&user).await.unwrap();
    unit.commit(vec![Event::new("user.appointed", operator)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_is_over_when_its_time_is_or_whoever_has_its_token_leaves() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = operator(node).await;
        let mut short = asked(&owner, &owner.membership, true);
        short["minutes"] = json!(1);
        let (_, brief) = visit(node, &operator, &short).await;
        let (_, leaving) = visit(node, &operator, &asked(&owner, &owner.membership, true)).await;
        brief.get("/me").await.expect(200);

        assert_eq!(leaving.post("/auth/logout", &json!({})).await.status, 204);
        leaving.get("/me").await.refused(401, "not_authenticated");
        node.clock.advance(time::Duration::minutes(1));
        brief.get("/me").await.refused(401, "not_authenticated");
        // The operator is where they were.
        operator.get("/me").await.expect(200);
        let running = operator.get("/admin/impersonate").await.expect(200);
        assert_eq!(running["data"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_ends_on_every_node_within_a_second_whatever_ends_it() {
    let Some(database) = FreshDatabase::on(Engine::Postgres).await else {
        return;
    };
    let here = Node::start(&setup(), &database).await;
    let owner = here.sign_up("acme", "enterprise").await;
    // Before the other node is there, which would send the letter.
    let (id, _) = here.member(&owner, "mia@acme.example", "member").await;
    let there = Node::start(&setup(), &database).await;
    let operator = operator(&here).await;
    let by: UserId = operator.get("/me").await.expect(200)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let behalf = async |operator: &Caller, membership: &str, read_only: bool| {
        let (started, support) = visit(&here, operator, &asked(&owner, membership, read_only)).await;
        let support = support.at(&there.anybody());
        // What opened a moment ago is known there in a moment.
        let lets_in = async || (support.get("/tenants/current").await.status == 200).then_some(());
        eventually("the visit at the other node", lets_in).await;
        (started, support)
    };

    let (ended, support) = behalf(&operator, &owner.membership, true).await;
    assert_eq!(operator.post(&end_of(&ended), &json!({})).await.status, 204);
    over_within_a_second("ended by the operator", &support, 401).await;

    let (_, support) = behalf(&operator, &owner.membership, true).await;
    let left = support.at(&here.anybody()).post("/auth/logout", &json!({})).await;
    assert_eq!(left.status, 204);
    over_within_a_second("its token's end", &support, 401).await;

    let (_, support) = behalf(&operator, &id, true).await;
    let leaves = owner.path(&format!("/users/{id}/deactivate"));
    owner.caller.post(&leaves, &json!({})).await.expect(200);
    over_within_a_second("the member's leaving", &support, 403).await;

    let (_, support) = behalf(&operator, &owner.membership, true).await;
    let tenant = format!("/admin/tenants/{}", owner.tenant);
    let closed = json!({"reason": "unpaid"});
    operator.post(&format!("{tenant}/suspend"), &closed).await.expect(200);
    over_within_a_second("the tenant's suspension", &support, 423).await;
    let refused = operator
        .post("/admin/impersonate", &asked(&owner, &owner.membership, true))
        .await;
    refused.refused(423, "tenant_suspended");
    operator
        .post(&format!("{tenant}/reactivate"), &json!({}))
        .await
        .expect(200);

    // Who is no operator any more acts on nobody's behalf, and comes in nowhere by their own token either.
    let (_, acting) = behalf(&operator, &owner.membership, false).await;
    let (_, looking) = behalf(&operator, &owner.membership, true).await;
    let elsewhere = operator.at(&there.anybody());
    elsewhere.get(&owner.path("")).await.expect(200);
    appoint(&here, by, Some(PlatformRole::Support)).await;
    over_within_a_second("the change of the operator's role", &acting, 401).await;
    looking.get("/tenants/current").await.expect(200);
    appoint(&here, by, None).await;
    over_within_a_second("the loss of the operator's role", &looking, 401).await;
    elsewhere.get(&owner.path("")).await.refused(404, "not_found");
    elsewhere.get("/admin/tenants").await.refused(403, "permission_denied");
    appoint(&here, by, Some(PlatformRole::Operator)).await;

    let (_, support) = behalf(&operator, &owner.membership, true).await;
    assert_eq!(operator.post("/auth/logout", &json!({})).await.status, 204);
    over_within_a_second("the operator's signing out", &support, 401).await;
    here.stop().await;
    there.stop().await;
}
