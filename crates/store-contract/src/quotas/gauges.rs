//! Gauges that change with other rows: seats.

use futures_util::future::join_all;
use tenantry_kernel::{Code, Event};
use tenantry_quotas::gauge::Consumption;
use tenantry_quotas::testing::code;

use super::{QuotaHarness, begin, read};
use crate::tenancy::found_two;

fn users() -> Code {
    code("users")
}

async fn adjust(store: &impl QuotaHarness, tenant: u128, delta: i64, limit: Option<i64>) -> Consumption {
    let mut unit = begin(store, tenant).await;
    let moved = unit.gauges().adjust(&users(), delta, limit).await.unwrap();
    unit.commit(vec![Event::new("membership.created", tenant)])
        .await
        .unwrap();
    moved
}

async fn used(store: &impl QuotaHarness, tenant: u128) -> i64 {
    read(store, tenant).await.gauges().used(&users()).await.unwrap()
}

/// Upwards a gauge stops at its limit, from the first move on.
pub async fn a_gauge_goes_up_to_its_limit_and_no_further(store: &impl QuotaHarness) {
    found_two(store).await;
    assert_eq!(adjust(store, 1, 4, Some(3)).await, Consumption::Exceeded { used: 0 });

    assert_eq!(adjust(store, 1, 2, Some(3)).await, Consumption::Granted { used: 2 });
    assert_eq!(adjust(store, 1, 2, Some(3)).await, Consumption::Exceeded { used: 2 });
    assert_eq!(adjust(store, 1, 1, Some(3)).await, Consumption::Granted { used: 3 });
    assert_eq!(adjust(store, 1, 1, Some(3)).await, Consumption::Exceeded { used: 3 });
    assert_eq!(adjust(store, 1, 5, None).await, Consumption::Granted { used: 8 });

    assert_eq!((used(store, 1).await, used(store, 2).await), (8, 0));
}

/// Downwards the limit does not matter, and nothing is the floor.
pub async fn a_gauge_goes_down_whatever_its_limit_and_stops_at_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    assert_eq!(adjust(store, 1, -1, Some(3)).await, Consumption::Granted { used: 0 });
    adjust(store, 1, 10, None).await;
    adjust(store, 2, 10, None).await;

    assert_eq!(adjust(store, 1, -2, Some(3)).await, Consumption::Granted { used: 8 });
    assert_eq!(adjust(store, 1, 1, Some(3)).await, Consumption::Exceeded { used: 8 });
    assert_eq!(adjust(store, 1, -20, Some(3)).await, Consumption::Granted { used: 0 });

    assert_eq!((used(store, 1).await, used(store, 2).await), (0, 10));
}

/// A unit that is dropped gives back what it took.
pub async fn a_dropped_unit_moves_no_gauge(store: &impl QuotaHarness) {
    found_two(store).await;
    let mut unit = begin(store, 1).await;
    unit.gauges().adjust(&users(), 1, Some(1)).await.unwrap();

    drop(unit);

    assert_eq!(adjust(store, 1, 1, Some(1)).await, Consumption::Granted { used: 1 });
}

/// Of many who take the last seats at once, as many get one as there are.
pub async fn a_gauge_is_exact_under_concurrency(store: &impl QuotaHarness) {
    found_two(store).await;
    let attempts = (0..32_u128).map(|number| adjust(store, 1 + number % 2, 1, Some(10)));

    let moved = join_all(attempts).await;

    let granted = moved
        .iter()
        .filter(|moved| matches!(moved, Consumption::Granted { .. }))
        .count();
    assert_eq!(granted, 20);
    assert_eq!((used(store, 1).await, used(store, 2).await), (10, 10));
}
