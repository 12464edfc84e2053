use super::*;
use crate::pace::PaceVerdict;
use tenantry_quotas::rate::Pace;
use tenantry_quotas::usage::Stand;

fn left(remaining: u32) -> FixedPace {
    let pace = Pace {
        allowed: remaining > 0,
        limit: 10,
        remaining,
        reset_after: Duration::from_mins(1),
        retry_after: Duration::from_mins(1),
    };
    let policy = "person";
    FixedPace(PaceVerdict::of(vec![Stand { policy, pace }], Vec::new()))
}

#[actix_web::test]
async fn refusals_come_in_the_order_of_the_contract() {
    let house = house();
    let strict = house_with(|parts| parts.pace = Arc::new(left(0)));
    let long = "x".repeat(1024 * 1024 + 1);
    let post = || TestRequest::post().uri(THINGS);
    let patch = |path: &str| TestRequest::patch().uri(path);
    let nowhere = "/api/v1/tenants/nowhere/things";
    let frozen = "/api/v1/tenants/frozen/things";

    // Each request breaks its own rule and every later one.
    let large = post().insert_header(("content-length", "1048577")).set_payload(long);
    assert_eq!(strict.call(large).await.code(), "body_too_large");
    assert_eq!(strict.call(json_body(post(), "{")).await.code(), "not_authenticated");
    assert_eq!(strict.call(as_("ada", get(nowhere))).await.code(), "not_found");
    assert_eq!(strict.call(as_("ice", get(frozen))).await.code(), "tenant_suspended");
    assert_eq!(
        strict.call(as_("key", json_body(post(), "{"))).await.code(),
        "permission_denied"
    );
    assert_eq!(
        strict.call(as_("ada", json_body(post(), "{"))).await.code(),
        "rate_limited"
    );
    assert_eq!(
        house.call(as_("ada", post().set_payload("{"))).await.code(),
        "unsupported_media_type"
    );
    assert_eq!(
        house.call(as_("ada", json_body(post(), "{"))).await.code(),
        "malformed_json"
    );
    let unknown = patch("/api/v1/tenants/acme/things/not-an-id");
    let unknown_and_wrong = patch("/api/v1/tenants/acme/things/not-an-id");
    assert_eq!(
        house.call(as_("ada", json_body(unknown_and_wrong, "{}"))).await.code(),
        "validation_failed"
    );
    assert_eq!(
        house
            .call(as_("ada", json_body(unknown, r#"{"name":"x"}"#)))
            .await
            .code(),
        "not_found"
    );
    let stale = patch(THING).insert_header(("if-match", "\"other\""));
    assert_eq!(
        house.call(as_("ada", json_body(stale, r#"{"name":"x"}"#))).await.code(),
        "precondition_failed"
    );
}

#[actix_web::test]
async fn a_body_without_announced_length_is_cut_off_at_the_limit() {
    let house = house_with(|parts| parts.settings.body_limit_bytes = 10);

    let reply = house
        .call(as_(
            "ada",
            json_body(TestRequest::post().uri(THINGS), r#"{"name":"long"}"#),
        ))
        .await;

    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
}

#[actix_web::test]
async fn without_a_believable_credential_the_answer_is_401_and_says_how() {
    let house = house();
    let two = as_("ada", get(THINGS)).insert_header(("x-api-key", "key"));
    let twice = as_("ada", get(THINGS)).append_header(("authorization", "Bearer bob"));

    for request in [
        get(THINGS),
        as_("nobody", get(THINGS)),
        get(THINGS).insert_header(("authorization", "Basic YTpi")),
        get(THINGS).insert_header(("authorization", "ada")),
        two,
        twice,
    ] {
        let reply = house.call(request).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "not_authenticated"));
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"tenantry\"");
    }
}

#[actix_web::test]
async fn a_key_may_come_in_either_header_and_current_is_its_own_tenant() {
    let house = house();

    let current = house.call(as_("key", get("/api/v1/tenants/current/things"))).await;
    let other = house.call(get(THINGS).insert_header(("x-api-key", "key"))).await;
    let foreign = house.call(as_("key", get("/api/v1/tenants/globex/things"))).await;
    let header = house
        .call(as_("key", get("/api/v1/tenants/current/things")).insert_header(("x-tenant-id", "globex")))
        .await;

    assert_eq!((current.status, other.status), (200, 200));
    assert_eq!((foreign.status, header.status), (404, 404));
}

#[actix_web::test]
async fn another_tenant_and_an_unknown_one_answer_alike() {
    let house = house();
    let same_id = |path: &str| as_("ada", get(path)).insert_header(("x-request-id", "r1"));

    let foreign = house.call(same_id("/api/v1/tenants/globex/things")).await;
    let unknown = house.call(same_id("/api/v1/tenants/nowhere/things")).await;

    assert_eq!(foreign.status, 404);
    assert_eq!(foreign.body, unknown.body);
    let names = |reply: &Reply| {
        reply
            .headers
            .iter()
            .map(|(n, v)| format!("{n}: {v:?}"))
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(names(&foreign), names(&unknown));
}

#[actix_web::test]
async fn operators_and_people_have_routes_of_their_own() {
    let house = house();
    let admin = "/api/v1/admin/things";

    assert_eq!(house.call(as_("ops", get(admin))).await.status, 204);
    assert_eq!(house.call(as_("ada", get(admin))).await.code(), "permission_denied");
    assert_eq!(house.call(as_("key", get(admin))).await.code(), "permission_denied");
    assert_eq!(house.call(as_("ada", get("/api/v1/me"))).await.status, 200);
    assert_eq!(
        house.call(as_("key", get("/api/v1/me"))).await.code(),
        "permission_denied"
    );
}

#[actix_web::test]
async fn a_refusal_for_haste_says_how_long_to_wait_and_good_answers_what_is_left() {
    let house = house();
    let strict = house_with(|parts| parts.pace = Arc::new(left(0)));
    let calm = house_with(|parts| parts.pace = Arc::new(left(9)));

    let refused = strict.call(as_("ada", get(THINGS))).await;
    let passed = calm.call(as_("ada", get(THINGS))).await;
    let unlimited = house.call(as_("ada", get(THINGS))).await;

    assert_eq!((refused.status, refused.header("retry-after")), (429, "6"));
    assert_eq!(refused.header("ratelimit"), "\"person\";r=0;t=60");
    assert_eq!(refused.header("ratelimit-policy"), "\"person\";q=10;w=60");
    assert_eq!(
        (passed.status, passed.header("ratelimit")),
        (200, "\"person\";r=9;t=60")
    );
    assert_eq!(unlimited.header("ratelimit"), "");
}

#[actix_web::test]
async fn a_doorman_in_trouble_is_not_a_refusal() {
    struct Broken(FakeDoorman);
    #[tenantry_kernel::async_trait]
    impl crate::door::Doorman for Broken {
        async fn authenticate(
            &self,
            _: &crate::door::Credential<'_>,
            _: &Origin,
        ) -> Result<crate::door::Caller, ApiError> {
            Err(StoreError::Unavailable("no connection to 10.0.0.5".into()).into())
        }
        async fn enter(
            &self,
            caller: &crate::door::Caller,
            address: &crate::door::TenantAddress<'_>,
            origin: Origin,
        ) -> Result<tenantry_kernel::TenantScope, ApiError> {
            self.0.enter(caller, address, origin).await
        }
        async fn enter_system(
            &self,
            caller: &crate::door::Caller,
            origin: Origin,
        ) -> Result<tenantry_kernel::SystemScope, ApiError> {
            self.0.enter_system(caller, origin).await
        }
        async fn enter_platform(
            &self,
            caller: &crate::door::Caller,
            origin: Origin,
        ) -> Result<tenantry_kernel::SystemScope, ApiError> {
            self.0.enter_platform(caller, origin).await
        }
        async fn public_tenant(&self, address: &crate::door::TenantAddress<'_>) -> Result<Option<TenantId>, ApiError> {
            self.0.public_tenant(address).await
        }
    }
    let house = house_with(|parts| parts.doorman = Arc::new(Broken(FakeDoorman::default())));

    let reply = house.call(as_("ada", get(THINGS))).await;

    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert!(!String::from_utf8_lossy(&reply.body).contains("10.0.0.5"));
}

#[actix_web::test]
async fn an_unknown_host_is_404_for_the_api_and_nothing_to_a_probe() {
    let house = house();
    let at_nowhere = |path: &str| get(path).insert_header(("host", "nowhere.localhost:8080"));

    assert_eq!(house.call(at_nowhere("/livez")).await.status, 200);
    assert_eq!(house.call(at_nowhere("/api/v1/trouble/x")).await.status, 404);
    assert_eq!(house.call(as_("ada", at_nowhere("/api/v1/me"))).await.status, 404);
    assert_eq!(house.call(as_("ada", at_nowhere(THINGS))).await.status, 404);
    assert_eq!(
        house.call(as_("ops", at_nowhere("/api/v1/admin/things"))).await.status,
        404
    );
}
