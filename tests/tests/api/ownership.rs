//! Handing a tenant over, also while everybody wants something else at the same moment.

use serde_json::{Value, json};
use tenantry_identity::user::PlatformRole;
use time::Duration;

use crate::harness::{Caller, Node, Owner, Setup, on_each_database};

const TRANSFER: &str = "/tenants/current/ownership/transfer";

async fn offer(owner: &Owner, to: &str) -> Value {
    owner.caller.post(TRANSFER, &json!({ "to": to })).await.expect(201)
}

async fn owners(caller: &Caller, tenant: &str) -> Vec<String> {
    let page = caller
        .get(&format!("/tenants/{tenant}/users?role=owner&status=active"))
        .await
        .expect(200);
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row["email"].as_str().unwrap().to_owned()).collect()
}

async fn operator(node: &Node) -> Caller {
    node.platform_person("root@platform.example", PlatformRole::Operator)
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_takes_the_tenant_over_by_mail_or_signed_in() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (kim, kims) = node.member(&owner, "kim@acme.example", "viewer").await;
        let (_, sams) = node.member(&owner, "sam@acme.example", "admin").await;

        let made = offer(&owner, &kim).await;
        assert_eq!((&made["keep_role"], &made["to"]), (&json!("admin"), &json!(kim)));
        for sees in [&owner.caller, &kims] {
            assert_eq!(sees.get(TRANSFER).await.expect(200), made);
        }
        sams.get(TRANSFER).await.refused(404, "not_found");
        sams.delete(TRANSFER).await.refused(403, "permission_denied");
        sams.post(&format!("{TRANSFER}/accept"), &json!({}))
            .await
            .refused(404, "not_found");
        owner
            .caller
            .post(TRANSFER, &json!({ "to": kim }))
            .await
            .refused(409, "transfer_pending");
        let token = node.token_sent_to("kim@acme.example").await;
        let handed = node
            .anybody()
            .post("/ownership/transfer/accept", &json!({ "token": token }))
            .await
            .expect(200);

        assert_eq!(
            (&handed["owner"]["role"], &handed["former_owner"]["role"]),
            (&json!("owner"), &json!("admin"))
        );
        assert_eq!(owners(&kims, "current").await, ["kim@acme.example"]);
        let again = node
            .anybody()
            .post("/ownership/transfer/accept", &json!({ "token": token }))
            .await;
        again.refused(410, "transfer_gone");
        owner
            .caller
            .get("/tenants/current/invoices")
            .await
            .refused(403, "permission_denied");
        owner
            .caller
            .post(TRANSFER, &json!({ "to": kim }))
            .await
            .refused(403, "permission_denied");

        // And back again, signed in, keeping to be an owner too.
        let back = json!({"to": owner.membership, "keep_role": "OWNER"});
        kims.post(TRANSFER, &back).await.expect(201);
        owner
            .caller
            .post(&format!("{TRANSFER}/accept"), &json!({}))
            .await
            .expect(200);
        assert_eq!(owners(&kims, "current").await.len(), 2);
        let log = kims
            .get("/tenants/current/audit-logs?action=ownership.transferred")
            .await
            .expect(200);
        assert_eq!(log["data"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_taken_back_turned_down_or_runs_out() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (kim, kims) = node.member(&owner, "kim@acme.example", "viewer").await;
        let accept = async |token: &str| {
            let body = json!({ "token": token });
            node.anybody().post("/ownership/transfer/accept", &body).await
        };

        offer(&owner, &kim).await;
        let first = node.token_sent_to("kim@acme.example").await;
        owner.caller.delete(TRANSFER).await.expect(204);
        owner.caller.delete(TRANSFER).await.refused(404, "not_found");
        accept(&first).await.refused(410, "transfer_gone");
        offer(&owner, &kim).await;
        let second = node.token_sent_to("kim@acme.example").await;
        accept(&first).await.refused(410, "transfer_gone");
        kims.delete(TRANSFER).await.expect(204);
        accept(&second).await.refused(410, "transfer_gone");
        offer(&owner, &kim).await;
        let third = node.token_sent_to("kim@acme.example").await;
        node.clock.advance(Duration::days(7));
        accept(&third).await.refused(401, "token_invalid");
        accept("junk").await.refused(401, "token_invalid");

        let owner = node.log_in("owner@acme.example").await;
        owner.get(TRANSFER).await.refused(404, "not_found");
        assert_eq!(owners(&owner, "current").await, ["owner@acme.example"]);
        for to in ["nobody", "01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(owner.post(TRANSFER, &json!({ "to": to })).await.fields(), ["to"]);
        }
        let unknown = json!({"to": kim, "keep_role": "emperor"});
        assert_eq!(owner.post(TRANSFER, &unknown).await.fields(), ["keep_role"]);
        owner
            .post(&format!("/tenants/current/users/{kim}/deactivate"), &json!({}))
            .await
            .expect(200);
        owner
            .post(TRANSFER, &json!({ "to": kim }))
            .await
            .refused(409, "member_not_active");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_and_operators_hand_nothing_over() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let (kim, _) = node.member(&owner, "kim@acme.example", "viewer").await;
        let key = node.bearer(&owner.key(&["*"]).await);
        let operator = operator(node).await;

        for (caller, path) in [
            (&key, TRANSFER.to_owned()),
            (&operator, format!("/tenants/{}/ownership/transfer", owner.tenant)),
        ] {
            caller
                .post(&path, &json!({ "to": kim }))
                .await
                .refused(403, "permission_denied");
            caller
                .post(&format!("{path}/accept"), &json!({}))
                .await
                .refused(403, "permission_denied");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_has_an_owner_whatever_happens_while_it_is_handed_over() {
    on_each_database(&Setup::catalog("default"), async |node| {
        let operator = operator(node).await;
        for round in 0..4 {
            let owner = node.sign_up(&format!("acme{round}"), "enterprise").await;
            let (kim, kims) = node.member(&owner, &format!("kim@acme{round}.example"), "admin").await;
            offer(&owner, &kim).await;
            let token = node.token_sent_to(&format!("kim@acme{round}.example")).await;
            let (me, them) = (
                format!("/tenants/current/users/{}", owner.membership),
                format!("/tenants/current/users/{kim}"),
            );

            let by_mail = json!({ "token": token });
            let admin = json!({"role": "admin"});
            let anybody = node.anybody();
            let nothing = json!({});
            let my_role = format!("{me}/role");
            let (mailed, signed, left, demoted, removed, cancelled) = tokio::join!(
                anybody.post("/ownership/transfer/accept", &by_mail),
                kims.post("/tenants/current/ownership/transfer/accept", &nothing),
                owner.caller.delete(&me),
                owner.caller.put(&my_role, &admin),
                owner.caller.delete(&them),
                owner.caller.delete(TRANSFER),
            );

            let all = [mailed, signed, left, demoted, removed, cancelled];
            let told: Vec<_> = all.iter().map(|reply| (reply.about.clone(), reply.status)).collect();
            assert!(all.iter().all(|reply| reply.status < 500), "{told:?}");
            let won = all[..2].iter().filter(|reply| reply.status == 200).count();
            assert!(won <= 1, "{told:?}");
            let now = owners(&operator, &owner.tenant).await;
            assert!(!now.is_empty(), "{told:?}");
        }
    })
    .await;
}
