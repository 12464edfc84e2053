//! Rates in memory, against a clock that the test moves.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use tenantry_quotas::rate::{PerMinute, RouteClass};

use super::*;

fn keeper() -> (PaceKeeper, Arc<AtomicU64>) {
    let now = Arc::new(AtomicU64::new(1));
    let read = Arc::clone(&now);
    (
        PaceKeeper::with_ticks(Arc::new(move || read.load(Ordering::SeqCst))),
        now,
    )
}

fn address(number: u32) -> RateSubject {
    RateSubject::Address(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

fn pace(calls: u32) -> PerMinute {
    PerMinute::new(calls).unwrap()
}

impl PaceKeeper {
    fn one(&self, subject: &RateSubject, pace: PerMinute, count: bool) -> Pace {
        let limit = RateLimit {
            policy: "test",
            subject: subject.clone(),
            pace,
        };
        let stands = self.decide(&[limit], count);
        stands[0]
    }
}

fn pass(now: &AtomicU64, time: Duration) {
    now.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::SeqCst);
}

#[test]
fn the_eleventh_of_ten_calls_comes_too_fast_until_an_interval_has_passed() {
    let (keeper, now) = keeper();
    let remaining: Vec<u32> = (0..10)
        .map(|_| keeper.one(&address(1), pace(10), true).remaining)
        .collect();

    let refused = keeper.one(&address(1), pace(10), true);
    pass(&now, Duration::from_secs(6));
    let later = keeper.one(&address(1), pace(10), true);

    assert_eq!(remaining, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!((refused.allowed, refused.retry_after), (false, Duration::from_secs(6)));
    assert!(later.allowed);
}

#[test]
fn refused_calls_do_not_count() {
    let (keeper, now) = keeper();
    for _ in 0..50 {
        keeper.one(&address(1), pace(10), true);
    }

    pass(&now, Duration::from_mins(1));

    assert_eq!(keeper.one(&address(1), pace(10), true).remaining, 9);
}

#[test]
fn looking_does_not_count() {
    let (keeper, _) = keeper();
    keeper.one(&address(1), pace(10), true);

    let first = keeper.one(&address(1), pace(10), false);
    let second = keeper.one(&address(1), pace(10), false);

    assert_eq!(first, second);
    assert_eq!((first.allowed, first.remaining), (true, 9));
    assert_eq!(first.reset_after, Duration::from_secs(6));
}

#[test]
fn a_stranger_has_the_whole_pace() {
    let (keeper, _) = keeper();

    let stands = keeper.one(&address(1), pace(10), false);

    assert_eq!((stands.remaining, stands.reset_after), (10, Duration::ZERO));
}

#[test]
fn subjects_do_not_slow_each_other() {
    let (keeper, _) = keeper();
    while keeper.one(&address(1), pace(3), true).allowed {}

    assert!(keeper.one(&address(2), pace(3), true).allowed);
}

#[test]
fn a_raised_pace_applies_at_once() {
    let (keeper, _) = keeper();
    while keeper.one(&address(1), pace(10), true).allowed {}

    let raised = keeper.one(&address(1), pace(100), true);

    assert!(raised.retry_after <= Duration::from_millis(600), "{raised:?}");
}

#[test]
fn a_flood_of_strangers_does_not_grow_without_bound() {
    let (keeper, _) = keeper();
    let most = u32::try_from(PaceKeeper::SHARD_LEN * keeper.shards.len()).unwrap();

    for number in 0..most + most / 2 {
        keeper.one(&address(number), pace(10), true);
    }

    let remembered: usize = keeper
        .shards
        .iter()
        .map(|shard| shard.lock().unwrap().known.len())
        .sum();
    assert!(
        remembered <= PaceKeeper::SHARD_LEN * keeper.shards.len(),
        "{remembered}"
    );
}

#[test]
fn who_has_been_quiet_is_forgotten() {
    let (keeper, now) = keeper();
    for number in 0..100_000 {
        keeper.one(&address(number), pace(10), true);
    }

    pass(&now, Duration::from_mins(1));
    for number in 100_000..200_000 {
        keeper.one(&address(number), pace(10), true);
    }

    let oldest = address(5);
    let known = keeper
        .shards
        .iter()
        .any(|shard| shard.lock().unwrap().known.iter().any(|known| known.subject == oldest));
    assert!(!known);
}

fn limit(number: u32, calls: u32) -> RateLimit {
    RateLimit {
        policy: "test",
        subject: address(number),
        pace: pace(calls),
    }
}

#[test]
fn a_call_refused_by_one_rate_counts_on_none() {
    let (keeper, _) = keeper();
    let both = [limit(1, 100), limit(2, 1)];

    let passed = keeper.decide(&both, true);
    let refused = keeper.decide(&both, true);

    assert!(passed.iter().all(|pace| pace.allowed));
    assert_eq!(
        refused.iter().map(|pace| pace.allowed).collect::<Vec<_>>(),
        [true, false]
    );
    assert_eq!(keeper.decide(&both, false)[0].remaining, 99);
}

#[test]
fn the_answer_keeps_the_order_of_the_question() {
    let (keeper, _) = keeper();
    let asked: Vec<RateLimit> = (1..=20).map(|number| limit(number, number)).collect();

    let stands = keeper.decide(&asked, true);

    let limits: Vec<u32> = stands.iter().map(|pace| pace.limit).collect();
    assert_eq!(limits, (1..=20).collect::<Vec<_>>());
}

#[test]
fn many_threads_never_pass_a_shared_rate_and_never_wait_for_each_other_in_a_ring() {
    let (keeper, _) = keeper();
    let tenant = tenantry_kernel::TenantId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(1));
    let shared = RateLimit {
        policy: "read",
        subject: RateSubject::TenantClass(tenant, RouteClass::Read, true),
        pace: pace(500),
    };

    let granted: usize = std::thread::scope(|scope| {
        let callers = (0..8).map(|own| {
            let (keeper, shared) = (&keeper, shared.clone());
            scope.spawn(move || {
                let mut asked = vec![shared, limit(own, 100), limit(own + 100, 1_000)];
                // Another order in every other thread.
                if own % 2 == 0 {
                    asked.reverse();
                }
                (0..200)
                    .filter(|_| keeper.decide(&asked, true).iter().all(|pace| pace.allowed))
                    .count()
            })
        });
        let callers: Vec<_> = callers.collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });

    assert_eq!(granted, 500);
}

proptest! {
    #[test]
    fn no_minute_sees_more_than_twice_the_pace_and_no_instant_more_than_it(
        calls in 1_u32..2_000,
        waits in proptest::collection::vec(0_u64..2_000_000_000, 1..300),
    ) {
        let (keeper, now) = keeper();
        let start = now.load(Ordering::SeqCst);
        let mut granted = 0_u64;
        for wait in waits {
            now.fetch_add(wait, Ordering::SeqCst);
            granted += u64::from(keeper.one(&address(1), pace(calls), true).allowed);

            let passed = now.load(Ordering::SeqCst) - start;
            prop_assert!(granted <= u64::from(calls) + passed / Cell::new(pace(calls), 1).interval_ns() + 1);
        }
    }
}
