//! What counts at once: use, slices, corrections, and what is taken back.

use tenantry_quotas::counter::{ConsumeError, Item, Outcome};
use tenantry_quotas::decide::{Move, Operation, Part};
use tenantry_quotas::ledger::EntryKind;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::usage::service::part;

use super::job::{About, Job, user_of_entry};
use super::post::Posted;
use super::{Answer, Plan, replayed};

impl Plan<'_> {
    /// Counts items, all or none.
    pub(super) fn count(&mut self, job: &Job<'_>, items: &[Item], kind: EntryKind, forced: bool) -> Answer {
        if let Some(known) = self.facts.known.get(&job.pending.reference) {
            let order = &job.pending.order;
            let same = |entry: &tenantry_quotas::ledger::LedgerEntry| {
                entry.digest == order.digest && entry.account.live == order.live
            };
            return if known.iter().all(same) {
                Ok(replayed(known, None))
            } else {
                Err(ConsumeError::KeyReused)
            };
        }
        if self.facts.reserved.contains_key(&job.pending.reference) {
            return Err(ConsumeError::KeyReused);
        }

        let parts = items.iter().zip(job.limits.iter()).map(|(item, limits)| Part {
            claims: self.claims(limits),
            ..part(item, &[])
        });
        let operation = Operation {
            parts: parts.collect(),
            forced,
        };
        let moved = self.decide(job, &operation, |part, claim| limit_of(job, part, claim))?;

        let mut lines = Vec::with_capacity(items.len());
        for (number, ((item, limits), moves)) in items.iter().zip(job.limits.iter()).zip(&moved).enumerate() {
            let posted = Posted {
                line: number,
                kind,
                meter: &item.meter.code,
                value: item.value,
                member: item.member.as_deref(),
                user: &item.user,
                subject: item.subject.as_deref(),
                description: item.description.as_deref(),
                pool: job.pending.order.reach.pool.as_ref().map(|(tenant, _)| *tenant),
                by: None,
                at: item.at,
            };
            lines.extend(self.post(job, &posted, limits, moves));
        }
        Ok(Outcome {
            lines,
            reservation: None,
            replayed: false,
        })
    }

    /// Takes back what an operation counted, once.
    pub(super) fn give_back(&mut self, job: &Job<'_>) -> Answer {
        let About::Entries(entries) = &job.about else {
            return Err(ConsumeError::Unknown);
        };
        if let Some(known) = self.facts.known.get(&job.pending.reference) {
            return Ok(replayed(known, None));
        }

        let parts = entries.iter().zip(job.limits.iter()).map(|(entry, limits)| Part {
            change: Move::Add(entry.amount.saturating_neg()),
            claims: self.claims(limits),
        });
        let operation = Operation {
            parts: parts.collect(),
            forced: true,
        };
        let moved = self.decide(job, &operation, |part, claim| limit_of(job, part, claim))?;

        let mut lines = Vec::with_capacity(entries.len());
        for (number, ((entry, limits), moves)) in entries.iter().zip(job.limits.iter()).zip(&moved).enumerate() {
            let reach = super::job::reach_within(&job.pending.order.reach, entry.pool);
            let posted = Posted {
                line: number,
                kind: EntryKind::GiveBack,
                meter: entry.meter(),
                value: entry.value.saturating_neg(),
                member: entry.member.as_deref(),
                user: &user_of_entry(entry),
                subject: entry.subject.as_deref(),
                description: entry.description.as_deref(),
                pool: reach.pool.map(|(tenant, _)| tenant),
                // What is taken back is taken from whom it was counted on.
                by: Some((&entry.actor_kind, &entry.actor_id)),
                at: entry.at,
            };
            lines.extend(self.post(job, &posted, limits, moves));
        }
        Ok(Outcome {
            lines,
            reservation: None,
            replayed: false,
        })
    }
}

/// The limit that a part's claim is on, where parts are items and claims their limits.
pub(super) fn limit_of<'l>(job: &'l Job<'_>, part: usize, claim: usize) -> Option<(usize, &'l Limit)> {
    Some((part, job.limits.get(part)?.get(claim)?))
}
