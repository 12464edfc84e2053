//! The decision against a slow model, and its rules one by one.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tenantry_kernel::TenantId;
use tenantry_kernel::uuid::Uuid;
use time::OffsetDateTime;

use super::{Claim, Operation, Verdict, decide};
use crate::account::{AccountKey, TenantAccount};
use crate::ledger::Amount;
use crate::period::Period;
use crate::testing::code;

fn account(number: u128) -> TenantAccount {
    TenantAccount {
        tenant: TenantId::from_uuid(Uuid::from_u128(number)),
        key: AccountKey {
            meter: code("messages"),
            live: true,
            period: Period::CalendarMonth,
            period_start: OffsetDateTime::UNIX_EPOCH,
        },
    }
}

fn operation(amount: i64, claims: &[(u128, Option<i64>)]) -> Operation {
    Operation {
        amount: Amount::try_from(amount).unwrap(),
        claims: claims
            .iter()
            .map(|(number, limit)| Claim {
                account: account(*number),
                limit: *limit,
            })
            .collect(),
    }
}

fn granted(used: &[i64]) -> Verdict {
    Verdict::Granted { used: used.to_vec() }
}

#[test]
fn the_last_one_that_fits_is_granted_and_the_next_one_is_refused() {
    let mut states = BTreeMap::from([(account(1), 999)]);
    let one = operation(1, &[(1, Some(1_000))]);

    let verdicts = decide(&mut states, &[one.clone(), one]);

    assert_eq!(
        verdicts,
        [
            granted(&[1_000]),
            Verdict::Refused {
                binding: 0,
                used: 1_000
            }
        ]
    );
    assert_eq!(states[&account(1)], 1_000);
}

#[test]
fn a_small_operation_passes_behind_a_large_one_that_was_refused() {
    let mut states = BTreeMap::new();
    let operations = [8, 5, 2].map(|amount| operation(amount, &[(1, Some(10))]));

    let verdicts = decide(&mut states, &operations);

    assert_eq!(
        verdicts,
        [granted(&[8]), Verdict::Refused { binding: 0, used: 8 }, granted(&[10])]
    );
}

#[test]
fn an_operation_counts_on_all_of_its_accounts_or_on_none() {
    let mut states = BTreeMap::from([(account(1), 0), (account(2), 9)]);

    let verdicts = decide(&mut states, &[operation(2, &[(1, Some(100)), (2, Some(10))])]);

    assert_eq!(verdicts, [Verdict::Refused { binding: 1, used: 9 }]);
    assert_eq!(states, BTreeMap::from([(account(1), 0), (account(2), 9)]));
}

#[test]
fn the_limit_with_the_least_room_binds() {
    let mut states = BTreeMap::from([(account(1), 7), (account(2), 99), (account(3), 9)]);
    let claims = [(1, Some(10)), (2, Some(100)), (3, Some(10))];

    let verdicts = decide(&mut states, &[operation(5, &claims)]);

    assert_eq!(verdicts, [Verdict::Refused { binding: 1, used: 99 }]);
}

#[test]
fn an_account_above_a_lowered_limit_refuses_and_keeps_what_it_holds() {
    let mut states = BTreeMap::from([(account(1), 50)]);

    let verdicts = decide(&mut states, &[operation(1, &[(1, Some(10))])]);

    assert_eq!(verdicts, [Verdict::Refused { binding: 0, used: 50 }]);
    assert_eq!(states[&account(1)], 50);
}

#[test]
fn without_a_limit_only_the_range_of_the_number_binds() {
    let mut states = BTreeMap::from([(account(1), i64::MAX - 1)]);
    let one = operation(1, &[(1, None)]);

    let verdicts = decide(&mut states, &[one.clone(), one]);

    let full = Verdict::Refused {
        binding: 0,
        used: i64::MAX,
    };
    assert_eq!(verdicts, [granted(&[i64::MAX]), full]);
}

/// The same decision the slow way: replay everything granted so far for every question.
fn model(start: &[i64; 3], operations: &[Operation]) -> Vec<Verdict> {
    let mut history: Vec<&Operation> = Vec::new();
    let mut verdicts = Vec::new();
    for operation in operations {
        let held = |wanted: &TenantAccount, history: &[&Operation]| {
            let first = (0..3).find(|n| account(*n as u128) == *wanted).map_or(0, |n| start[n]);
            let mut sum = i128::from(first);
            for earlier in history {
                for claim in &earlier.claims {
                    if claim.account == *wanted {
                        sum += i128::from(earlier.amount.get());
                    }
                }
            }
            sum
        };
        let mut rooms = Vec::new();
        for (position, claim) in operation.claims.iter().enumerate() {
            let used = held(&claim.account, &history);
            let room = i128::from(claim.limit.unwrap_or(i64::MAX)) - used;
            if room < i128::from(operation.amount.get()) {
                rooms.push((room, position, used));
            }
        }
        rooms.sort_unstable();
        if let Some((_, binding, used)) = rooms.first() {
            verdicts.push(Verdict::Refused {
                binding: *binding,
                used: i64::try_from(*used).unwrap(),
            });
        } else {
            history.push(operation);
            let used = operation.claims.iter().map(|claim| held(&claim.account, &history));
            verdicts.push(Verdict::Granted {
                used: used.map(|used| i64::try_from(used).unwrap()).collect(),
            });
        }
    }
    verdicts
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let limits = proptest::collection::vec(proptest::option::of(0_i64..60), 3);
    let touched = proptest::sample::subsequence(vec![0_u128, 1, 2], 1..=3);
    (1_i64..20, touched, limits).prop_map(|(amount, touched, limits)| {
        let claims: Vec<_> = touched
            .into_iter()
            .map(|number| (number, limits[number as usize]))
            .collect();
        operation(amount, &claims)
    })
}

proptest! {
    #[test]
    fn the_decision_is_what_a_slow_model_says(
        start in proptest::array::uniform3(0_i64..40),
        operations in proptest::collection::vec(any_operation(), 0..60),
    ) {
        let mut states: BTreeMap<_, _> = (0..3).map(|n| (account(n as u128), start[n])).collect();

        let verdicts = decide(&mut states, &operations);

        prop_assert_eq!(verdicts, model(&start, &operations));
    }

    #[test]
    fn batches_decide_like_one_at_a_time(
        operations in proptest::collection::vec(any_operation(), 0..60),
        cut in 0_usize..60,
    ) {
        let (first, second) = operations.split_at(cut.min(operations.len()));
        let mut whole = BTreeMap::new();
        let mut parts = BTreeMap::new();

        let at_once = decide(&mut whole, &operations);
        let mut in_parts = decide(&mut parts, first);
        in_parts.extend(decide(&mut parts, second));

        prop_assert_eq!(at_once, in_parts);
        prop_assert_eq!(whole, parts);
    }

    #[test]
    fn a_constant_limit_is_never_passed(amounts in proptest::collection::vec(1_i64..50, 0..200), limit in 0_i64..1_000) {
        let operations: Vec<_> = amounts.iter().map(|amount| operation(*amount, &[(1, Some(limit))])).collect();
        let mut states = BTreeMap::new();

        let verdicts = decide(&mut states, &operations);

        let counted: i64 = amounts
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| matches!(verdict, Verdict::Granted { .. }))
            .map(|(amount, _)| amount)
            .sum();
        prop_assert!(counted <= limit);
        prop_assert_eq!(states.get(&account(1)).copied().unwrap_or(0), counted);
    }
}
