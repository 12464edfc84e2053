//! Budgets of what strangers may cause.

use std::num::NonZeroU32;

use futures_util::future::join_all;
use tenantry_kernel::testing::MemoryBudgets;
use tenantry_kernel::time::{Duration, OffsetDateTime, macros::datetime};
use tenantry_kernel::{Budget, BudgetKeeper, StoreError};

use super::ActivityHarness;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const ADA: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];

fn hourly(times: u32) -> Budget {
    Budget::hourly(NonZeroU32::new(times).unwrap())
}

/// The store decides as the rule does, at every step of a long and uneven walk.
pub async fn a_budget_is_kept_by_the_rule(store: &impl ActivityHarness) {
    let (budget, model) = (hourly(7), MemoryBudgets::default());
    let mut now = NOW;
    for step in 0_i64..60 {
        now += Duration::microseconds(step * step * 1_000_003 % 700_000_000);
        let subject = if step % 3 == 0 { BOB } else { ADA };

        let wanted = model.take(&budget, &subject, now).await.unwrap();
        let told = store.budgets().take(&budget, &subject, now).await.unwrap();

        assert_eq!(told, wanted, "step {step}");
    }
}

/// Thirty-two at once take no more than there is.
pub async fn two_at_once_never_take_the_same(store: &impl ActivityHarness) {
    let budget = hourly(5);
    let tries = (0..32).map(|_| async {
        loop {
            match store.budgets().take(&budget, &ADA, NOW).await {
                Err(StoreError::Contended) => {}
                told => return told.unwrap().is_ok(),
            }
        }
    });

    let passed = join_all(tries).await.into_iter().filter(|passed| *passed).count();

    assert_eq!(passed, 5);
    assert!(store.budgets().take(&budget, &BOB, NOW).await.unwrap().is_ok());
}

/// Only what is whole again is forgotten.
pub async fn whole_budgets_are_forgotten(store: &impl ActivityHarness) {
    let budget = hourly(1);
    store.budgets().take(&budget, &ADA, NOW).await.unwrap().unwrap();
    let later = NOW + Duration::minutes(30);
    store.budgets().take(&budget, &BOB, later).await.unwrap().unwrap();

    let hour_later = NOW + Duration::HOUR;
    assert_eq!(store.budgets().forget_whole(hour_later, 10).await.unwrap(), 1);

    assert!(store.budgets().take(&budget, &ADA, hour_later).await.unwrap().is_ok());
    let bob = store.budgets().take(&budget, &BOB, hour_later).await.unwrap();
    assert_eq!(bob, Err(Duration::minutes(30)));
}
