//! Slices: nodes that count in advance, use, give back, crash.

use std::collections::BTreeSet;

use stateright::{Model, Property};

use super::{check, is_broken_in, proving};

/// The world, and which step of the protocol is left out.
#[derive(Clone)]
struct World {
    limit: i64,
    slice: i64,
    nodes: usize,
    crashes: u8,
    /// Answers of the database that get lost.
    lost: u8,
    /// How many rests may be on their way back in all, to keep the world small.
    rests: u8,
    broken: Option<Broken>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// A rest has no name, so a retry gives it back again.
    ForgetsNames,
    /// A slice is used before it was counted.
    UsesBeforeItCounts,
    /// What is on its way back may still be used.
    GivesBackWhatItKeeps,
}

/// What is left of a slice, on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Rest {
    name: u8,
    left: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Node {
    /// What may be used without asking anybody.
    left: i64,
    /// Used already and not counted yet; only where the protocol is broken.
    owed: i64,
    rests: Vec<Rest>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// What the account holds.
    posted: i64,
    /// The names of what was given back.
    returned: BTreeSet<u8>,
    nodes: Vec<Node>,
    used: i64,
    /// Counted, and nobody knows any more that it was not used.
    forgotten: i64,
    names: u8,
    crashes: u8,
    lost: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A slice is counted; the node hears of it, or not.
    Fetch(usize, i64, bool),
    Use(usize),
    /// What is left is put on its way back.
    LetGo(usize),
    /// It is given back; the node hears of it, or not.
    GiveBack(usize, usize, bool),
    /// It never arrives, and the node hears that.
    Fail(usize, usize),
    Crash(usize),
}

impl World {
    fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            posted: 0,
            returned: BTreeSet::new(),
            nodes: vec![Node::default(); self.nodes],
            used: 0,
            forgotten: 0,
            names: 0,
            crashes: self.crashes,
            lost: self.lost,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let heard: &[bool] = if state.lost > 0 { &[true, false] } else { &[true] };
        for (number, node) in state.nodes.iter().enumerate() {
            if node.left == 0 {
                let sizes = (1..=self.slice).filter(|size| state.posted + size <= self.limit);
                for size in sizes {
                    steps.extend(heard.iter().map(|heard| Step::Fetch(number, size, *heard)));
                }
            }
            let owes = self.is(Broken::UsesBeforeItCounts) && node.owed < self.slice;
            if node.left > 0 || owes {
                steps.push(Step::Use(number));
            }
            if node.left > 0 && state.names < self.rests {
                steps.push(Step::LetGo(number));
            }
            for rest in 0..node.rests.len() {
                steps.extend(heard.iter().map(|heard| Step::GiveBack(number, rest, *heard)));
                if state.lost > 0 {
                    steps.push(Step::Fail(number, rest));
                }
            }
            if state.crashes > 0 {
                steps.push(Step::Crash(number));
            }
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Fetch(number, size, heard) => {
                state.posted += size;
                let node = &mut state.nodes[number];
                if heard {
                    let owed = node.owed.min(size);
                    node.owed -= owed;
                    node.left += size - owed;
                } else {
                    state.forgotten += size;
                    state.lost -= 1;
                }
            }
            Step::Use(number) => {
                let node = &mut state.nodes[number];
                if node.left > 0 {
                    node.left -= 1;
                } else {
                    node.owed += 1;
                }
                state.used += 1;
            }
            Step::LetGo(number) => {
                let name = state.names;
                state.names += 1;
                let node = &mut state.nodes[number];
                node.rests.push(Rest { name, left: node.left });
                if !self.is(Broken::GivesBackWhatItKeeps) {
                    node.left = 0;
                }
            }
            Step::GiveBack(number, rest, heard) => {
                let rest = last.nodes[number].rests[rest].clone();
                if state.returned.insert(rest.name) || self.is(Broken::ForgetsNames) {
                    state.posted -= rest.left;
                }
                if heard {
                    state.nodes[number].rests.retain(|one| *one != rest);
                } else {
                    state.lost -= 1;
                }
            }
            Step::Fail(..) => state.lost -= 1,
            Step::Crash(number) => {
                let node = std::mem::take(&mut state.nodes[number]);
                state.crashes -= 1;
                state.forgotten += node.left + unreturned(&node, &state.returned);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the account never passes its limit", |world: &Self, state: &State| {
                (0..=world.limit).contains(&state.posted)
            }),
            Property::always("no more is used than was counted", |_, state: &State| {
                state.used <= state.posted
            }),
            Property::always(
                "nothing is lost but what a crash or a lost answer forgot",
                |_, state: &State| {
                    let known: i64 = state
                        .nodes
                        .iter()
                        .map(|node| node.left + unreturned(node, &state.returned))
                        .sum();
                    state.posted == state.used + known + state.forgotten
                },
            ),
            Property::always(
                "a crash forgets a slice and what was on its way back",
                |world: &Self, state: &State| {
                    let crashes = i64::from(world.crashes - state.crashes);
                    let lost = i64::from(world.lost - state.lost);
                    state.forgotten <= (crashes * (1 + i64::from(state.names)) + lost) * world.slice
                },
            ),
            Property::sometimes("all of the limit is used", |world: &Self, state: &State| {
                state.used == world.limit
            }),
            Property::sometimes(
                "what one node let go another one uses",
                |world: &Self, state: &State| state.used == world.limit && !state.returned.is_empty(),
            ),
        ]
    }
}

fn unreturned(node: &Node, returned: &BTreeSet<u8>) -> i64 {
    let on_its_way = node.rests.iter().filter(|rest| !returned.contains(&rest.name));
    on_its_way.map(|rest| rest.left).sum()
}

fn world() -> World {
    World {
        limit: 4,
        slice: 2,
        nodes: 2,
        crashes: 1,
        lost: 1,
        rests: 3,
        broken: None,
    }
}

fn breaks(broken: Broken, promise: &'static str) {
    let world = World {
        broken: Some(broken),
        ..world()
    };
    is_broken_in(world, promise);
}

#[test]
fn slices_never_pass_a_limit_and_rests_come_back_once() {
    check(world());
}

#[test]
fn in_larger_worlds_too() {
    if !proving() {
        return;
    }
    let three_nodes = World {
        nodes: 3,
        rests: 2,
        ..world()
    };
    let more_failures = World {
        limit: 5,
        crashes: 2,
        lost: 2,
        ..world()
    };
    for large in [three_nodes, more_failures] {
        check(large);
    }
}

#[test]
fn without_its_steps_the_protocol_breaks() {
    breaks(Broken::ForgetsNames, "no more is used than was counted");
    breaks(Broken::UsesBeforeItCounts, "no more is used than was counted");
    breaks(Broken::GivesBackWhatItKeeps, "no more is used than was counted");
}
