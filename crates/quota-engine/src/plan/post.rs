//! What follows from a decision: entries, rolled-up usage, alerts.

use tenantry_kernel::{Code, TenantId};
use tenantry_quotas::account::{Held, Subject};
use tenantry_quotas::alert::{Alert, crossed};
use tenantry_quotas::counter::Line;
use tenantry_quotas::engine::{RollupKey, bucket_of};
use tenantry_quotas::ledger::{EntryKind, LedgerEntry, UsageEntryId};
use tenantry_quotas::limit::{Limit, User};
use time::OffsetDateTime;

use super::job::{Job, KEY_KIND};
use super::{Plan, now};

/// One line of a granted operation.
pub(super) struct Posted<'p> {
    /// Which line, from 0.
    pub(super) line: usize,
    /// What it is.
    pub(super) kind: EntryKind,
    /// The meter.
    pub(super) meter: &'p Code,
    /// What was reported.
    pub(super) value: i64,
    /// Whom it counted.
    pub(super) member: Option<&'p str>,
    /// Who used it.
    pub(super) user: &'p User,
    /// Whom it is about.
    pub(super) subject: Option<&'p str>,
    /// What the caller said.
    pub(super) description: Option<&'p str>,
    /// Whose pool it counted in.
    pub(super) pool: Option<TenantId>,
    /// Who asked, by kind and id, when it was not who asks now.
    pub(super) by: Option<(&'p str, &'p str)>,
    /// When it happened.
    pub(super) at: OffsetDateTime,
}

impl Plan<'_> {
    /// Writes down a line that moved its limits' accounts like this, the leading one first.
    pub(super) fn post(
        &mut self,
        job: &Job<'_>,
        posted: &Posted<'_>,
        limits: &[Limit],
        moves: &[(Held, Held)],
    ) -> Option<Line> {
        let (leading, (before, after)) = limits.first().zip(moves.first())?;
        let order = &job.pending.order;
        let amount = after.posted.saturating_sub(before.posted);
        let total = self.standing(leading, *after).total();
        let key = posted.user.key.map(|key| key.to_string());
        let (actor_kind, actor_id) = match (posted.by, &key) {
            (Some((kind, id)), _) => (kind.to_owned(), id.to_owned()),
            (None, Some(key)) => (KEY_KIND.to_owned(), key.clone()),
            (None, None) => (job.pending.actor.kind.to_owned(), job.pending.actor.id.clone()),
        };
        let entry = LedgerEntry {
            id: UsageEntryId::from_uuid(self.ids.next()),
            operation: job.pending.reference.operation.clone(),
            line: u16::try_from(posted.line).unwrap_or(u16::MAX),
            kind: posted.kind,
            digest: order.digest,
            account: leading.account.key.clone(),
            amount,
            value: posted.value,
            member: posted.member.map(str::to_owned),
            used_after: after.posted,
            limit: total,
            resets_at: leading.resets_at,
            description: posted.description.map(str::to_owned),
            subject: posted.subject.map(str::to_owned),
            user: posted.user.name.as_deref().map(str::to_owned),
            pool: posted.pool,
            actor_kind,
            actor_id,
            at: posted.at,
            recorded_at: now(job),
        };
        let rollup = RollupKey {
            tenant: job.pending.tenant(),
            meter: posted.meter.clone(),
            live: order.live,
            bucket: bucket_of(posted.at),
            user: posted.user.name.as_deref().unwrap_or_default().to_owned(),
            key: key.unwrap_or_default(),
        };
        let added = self.writes.rollups.entry(rollup).or_default();
        added.amount = added.amount.saturating_add(amount);
        added.operations += 1;
        if order.live {
            self.alert(job, limits, moves);
        }

        let standings = limits
            .iter()
            .zip(moves)
            .map(|(limit, (_, after))| self.standing(limit, *after))
            .collect();
        let line = Line {
            meter: posted.meter.clone(),
            amount,
            used: entry.used_after,
            limit: total,
            resets_at: entry.resets_at,
            standings,
        };
        let known = self.facts.known.entry(job.pending.reference.clone()).or_default();
        known.push(entry.clone());
        self.writes.entries.push((job.pending.tenant(), entry));
        Some(line)
    }

    /// Tenants are told about their own limits and about those of their pool; not about each user's.
    fn alert(&mut self, job: &Job<'_>, limits: &[Limit], moves: &[(Held, Held)]) {
        for (limit, (before, after)) in limits.iter().zip(moves) {
            if after.posted <= before.posted || limit.account.key.subject != Subject::Tenant {
                continue;
            }
            let Some(total) = self.standing(limit, *after).total() else {
                continue;
            };
            let alerts = crossed(before.posted, after.posted, total).map(|threshold_percent| Alert {
                account: limit.account.clone(),
                threshold_percent,
                limit: total,
                used: after.posted,
                at: now(job),
            });
            self.writes.alerts.extend(alerts);
        }
    }
}
