//! The worlds that are tried, and those that break.

use super::*;
use crate::{check, is_broken_in, proving};

/// Two ask for the same, and one does not fit with both others.
fn world() -> World {
    World {
        limit: 2,
        asks: vec![(0, 1), (0, 1), (1, 2)],
        nodes: 2,
        retries: 1,
        crashes: 1,
        lost_commits: 0,
        broken: None,
    }
}

fn breaks(broken: Broken, promise: &'static str) {
    let world = World {
        broken: Some(broken),
        crashes: u8::from(matches!(
            broken,
            Broken::AnswersBeforeItCommits | Broken::BelievesRefusals
        )),
        ..world()
    };
    is_broken_in(world, promise);
}

#[test]
fn two_writers_keep_every_promise_through_a_crash() {
    check(world());
}

#[test]
fn two_writers_keep_every_promise_when_nobody_hears_of_a_commit() {
    check(World {
        crashes: 0,
        lost_commits: 1,
        ..world()
    });
}

#[test]
fn in_larger_worlds_too() {
    if !proving() {
        return;
    }
    let four = World {
        asks: vec![(0, 1), (0, 1), (1, 1), (2, 1)],
        ..world()
    };
    check(four.clone());
    check(World {
        crashes: 0,
        lost_commits: 1,
        ..four
    });
    check(World {
        limit: 3,
        crashes: 1,
        lost_commits: 1,
        retries: 2,
        ..world()
    });
}

#[test]
fn without_its_steps_the_protocol_breaks() {
    breaks(Broken::LooksBeforeItLocks, "a name counts once");
    breaks(
        Broken::AnswersBeforeItCommits,
        "what was told is durable, and the same for everybody",
    );
    breaks(Broken::DoesNotLock, "the account holds what the ledger adds up to");
    breaks(Broken::BelievesRefusals, "who was counted is not refused");
    breaks(Broken::EntersNamesTwice, "a name counts once");
}
