//! Random operations against a slow model that adds everything up anew each time.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_quotas::reservation::ReservationId;

use super::*;
use crate::testing::name;

const LIMIT: i64 = 40;
const USERS_LIMIT: i64 = 15;
const POOLS_LIMIT: i64 = 60;
const USERS: [&str; 3] = ["ada", "bob", "cem"];

/// One item: whose, and how much.
type Part = (usize, i64);

/// One operation; small numbers name operations and reservations, so that they meet.
#[derive(Clone, Debug)]
enum Op {
    Consume(u8, Vec<Part>, u8),
    Reserve(u8, Vec<Part>),
    Commit(u8, Option<Vec<i64>>),
    Release(u8, bool),
    Correct(u8, Part),
    GiveBack(u8),
}

/// What came of it, in the model's words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Came {
    Counted(Vec<i64>),
    Replayed(Vec<i64>),
    Held,
    Ended,
    Refused,
    Below,
    Unknown,
    Over,
    Reused,
}

#[derive(Clone, Debug)]
struct Counted {
    parts: Vec<Part>,
    /// What tenant 1 had used after each.
    used: Vec<i64>,
    /// What tells requests of one name apart.
    digest: u8,
    revocable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Held,
    Released,
    Committed,
}

struct Reserved {
    parts: Vec<Part>,
    expires_at: OffsetDateTime,
    state: State,
}

/// Everything that was granted, in order.
struct Model {
    now: OffsetDateTime,
    counted: BTreeMap<String, Counted>,
    entries: Vec<Part>,
    reserved: BTreeMap<u8, Reserved>,
}

impl Model {
    fn used(&self, user: Option<usize>) -> i64 {
        let of = |(whose, amount): &Part| {
            if user.is_none_or(|user| user == *whose) {
                *amount
            } else {
                0
            }
        };
        self.entries.iter().map(of).sum()
    }

    fn held(&self, user: Option<usize>) -> i64 {
        let holding = |one: &&Reserved| one.state == State::Held && one.expires_at > self.now;
        let parts = self.reserved.values().filter(holding).flat_map(|one| &one.parts);
        let of = |(whose, amount): &Part| {
            if user.is_none_or(|user| user == *whose) {
                *amount
            } else {
                0
            }
        };
        parts.map(of).sum()
    }

    /// True when these changes fit one after the other.
    fn fits(&self, changes: &[Part]) -> bool {
        let accounts = [(None, LIMIT), (None, POOLS_LIMIT)];
        let users = (0..USERS.len()).map(|user| (Some(user), USERS_LIMIT));
        accounts.into_iter().chain(users).all(|(user, limit)| {
            let mut taken = self.used(user) + self.held(user);
            changes
                .iter()
                .filter(|(whose, _)| user.is_none_or(|user| user == *whose))
                .all(|(_, change)| {
                    let fits = *change <= 0 || taken + change <= limit;
                    taken += change;
                    fits
                })
        })
    }

    fn stays_above_nothing(&self, changes: &[Part]) -> bool {
        let users = (0..USERS.len()).map(Some);
        std::iter::once(None).chain(users).all(|user| {
            let mut used = self.used(user);
            changes
                .iter()
                .filter(|(whose, _)| user.is_none_or(|user| user == *whose))
                .all(|(_, change)| {
                    used += change;
                    used >= 0
                })
        })
    }

    fn count(&mut self, name: String, parts: Vec<Part>, digest: u8, revocable: bool) -> Came {
        let mut used = Vec::new();
        for part in &parts {
            self.entries.push(*part);
            used.push(self.used(None));
        }
        let told = used.clone();
        self.counted.insert(
            name,
            Counted {
                parts,
                used,
                digest,
                revocable,
            },
        );
        Came::Counted(told)
    }

    fn again(&self, name: &str, digest: Option<u8>) -> Option<Came> {
        let known = self.counted.get(name)?;
        if digest.is_some_and(|digest| digest != known.digest) {
            return Some(Came::Reused);
        }
        Some(Came::Replayed(known.used.clone()))
    }

    fn run(&mut self, op: &Op) -> Came {
        match op {
            Op::Consume(named, parts, digest) => {
                let name = format!("op {named}");
                if let Some(again) = self.again(&name, Some(*digest)) {
                    return again;
                }
                if !self.fits(parts) {
                    return Came::Refused;
                }
                self.count(name, parts.clone(), *digest, true)
            }
            Op::Correct(named, part) => {
                let name = format!("op {named}");
                if let Some(again) = self.again(&name, Some(CORRECTION)) {
                    return again;
                }
                if !self.stays_above_nothing(&[*part]) {
                    return Came::Below;
                }
                self.count(name, vec![*part], CORRECTION, false)
            }
            Op::GiveBack(named) => {
                let target = format!("op {named}");
                let Some(target) = self.counted.get(&target).filter(|target| target.revocable) else {
                    return Came::Unknown;
                };
                let back: Vec<Part> = target.parts.iter().map(|(user, amount)| (*user, -amount)).collect();
                let name = format!("back {named}");
                if let Some(again) = self.again(&name, None) {
                    return again;
                }
                if !self.stays_above_nothing(&back) {
                    return Came::Below;
                }
                self.count(name, back, 0, false)
            }
            Op::Reserve(id, parts) => {
                if self.reserved.contains_key(id) {
                    return Came::Held;
                }
                if !self.fits(parts) {
                    return Came::Refused;
                }
                let made = Reserved {
                    parts: parts.clone(),
                    expires_at: self.now + Duration::MINUTE,
                    state: State::Held,
                };
                self.reserved.insert(*id, made);
                Came::Held
            }
            Op::Commit(id, used) => self.commit(*id, used.as_ref()),
            Op::Release(id, expired) => {
                let now = self.now;
                let Some(one) = self.reserved.get_mut(id) else {
                    return Came::Unknown;
                };
                match one.state {
                    State::Committed if !expired => return Came::Over,
                    State::Held if !expired || one.expires_at <= now => one.state = State::Released,
                    _ => {}
                }
                Came::Ended
            }
        }
    }

    fn commit(&mut self, id: u8, used: Option<&Vec<i64>>) -> Came {
        let name = format!("commit {id}");
        let Some(one) = self.reserved.get(&id) else {
            return Came::Unknown;
        };
        if let Some(again) = self.again(&name, None) {
            return again;
        }
        if one.state != State::Held || one.expires_at <= self.now {
            return Came::Over;
        }
        let used_of = |number: usize, held: i64| match used {
            Some(used) => used.get(number).copied().unwrap_or(0),
            None => held,
        };
        let parts: Vec<Part> = one
            .parts
            .iter()
            .enumerate()
            .map(|(n, (user, held))| (*user, used_of(n, *held)))
            .collect();
        let changes: Vec<Part> = one
            .parts
            .iter()
            .zip(&parts)
            .map(|((user, held), (_, used))| (*user, used - held))
            .collect();
        if !self.fits(&changes) {
            return Came::Refused;
        }
        if let Some(one) = self.reserved.get_mut(&id) {
            one.state = State::Committed;
        }
        self.count(name, parts, 0, true)
    }
}

const CORRECTION: u8 = 99;

fn items(parts: &[Part], at: OffsetDateTime) -> Vec<Item> {
    let item = |(whose, amount): &Part| Item {
        user: user(USERS[*whose]),
        at,
        ..item(messages(), *amount)
    };
    parts.iter().map(item).collect()
}

fn reservation(number: u8) -> ReservationId {
    ReservationId::from_uuid(Uuid::from_u128(u128::from(number) + 1))
}

fn asked(op: &Op, now: OffsetDateTime, reach: Reach) -> Order {
    let (named, digest, act) = match op {
        Op::Consume(named, parts, digest) => (format!("op {named}"), *digest, Act::Consume(items(parts, now))),
        Op::Correct(named, part) => {
            let kind = EntryKind::Correction;
            let item = items(&[*part], now).remove(0);
            (format!("op {named}"), CORRECTION, Act::Correct { kind, item })
        }
        Op::GiveBack(named) => ("x".to_owned(), 0, Act::GiveBack(name(&format!("op {named}")))),
        Op::Reserve(number, parts) => {
            let act = Act::Reserve {
                id: reservation(*number),
                items: items(parts, now),
                expires_at: now + Duration::MINUTE,
            };
            (format!("reserve {number}"), 0, act)
        }
        Op::Commit(number, used) => {
            let (id, used) = (reservation(*number), used.clone());
            ("x".to_owned(), 0, Act::Commit { id, used })
        }
        Op::Release(number, expired) => {
            let (id, expired) = (reservation(*number), *expired);
            ("x".to_owned(), 0, Act::Release { id, expired })
        }
    };
    Order {
        digest: [digest; 32],
        now,
        ..order(&named, act, reach)
    }
}

fn came(op: &Op, answer: Result<Outcome, ConsumeError>) -> Came {
    match (op, answer) {
        (Op::Reserve(..), Ok(_)) => Came::Held,
        (Op::Release(..), Ok(_)) => Came::Ended,
        (_, Ok(outcome)) => {
            let used = outcome.lines.iter().map(|line| line.used).collect();
            if outcome.replayed {
                Came::Replayed(used)
            } else {
                Came::Counted(used)
            }
        }
        (_, Err(ConsumeError::Exceeded(_))) => Came::Refused,
        (_, Err(ConsumeError::Below(_))) => Came::Below,
        (_, Err(ConsumeError::Unknown)) => Came::Unknown,
        (_, Err(ConsumeError::Ended)) => Came::Over,
        (_, Err(ConsumeError::KeyReused)) => Came::Reused,
        (_, Err(other)) => panic!("{other:?}"),
    }
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    proptest::collection::vec((0..USERS.len(), 1_i64..8), 1..4)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0_u8..24, parts(), 0_u8..2).prop_map(|(named, parts, digest)| Op::Consume(named, parts, digest)),
        3 => (0_u8..12, parts()).prop_map(|(id, parts)| Op::Reserve(id, parts)),
        3 => (0_u8..12, proptest::option::of(proptest::collection::vec(0_i64..12, 1..4)))
            .prop_map(|(id, used)| Op::Commit(id, used)),
        1 => (0_u8..12, any::<bool>()).prop_map(|(id, expired)| Op::Release(id, expired)),
        1 => (0_u8..24, (0..USERS.len(), -6_i64..6)).prop_map(|(named, part)| Op::Correct(named, part)),
        1 => (0_u8..24).prop_map(Op::GiveBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_in_whatever_batches_comes_to_what_adding_up_says(
        batches in proptest::collection::vec((proptest::collection::vec(op(), 1..12), 0_i64..50), 1..12)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move {
            let bench = Bench::new();
            let mut own = entitlements(&[(&messages(), Some(LIMIT))]);
            own.allowances.push(each(Share::User, USERS_LIMIT));
            let (own, pool) = (Arc::new(own), limited(POOLS_LIMIT));
            let mut model = Model {
                now: NOW,
                counted: BTreeMap::new(),
                entries: Vec::new(),
                reserved: BTreeMap::new(),
            };
            for (batch, seconds) in batches {
                model.now += Duration::seconds(seconds);
                let orders = batch.iter().map(|op| asked(op, model.now, pooled(&own, &pool))).collect();

                let answers = bench.engine.submit_all(&tenant(1), orders).await;

                for (op, answer) in batch.iter().zip(answers) {
                    let expected = model.run(op);
                    assert_eq!(came(op, answer), expected, "{op:?}");
                }
                let durable = bench.ledger.durable().await;
                durable.check();
                for (account, row) in &durable.accounts {
                    let of = match &account.key.subject {
                        Subject::User(name) => USERS.iter().position(|user| **user == **name),
                        _ => None,
                    };
                    assert_eq!(row.held.posted, model.used(of), "{account:?}");
                }
            }
            bench.engine.shut_down().await;
        });
    }
}
