use actix_web::test::TestRequest;
use actix_web::web::ServiceConfig;
use serde_json::json;

use super::*;
use crate::fixture::catalog;
use crate::testing::ask;

#[actix_web::test]
async fn public_plans_are_listed_with_exact_prices_and_limits() {
    let more = |config: &mut ServiceConfig| {
        config.app_data(Data::new(catalog()));
    };

    let reply = ask(&[], more, TestRequest::get().uri("/api/v1/plans")).await;

    let plans = reply.json();
    let codes: Vec<_> = plans["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| plan["code"].clone())
        .collect();
    assert_eq!((reply.status, codes), (200, vec![json!("free"), json!("pro")]));
    let pro = &plans["data"][1];
    let seat = json!({"cycle": "monthly", "amount": 29800, "currency": "JPY", "per": "seat"});
    let unit = json!({"cycle": "pay_as_you_go", "amount": "0.6", "currency": "JPY", "per": "messages"});
    assert_eq!(pro["prices"], json!([seat, unit]));
    assert_eq!(
        (&pro["limits"], &plans["data"][0]["limits"]),
        (&json!({"messages": null}), &json!({"messages": 10}))
    );
    assert_eq!(
        (&pro["trial_days"], &pro["features"]),
        (&json!(14), &json!(["api_access"]))
    );
}
