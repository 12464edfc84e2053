//! What goes on behind the requests: mails, renewals, keys, clean-up. Safe on any number of nodes at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use tenantry_activity::receipt::{KEPT_FOR_HOURS, ReceiptStore};
use tenantry_kernel::BudgetKeeper;
use tenantry_kernel::time;
use tenantry_tenancy::joining::JoinRequestPurge as _;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::wiring::Installation;

/// How often the queue is looked at.
const QUEUE_EVERY: Duration = Duration::from_millis(500);
/// How often period ends are looked for.
const BILLING_EVERY: Duration = Duration::from_mins(1);
/// How often people whose time has come are looked after.
const DEPARTURES_EVERY: Duration = Duration::from_mins(1);
/// How often the signing keys are read again, and replaced when they have signed long enough.
const KEYS_EVERY: Duration = Duration::from_mins(5);
/// How often it is looked, in memory, whether the signing keys may have changed.
const KEYS_WATCHED_EVERY: Duration = Duration::from_millis(200);
/// Who makes signing keys by itself, as the platform's log names it.
pub(crate) const KEYS_JOB: &str = "signing_keys";
/// How often it is looked whether another catalog was applied.
const EDITIONS_EVERY: Duration = Duration::from_millis(500);
/// How often the uses of API keys are written down.
const USES_EVERY: Duration = Duration::from_secs(15);
/// How often thresholds are told and forgotten reservations given back.
const USAGE_EVERY: Duration = Duration::from_secs(2);
/// How long the check of the books rests between two groups of tenants, at least.
const BOOKS_REST: Duration = Duration::from_secs(10);
/// So many times as long as a group took it rests after it: adding up a great ledger takes its time, and the check
/// never more than a thirtieth of a processor.
const BOOKS_REST_FACTOR: u32 = 30;
/// How often what a node holds of limits is looked through for what nobody uses.
const SLICES_EVERY: Duration = Duration::from_secs(30);
/// How often old receipts and notices, and history that plans do not keep, are removed.
const TIDY_EVERY: Duration = Duration::from_hours(1);
/// How long notices for other nodes' caches are kept; they are read within a second.
const NOTICES_KEPT: time::Duration = time::Duration::hours(1);
/// How often what was measured is folded together.
const METRICS_EVERY: Duration = Duration::from_secs(5);
/// Rows removed at a time.
const TIDY_BATCH: u32 = 1_000;

/// What every node that serves must run: caches forget, keys are known, and so are the plans of all tenants.
pub fn serving(tasks: &mut JoinSet<()>, installation: &Arc<Installation>) {
    let invalidator = installation.invalidator();
    tasks.spawn(async move { match invalidator.run().await {} });
    let node = Arc::clone(installation);
    tasks.spawn(every(SLICES_EVERY, move || {
        let node = Arc::clone(&node);
        async move { node.sweep_slices().await }
    }));
    let uses = installation.key_uses();
    tasks.spawn(async move { match uses.run(USES_EVERY).await {} });
    tasks.spawn(learn_editions(Arc::clone(installation)));
    let node = Arc::clone(installation);
    tasks.spawn(every(KEYS_EVERY, move || {
        let node = Arc::clone(&node);
        async move { keep_keys_up(&node).await }
    }));
    tasks.spawn(watch_keys(Arc::clone(installation)));
}

/// Makes the next signing key when it is time, and knows those that others made.
async fn keep_keys_up(node: &Installation) {
    let made = node.services.signing_keys.maintain(&node.system_scope(KEYS_JOB)).await;
    if let Err(cause) = made {
        tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "the next signing key could not be made"
        );
    }
    if let Err(cause) = node.reload_keys().await {
        tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "the signing keys could not be read again"
        );
    }
}

/// Reads the signing keys again whenever something of the installation has changed: one that was revoked elsewhere is
/// believed no longer than a second.
async fn watch_keys(node: Arc<Installation>) {
    let mut seen = None;
    let mut ticks = interval(KEYS_WATCHED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = Some(node.generation());
        if now == seen {
            continue;
        }
        match node.reload_keys().await {
            Ok(()) => seen = now,
            Err(cause) => tracing::warn!(
                error = &cause as &dyn std::error::Error,
                "the signing keys could not be read again"
            ),
        }
    }
}

/// Serves the subscribers of a catalog that was applied elsewhere, as soon as it was.
async fn learn_editions(node: Arc<Installation>) {
    let mut seen = node.catalog.state();
    let mut ticks = interval(EDITIONS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut well = true;
    loop {
        ticks.tick().await;
        match node.learn_editions(&seen).await {
            Ok(now) => (seen, well) = (now, true),
            Err(cause) => {
                if well {
                    tracing::warn!(
                        error = &cause as &dyn std::error::Error,
                        "the archive of plans cannot be read; trying again"
                    );
                }
                well = false;
            }
        }
    }
}

/// Folds what was measured together, so that it does not pile up when nobody scrapes.
pub fn measuring(tasks: &mut JoinSet<()>, metrics: PrometheusHandle) {
    tasks.spawn(every(METRICS_EVERY, move || {
        metrics.run_upkeep();
        std::future::ready(())
    }));
}

/// The work that one node at least must do.
pub fn working(tasks: &mut JoinSet<()>, installation: &Arc<Installation>) {
    let node = Arc::clone(installation);
    tasks.spawn(every(QUEUE_EVERY, move || work_queue(Arc::clone(&node))));
    let node = Arc::clone(installation);
    tasks.spawn(every(BILLING_EVERY, move || bill(Arc::clone(&node))));
    let node = Arc::clone(installation);
    tasks.spawn(every(TIDY_EVERY, move || tidy(Arc::clone(&node))));
    let node = Arc::clone(installation);
    tasks.spawn(every(DEPARTURES_EVERY, move || see_off(Arc::clone(&node))));
    let node = Arc::clone(installation);
    tasks.spawn(every(USAGE_EVERY, move || keep_usage_up(Arc::clone(&node))));
    let node = Arc::clone(installation);
    tasks.spawn(async move { match check_books(node).await {} });
}

async fn every<F, Fut>(period: Duration, mut turn: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = ()>,
{
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        turn().await;
    }
}

/// Rounds until the queue has nothing more that is due.
async fn work_queue(node: Arc<Installation>) {
    loop {
        match node.dispatcher.run_once().await {
            Ok(round) if round.claimed > 0 => {
                tracing::debug!(
                    claimed = round.claimed,
                    done = round.done,
                    retried = round.retried,
                    "jobs"
                );
                if round.retried > 0 {
                    tracing::warn!(retried = round.retried, "jobs failed and are tried again later");
                }
                if round.withheld > 0 {
                    metrics::counter!("tenantry_mails_withheld_total").increment(u64::from(round.withheld));
                    tracing::warn!(
                        withheld = round.withheld,
                        "letters were dropped: others caused too many to one address (mails_per_hour)"
                    );
                }
                if round.buried > 0 {
                    tracing::error!(buried = round.buried, "jobs were given up; the table job says why");
                }
            }
            Ok(_) => return,
            Err(cause) => {
                tracing::warn!(error = &cause as &dyn std::error::Error, "the queue could not be read");
                return;
            }
        }
    }
}

async fn bill(node: Arc<Installation>) {
    let scope = node.system_scope("billing_run");
    match node.billing.run(&scope, None).await {
        Ok(report) => {
            if report.periods > 0 {
                tracing::info!(
                    periods = report.periods,
                    invoices = report.invoices,
                    paid = report.paid,
                    "period ends were settled"
                );
            }
            if report.retried + report.suspended + report.cancelled > 0 {
                tracing::info!(
                    retried = report.retried,
                    suspended = report.suspended,
                    cancelled = report.cancelled,
                    "unpaid invoices were followed up"
                );
            }
            for (tenant, cause) in &report.failed {
                tracing::error!(tenant_id = %tenant, error = cause as &dyn std::error::Error, "a tenant could not be billed");
            }
        }
        Err(cause) => tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "due tenants could not be listed"
        ),
    }
}

/// Erases whoever asked for it, and finishes merging accounts.
async fn see_off(node: Arc<Installation>) {
    match node.services.people.look_after_departures().await {
        Ok(report) => {
            if report.gone > 0 {
                tracing::info!(gone = report.gone, "people were erased or merged");
            }
            for (user, cause) in &report.failed {
                tracing::warn!(user_id = %user, error = cause as &dyn std::error::Error, "a person could not be erased or merged yet");
            }
        }
        Err(cause) => tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "people who are to be erased could not be listed"
        ),
    }
}

/// Removes history that plans do not keep.
async fn forget(node: &Installation) {
    match node.purge.run(&node.system_scope("history_purge")).await {
        Ok(report) => {
            if report.removed > 0 {
                tracing::info!(removed = report.removed, "old history was removed");
            }
            for (tenant, cause) in &report.failed {
                tracing::warn!(tenant_id = %tenant, error = cause as &dyn std::error::Error, "old history of a tenant could not be removed");
            }
        }
        Err(cause) => tracing::warn!(error = &cause as &dyn std::error::Error, "tenants could not be listed"),
    }
}

async fn tidy(node: Arc<Installation>) {
    forget(&node).await;
    let now = node.sources.clock.system_now();
    let receipts = node
        .store
        .purge(now - time::Duration::hours(KEPT_FOR_HOURS), TIDY_BATCH)
        .await;
    let notices = node.store.purge_feed(now - NOTICES_KEPT, TIDY_BATCH).await;
    let budgets = node.store.forget_whole(now, TIDY_BATCH).await;
    let requests = node
        .store
        .purge_join_requests(&node.system_scope("join_requests"), now, TIDY_BATCH)
        .await;
    for outcome in [receipts, notices, budgets, requests] {
        if let Err(cause) = outcome {
            tracing::warn!(
                error = &cause as &dyn std::error::Error,
                "old rows could not be removed"
            );
        }
    }
}

async fn keep_usage_up(node: Arc<Installation>) {
    match node.upkeep.round().await {
        Ok(report) => {
            for (tenant, cause) in &report.failed {
                tracing::warn!(tenant_id = %tenant, error = cause as &dyn std::error::Error, "usage could not be kept up");
            }
        }
        Err(cause) => tracing::warn!(
            error = &cause as &dyn std::error::Error,
            "thresholds and reservations could not be listed"
        ),
    }
}

/// Walks through all tenants, again and again, and tells loudly of an account that does not hold what its ledger
/// adds up to.
async fn check_books(node: Arc<Installation>) -> std::convert::Infallible {
    let mut after = None;
    let mut took = Duration::ZERO;
    loop {
        tokio::time::sleep(BOOKS_REST.max(took.saturating_mul(BOOKS_REST_FACTOR))).await;
        let began = Instant::now();
        let checked = node.upkeep.check_books(after).await;
        took = began.elapsed();
        match checked {
            Ok(page) => {
                metrics::counter!("tenantry_usage_accounts_checked_total").increment(page.checked);
                for wrong in &page.wrong {
                    metrics::counter!("tenantry_usage_discrepancies_total").increment(1);
                    tracing::error!(
                        tenant_id = %wrong.account.tenant,
                        meter = %wrong.account.key.meter,
                        posted = wrong.posted,
                        ledger = wrong.ledger,
                        "an account does not hold what its ledger adds up to"
                    );
                }
                after = page.last;
            }
            Err(cause) => {
                tracing::warn!(
                    error = &cause as &dyn std::error::Error,
                    "the books of usage could not be checked"
                );
            }
        }
    }
}
