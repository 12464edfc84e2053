//! Group commit: many operations, one transaction.
//!
//! One task writes. While a transaction is on its way to the disk, operations gather in the queue; when it
//! has landed they become the next one. So a lone caller waits for one commit, and a crowd shares it.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tenantry_kernel::{IdSource, StoreError, TenantScope, async_trait};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::counter::{ConsumeError, ConsumeRequest, Consumed, UsageCounter};
use tenantry_quotas::engine::{LedgerStore, OperationRef};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::plan::{Pending, plan};

/// How often a batch is tried when another node is in the way.
const ATTEMPTS: u8 = 3;
/// How long a caller is told to stay away when the queue is full.
const RETRY_AFTER_S: u64 = 1;

/// How much the engine takes at once.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Operations that may wait; more are refused.
    pub queue_len: usize,
    /// Operations of one transaction.
    pub batch_len: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            queue_len: 8_192,
            batch_len: 512,
        }
    }
}

struct Waiting {
    pending: Pending,
    answer: oneshot::Sender<Result<Consumed, ConsumeError>>,
}

/// Counts usage in batches.
pub struct GroupCommitCounter {
    queue: mpsc::Sender<Waiting>,
    stop: watch::Sender<bool>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl GroupCommitCounter {
    /// Starts the writer on the current runtime.
    #[must_use]
    pub fn start(store: Arc<dyn LedgerStore>, ids: Arc<dyn IdSource>, options: EngineOptions) -> Self {
        let (queue, waiting) = mpsc::channel(options.queue_len.max(1));
        let (stop, stopped) = watch::channel(false);
        let writer = Writer {
            store,
            ids,
            batch_len: options.batch_len.max(1),
        };
        let task = tokio::spawn(writer.run(waiting, stopped));
        Self {
            queue,
            stop,
            writer: Mutex::new(Some(task)),
        }
    }

    /// Takes no more operations, counts those that wait, and returns when they are answered.
    pub async fn shut_down(&self) {
        self.stop.send_replace(true);
        let task = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(failure) = task.await
        {
            tracing::error!(error = %failure, "the usage writer did not stop by itself");
        }
    }
}

#[async_trait]
impl UsageCounter for GroupCommitCounter {
    async fn consume(&self, scope: &TenantScope, request: ConsumeRequest) -> Result<Consumed, ConsumeError> {
        let (answer, answered) = oneshot::channel();
        let pending = Pending {
            tenant: scope.tenant_id(),
            actor_kind: scope.principal().kind(),
            actor_id: scope.principal().identifier(),
            limits: request.limits(),
            request,
        };

        let accepted = self.queue.try_send(Waiting { pending, answer });
        // Full or closed, it is the same to the caller: nothing was counted, come back soon.
        accepted.map_err(|_| ConsumeError::Busy {
            retry_after_s: RETRY_AFTER_S,
        })?;
        answered.await.unwrap_or_else(|_| {
            let gone = StoreError::Unavailable("the usage writer stopped at this operation".into());
            Err(ConsumeError::from(gone))
        })
    }
}

struct Writer {
    store: Arc<dyn LedgerStore>,
    ids: Arc<dyn IdSource>,
    batch_len: usize,
}

impl Writer {
    async fn run(self, mut waiting: mpsc::Receiver<Waiting>, mut stopped: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(self.batch_len);
        let mut open = true;
        loop {
            let received = tokio::select! {
                biased;
                () = stop_asked(&mut stopped), if open => {
                    // What is in the queue is still received; nothing more gets in.
                    waiting.close();
                    open = false;
                    continue;
                }
                received = waiting.recv_many(&mut batch, self.batch_len) => received,
            };
            if received == 0 {
                return;
            }
            // Whoever went away was never answered: nothing needs to be counted for them.
            batch.retain(|one| !one.answer.is_closed());
            let counting = self.count(std::mem::take(&mut batch));
            if AssertUnwindSafe(counting).catch_unwind().await.is_err() {
                // Its callers hear that the writer stopped; the next batch opens a transaction of its own.
                tracing::error!("a batch of usage panicked");
            }
        }
    }

    async fn count(&self, batch: Vec<Waiting>) {
        if batch.is_empty() {
            return;
        }
        let answers = {
            let pending: Vec<&Pending> = batch.iter().map(|one| &one.pending).collect();
            self.count_stubbornly(&pending).await
        };
        match answers {
            Ok(answers) => {
                for (one, answer) in batch.into_iter().zip(answers) {
                    // A caller that went away meanwhile gets the same answer when it asks again.
                    drop(one.answer.send(answer));
                }
            }
            Err(cause) if batch.len() > 1 && may_be_one_operations_fault(&cause) => {
                tracing::warn!(error = %cause, operations = batch.len(), "a batch of usage is counted one by one");
                for one in batch {
                    Box::pin(self.count(vec![one])).await;
                }
            }
            Err(cause) => {
                tracing::error!(error = %cause, operations = batch.len(), "a batch of usage could not be stored");
                let cause = Arc::new(cause);
                for one in batch {
                    drop(one.answer.send(Err(ConsumeError::Store(Arc::clone(&cause)))));
                }
            }
        }
    }

    async fn count_stubbornly(&self, pending: &[&Pending]) -> Result<Vec<Result<Consumed, ConsumeError>>, StoreError> {
        tenantry_kernel::retry::contended(ATTEMPTS, || self.count_once(pending)).await
    }

    async fn count_once(&self, pending: &[&Pending]) -> Result<Vec<Result<Consumed, ConsumeError>>, StoreError> {
        let accounts: BTreeSet<TenantAccount> = pending.iter().flat_map(|one| one.accounts()).collect();
        let accounts: Vec<TenantAccount> = accounts.into_iter().collect();
        let operations: BTreeSet<OperationRef> = pending.iter().map(|one| one.reference()).collect();
        let operations: Vec<OperationRef> = operations.into_iter().collect();

        let mut unit = self.store.begin_batch().await?;
        let mut states = unit.lock(&accounts).await?;
        let mut known = unit.known(&operations).await?;
        let (writes, answers) = plan(pending, &mut states, &mut known, self.ids.as_ref());
        if !writes.entries.is_empty() {
            unit.write(&writes).await?;
            unit.commit().await?;
        }
        Ok(answers)
    }
}

/// True when the database refused what was written, rather than to write: then one tenant's operation must not fail
/// those of the others. Operations that had landed all the same are told apart by their names.
const fn may_be_one_operations_fault(cause: &StoreError) -> bool {
    match cause {
        StoreError::Backend(_) | StoreError::Corrupt { .. } | StoreError::Conflict(_) => true,
        StoreError::Stale | StoreError::Contended | StoreError::Unavailable(_) => false,
    }
}

/// Returns when stopping was asked for, or when nobody is left who could ask.
async fn stop_asked(stopped: &mut watch::Receiver<bool>) {
    // An error means that the counter was dropped: the same as being asked.
    drop(stopped.wait_for(|stop| *stop).await);
}

#[cfg(test)]
mod tests;
