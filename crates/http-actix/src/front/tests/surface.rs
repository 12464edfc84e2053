use std::io::Read;

use super::*;

#[actix_web::test]
async fn an_unknown_path_is_404_and_a_known_one_says_what_it_knows() {
    let house = house();

    let unknown = house.call(get("/api/v1/nothing")).await;
    let wrong = house.call(as_("ada", TestRequest::delete().uri(THINGS))).await;
    let strange = house
        .call(
            TestRequest::default()
                .method(Method::from_bytes(b"BREW").unwrap())
                .uri(THINGS),
        )
        .await;

    assert_eq!((unknown.status, unknown.code().as_str()), (404, "not_found"));
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "method_not_allowed"));
    assert_eq!(wrong.header("allow"), "GET, POST, HEAD, OPTIONS");
    assert_eq!(strange.status, 405);
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let house = house();

    let full = house.call(as_("ada", get(THING))).await;
    let head = house
        .call(as_("ada", TestRequest::default().method(Method::HEAD).uri(THING)))
        .await;
    let missing = house
        .call(TestRequest::default().method(Method::HEAD).uri("/nothing"))
        .await;

    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("etag"), full.header("etag"));
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[actix_web::test]
async fn request_ids_are_echoed_when_sane_and_made_otherwise() {
    let house = house();
    let mine = house
        .call(get("/livez").insert_header(("x-request-id", "mine-1")))
        .await;
    let problem = house
        .call(get("/nothing").insert_header(("x-request-id", "mine-1")))
        .await;

    assert_eq!(mine.header("x-request-id"), "mine-1");
    assert_eq!(problem.json()["request_id"], "mine-1");
    for bad in ["a b", "", &"x".repeat(129), "é"] {
        let reply = house
            .call(get("/livez").insert_header(("x-request-id", bad.as_bytes())))
            .await;
        assert_eq!(reply.header("x-request-id").len(), 36, "{bad}");
    }
}

#[actix_web::test]
async fn every_answer_wears_the_security_headers() {
    let house = house();
    let public = house_with(|parts| parts.settings.public_https = true);

    for reply in [
        house.call(as_("ada", get(THING))).await,
        house.call(get("/nothing")).await,
    ] {
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(
            reply.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("strict-transport-security"), "");
    }
    assert!(
        public
            .call(get("/livez"))
            .await
            .header("strict-transport-security")
            .starts_with("max-age=")
    );
}

#[actix_web::test]
async fn only_configured_origins_are_told_what_they_may() {
    let house = house_with(|parts| parts.settings.cors_origins = vec!["https://app.example".to_owned()]);
    let preflight = |origin: &'static str| {
        TestRequest::default()
            .method(Method::OPTIONS)
            .uri(THINGS)
            .insert_header(("origin", origin))
            .insert_header(("access-control-request-method", "POST"))
    };

    let known = house.call(preflight("https://app.example")).await;
    let stranger = house.call(preflight("https://evil.example")).await;
    let plain = house
        .call(as_("ada", get(THINGS)).insert_header(("origin", "https://app.example")))
        .await;

    assert_eq!(
        (known.status, known.header("access-control-allow-origin")),
        (204, "https://app.example")
    );
    assert!(known.header("access-control-allow-methods").contains("POST"));
    assert!(known.header("access-control-allow-headers").contains("authorization"));
    assert_eq!(
        (stranger.status, stranger.header("access-control-allow-origin")),
        (204, "")
    );
    assert_eq!(stranger.header("access-control-allow-methods"), "");
    assert_eq!(plain.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(plain.header("vary"), "Origin");
    assert_eq!(plain.header("access-control-allow-credentials"), "");
}

#[actix_web::test]
async fn a_panic_and_an_endless_action_become_problems() {
    let house = house_with(|parts| parts.settings.timeout = Duration::from_millis(5));

    let panicked = house.call(get("/api/v1/trouble/panic")).await;
    let endless = house.call(get("/api/v1/trouble/endless")).await;

    assert_eq!((panicked.status, panicked.code().as_str()), (500, "internal_error"));
    assert!(!String::from_utf8_lossy(&panicked.body).contains("secret"));
    assert_eq!((endless.status, endless.code().as_str()), (503, "timed_out"));
    assert_eq!(endless.header("retry-after"), "1");
    assert_eq!(house.api.in_flight.load(Ordering::SeqCst), 0);
}

#[actix_web::test]
async fn a_flood_is_shed() {
    let house = house_with(|parts| parts.settings.max_in_flight = 1);
    house.api.in_flight.store(1, Ordering::SeqCst);

    let shed = house.call(as_("ada", get(THINGS))).await;
    house.api.in_flight.store(0, Ordering::SeqCst);
    let served = house.call(as_("ada", get(THINGS))).await;

    assert_eq!(
        (shed.status, shed.code().as_str(), shed.header("retry-after")),
        (503, "overloaded", "1")
    );
    assert_eq!(served.status, 200);
}

#[actix_web::test]
async fn long_answers_are_packed_for_those_who_take_it() {
    let house = house();
    let long = "/api/v1/tenants/acme/things/00000000-0000-0000-0000-000000000009";

    let packed = house
        .call(as_("ada", get(long)).insert_header(("accept-encoding", "br, gzip;q=0.8")))
        .await;
    let plain = house
        .call(as_("ada", get(long)).insert_header(("accept-encoding", "gzip;q=0")))
        .await;
    let short = house
        .call(as_("ada", get(THING)).insert_header(("accept-encoding", "gzip")))
        .await;

    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(packed.header("vary"), "Accept-Encoding");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&packed.body[..])
        .read_to_end(&mut text)
        .unwrap();
    assert_eq!(text, plain.body);
    assert_eq!(
        (plain.header("content-encoding"), short.header("content-encoding")),
        ("", "")
    );
}

#[actix_web::test]
async fn a_version_is_told_matched_and_not_sent_twice() {
    let house = house();
    let change = |tag: &str| {
        let request = as_("ada", TestRequest::patch().uri(THING)).insert_header(("if-match", tag.to_owned()));
        json_body(request, r#"{"name":"new"}"#)
    };

    let shown = house.call(as_("ada", get(THING))).await;
    let tag = shown.header("etag").to_owned();
    let same = house
        .call(as_("ada", get(THING)).insert_header(("if-none-match", tag.clone())))
        .await;
    let changed = house.call(change(&tag)).await;
    let stale = house.call(change(changed.header("etag"))).await;
    let any = house.call(change("*")).await;

    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!((changed.status, any.status), (200, 200));
    assert_ne!(changed.header("etag"), tag);
    assert_eq!((stale.status, stale.code().as_str()), (412, "precondition_failed"));
}

#[actix_web::test]
async fn pages_are_walked_by_opaque_cursors_of_the_tenant() {
    let house = house();

    let first = house.call(as_("ada", get(THINGS))).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second = house
        .call(as_("ada", get(&format!("{THINGS}?limit=2&cursor={cursor}"))))
        .await;
    let foreign = house
        .call(as_(
            "bob",
            get(&format!("/api/v1/tenants/globex/things?cursor={cursor}")),
        ))
        .await;

    assert_eq!(second.json()["data"][0]["name"], "thing after 1");
    assert_eq!((foreign.status, foreign.code().as_str()), (400, "cursor_invalid"));
    for bad in ["x", "%00", &"A".repeat(38), &"A".repeat(500)] {
        let reply = house.call(as_("ada", get(&format!("{THINGS}?cursor={bad}")))).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "cursor_invalid"), "{bad}");
    }
    for bad in ["0", "201", "-1", "x", ""] {
        let reply = house.call(as_("ada", get(&format!("{THINGS}?limit={bad}")))).await;
        assert_eq!(
            (reply.status, reply.json()["errors"][0]["field"].as_str()),
            (422, Some("limit")),
            "{bad}"
        );
    }
}

#[actix_web::test]
async fn ids_in_other_spellings_name_nothing() {
    let house = house();
    for id in [
        "7",
        "{00000000-0000-0000-0000-000000000007}",
        "00000000000000000000000000000007",
        "%00",
        "%ff",
        "%zz",
    ] {
        let reply = house.call(as_("ada", get(&format!("{THINGS}/{id}")))).await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "not_found"), "{id}");
    }
}

#[actix_web::test]
async fn json_by_any_of_its_names_is_taken_and_nothing_else() {
    let house = house();
    let post = |media: &'static str| {
        as_("ada", TestRequest::post().uri(THINGS))
            .insert_header(("content-type", media))
            .set_payload(r#"{"name":"x"}"#)
    };

    for media in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.acme+json",
    ] {
        assert_eq!(house.call(post(media)).await.status, 201, "{media}");
    }
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/json+json",
        "",
        "application/jsonx",
    ] {
        assert_eq!(house.call(post(media)).await.status, 415, "{media}");
    }
    let packed = post("application/json").insert_header(("content-encoding", "gzip"));
    assert_eq!(house.call(packed).await.status, 415);
}

#[actix_web::test]
async fn probes_and_documents_answer_without_a_credential() {
    let house = house();

    assert_eq!(house.call(get("/livez")).await.body, b"ok");
    assert_eq!(house.call(get("/readyz")).await.status, 200);
    assert_eq!(
        house.call(get("/.well-known/jwks.json")).await.json(),
        json!({ "keys": [] })
    );
    let document = house.call(get("/openapi.json")).await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    house.api.drain();
    let draining = house.call(get("/readyz")).await;
    assert_eq!((draining.status, draining.code().as_str()), (503, "not_ready"));
    assert_eq!(house.call(get("/livez")).await.status, 200);
}

#[actix_web::test]
async fn metrics_are_for_this_machine_and_for_operators() {
    let house = house();
    let from = |address: &str| get("/metrics").peer_addr(address.parse().unwrap());

    assert_eq!(house.call(from("127.0.0.1:1")).await.status, 200);
    assert_eq!(house.call(from("[::1]:1")).await.status, 200);
    assert_eq!(
        house
            .call(from("127.0.0.1:1").insert_header(("x-forwarded-for", "1.2.3.4")))
            .await
            .status,
        401
    );
    assert_eq!(house.call(from("203.0.113.1:1")).await.status, 401);
    assert_eq!(house.call(as_("ada", from("203.0.113.1:1"))).await.status, 403);
    assert_eq!(house.call(as_("ops", from("203.0.113.1:1"))).await.status, 200);
}

#[actix_web::test]
async fn the_reference_page_loads_nothing_from_outside_and_runs_nothing_inline() {
    let house = house();

    let page = house.call(get("/docs")).await;
    let text = String::from_utf8(page.body.clone()).unwrap();

    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    assert!(!page.header("content-security-policy").contains("unsafe"));
    assert!(!text.contains("http://") && !text.contains("https://"));
    for tag in text.split("<script").skip(1) {
        assert!(tag.trim_start().starts_with("src=\"/docs/"), "inline script");
        assert!(tag.contains("></script>"), "inline script");
    }
    for part in text.split(['"']).filter(|part| part.starts_with("/docs/")) {
        let asset = house.call(get(part)).await;
        assert_eq!(asset.status, 200, "{part}");
        assert!(!asset.body.is_empty(), "{part}");
    }
    assert_eq!(house.call(get("/docs/oauth2-redirect.html")).await.status, 404);
    assert_eq!(house.call(get("/docs/..%2fCargo.toml")).await.status, 404);
}

#[actix_web::test]
async fn default_limits_are_those_of_the_contract() {
    let settings = Settings::default();

    assert_eq!(settings.body_limit_bytes, 1024 * 1024);
    assert_eq!(settings.timeout, Duration::from_secs(30));
    assert_eq!(list::row().pace_class(), PaceClass::Ordinary);
}
