use super::*;

fn create(key: &str, name: &str) -> TestRequest {
    let body = json!({ "name": name }).to_string();
    let request = as_("ada", TestRequest::post().uri(THINGS)).insert_header(("idempotency-key", key));
    json_body(request, &body)
}

#[actix_web::test]
async fn the_same_request_again_gets_the_first_answer_and_no_second_effect() {
    let house = house();

    let first = house.call(create("k1", "x")).await;
    let again = house.call(create("k1", "x")).await;
    let other = house.call(create("k2", "x")).await;

    assert_eq!((first.status, first.json()["name"].as_str()), (201, Some("x 0")));
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(other.json()["name"], "x 1");
    assert_eq!(house.made.load(Ordering::SeqCst), 2);
}

#[actix_web::test]
async fn the_same_key_for_another_request_is_422() {
    let house = house();
    house.call(create("k1", "x")).await;

    let reply = house.call(create("k1", "y")).await;

    assert_eq!((reply.status, reply.code().as_str()), (422, "idempotency_key_reused"));
}

#[actix_web::test]
async fn keys_of_two_tenants_never_meet() {
    let house = house();
    house.call(create("k1", "x")).await;
    let path = "/api/v1/tenants/globex/things";
    let bob = as_("bob", TestRequest::post().uri(path)).insert_header(("idempotency-key", "k1"));

    let reply = house.call(json_body(bob, r#"{"name":"x"}"#)).await;

    assert_eq!((reply.status, reply.json()["name"].as_str()), (201, Some("x 1")));
}

#[actix_web::test]
async fn a_refusal_is_not_kept() {
    let house = house();
    let refused = house.call(create("k1", "refused")).await;

    let reply = house.call(create("k1", "x")).await;

    assert_eq!((refused.status, reply.status), (422, 201));
}

#[actix_web::test]
async fn an_effect_whose_answer_was_lost_is_told_with_its_subject() {
    let house = house();

    let crashed = house.call(create("k1", "crash")).await;
    let again = house.call(create("k1", "crash")).await;

    for reply in [crashed, again] {
        assert_eq!((reply.status, reply.code().as_str()), (409, "idempotent_request_done"));
        assert_eq!(reply.json()["subject"], "thing-1");
    }
}

#[actix_web::test]
async fn a_key_is_bounded_visible_ascii() {
    let house = house();

    for bad in ["", "a b", "é", &"k".repeat(256)] {
        let request = as_("ada", TestRequest::post().uri(THINGS)).insert_header(("idempotency-key", bad.as_bytes()));
        let reply = house.call(json_body(request, r#"{"name":"x"}"#)).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "idempotency_key_invalid"),
            "{bad}"
        );
    }
    let twice = create("k1", "x").append_header(("idempotency-key", "k2"));
    assert_eq!(house.call(twice).await.code(), "idempotency_key_invalid");
}

#[actix_web::test]
async fn a_declined_payment_is_declined_again() {
    let house = house();

    let first = house.call(create("k1", "declined")).await;
    let again = house.call(create("k1", "declined")).await;

    assert_eq!((first.status, first.code().as_str()), (402, "payment_required"));
    assert_eq!((again.status, &again.body), (402, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[actix_web::test]
async fn keys_of_two_people_and_of_nobody_never_meet_before_a_tenant_is_known() {
    let house = house();
    let found = |who: Option<&str>, name: &str| {
        let request = TestRequest::post().uri("/api/v1/things");
        let request = request.insert_header(("idempotency-key", "k1"));
        let request = json_body(request, &json!({ "name": name }).to_string());
        match who {
            Some(who) => as_(who, request),
            None => request,
        }
    };

    let ada = house.call(found(Some("ada"), "x")).await;
    let bob = house.call(found(Some("bob"), "x")).await;
    let nobody = house.call(found(None, "x")).await;
    let ada_again = house.call(found(Some("ada"), "x")).await;
    let ada_otherwise = house.call(found(Some("ada"), "y")).await;

    let names = [&ada, &bob, &nobody, &ada_again].map(|reply| reply.json()["name"].clone());
    assert_eq!(names, ["x 0", "x 1", "x 2", "x 0"]);
    assert_eq!(ada_again.header("idempotency-replayed"), "true");
    assert_eq!(ada_otherwise.code(), "idempotency_key_reused");
}
