//! The decision: which operations fit their limits. Pure: no clock, no storage, no concurrency.
//!
//! An operation has one or more parts, each a [`Move`] on one or more accounts. It is granted whole or refused
//! whole, in the order of arrival, and a refusal names the limit that binds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::account::{Held, TenantAccount};

/// One limit that a part touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The account it counts on.
    pub account: TenantAccount,
    /// What the account may hold at most, before what was granted on top; `None` is no limit.
    pub limit: Option<i64>,
}

/// What a part does to each of its accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Counts this much more; below nothing, less.
    Add(i64),
    /// Counts this much, unless more was counted already.
    Raise(i64),
    /// Stands at this much from now on.
    Set(i64),
    /// Counts one more, unless this member was counted already.
    Join(Arc<str>),
    /// Reserves this much.
    Hold(i64),
    /// Gives back what was reserved and counts what was really used of it.
    Settle {
        /// What was reserved.
        held: i64,
        /// What was used. Up to what was reserved it always fits.
        used: i64,
    },
}

/// A move on some accounts, each named once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What is done.
    pub change: Move,
    /// To which accounts, under which limits.
    pub claims: Vec<Claim>,
}

/// What is to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// All of it, or nothing.
    pub parts: Vec<Part>,
    /// True for what is a fact already: limits do not refuse it.
    pub forced: bool,
}

/// What is known when operations are decided, and what they make of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// What accounts hold; one that is not named holds nothing.
    pub accounts: BTreeMap<TenantAccount, Held>,
    /// Who was counted on which account.
    pub members: BTreeSet<(TenantAccount, Arc<str>)>,
}

impl States {
    /// What an account holds.
    #[must_use]
    pub fn held(&self, account: &TenantAccount) -> Held {
        self.accounts.get(account).copied().unwrap_or_default()
    }
}

/// The decision about one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts on all of its accounts.
    Granted {
        /// What each account held before and holds now: by part, in the order of its claims.
        moved: Vec<Vec<(Held, Held)>>,
    },
    /// It counts on none of its accounts.
    Refused {
        /// Which part's claim binds: of those that do not fit, the one with the least room; of equals, the first.
        binding: (usize, usize),
        /// What that account holds.
        held: Held,
    },
    /// It takes more away than was counted. It counts on none of its accounts.
    Below {
        /// Which part's claim would fall below nothing.
        binding: (usize, usize),
        /// What that account holds.
        held: Held,
    },
}

/// Decides one operation. When it is granted, `states` holds what every account holds afterwards.
pub fn decide(states: &mut States, operation: &Operation) -> Verdict {
    let mut draft = Draft {
        states: &*states,
        accounts: Vec::new(),
        members: Vec::new(),
    };
    let mut moved = Vec::with_capacity(operation.parts.len());
    let mut binding: Option<(i64, Verdict)> = None;
    for (number, part) in operation.parts.iter().enumerate() {
        let mut of_part = Vec::with_capacity(part.claims.len());
        for (position, claim) in part.claims.iter().enumerate() {
            let at = (number, position);
            let before = draft.held(&claim.account);
            let after = draft.after(&part.change, claim, before);
            if after.posted < 0 || after.pending < 0 {
                return Verdict::Below {
                    binding: at,
                    held: before,
                };
            }
            if !operation.forced
                && let Some(room) = too_little_room(&part.change, claim, before, after)
                && binding.as_ref().is_none_or(|(least, _)| room < *least)
            {
                let refusal = Verdict::Refused {
                    binding: at,
                    held: before,
                };
                binding = Some((room, refusal));
            }
            draft.keep(&claim.account, after);
            of_part.push((before, after));
        }
        moved.push(of_part);
    }
    if let Some((_, refusal)) = binding {
        return refusal;
    }
    let Draft { accounts, members, .. } = draft;
    states.accounts.extend(accounts);
    states.members.extend(members);
    Verdict::Granted { moved }
}

/// What an operation makes of the accounts before it is certain.
struct Draft<'s> {
    states: &'s States,
    accounts: Vec<(TenantAccount, Held)>,
    members: Vec<(TenantAccount, Arc<str>)>,
}

impl Draft<'_> {
    fn held(&self, account: &TenantAccount) -> Held {
        let drafted = self.accounts.iter().rfind(|(known, _)| known == account);
        drafted.map_or_else(|| self.states.held(account), |(_, held)| *held)
    }

    fn after(&mut self, change: &Move, claim: &Claim, held: Held) -> Held {
        match change {
            Move::Add(amount) => Held {
                posted: held.posted.saturating_add(*amount),
                ..held
            },
            Move::Raise(value) => Held {
                posted: held.posted.max(*value),
                ..held
            },
            Move::Set(level) => Held { posted: *level, ..held },
            Move::Join(member) => {
                let joined = (claim.account.clone(), Arc::clone(member));
                if self.states.members.contains(&joined) || self.members.contains(&joined) {
                    return held;
                }
                self.members.push(joined);
                Held {
                    posted: held.posted.saturating_add(1),
                    ..held
                }
            }
            Move::Hold(amount) => Held {
                pending: held.pending.saturating_add(*amount),
                ..held
            },
            Move::Settle { held: reserved, used } => Held {
                posted: held.posted.saturating_add(*used),
                pending: held.pending.saturating_sub(*reserved),
                ..held
            },
        }
    }

    fn keep(&mut self, account: &TenantAccount, held: Held) {
        self.accounts.push((account.clone(), held));
    }
}

/// How much room there was, when it was too little. What does not take more room than before always fits: a
/// tenant above a lowered limit may still shrink.
fn too_little_room(change: &Move, claim: &Claim, before: Held, after: Held) -> Option<i64> {
    let room = before.room(claim.limit.unwrap_or(i64::MAX));
    let wanted = match change {
        // Saturated sums would hide what does not fit into the number.
        Move::Add(amount) | Move::Hold(amount) => *amount,
        Move::Settle { held, used } => used.saturating_sub(*held),
        Move::Raise(_) | Move::Set(_) | Move::Join(_) => after.taken().saturating_sub(before.taken()),
    };
    (wanted > 0 && wanted > room).then_some(room)
}

#[cfg(test)]
mod tests;
