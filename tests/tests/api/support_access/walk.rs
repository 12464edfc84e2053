//! Every route, walked as a visit of support on behalf of an owner: what is open to it is listed here, and nothing else
//! is. A route that is added is closed, or decided about by adding it.

use std::collections::BTreeSet;

use tenantry_http_actix::routes::{self, Needs, Row};

use super::{asked, operator, visit};
use crate::harness::{Setup, call, on_each_database};

/// What a visit that only looks may call.
const LOOKS: &[&str] = &[
    "api_keys_list",
    "api_keys_quotas_list",
    "api_keys_show",
    "api_keys_usage",
    "audit_logs_list",
    "billing_show",
    "branding_show",
    "domains_list",
    "email_domains_list",
    "entitlements_list",
    "entitlements_show",
    "invitations_list",
    "invoices_explain",
    "invoices_list",
    "invoices_show",
    "me_show",
    "ownership_show",
    "payment_methods_list",
    "permissions_list",
    "quotas_check",
    "quotas_list",
    "reservations_list",
    "reservations_show",
    "roles_list",
    "roles_show",
    "service_accounts_list",
    "service_accounts_show",
    "subscription_preview",
    "subscription_show",
    "tenants_show",
    "usage_closings",
    "usage_forecast",
    "usage_list",
    "usage_logs",
    "usage_logs_export",
    "usage_series",
    "usage_top",
    "users_access",
    "users_list",
    "users_roles_list",
    "users_show",
];

/// What one that may change things may call besides.
const ACTS: &[&str] = &[
    "branding_replace",
    "domains_add",
    "domains_remove",
    "domains_verify",
    "email_domains_add",
    "email_domains_remove",
    "reservations_commit",
    "reservations_create",
    "reservations_release",
    "tenants_change",
    "tenants_replace",
    "usage_consume",
    "usage_correct",
    "usage_events",
    "usage_give_back",
];

/// Whoever calls it is not there any more afterwards.
const LEAVES: &str = "auth_logout";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn support_never_touches_what_is_the_members_own_whatever_the_route() {
    let rows = routes::rows();
    let asks = |row: &&Row| *row.needs() != Needs::Public && row.operation_id() != LEAVES;
    on_each_database(&Setup::catalog("default"), async |node| {
        let owner = node.sign_up("acme", "enterprise").await;
        let operator = operator(node).await;
        let (_, looking) = visit(node, &operator, &asked(&owner, &owner.membership, true)).await;
        let (_, acting) = visit(node, &operator, &asked(&owner, &owner.membership, false)).await;
        let (mut looked, mut acted, mut closed) = (BTreeSet::new(), BTreeSet::new(), 0);

        for row in rows.iter().filter(asks) {
            let is_open = async |caller| {
                let reply = call(caller, row, &owner.tenant).await;
                assert!(reply.status < 500 && reply.status != 401, "{row:?}: {}", reply.text);
                let is_open = reply.status != 403;
                if !is_open {
                    reply.refused(403, "permission_denied");
                }
                is_open
            };
            let (looks, acts) = (is_open(&looking).await, is_open(&acting).await);
            assert!(acts || !looks, "{row:?} is open to those alone who only look");
            // Nobody proves in a member's place who they are.
            assert!(!(acts && row.needs_step_up()), "{row:?}");
            // Nothing changes by a visit that only looks, whatever the permission is called.
            assert!(
                !looks || row.method().as_str() == "GET" || row.is_for_support(),
                "{row:?}"
            );
            // A person's own pages are closed, their profile aside.
            let own = *row.needs() == Needs::SignedIn && row.operation_id() != "me_show";
            assert!(!(own && acts), "{row:?}");
            closed += usize::from(!acts);
            if looks {
                looked.insert(row.operation_id());
            } else if acts {
                acted.insert(row.operation_id());
            }
        }

        assert_eq!(
            looked,
            LOOKS.iter().copied().collect(),
            "what a visit that only looks may call"
        );
        assert_eq!(
            acted,
            ACTS.iter().copied().collect(),
            "what a visit may call that may change things"
        );
        assert!(closed > 60, "{closed}");
    })
    .await;
}
