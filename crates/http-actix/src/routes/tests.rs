use std::sync::Arc;

use actix_web::test::TestRequest;

use super::*;
use crate::state::Api;
use crate::testing::{FakeDoorman, Reply, call, parts};

/// Routes that look at no credential. A new one is a decision, and belongs on this list by hand.
const PUBLIC: &[&str] = &[
    "livez",
    "readyz",
    "metrics",
    "openapi",
    "docs",
    "docs_asset",
    "jwks",
    "plans_list",
    "slugs_availability",
    "tenants_by_domain",
    "tenants_create",
    "auth_login",
    "auth_refresh",
    "auth_logout",
    "auth_password_forgot",
    "auth_password_reset",
    "auth_email_verify",
    "invitations_accept",
    "auth_mfa_verify",
    "auth_password_change",
    "auth_mfa_enrol_totp",
    "auth_mfa_enrol_totp_confirm",
    "auth_mfa_enrol_passkey",
    "auth_mfa_enrol_passkey_finish",
    "auth_passkeys_login_start",
    "auth_passkeys_login_finish",
    "auth_magic_link",
    "auth_magic_link_redeem",
    "auth_email_undo",
    "auth_account_keep",
    "oauth_token",
    "oauth_revoke",
    "ownership_redeem",
];

fn api() -> Arc<Api> {
    let doorman = FakeDoorman::default()
        .member("bare", 1, &[])
        .member("stranger", 2, &[])
        .key("key", 1, &[])
        .operator("support", &[]);
    Arc::new(Api::new(parts(rows(), doorman)))
}

async fn send(api: &Arc<Api>, row: &Row, token: Option<&str>) -> Reply {
    let segments = row.path().split('/').map(|segment| match segment {
        "{tenant}" => "acme",
        "{id}" => "00000000-0000-0000-0000-000000000007",
        other if other.starts_with('{') => "thing",
        other => other,
    });
    let path = segments.collect::<Vec<_>>().join("/");
    let mut request = TestRequest::default().method(row.method().clone()).uri(&path);
    if let Some(token) = token {
        request = request.insert_header(("authorization", format!("Bearer {token}")));
    }
    call(api, |_| {}, request).await
}

#[actix_web::test]
async fn nobody_reaches_a_route_without_what_it_needs() {
    let api = api();

    for row in api.table().rows() {
        let public = PUBLIC.contains(&row.operation_id());
        let refused = |reply: Reply| (reply.status, reply.code());
        let unknown = (401, "not_authenticated".to_owned());
        let denied = (403, "permission_denied".to_owned());
        match row.needs() {
            Needs::Public => assert!(public, "{row:?} is public and not on the list"),
            Needs::PublicOrPerson => {
                assert!(public, "{row:?} is public and not on the list");
                assert_eq!(refused(send(&api, row, Some("forged")).await), unknown, "{row:?}");
            }
            Needs::SignedIn => {
                assert_eq!(refused(send(&api, row, None).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("forged")).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("key")).await), denied, "{row:?}");
            }
            Needs::Tenant(one_of) => {
                assert!(!one_of.is_empty(), "{row:?} needs no permission");
                assert_eq!(refused(send(&api, row, None).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("forged")).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("bare")).await), denied, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("key")).await), denied, "{row:?}");
                if row.params().contains(&"tenant") {
                    let strange = refused(send(&api, row, Some("stranger")).await);
                    assert_eq!(strange, (404, "not_found".to_owned()), "{row:?}");
                }
            }
            Needs::Gateway(_) => {
                assert_eq!(refused(send(&api, row, None).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("forged")).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("bare")).await), denied, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("key")).await), denied, "{row:?}");
            }
            Needs::Platform(_) => {
                assert_eq!(refused(send(&api, row, None).await), unknown, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("bare")).await), denied, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("key")).await), denied, "{row:?}");
                assert_eq!(refused(send(&api, row, Some("support")).await), denied, "{row:?}");
            }
        }
    }
}

#[test]
fn the_list_of_public_routes_names_routes_that_exist() {
    let table = RouteTable::new(rows());

    for name in PUBLIC {
        assert!(table.rows().iter().any(|row| row.operation_id() == *name), "{name}");
    }
}

#[test]
fn what_creates_under_a_tenant_happens_once() {
    // Questions, and actions whose repetition changes nothing more.
    const REPEATABLE: &[&str] = &[
        "quotas_check",
        // Every event has a name of its own, which counts once.
        "usage_events",
        "domains_verify",
        "email_domains_verify",
        "join_requests_decline",
        "users_deactivate",
        "users_reactivate",
        "me_tenants_leave",
        "me_switch",
        "ownership_accept",
        "roles_preview",
        "service_accounts_deactivate",
        "service_accounts_reactivate",
        "users_unlock",
    ];
    let table = RouteTable::new(rows());

    for row in table.rows() {
        let posts = row.method() == Method::POST && matches!(row.needs(), Needs::Tenant(_));
        if posts && row.idempotency() == Once::No {
            let repeatable = REPEATABLE.contains(&row.operation_id()) || row.path().contains("/subscription/");
            assert!(repeatable, "{row:?} takes no Idempotency-Key");
        }
    }
}
