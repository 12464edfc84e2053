//! What headers say, and which class a route has.

use std::num::NonZeroU32;
use std::time::Duration;

use tenantry_quotas::concurrency::PlaceSubject;
use tenantry_quotas::rate::Pace as Stands;

use super::*;

fn stand(policy: &'static str, allowed: bool, remaining: u32, retry_s: u64) -> Stand {
    Stand {
        policy,
        pace: Stands {
            allowed,
            limit: 100,
            remaining,
            reset_after: Duration::from_millis(20_100),
            retry_after: Duration::from_secs(retry_s),
        },
    }
}

fn at_once() -> PlaceLimit {
    PlaceLimit {
        policy: "concurrent",
        subject: PlaceSubject::Tenant(
            tenantry_kernel::TenantId::from_uuid(tenantry_kernel::uuid::Uuid::nil()),
            true,
        ),
        places: NonZeroU32::new(20).unwrap(),
    }
}

#[test]
fn all_policies_are_listed_and_the_one_with_the_fewest_left_comes_first() {
    let stands = vec![stand("plan", true, 80, 0), stand("api_key", true, 9, 0)];

    let verdict = PaceVerdict::of(stands, vec![(at_once(), 19)]).unwrap();
    let (policy, state) = (verdict.policy(), verdict.state());

    assert_eq!(
        policy,
        "\"api_key\";q=100;w=60, \"plan\";q=100;w=60, \"concurrent\";q=20;qu=\"concurrent-requests\""
    );
    assert_eq!(state, "\"api_key\";r=9;t=21, \"plan\";r=80;t=21, \"concurrent\";r=19");
}

#[test]
fn the_policy_that_binds_a_refusal_comes_first_and_says_when_one_more_call_passes() {
    let stands = [
        stand("plan", true, 80, 0),
        stand("api_key", false, 0, 2),
        stand("read", false, 0, 5),
    ];
    let refused = AdmitError::too_fast(&stands).unwrap();

    let verdict = PaceVerdict::of_refusal(&refused).unwrap();

    assert!(verdict.is_spent());
    let state = verdict.state();
    assert_eq!(state, "\"read\";r=0;t=5, \"api_key\";r=0;t=2, \"plan\";r=80;t=21");
    let refused = ApiError::from(refused);
    assert_eq!((refused.status().as_u16(), refused.code()), (429, "rate_limited"));
}

#[test]
fn a_call_that_is_held_to_nothing_has_no_headers() {
    assert_eq!(PaceVerdict::of(Vec::new(), Vec::new()), None);
}

#[test]
fn a_route_costs_what_its_method_and_path_say() {
    let cases = [
        (Method::GET, "/api/v1/tenants/{tenant}/users", RouteClass::Read),
        (Method::HEAD, "/api/v1/tenants/{tenant}/usage", RouteClass::Read),
        (Method::PATCH, "/api/v1/tenants/{tenant}/users/{id}", RouteClass::Write),
        (Method::POST, "/api/v1/tenants/{tenant}/usage", RouteClass::Usage),
        (
            Method::POST,
            "/api/v1/tenants/{tenant}/reservations/{id}/commit",
            RouteClass::Usage,
        ),
        (Method::GET, "/api/v1/tenants/{tenant}/usage/series", RouteClass::Heavy),
        (
            Method::GET,
            "/api/v1/tenants/{tenant}/audit-logs/export",
            RouteClass::Heavy,
        ),
        (Method::POST, "/api/v1/tenants/{tenant}/export", RouteClass::Heavy),
        (Method::GET, "/api/v1/tenants/{tenant}/usage-logs", RouteClass::Read),
    ];
    for (method, path, class) in cases {
        assert_eq!(class_of(&method, path), class, "{method} {path}");
    }
}
