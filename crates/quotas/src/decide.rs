//! The decision: which operations fit their limits. Pure: no clock, no storage, no concurrency.

use std::collections::BTreeMap;

use crate::account::TenantAccount;
use crate::ledger::Amount;

/// One limit that an operation touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The account it counts on.
    pub account: TenantAccount,
    /// What the account may hold at most; `None` is no limit.
    pub limit: Option<i64>,
}

/// What is to be decided: an amount on one or more accounts, each named once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// How much.
    pub amount: Amount,
    /// On which accounts, under which limits.
    pub claims: Vec<Claim>,
}

/// The decision about one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts on all of its accounts.
    Granted {
        /// What each account holds now, in the order of the claims.
        used: Vec<i64>,
    },
    /// It counts on none of its accounts.
    Refused {
        /// Which claim binds: of those that do not fit, the one with the least room; of equals, the first.
        binding: usize,
        /// What that account holds.
        used: i64,
    },
}

/// Decides operations in the order they arrived. Accounts that `states` does not know hold nothing.
///
/// Afterwards `states` holds what every touched account holds.
pub fn decide(states: &mut BTreeMap<TenantAccount, i64>, operations: &[Operation]) -> Vec<Verdict> {
    operations
        .iter()
        .map(|operation| decide_one(states, operation))
        .collect()
}

fn decide_one(states: &mut BTreeMap<TenantAccount, i64>, operation: &Operation) -> Verdict {
    let amount = operation.amount.get();
    let mut after = Vec::with_capacity(operation.claims.len());
    let mut binding: Option<(i64, usize, i64)> = None;
    for (position, claim) in operation.claims.iter().enumerate() {
        let used = states.get(&claim.account).copied().unwrap_or(0);
        // An account never leaves the range of its number, limit or not.
        let room = claim.limit.unwrap_or(i64::MAX).saturating_sub(used);
        if amount <= room {
            after.push(used.saturating_add(amount));
        } else if binding.is_none_or(|(least, ..)| room < least) {
            binding = Some((room, position, used));
        }
    }
    if let Some((_, binding, used)) = binding {
        return Verdict::Refused { binding, used };
    }
    for (claim, used) in operation.claims.iter().zip(&after) {
        states.insert(claim.account.clone(), *used);
    }
    Verdict::Granted { used: after }
}

#[cfg(test)]
mod tests;
