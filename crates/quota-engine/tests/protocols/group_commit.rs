//! Group commit: clients, queues, the writers of two nodes, one database, crashes, retries.

#[path = "group_commit/worlds.rs"]
mod worlds;

use std::collections::BTreeMap;

use stateright::{Model, Property};
use tenantry_kernel::TenantId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_quotas::account::{AccountKey, Held, Subject, TenantAccount};
use tenantry_quotas::decide::{Claim, Move, Operation, Part, States, Verdict, decide};
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::code;

/// Operations of one transaction.
const BATCH: usize = 2;

/// The world, and which step of the protocol is left out.
#[derive(Clone)]
struct World {
    limit: i64,
    /// Each client's operation, by name, and how much it counts.
    asks: Vec<(u8, i64)>,
    nodes: usize,
    /// How often all clients together may ask again after they heard nothing, or an error.
    retries: u8,
    crashes: u8,
    /// Commits whose outcome nobody is told.
    lost_commits: u8,
    broken: Option<Broken>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Broken {
    /// Known operations are looked up before the account is locked.
    LooksBeforeItLocks,
    /// Clients are answered before the commit.
    AnswersBeforeItCommits,
    /// The account is not locked at all.
    DoesNotLock,
    /// What is refused by a writer that took all names for new is refused for good.
    BelievesRefusals,
    /// A name that was counted before can be entered again.
    EntersNamesTwice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Answer {
    Granted { used: i64 },
    Refused,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    /// Its operation waits, or is being counted, on this node.
    Waiting(usize),
    /// It heard an error, or its node died: whether it was counted it does not know.
    Unsure,
    Answered(Answer),
}

/// Where a writer stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Writer {
    Idle,
    /// Waits for the account. It knows already what was known then, if it looked too early.
    Taken {
        batch: Vec<usize>,
        looked: Option<BTreeMap<u8, i64>>,
    },
    /// Holds the account and has read what it holds.
    Locked {
        batch: Vec<usize>,
        posted: i64,
        known: BTreeMap<u8, i64>,
    },
    /// Has written, not committed.
    Written {
        batch: Vec<usize>,
        posted: i64,
        entries: Vec<(u8, i64, i64)>,
        answers: Vec<Answer>,
    },
    /// Has committed, and tells.
    Committed {
        batch: Vec<usize>,
        answers: Vec<Answer>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    up: bool,
    queue: Vec<usize>,
    writer: Writer,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    posted: i64,
    /// By name: what it counted, and what was used afterwards.
    ledger: BTreeMap<u8, (i64, i64)>,
    /// True when the ledger's unique names would have been broken and were not there.
    twice: bool,
    holder: Option<usize>,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    retries: u8,
    crashes: u8,
    lost_commits: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Ask(usize, usize),
    GoAway(usize),
    Take(usize),
    Lock(usize),
    Write(usize),
    /// As [`Step::Write`], taking all names for new; it begins again when one may not be.
    Trust(usize),
    Commit(usize),
    /// It landed, or not, and the writer is told that it failed.
    LoseCommit(usize, bool),
    Tell(usize),
    Crash(usize),
    Restart(usize),
}

fn account() -> TenantAccount {
    TenantAccount {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        key: AccountKey {
            meter: code("messages"),
            live: true,
            subject: Subject::Tenant,
            period: Period::Lifetime,
            period_start: OffsetDateTime::UNIX_EPOCH,
        },
    }
}

impl World {
    /// Decides a batch as the engine does.
    fn plan(&self, batch: &[usize], posted: i64, known: &BTreeMap<u8, i64>) -> Writer {
        let mut states = States::default();
        states.accounts.insert(account(), Held::posted(posted));
        let mut known = known.clone();
        let (mut entries, mut answers) = (Vec::new(), Vec::new());
        for client in batch {
            let (name, amount) = self.asks[*client];
            if let Some(used) = known.get(&name) {
                answers.push(Answer::Granted { used: *used });
                continue;
            }
            let part = Part {
                change: Move::Add(amount),
                claims: vec![Claim {
                    account: account(),
                    limit: Some(self.limit),
                }],
            };
            let operation = Operation {
                parts: vec![part],
                forced: false,
            };
            let Verdict::Granted { moved } = decide(&mut states, &operation) else {
                answers.push(Answer::Refused);
                continue;
            };
            let used = moved[0][0].1.posted;
            known.insert(name, used);
            entries.push((name, amount, used));
            answers.push(Answer::Granted { used });
        }
        Writer::Written {
            batch: batch.to_vec(),
            posted: states.held(&account()).posted,
            entries,
            answers,
        }
    }

    fn locks(&self) -> bool {
        self.broken != Some(Broken::DoesNotLock)
    }
}

impl State {
    fn known(&self) -> BTreeMap<u8, i64> {
        self.ledger.iter().map(|(name, (_, used))| (*name, *used)).collect()
    }

    fn land(&mut self, posted: i64, entries: &[(u8, i64, i64)]) {
        self.posted = posted;
        for (name, amount, used) in entries {
            self.twice |= self.ledger.insert(*name, (*amount, *used)).is_some();
        }
    }

    fn tell(&mut self, node: usize, batch: &[usize], answers: &[Answer]) {
        for (client, answer) in batch.iter().zip(answers) {
            if self.clients[*client] == Client::Waiting(node) {
                self.clients[*client] = Client::Answered(*answer);
            }
        }
    }

    fn leave_unsure(&mut self, node: usize, batch: &[usize]) {
        for client in batch {
            if self.clients[*client] == Client::Waiting(node) {
                self.clients[*client] = Client::Unsure;
            }
        }
    }

    fn let_go(&mut self, node: usize) {
        if self.holder == Some(node) {
            self.holder = None;
        }
    }
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let node = Node {
            up: true,
            queue: Vec::new(),
            writer: Writer::Idle,
        };
        vec![State {
            posted: 0,
            ledger: BTreeMap::new(),
            twice: false,
            holder: None,
            nodes: vec![node; self.nodes],
            clients: vec![Client::Idle; self.asks.len()],
            retries: self.retries,
            crashes: self.crashes,
            lost_commits: self.lost_commits,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        for (client, stands) in state.clients.iter().enumerate() {
            match stands {
                Client::Idle => {}
                Client::Unsure if state.retries > 0 => {}
                Client::Waiting(node) => {
                    if state.nodes[*node].queue.contains(&client) && state.retries > 0 {
                        steps.push(Step::GoAway(client));
                    }
                    continue;
                }
                Client::Unsure | Client::Answered(_) => continue,
            }
            let up = state.nodes.iter().enumerate().filter(|(_, node)| node.up);
            steps.extend(up.map(|(node, _)| Step::Ask(client, node)));
        }
        for (number, node) in state.nodes.iter().enumerate() {
            if !node.up {
                steps.push(Step::Restart(number));
                continue;
            }
            match &node.writer {
                Writer::Idle if node.queue.is_empty() => {}
                Writer::Idle => steps.push(Step::Take(number)),
                Writer::Taken { .. } if state.holder.is_some() && self.locks() => {}
                Writer::Taken { .. } => steps.push(Step::Lock(number)),
                Writer::Locked { .. } => steps.extend([Step::Write(number), Step::Trust(number)]),
                Writer::Written { .. } => {
                    steps.push(Step::Commit(number));
                    if state.lost_commits > 0 {
                        steps.extend([true, false].map(|landed| Step::LoseCommit(number, landed)));
                    }
                }
                Writer::Committed { .. } => steps.push(Step::Tell(number)),
            }
            if state.crashes > 0 && node.writer != Writer::Idle {
                steps.push(Step::Crash(number));
            }
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Ask(client, node) => {
                if state.clients[client] == Client::Unsure {
                    state.retries -= 1;
                }
                state.clients[client] = Client::Waiting(node);
                state.nodes[node].queue.push(client);
            }
            Step::GoAway(client) => state.clients[client] = Client::Unsure,
            Step::Take(number) => {
                let queue = std::mem::take(&mut state.nodes[number].queue);
                // Who went away is skipped; who came again here waits here twice, and is asked for once more.
                let waiting = |client: &usize| state.clients[*client] == Client::Waiting(number);
                let mut queue: Vec<usize> = queue.into_iter().filter(waiting).collect();
                let rest = queue.split_off(queue.len().min(BATCH));
                state.nodes[number].queue = rest;
                if !queue.is_empty() {
                    let early = self.broken == Some(Broken::LooksBeforeItLocks);
                    let looked = early.then(|| state.known());
                    state.nodes[number].writer = Writer::Taken { batch: queue, looked };
                }
            }
            Step::Lock(number) => {
                let Writer::Taken { batch, looked } = &last.nodes[number].writer else {
                    return None;
                };
                if self.locks() {
                    state.holder = Some(number);
                }
                state.nodes[number].writer = Writer::Locked {
                    batch: batch.clone(),
                    posted: state.posted,
                    known: looked.clone().unwrap_or_else(|| state.known()),
                };
            }
            Step::Write(number) => {
                let Writer::Locked { batch, posted, known } = &last.nodes[number].writer else {
                    return None;
                };
                let written = self.plan(batch, *posted, known);
                if let (Some(Broken::AnswersBeforeItCommits), Writer::Written { answers, .. }) = (self.broken, &written)
                {
                    state.tell(number, batch, answers);
                }
                state.nodes[number].writer = written;
            }
            Step::Trust(number) => {
                let Writer::Locked { batch, posted, .. } = &last.nodes[number].writer else {
                    return None;
                };
                let written = self.plan(batch, *posted, &BTreeMap::new());
                let Writer::Written { entries, answers, .. } = &written else {
                    return None;
                };
                let believed = self.broken == Some(Broken::BelievesRefusals) || !answers.contains(&Answer::Refused);
                let entered_before = self.broken != Some(Broken::EntersNamesTwice)
                    && entries.iter().any(|(name, ..)| state.ledger.contains_key(name));
                state.nodes[number].writer = if believed && !entered_before {
                    written
                } else {
                    state.let_go(number);
                    Writer::Taken {
                        batch: batch.clone(),
                        looked: None,
                    }
                };
            }
            Step::Commit(number) => {
                let Writer::Written {
                    batch,
                    posted,
                    entries,
                    answers,
                } = &last.nodes[number].writer
                else {
                    return None;
                };
                state.land(*posted, entries);
                state.let_go(number);
                state.nodes[number].writer = Writer::Committed {
                    batch: batch.clone(),
                    answers: answers.clone(),
                };
            }
            Step::LoseCommit(number, landed) => {
                let Writer::Written {
                    batch, posted, entries, ..
                } = &last.nodes[number].writer
                else {
                    return None;
                };
                if landed {
                    state.land(*posted, entries);
                }
                state.lost_commits -= 1;
                state.let_go(number);
                state.leave_unsure(number, batch);
                state.nodes[number].writer = Writer::Idle;
            }
            Step::Tell(number) => {
                let Writer::Committed { batch, answers } = &last.nodes[number].writer else {
                    return None;
                };
                state.tell(number, batch, answers);
                state.nodes[number].writer = Writer::Idle;
            }
            Step::Crash(number) => {
                state.crashes -= 1;
                state.let_go(number);
                let everybody: Vec<usize> = (0..self.asks.len()).collect();
                state.leave_unsure(number, &everybody);
                state.nodes[number] = Node {
                    up: false,
                    queue: Vec::new(),
                    writer: Writer::Idle,
                };
            }
            Step::Restart(number) => state.nodes[number].up = true,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the limit is never passed", |world: &Self, state: &State| {
                state.posted <= world.limit
            }),
            Property::always("the account holds what the ledger adds up to", |_, state: &State| {
                state.posted == state.ledger.values().map(|(amount, _)| amount).sum::<i64>()
            }),
            Property::always("a name counts once", |_, state: &State| !state.twice),
            Property::always(
                "what was told is durable, and the same for everybody",
                |world: &Self, state: &State| {
                    let told = state.clients.iter().zip(&world.asks);
                    told.filter_map(|(client, (name, _))| match client {
                        Client::Answered(Answer::Granted { used }) => Some((name, used)),
                        _ => None,
                    })
                    .all(|(name, used)| state.ledger.get(name).is_some_and(|(_, known)| known == used))
                },
            ),
            Property::always("only what does not fit is refused", |world: &Self, state: &State| {
                state.clients.iter().zip(&world.asks).all(|(client, (_, amount))| {
                    *client != Client::Answered(Answer::Refused) || state.posted + amount > world.limit
                })
            }),
            Property::always("who was counted is not refused", |world: &Self, state: &State| {
                state.clients.iter().zip(&world.asks).all(|(client, (name, _))| {
                    *client != Client::Answered(Answer::Refused) || !state.ledger.contains_key(name)
                })
            }),
            Property::sometimes(
                "everybody is answered, and the limit used up",
                |world: &Self, state: &State| {
                    let answered = state.clients.iter().all(|client| matches!(client, Client::Answered(_)));
                    answered && state.posted == world.limit
                },
            ),
        ]
    }
}
