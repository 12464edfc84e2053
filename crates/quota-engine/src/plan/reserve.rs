//! Reservations: made, committed, released.

use tenantry_quotas::account::Held;
use tenantry_quotas::counter::{ConsumeError, Item, Line, Outcome};
use tenantry_quotas::decide::{Move, Operation, Part};
use tenantry_quotas::ledger::EntryKind;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::reservation::{Hold, Reservation, ReservationId, ReservationRef, ReservationStatus, ReservedItem};
use time::OffsetDateTime;

use super::job::{About, Job, user_of};
use super::post::Posted;
use super::settle::limit_of;
use super::{Answer, Plan, now, replayed};

/// One move on one account: which item's, and on which limit.
struct Step<'l> {
    item: usize,
    limit: &'l Limit,
    change: Move,
}

impl Plan<'_> {
    /// Holds items, all or none.
    pub(super) fn reserve(
        &mut self,
        job: &Job<'_>,
        id: ReservationId,
        items: &[Item],
        expires_at: OffsetDateTime,
    ) -> Answer {
        let (pending, order) = (job.pending, &job.pending.order);
        if let Some(made) = self.facts.reserved.get(&pending.reference) {
            if made.digest != order.digest || made.live != order.live {
                return Err(ConsumeError::KeyReused);
            }
            return Ok(Outcome {
                lines: self.lines(job),
                reservation: Some(made.clone()),
                replayed: true,
            });
        }
        if self.facts.known.contains_key(&pending.reference) {
            return Err(ConsumeError::KeyReused);
        }

        let parts = items.iter().zip(job.limits.iter()).map(|(item, limits)| Part {
            change: Move::Hold(item.value),
            claims: self.claims(limits),
        });
        let operation = Operation {
            parts: parts.collect(),
            forced: false,
        };
        self.decide(job, &operation, |part, claim| limit_of(job, part, claim))?;

        let held = |(item, limits): (&Item, &Vec<Limit>)| ReservedItem {
            meter: item.meter.code.clone(),
            amount: item.value,
            user: item.user.clone(),
            subject: item.subject.clone(),
            description: item.description.clone(),
            accounts: limits.iter().map(|limit| limit.account.clone()).collect(),
            used: None,
        };
        let reservation = Reservation {
            id,
            operation: order.operation.clone(),
            digest: order.digest,
            live: order.live,
            items: items.iter().zip(job.limits.iter()).map(held).collect(),
            status: ReservationStatus::Held,
            created_at: order.now,
            expires_at,
            ended_at: None,
        };
        self.facts
            .reserved
            .insert(pending.reference.clone(), reservation.clone());
        self.writes.reservations.push((pending.tenant(), reservation.clone()));
        Ok(Outcome {
            lines: self.lines(job),
            reservation: Some(reservation),
            replayed: false,
        })
    }

    /// Counts what was used of a reservation, in the periods of the moment it was made.
    pub(super) fn commit(&mut self, job: &Job<'_>, used: Option<&[i64]>) -> Answer {
        let (wanted, reservation) = self.reservation_of(job)?;
        if let Some(known) = self.facts.known.get(&job.pending.reference) {
            let same = known.iter().all(|entry| entry.digest == job.pending.order.digest);
            return if same {
                Ok(replayed(known, Some(reservation)))
            } else {
                Err(ConsumeError::Ended)
            };
        }
        if reservation.status_at(now(job)) != ReservationStatus::Held {
            return Err(ConsumeError::Ended);
        }

        let amounts: Vec<i64> = match used {
            Some(used) => {
                let of_item = |(position, _)| used.get(position).copied().unwrap_or(0).max(0);
                reservation.items.iter().enumerate().map(of_item).collect()
            }
            None => reservation.items.iter().map(|item| item.amount).collect(),
        };
        let holds = self.held_by(wanted);
        let steps = steps(job, &holds, &amounts);
        let operation = Operation {
            parts: steps
                .iter()
                .map(|step| Part {
                    change: step.change.clone(),
                    claims: vec![self.claim(step.limit)],
                })
                .collect(),
            forced: false,
        };
        let whose = |part: usize, _| steps.get(part).map(|step| (step.item, step.limit));
        let moved = self.decide(job, &operation, whose)?;

        // What was decided has given it back already.
        self.writes.freed.extend(holds);
        let mut lines = Vec::with_capacity(amounts.len());
        for (number, ((item, limits), amount)) in reservation
            .items
            .iter()
            .zip(job.limits.iter())
            .zip(&amounts)
            .enumerate()
        {
            let of_item: Vec<(&Limit, (Held, Held))> = steps
                .iter()
                .zip(moved.iter().flatten())
                .filter(|(step, _)| step.item == number)
                .map(|(step, moves)| (step.limit, *moves))
                .collect();
            let by_limit: Vec<(Held, Held)> = limits
                .iter()
                .map(|limit| {
                    let of_limit = of_item.iter().find(|(of, _)| of.account == limit.account);
                    of_limit.map_or_else(Default::default, |(_, moves)| *moves)
                })
                .collect();
            let posted = Posted {
                line: number,
                kind: EntryKind::Commit,
                meter: &item.meter,
                value: *amount,
                member: None,
                user: &user_of(item, &job.pending.actor),
                subject: item.subject.as_deref(),
                description: item.description.as_deref(),
                pool: job.pending.order.reach.pool.as_ref().map(|(tenant, _)| *tenant),
                by: None,
                at: reservation.created_at,
            };
            lines.extend(self.post(job, &posted, limits, &by_limit));
        }
        let mut committed = reservation;
        for (item, amount) in committed.items.iter_mut().zip(amounts) {
            item.used = Some(amount);
        }
        let committed = self.end(job, wanted, committed, ReservationStatus::Committed);
        Ok(Outcome {
            lines,
            reservation: Some(committed),
            replayed: false,
        })
    }

    /// Gives a reservation back. `expired` is asked by whoever looks for those whose time is up: it is no mistake
    /// then that somebody settled it before.
    pub(super) fn release(&mut self, job: &Job<'_>, expired: bool) -> Answer {
        let (wanted, reservation) = self.reservation_of(job)?;
        let stands = reservation.status_at(now(job));
        let stays = match reservation.status {
            ReservationStatus::Committed if !expired => return Err(ConsumeError::Ended),
            ReservationStatus::Committed | ReservationStatus::Released | ReservationStatus::Expired => true,
            // Whoever looked had another clock.
            ReservationStatus::Held => expired && stands == ReservationStatus::Held,
        };
        if stays {
            return Ok(Outcome {
                lines: self.lines(job),
                replayed: reservation.status != ReservationStatus::Held,
                reservation: Some(reservation),
            });
        }

        for hold in self.held_by(wanted) {
            self.free(hold);
        }
        let status = if stands == ReservationStatus::Expired {
            ReservationStatus::Expired
        } else {
            ReservationStatus::Released
        };
        let ended = self.end(job, wanted, reservation, status);
        Ok(Outcome {
            lines: self.lines(job),
            reservation: Some(ended),
            replayed: false,
        })
    }

    /// The reservation as it stands under the lock.
    fn reservation_of(&self, job: &Job<'_>) -> Result<(ReservationRef, Reservation), ConsumeError> {
        let (About::Reservation(seen), Some(wanted)) = (&job.about, job.pending.settles()) else {
            return Err(ConsumeError::Unknown);
        };
        let found = self.facts.reservations.get(&wanted);
        Ok((wanted, found.unwrap_or(seen).clone()))
    }

    fn end(
        &mut self,
        job: &Job<'_>,
        wanted: ReservationRef,
        mut reservation: Reservation,
        status: ReservationStatus,
    ) -> Reservation {
        reservation.status = status;
        reservation.ended_at = Some(now(job));
        self.facts.reservations.insert(wanted, reservation.clone());
        self.writes.ended.push((wanted.tenant, reservation.clone()));
        reservation
    }

    /// How each item's limits stand, when nothing of it was counted.
    fn lines(&self, job: &Job<'_>) -> Vec<Line> {
        let line = |limits: &Vec<Limit>| {
            let standings: Vec<_> = self.standings(limits).collect();
            let leading = standings.first()?;
            Some(Line {
                meter: leading.account().key.meter.clone(),
                amount: 0,
                used: leading.held.posted,
                limit: leading.total(),
                resets_at: leading.limit.resets_at,
                standings,
            })
        };
        job.limits.iter().filter_map(line).collect()
    }
}

/// What a commit does to each account: where room is held, it is settled; where a limit came into being since then,
/// the use is added; where a limit is gone, the use is still counted, as the ledger would have it.
fn steps<'l>(job: &'l Job<'_>, holds: &[Hold], amounts: &[i64]) -> Vec<Step<'l>> {
    let reach = &job.pending.order.reach;
    let ledger_knows = |limit: &Limit| {
        let tenant = limit.account.tenant;
        tenant == reach.tenant || reach.pool.as_ref().is_some_and(|(pool, _)| *pool == tenant)
    };
    let mut steps = Vec::new();
    for (item, (limits, used)) in job.limits.iter().zip(amounts).enumerate() {
        let of_account = |limit: &Limit| {
            let found = holds
                .iter()
                .find(|hold| hold.item == item && hold.account == limit.account);
            found.map(|hold| hold.amount)
        };
        for limit in limits {
            let change = match of_account(limit) {
                Some(held) => Move::Settle { held, used: *used },
                None => Move::Add(*used),
            };
            steps.push(Step { item, limit, change });
        }
        for limit in &job.orphans {
            if limits.iter().any(|one| one.account == limit.account) {
                continue;
            }
            if let Some(held) = of_account(limit) {
                let used = if ledger_knows(limit) { *used } else { 0 };
                let change = Move::Settle { held, used };
                steps.push(Step { item, limit, change });
            }
        }
    }
    steps
}
