//! The decision, by cases and against a slow model.

use super::*;
use crate::account::{AccountKey, Subject};
use crate::period::Period;
use crate::testing::code;
use proptest::prelude::*;
use tenantry_kernel::TenantId;
use tenantry_kernel::uuid::Uuid;
use time::OffsetDateTime;

fn account(name: &str) -> TenantAccount {
    TenantAccount {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        key: AccountKey {
            meter: code(name),
            live: true,
            subject: Subject::Tenant,
            period: Period::CalendarMonth,
            period_start: OffsetDateTime::UNIX_EPOCH,
        },
    }
}

fn on(name: &str, limit: i64) -> Claim {
    Claim {
        account: account(name),
        limit: Some(limit),
    }
}

fn part(change: Move, claims: &[Claim]) -> Part {
    Part {
        change,
        claims: claims.to_vec(),
    }
}

fn whole(parts: Vec<Part>) -> Operation {
    Operation { parts, forced: false }
}

fn holding(held: &[(&str, Held)]) -> States {
    States {
        accounts: held.iter().map(|(name, held)| (account(name), *held)).collect(),
        members: BTreeSet::new(),
    }
}

fn posted(states: &States, name: &str) -> i64 {
    states.held(&account(name)).posted
}

#[test]
fn a_limit_is_reached_and_never_passed() {
    let mut states = States::default();
    let one = whole(vec![part(Move::Add(1), &[on("messages", 3)])]);

    let granted = (0..5)
        .filter(|_| matches!(decide(&mut states, &one), Verdict::Granted { .. }))
        .count();

    assert_eq!((granted, posted(&states, "messages")), (3, 3));
}

#[test]
fn all_items_count_or_none() {
    let mut states = holding(&[("tokens", Held::posted(95))]);
    let both = whole(vec![
        part(Move::Add(5), &[on("messages", 10)]),
        part(Move::Add(6), &[on("tokens", 100)]),
    ]);

    let verdict = decide(&mut states, &both);

    assert_eq!(
        verdict,
        Verdict::Refused {
            binding: (1, 0),
            held: Held::posted(95)
        }
    );
    assert_eq!((posted(&states, "messages"), posted(&states, "tokens")), (0, 95));
}

#[test]
fn of_the_limits_that_do_not_fit_the_one_with_the_least_room_binds() {
    let mut states = holding(&[("day", Held::posted(8)), ("month", Held::posted(99))]);
    let three = whole(vec![part(
        Move::Add(3),
        &[on("day", 10), on("month", 100), on("year", 1_000)],
    )]);

    let verdict = decide(&mut states, &three);

    assert!(
        matches!(verdict, Verdict::Refused { binding: (0, 1), .. }),
        "{verdict:?}"
    );
}

#[test]
fn two_items_on_one_account_count_together() {
    let mut states = States::default();
    let twice = |amount| {
        let item = part(Move::Add(amount), &[on("messages", 10)]);
        whole(vec![item.clone(), item])
    };

    assert!(matches!(
        decide(&mut states, &twice(6)),
        Verdict::Refused { binding: (1, 0), .. }
    ));
    assert!(matches!(decide(&mut states, &twice(5)), Verdict::Granted { .. }));
    assert_eq!(posted(&states, "messages"), 10);
}

#[test]
fn the_greatest_and_the_latest_stand_and_members_count_once() {
    let mut states = States::default();
    let mut run = |change| decide(&mut states, &whole(vec![part(change, &[on("a", 10)])]));
    for (change, stands) in [
        (Move::Raise(4), 4),
        (Move::Raise(2), 4),
        (Move::Set(9), 9),
        (Move::Set(1), 1),
        (Move::Join("ada".into()), 2),
        (Move::Join("ada".into()), 2),
        (Move::Join("bob".into()), 3),
    ] {
        let Verdict::Granted { moved } = run(change.clone()) else {
            panic!("{change:?}");
        };
        assert_eq!(moved[0][0].1.posted, stands, "{change:?}");
    }
    assert!(matches!(run(Move::Set(11)), Verdict::Refused { .. }));
    assert!(matches!(run(Move::Raise(11)), Verdict::Refused { .. }));
}

#[test]
fn a_reservation_takes_room_and_settles_for_what_was_used() {
    let mut states = States::default();
    let mut run = |change| decide(&mut states, &whole(vec![part(change, &[on("a", 10)])]));

    assert!(matches!(run(Move::Hold(8)), Verdict::Granted { .. }));
    assert!(matches!(run(Move::Add(3)), Verdict::Refused { .. }));
    assert!(matches!(
        run(Move::Settle { held: 8, used: 5 }),
        Verdict::Granted { .. }
    ));
    assert!(matches!(run(Move::Add(5)), Verdict::Granted { .. }));
    assert_eq!(states.held(&account("a")), Held::posted(10));
}

#[test]
fn more_than_was_reserved_must_fit() {
    let mut states = States::default();
    let mut run = |change| decide(&mut states, &whole(vec![part(change, &[on("a", 10)])]));
    run(Move::Hold(4));
    run(Move::Add(4));

    assert!(matches!(
        run(Move::Settle { held: 4, used: 7 }),
        Verdict::Refused { .. }
    ));
    assert!(matches!(
        run(Move::Settle { held: 4, used: 6 }),
        Verdict::Granted { .. }
    ));
}

#[test]
fn what_was_reserved_fits_even_when_the_limit_was_lowered() {
    let mut states = holding(&[(
        "a",
        Held {
            posted: 5,
            pending: 5,
            granted: 0,
        },
    )]);

    let verdict = decide(
        &mut states,
        &whole(vec![part(Move::Settle { held: 5, used: 5 }, &[on("a", 3)])]),
    );

    assert!(matches!(verdict, Verdict::Granted { .. }));
}

#[test]
fn facts_pass_limits_but_nothing_falls_below_nothing() {
    let mut states = holding(&[("a", Held::posted(5))]);
    let fact = |amount| Operation {
        parts: vec![part(Move::Add(amount), &[on("a", 5)])],
        forced: true,
    };

    assert!(matches!(decide(&mut states, &fact(20)), Verdict::Granted { .. }));
    assert!(matches!(decide(&mut states, &fact(-26)), Verdict::Below { .. }));
    assert!(matches!(decide(&mut states, &fact(-25)), Verdict::Granted { .. }));
    assert_eq!(posted(&states, "a"), 0);
}

#[test]
fn what_was_granted_on_top_may_be_used() {
    let mut states = holding(&[(
        "a",
        Held {
            posted: 10,
            pending: 0,
            granted: 4,
        },
    )]);
    let one = whole(vec![part(Move::Add(2), &[on("a", 10)])]);

    assert!(matches!(decide(&mut states, &one), Verdict::Granted { .. }));
    assert!(matches!(decide(&mut states, &one), Verdict::Granted { .. }));
    assert!(matches!(decide(&mut states, &one), Verdict::Refused { .. }));
}

#[test]
fn without_a_limit_only_the_number_binds() {
    let mut states = holding(&[("a", Held::posted(i64::MAX - 1))]);
    let two = whole(vec![part(
        Move::Add(2),
        &[Claim {
            account: account("a"),
            limit: None,
        }],
    )]);

    assert!(matches!(decide(&mut states, &two), Verdict::Refused { .. }));
}

/// What the decision must come to, written down as slowly and plainly as possible: the state is a list of facts, and
/// every question goes through all of them.
#[derive(Default)]
struct Slow {
    facts: Vec<(String, Move)>,
}

impl Slow {
    fn of(facts: &[(String, Move)], name: &str) -> (i128, i128) {
        let (mut used, mut held, mut seen) = (0_i128, 0_i128, Vec::new());
        for (_, fact) in facts.iter().filter(|(account, _)| account == name) {
            match fact {
                Move::Add(amount) => used += i128::from(*amount),
                Move::Raise(value) => used = used.max(i128::from(*value)),
                Move::Set(level) => used = i128::from(*level),
                Move::Join(member) if seen.contains(&member) => {}
                Move::Join(member) => {
                    seen.push(member);
                    used += 1;
                }
                Move::Hold(amount) => held += i128::from(*amount),
                Move::Settle {
                    held: reserved,
                    used: counted,
                } => {
                    held -= i128::from(*reserved);
                    used += i128::from(*counted);
                }
            }
        }
        (used, held)
    }

    /// Granted, and then the facts are facts.
    fn decides(&mut self, operation: &[(String, i64, Move)], forced: bool) -> bool {
        let mut after = self.facts.clone();
        let mut fits = true;
        for (name, limit, change) in operation {
            let (used, held) = Self::of(&after, name);
            after.push((name.clone(), change.clone()));
            let (new_used, new_held) = Self::of(&after, name);
            if new_used < 0 || new_held < 0 {
                return false;
            }
            let takes = match change {
                Move::Settle { held, used } => i128::from(*used) - i128::from(*held),
                _ => (new_used + new_held) - (used + held),
            };
            fits &= takes <= 0 || takes <= i128::from(*limit) - used - held;
        }
        if fits || forced {
            self.facts = after;
        }
        fits || forced
    }
}

fn change() -> impl Strategy<Value = Move> {
    prop_oneof![
        (-6_i64..12).prop_map(Move::Add),
        (0_i64..25).prop_map(Move::Raise),
        (0_i64..25).prop_map(Move::Set),
        "[a-d]".prop_map(|name| Move::Join(name.as_str().into())),
        (1_i64..8).prop_map(Move::Hold),
        (1_i64..8, 0_i64..10).prop_map(|(held, used)| Move::Settle { held, used }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn the_decision_agrees_with_a_slow_model(
        limits in proptest::array::uniform3(0_i64..30),
        operations in proptest::collection::vec(
            (proptest::collection::vec((0_usize..3, change()), 1..4), proptest::bool::weighted(0.1)),
            1..40,
        ),
    ) {
        let (mut states, mut slow) = (States::default(), Slow::default());
        for (parts, forced) in operations {
            let named: Vec<(String, i64, Move)> = parts
                .into_iter()
                .map(|(at, change)| (["a", "b", "c"][at].to_owned(), limits[at], change))
                .collect();
            let operation = Operation {
                parts: named.iter().map(|(name, limit, change)| part(change.clone(), &[on(name, *limit)])).collect(),
                forced,
            };

            let granted = matches!(decide(&mut states, &operation), Verdict::Granted { .. });

            prop_assert_eq!(granted, slow.decides(&named, forced), "{:?}", named);
            for name in ["a", "b", "c"] {
                let (used, held) = Slow::of(&slow.facts, name);
                let state = states.held(&account(name));
                prop_assert_eq!((i128::from(state.posted), i128::from(state.pending)), (used, held));
            }
        }
    }
}
