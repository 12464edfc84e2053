//! The last fence around what belongs to no tenant, on PostgreSQL: requests do not reach the catalog, the worker
//! looks across tenants and changes none.

use crate::row_security::{as_role, two_tenants, uuid};

fn is_denied<T: std::fmt::Debug>(outcome: &T) -> bool {
    format!("{outcome:?}").contains("permission denied")
}

#[tokio::test]
async fn requests_do_not_reach_the_catalog() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    for sql in [
        "select count(*) from plan_version",
        "select count(*) from catalog_state",
        "insert into plan_version (code, version, document, created_at) values ('p', '1', '{}', 0) returning 1::bigint",
        "insert into catalog_state (id, name, hash, applied_at) values (1, 'c', 'h', 0) returning 1::bigint",
        "update catalog_state set hash = 'h' returning 1::bigint",
    ] {
        let refused = as_role(&raw, "tenantry_app", Some(1), None, sql).await;
        assert!(is_denied(&refused), "{sql}: {refused:?}");
    }
}

#[tokio::test]
async fn a_published_edition_is_neither_changed_nor_removed() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    for role in ["tenantry_app", "tenantry_worker", "tenantry_quota"] {
        for sql in [
            "update plan_version set document = '{}' returning 1::bigint",
            "delete from plan_version returning 1::bigint",
            "delete from catalog_state returning 1::bigint",
        ] {
            let refused = as_role(&raw, role, None, None, sql).await;
            assert!(is_denied(&refused), "{role}: {sql}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn the_worker_changes_no_tenants_rows() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };
    let domain = format!(
        "insert into custom_domain (tenant_id, id, host, verification_token, created_at) \
         values ('{}', '{}', 'x.example', 't', 0) returning 1::bigint",
        uuid(1),
        uuid(9)
    );
    let stray_receipt = format!(
        "insert into idempotency_receipt (tenant_id, principal, operation, key, body_digest, subject, created_at) \
         values ('{}', 'p', 'o', 'k', '', '', 0) returning 1::bigint",
        uuid(1)
    );
    for sql in [
        domain.as_str(),
        "update tenant set status = 'active' returning 1::bigint",
        "delete from tenant returning 1::bigint",
        "update membership set status = 'active' returning 1::bigint",
        "delete from membership returning 1::bigint",
        "update dunning_case set next_at = null returning 1::bigint",
        "delete from dunning_case returning 1::bigint",
        "select count(amount_due_minor) from invoice",
        "update subscription set status = 'cancelled' returning 1::bigint",
        "delete from subscription returning 1::bigint",
        "delete from email_directory returning 1::bigint",
    ] {
        let refused = as_role(&raw, "tenantry_worker", Some(1), Some(1), sql).await;
        assert!(is_denied(&refused), "{sql}: {refused:?}");
    }

    let refused = as_role(&raw, "tenantry_worker", None, None, &stray_receipt).await;

    assert!(format!("{refused:?}").contains("row-level security"), "{refused:?}");
}

#[tokio::test]
async fn the_worker_finds_people_and_reads_none_of_their_secrets() {
    let Some((_subject, raw)) = two_tenants().await else {
        return;
    };

    let counted = as_role(
        &raw,
        "tenantry_worker",
        None,
        None,
        "select count(distinct user_id) from email_directory",
    )
    .await;

    assert_eq!(counted.unwrap(), 0);
    for sql in [
        "select count(fingerprint) from email_directory",
        // Operators find people by name and address; no secret and no count of guesses is theirs to read.
        "select count(password_hash) from app_user",
        "select count(failed_logins) from app_user",
        "select count(*) from session",
        "select count(*) from api_key",
        "select count(amount_due_minor) from invoice",
        "select count(*) from payment_method",
    ] {
        let refused = as_role(&raw, "tenantry_worker", None, None, sql).await;
        assert!(is_denied(&refused), "{sql}: {refused:?}");
    }
}
