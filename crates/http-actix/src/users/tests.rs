use std::sync::Arc;

use actix_web::test::TestRequest;
use actix_web::web::{Data, ServiceConfig};
use serde_json::json;
use tenantry_kernel::Page;
use tenantry_kernel::testing::FixedClock;
use tenantry_tenancy::membership::MembershipState;
use tenantry_tenancy::membership::service::MemberService;
use tenantry_tenancy::permissions::{MEMBERS_MANAGE, MEMBERS_READ, TENANT_READ};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{FakeTenancy, NOW, member, roles};

use crate::testing::{Reply, ask, with_json};

const PATH: &str = "/api/v1/tenants/acme/users";
const ONE: &str = "/api/v1/tenants/acme/users/00000000-0000-0000-0000-000000000007";

async fn send(fake: FakeTenancy, request: TestRequest) -> Reply {
    let (store, _) = fake.into_store();
    let service = MemberService::new(store, Arc::new(FixedClock::at(NOW)), Arc::new(roles()));
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(service));
    };
    ask(&[TENANT_READ, MEMBERS_READ, MEMBERS_MANAGE], more, request).await
}

#[actix_web::test]
async fn a_list_passes_its_filter_on_and_never_tells_a_persons_own_id() {
    let mut fake = FakeTenancy::default();
    fake.memberships
        .expect_list()
        .withf(|filter, page| filter.state == Some(MembershipState::Active) && page.limit() == 2)
        .return_once(|_, _| {
            Ok(Page {
                items: vec![member(7, SystemRole::Member)],
                next: None,
            })
        });

    let reply = send(fake, TestRequest::get().uri(&format!("{PATH}?status=active&limit=2"))).await;

    assert_eq!((reply.status, &reply.json()["next_cursor"]), (200, &json!(null)));
    let row = &reply.json()["data"][0];
    assert_eq!(row["id"], "00000000-0000-0000-0000-000000000007");
    assert_eq!((&row["role"], &row["status"]), (&json!("member"), &json!("active")));
    let body = String::from_utf8(reply.body.clone()).unwrap();
    assert!(!body.contains(&member(7, SystemRole::Member).user().to_string()));
}

#[actix_web::test]
async fn a_filter_that_means_nothing_is_refused() {
    for query in ["status=gone", "stauts=active", "role=emperor", "q=a%00b", "%00=1"] {
        let reply = send(
            FakeTenancy::default(),
            TestRequest::get().uri(&format!("{PATH}?{query}")),
        )
        .await;

        assert_eq!(reply.status, 422, "{query}");
    }
}

#[actix_web::test]
async fn a_member_of_nobody_is_404() {
    let mut fake = FakeTenancy::default();
    fake.memberships.expect_find().returning(|_| Ok(None));

    let reply = send(fake, TestRequest::get().uri(ONE)).await;

    assert_eq!((reply.status, reply.code().as_str()), (404, "not_found"));
}

#[actix_web::test]
async fn details_are_changed_under_the_tag_that_was_seen() {
    let mut fake = FakeTenancy::default();
    fake.memberships
        .expect_find()
        .returning(|_| Ok(Some(member(7, SystemRole::Member))));
    fake.memberships.expect_update().returning(|_| Ok(()));
    let request = TestRequest::patch()
        .uri(ONE)
        .insert_header(("if-match", "\"0000000000000007-1\""));

    let reply = send(
        fake,
        with_json(request, &json!({"department": "Research", "position": null})),
    )
    .await;

    assert_eq!((reply.status, &reply.json()["department"]), (200, &json!("Research")));
    assert_eq!(reply.header("etag"), "\"0000000000000007-2\"");
}

#[actix_web::test]
async fn a_role_is_not_a_detail() {
    let reply = send(
        FakeTenancy::default(),
        with_json(TestRequest::patch().uri(ONE), &json!({"role": "owner"})),
    )
    .await;

    assert_eq!(
        (reply.status, &reply.json()["errors"][0]["code"]),
        (422, &json!("unknown_field"))
    );
}
