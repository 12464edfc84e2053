//! What one batch writes and answers. Pure: the accounts are locked and the known operations read already.

use std::collections::BTreeMap;

use tenantry_kernel::{IdSource, TenantId};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::alert::{Alert, crossed};
use tenantry_quotas::counter::{ConsumeError, ConsumeRequest, Consumed, Limit};
use tenantry_quotas::decide::{Claim, Operation, Verdict, decide};
use tenantry_quotas::engine::{BatchWrites, OperationRef, Posting};
use tenantry_quotas::ledger::{LedgerEntry, UsageEntryId};

/// One operation that waits to be counted.
pub(crate) struct Pending {
    /// Whose.
    pub(crate) tenant: TenantId,
    /// The kind of principal that asked.
    pub(crate) actor_kind: &'static str,
    /// Which principal asked.
    pub(crate) actor_id: String,
    /// What is asked.
    pub(crate) request: ConsumeRequest,
    /// The limits it touches.
    pub(crate) limits: Vec<Limit>,
}

impl Pending {
    pub(crate) fn reference(&self) -> OperationRef {
        OperationRef {
            tenant: self.tenant,
            operation: self.request.operation.clone(),
        }
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = TenantAccount> {
        self.limits.iter().map(|limit| TenantAccount {
            tenant: self.tenant,
            key: limit.account.clone(),
        })
    }

    fn claims(&self) -> Vec<Claim> {
        let hard = self.limits.iter().map(|limit| limit.allowance.hard_limit());
        self.accounts()
            .zip(hard)
            .map(|(account, limit)| Claim { account, limit })
            .collect()
    }
}

/// Decides the operations in the order they arrived, and writes down what follows.
///
/// `states` and `known` grow with it: an operation that comes twice in one batch gets its first answer again.
pub(crate) fn plan(
    pending: &[&Pending],
    states: &mut BTreeMap<TenantAccount, i64>,
    known: &mut BTreeMap<OperationRef, LedgerEntry>,
    ids: &dyn IdSource,
) -> (BatchWrites, Vec<Result<Consumed, ConsumeError>>) {
    let mut writes = BatchWrites::default();
    let answers = pending
        .iter()
        .map(|operation| count(operation, states, known, ids, &mut writes))
        .collect();
    (writes, answers)
}

fn count(
    pending: &Pending,
    states: &mut BTreeMap<TenantAccount, i64>,
    known: &mut BTreeMap<OperationRef, LedgerEntry>,
    ids: &dyn IdSource,
    writes: &mut BatchWrites,
) -> Result<Consumed, ConsumeError> {
    let reference = pending.reference();
    if let Some(first) = known.get(&reference) {
        return replayed(first, &pending.request);
    }

    let claims = pending.claims();
    let operation = Operation {
        amount: pending.request.amount,
        claims: claims.clone(),
    };
    let verdict = decide(states, std::slice::from_ref(&operation)).pop();
    let used = match verdict {
        Some(Verdict::Granted { used }) => used,
        Some(Verdict::Refused { binding, used }) => return Err(refused(pending, binding, used)),
        None => Vec::new(),
    };

    let leading = pending.limits.first();
    let entry = leading
        .zip(used.first())
        .map(|(limit, used)| entry(pending, limit, *used, ids));
    let Some(entry) = entry else {
        // A meter always has a limit, if only an unlimited one; a request without any counts nowhere.
        return Ok(Consumed {
            used: 0,
            limit: None,
            resets_at: None,
            replayed: false,
        });
    };
    if pending.request.live {
        writes.alerts.extend(alerts(pending, &claims, &used));
    }
    for (claim, posted) in claims.into_iter().zip(used) {
        let within = claim.limit;
        writes.accounts.insert(claim.account, Posting { posted, within });
    }
    writes.entries.push((pending.tenant, entry.clone()));
    let consumed = answer(&entry, false);
    known.insert(reference, entry);
    Ok(consumed)
}

/// The same name asks for the same thing, or it is a mistake.
fn replayed(first: &LedgerEntry, request: &ConsumeRequest) -> Result<Consumed, ConsumeError> {
    if first.digest == request.digest && first.account.live == request.live {
        Ok(answer(first, true))
    } else {
        Err(ConsumeError::KeyReused)
    }
}

fn answer(entry: &LedgerEntry, replayed: bool) -> Consumed {
    Consumed {
        used: entry.used_after,
        limit: entry.limit,
        resets_at: entry.resets_at,
        replayed,
    }
}

fn refused(pending: &Pending, binding: usize, used: i64) -> ConsumeError {
    let limit = pending.limits.get(binding);
    ConsumeError::Exceeded {
        // Without a limit, only the range of the number binds.
        limit: limit.and_then(|limit| limit.allowance.hard_limit()).unwrap_or(i64::MAX),
        used,
        resets_at: limit.and_then(|limit| limit.resets_at),
    }
}

fn entry(pending: &Pending, limit: &Limit, used: i64, ids: &dyn IdSource) -> LedgerEntry {
    let request = &pending.request;
    LedgerEntry {
        id: UsageEntryId::from_uuid(ids.next()),
        operation: request.operation.clone(),
        digest: request.digest,
        account: limit.account.clone(),
        amount: request.amount,
        used_after: used,
        limit: limit.allowance.limit,
        resets_at: limit.resets_at,
        description: request.description.clone(),
        subject: request.subject.clone(),
        actor_kind: pending.actor_kind.to_owned(),
        actor_id: pending.actor_id.clone(),
        at: request.at,
    }
}

fn alerts(pending: &Pending, claims: &[Claim], used: &[i64]) -> Vec<Alert> {
    let amount = pending.request.amount.get();
    let mut told = Vec::new();
    for ((limit, claim), after) in pending.limits.iter().zip(claims).zip(used) {
        let Some(shown) = limit.allowance.limit else { continue };
        for threshold_percent in crossed(after - amount, *after, shown) {
            told.push(Alert {
                account: claim.account.clone(),
                threshold_percent,
                limit: shown,
                used: *after,
                at: pending.request.at,
            });
        }
    }
    told
}
