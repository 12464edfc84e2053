//! Every route, walked from the route table of the running program: who gets in, and who does not.
//!
//! A route needs no case here: it has one by being in the table. What it needs decides what is tried. Only a
//! public route must be named, by hand, in [`PUBLIC`].

use serde_json::json;
use tenantry_app::catalog;
use tenantry_http_actix::routes::{self, Needs, Row};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::Permission;

use crate::harness::{
    Caller, NOWHERE, Node, Owner, Reply, Setup, call, everything, is_operators, on_each_database, told,
};

/// Routes that ask for no credential, and why. This list may only shrink; what is added is a decision.
const PUBLIC: &[(&str, &str)] = &[
    ("livez", "a probe has no credential"),
    ("readyz", "a probe has no credential"),
    ("metrics", "asks for itself who calls: this machine, or an operator"),
    ("openapi", "says nothing about anybody"),
    ("docs", "says nothing about anybody"),
    ("docs_asset", "says nothing about anybody"),
    ("jwks", "public keys are public"),
    ("plans_list", "prices are public"),
    ("slugs_availability", "asked before there is a tenant"),
    ("tenants_by_domain", "asked before anybody signs in"),
    ("tenants_create", "sign-up"),
    ("auth_login", "sign-in"),
    ("auth_refresh", "the refresh token in the body is the credential"),
    ("auth_logout", "the refresh token in the body is the credential"),
    ("auth_password_forgot", "whoever forgot cannot sign in"),
    ("auth_password_reset", "the token in the body is the credential"),
    ("auth_email_verify", "the token in the body is the credential"),
    ("auth_mfa_verify", "the token in the body is the credential"),
    ("auth_password_change", "the token in the body is the credential"),
    ("auth_mfa_enrol_totp", "the token in the body is the credential"),
    ("auth_mfa_enrol_totp_confirm", "the token in the body is the credential"),
    ("auth_mfa_enrol_passkey", "the token in the body is the credential"),
    (
        "auth_mfa_enrol_passkey_finish",
        "the token in the body is the credential",
    ),
    ("auth_passkeys_login_start", "sign-in"),
    ("auth_passkeys_login_finish", "sign-in"),
    ("auth_magic_link", "sign-in"),
    ("auth_magic_link_redeem", "the token in the body is the credential"),
    ("auth_email_undo", "the token in the body is the credential"),
    ("auth_account_keep", "the token in the body is the credential"),
    ("invitations_accept", "the token in the body is the credential"),
    (
        "oauth_token",
        "the client's secret in the body or by HTTP Basic is the credential",
    ),
    ("oauth_revoke", "the token in the body is the credential"),
    (
        "ownership_redeem",
        "the token in the body, which was mailed to the member, is the credential",
    ),
];

/// Who tries.
struct People {
    owner: Owner,
    /// Another tenant's owner.
    stranger: Owner,
    /// An owner whose tenant an operator closed, and an API key of that tenant.
    suspended: Owner,
    suspended_key: Caller,
    /// A key of the owner's tenant without any permission.
    bare_key: Caller,
    /// A service account of the owner's tenant without any permission.
    bare_service: Caller,
    /// A member of the owner's tenant by role.
    members: Vec<(String, Caller)>,
    operator: Caller,
    support: Caller,
    /// A platform key with all that such a key can hold, and one without anything.
    gateway: Caller,
    bare_gateway: Caller,
}

impl People {
    async fn gather(node: &Node) -> Self {
        let owner = node.sign_up("acme", "enterprise").await;
        let stranger = node.sign_up("globex", "free").await;
        let suspended = node.sign_up("initech", "free").await;
        let operator = node
            .platform_person("root@platform.example", PlatformRole::Operator)
            .await;
        let support = node
            .platform_person("help@platform.example", PlatformRole::Support)
            .await;
        let mut members = Vec::new();
        for role in ["admin", "manager", "member", "viewer"] {
            let (_, caller) = node.member(&owner, &format!("{role}@acme.example"), role).await;
            members.push((role.to_owned(), caller));
        }
        let bare_key = node.bearer(&owner.key(&[]).await);
        let suspended_key = node.bearer(&suspended.key(&["*"]).await);
        let bare_service = node.service(&owner, &[]).await;
        let path = format!("/admin/tenants/{}/suspend", suspended.tenant);
        operator.post(&path, &json!({"reason": "unpaid"})).await.expect(200);
        let platform_key = async |body| {
            let made = operator.post("/admin/api-keys", &body).await.expect(201);
            node.bearer(made["key"].as_str().unwrap())
        };
        let gateway = platform_key(json!({"name": "gateway"})).await;
        let bare_gateway = platform_key(json!({"name": "bare", "permissions": []})).await;
        Self {
            owner,
            stranger,
            suspended,
            suspended_key,
            bare_key,
            bare_service,
            members,
            operator,
            support,
            gateway,
            bare_gateway,
        }
    }
}

/// True for the sign that nobody was let in.
fn is_turned_away(reply: &Reply) -> bool {
    let code = reply.json()["code"].clone();
    code == "not_authenticated" || code == "permission_denied" || code == "tenant_suspended"
}

#[test]
fn the_list_of_public_routes_is_the_route_tables() {
    let public = |row: &Row| matches!(row.needs(), Needs::Public | Needs::PublicOrPerson);
    let mut of_the_table: Vec<&str> = routes::rows()
        .iter()
        .filter(|row| public(row))
        .map(Row::operation_id)
        .collect();
    let mut listed: Vec<&str> = PUBLIC.iter().map(|(name, _)| *name).collect();
    of_the_table.sort_unstable();
    listed.sort_unstable();

    assert_eq!(of_the_table, listed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_without_what_the_route_needs() {
    let rows = routes::rows();
    assert!(rows.len() > 50, "the table has only {} routes", rows.len());
    on_each_database(&Setup::catalog("default"), async |node| {
        let people = People::gather(node).await;
        let tenants = [people.owner.tenant.as_str(), people.suspended.tenant.as_str()];
        let before = everything(&people.operator, &tenants).await;

        for row in &rows {
            turns_away(node, &people, row).await;
        }

        assert_eq!(
            everything(&people.operator, &tenants).await,
            before,
            "a refused request changed something"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_let_in_with_what_the_route_needs() {
    let rows = routes::rows();
    on_each_database(&Setup::catalog("default"), async |node| {
        let people = People::gather(node).await;

        for row in &rows {
            let caller = match row.needs() {
                Needs::Public => &node.anybody(),
                // Knows people, and ends their session.
                Needs::PublicOrPerson => &node.log_in(&people.stranger.email).await,
                Needs::Platform(_) => &people.operator,
                Needs::Tenant(one_of) if is_operators(one_of) => &people.operator,
                Needs::Tenant(_) | Needs::Gateway(_) | Needs::SignedIn => &people.owner.caller,
            };
            if matches!(row.needs(), Needs::Gateway(_)) {
                let reply = call(&people.gateway, row, &people.owner.tenant).await;
                assert!(!is_turned_away(&reply) && reply.status < 500, "{row:?}: {}", reply.text);
            }
            let reply = call(caller, row, &people.owner.tenant).await;
            assert!(!is_turned_away(&reply), "{row:?}: {}", reply.text);
            assert!(reply.status < 500, "{row:?}: {} {}", reply.status, reply.text);
        }
    })
    .await;
}

/// What only looks although its method is not GET, and the visits with which support looks on behalf of a member.
/// Whatever is added changes nothing either: the test looks.
const LOOKS: &[&str] = &[
    "subscription_preview",
    "quotas_check",
    "admin_impersonate",
    "admin_impersonate_end",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn support_reads_and_changes_nothing() {
    let rows = routes::rows();
    on_each_database(&Setup::catalog("default"), async |node| {
        let people = People::gather(node).await;
        let acme = people.owner.tenant.as_str();
        // That support came to look is written down once a visit.
        people.support.get(&format!("/tenants/{acme}")).await.expect(200);
        let before = everything(&people.operator, &[acme]).await;
        let (mut looked, mut read, mut kept_out) = (Vec::new(), 0, 0);

        for row in &rows {
            if matches!(row.needs(), Needs::Public | Needs::PublicOrPerson | Needs::SignedIn) {
                continue;
            }
            let support = if row.path().contains("{tenant}") || matches!(row.needs(), Needs::Platform(_)) {
                people.support.clone()
            } else {
                people.support.with("x-tenant-id", acme)
            };
            let reply = call(&support, row, acme).await;
            assert!(reply.status < 500, "{row:?}: {}", reply.text);
            if row.method().as_str() == "GET" {
                read += usize::from(!is_turned_away(&reply));
            } else if is_turned_away(&reply) {
                reply.refused(403, "permission_denied");
                kept_out += 1;
            } else {
                looked.push(row.operation_id());
            }
        }

        assert_eq!(looked, LOOKS);
        assert!(read > 20 && kept_out > 30, "read {read}, kept out of {kept_out}");
        assert_eq!(everything(&people.operator, &[acme]).await, before);
    })
    .await;
}

async fn turns_away(node: &Node, people: &People, row: &Row) {
    let (anybody, acme) = (node.anybody(), people.owner.tenant.as_str());
    match row.needs() {
        Needs::Public | Needs::PublicOrPerson => {}
        Needs::SignedIn => {
            unauthenticated(&anybody, row, acme).await;
            for key in [&people.bare_key, &people.gateway, &people.bare_service] {
                call(key, row, acme).await.refused(403, "permission_denied");
            }
        }
        Needs::Tenant(one_of) => {
            outsiders(&anybody, people, row, one_of).await;
            // A platform key enters no tenant, and learns of none.
            for (gateway, tenant) in [(&people.gateway, acme), (&people.bare_gateway, NOWHERE)] {
                call(gateway, row, tenant).await.refused(404, "not_found");
            }
        }
        Needs::Gateway(permission) => {
            outsiders(&anybody, people, row, std::slice::from_ref(permission)).await;
            call(&people.bare_gateway, row, acme)
                .await
                .refused(403, "permission_denied");
        }
        Needs::Platform(permission) => {
            unauthenticated(&anybody, row, acme).await;
            for caller in [
                &people.owner.caller,
                &people.bare_key,
                &people.gateway,
                &people.bare_service,
            ] {
                call(caller, row, acme).await.refused(403, "permission_denied");
            }
            if permission.as_str() == "platform.manage" {
                call(&people.support, row, acme).await.refused(403, "permission_denied");
            }
        }
    }
}

/// Whoever lacks what a tenant's route needs.
async fn outsiders(anybody: &Caller, people: &People, row: &Row, one_of: &[Permission]) {
    let acme = people.owner.tenant.as_str();
    unauthenticated(anybody, row, acme).await;
    for program in [&people.bare_key, &people.bare_service] {
        call(program, row, acme).await.refused(403, "permission_denied");
    }
    for (role, caller) in &people.members {
        if !one_of.iter().any(|permission| role_holds(role, permission.as_str())) {
            let reply = call(caller, row, acme).await;
            assert_eq!(reply.status, 403, "{role} at {row:?}: {}", reply.text);
            reply.refused(403, "permission_denied");
        }
    }
    strangers(people, row).await;
    let initech = people.suspended.tenant.as_str();
    for caller in [&people.suspended.caller, &people.suspended_key] {
        call(caller, row, initech).await.refused(423, "tenant_suspended");
    }
}

async fn unauthenticated(anybody: &Caller, row: &Row, tenant: &str) {
    for caller in [
        anybody.clone(),
        anybody.bearer("forged"),
        anybody.with("x-api-key", "tk_live_forged"),
        anybody.bearer("tk_platform_forged"),
    ] {
        call(&caller, row, tenant).await.refused(401, "not_authenticated");
    }
}

/// A tenant of others is answered exactly as one that exists nowhere.
async fn strangers(people: &People, row: &Row) {
    let stranger = &people.stranger.caller;
    let (theirs, nobodys) = if row.path().contains("{tenant}") {
        (
            call(stranger, row, &people.owner.tenant).await,
            call(stranger, row, NOWHERE).await,
        )
    } else {
        let theirs = stranger.with("x-tenant-id", &people.owner.tenant);
        let nobodys = stranger.with("x-tenant-id", NOWHERE);
        (call(&theirs, row, "").await, call(&nobodys, row, "").await)
    };
    assert_eq!(told(&theirs), told(&nobodys), "{row:?}");
    theirs.refused(404, "not_found");
}

/// What the catalog's role may do.
fn role_holds(role: &str, permission: &str) -> bool {
    static CATALOG: std::sync::OnceLock<catalog::LoadedCatalog> = std::sync::OnceLock::new();
    let loaded = CATALOG.get_or_init(|| catalog::load("default").expect("the catalog is right"));
    let definition = loaded.catalog.roles().find(role).expect("the role exists");
    definition.permissions.iter().any(|held| held.as_str() == permission)
}
