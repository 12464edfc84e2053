//! Group commit: many operations, one transaction.
//!
//! One task writes. While a transaction is on its way to the disk, operations gather in the queue; when it
//! has landed they become the next one. So a lone caller waits for one commit, and a crowd shares it.

mod queue;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use tenantry_kernel::{IdSource, StoreError, TenantScope, async_trait};
use tenantry_quotas::counter::{ConsumeError, Order, Outcome, UsageCounter};
use tenantry_quotas::engine::LedgerStore;
use tenantry_quotas::meter::MeterBook;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::plan::Answer;
use crate::plan::job::Pending;
use queue::{Bounds, Queue};
use writer::{Waiting, Wary, Writer};

/// How long a caller is told to stay away when the queue is full.
const RETRY_AFTER_S: u64 = 1;

/// How much the engine takes at once.
#[derive(Clone, Copy, Debug)]
pub struct EngineOptions {
    /// Operations that may wait; more are refused.
    pub queue_len: usize,
    /// How many of them may be one tenant's.
    pub tenant_len: usize,
    /// Operations of one transaction.
    pub batch_len: usize,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            queue_len: 8_192,
            tenant_len: 2_048,
            batch_len: 512,
        }
    }
}

/// Counts usage in batches.
pub struct GroupCommitCounter {
    queue: Arc<Queue<Waiting>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl GroupCommitCounter {
    /// Starts the writer on the current runtime. `meters` are the catalog's: settling a reservation or taking
    /// something back names none.
    #[must_use]
    pub fn start(
        store: Arc<dyn LedgerStore>,
        ids: Arc<dyn IdSource>,
        meters: Arc<MeterBook>,
        options: EngineOptions,
    ) -> Self {
        let queue = Arc::new(Queue::new(Bounds {
            all: options.queue_len.max(1),
            of_a_tenant: options.tenant_len.max(1),
            batch: options.batch_len.max(1),
        }));
        let writer = Writer {
            store,
            ids,
            meters,
            queue: Arc::clone(&queue),
            wary: Wary::default(),
        };
        let task = tokio::spawn(writer.run());
        Self {
            queue,
            writer: Mutex::new(Some(task)),
        }
    }

    /// Takes no more operations, counts those that wait, and returns when they are answered.
    pub async fn shut_down(&self) {
        self.queue.close();
        let task = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(failure) = task.await
        {
            tracing::error!(error = %failure, "the usage writer did not stop by itself");
        }
    }

    fn queue_up(
        &self,
        scope: &TenantScope,
        orders: Vec<Order>,
    ) -> Result<Vec<oneshot::Receiver<Answer>>, ConsumeError> {
        let waits = |order| {
            let (answer, answered) = oneshot::channel();
            let pending = Pending::new(scope, order);
            (Waiting { pending, answer }, answered)
        };
        let (waiting, answered): (Vec<_>, Vec<_>) = orders.into_iter().map(waits).unzip();
        // Full or closed, it is the same to the caller: nothing was counted, come back soon.
        let accepted = self.queue.push(scope.tenant_id(), waiting);
        accepted.map(|()| answered).map_err(|_| ConsumeError::Busy {
            retry_after_s: RETRY_AFTER_S,
        })
    }
}

impl Drop for GroupCommitCounter {
    /// The writer counts what waits, and ends.
    fn drop(&mut self) {
        self.queue.close();
    }
}

#[async_trait]
impl UsageCounter for GroupCommitCounter {
    async fn submit(&self, scope: &TenantScope, order: Order) -> Result<Outcome, ConsumeError> {
        match self.queue_up(scope, vec![order])?.pop() {
            Some(answered) => answer(answered).await,
            None => Err(stopped()),
        }
    }

    async fn submit_all(&self, scope: &TenantScope, orders: Vec<Order>) -> Vec<Result<Outcome, ConsumeError>> {
        let asked = orders.len();
        match self.queue_up(scope, orders) {
            Ok(answered) => join_all(answered.into_iter().map(answer)).await,
            Err(_) => (0..asked)
                .map(|_| {
                    Err(ConsumeError::Busy {
                        retry_after_s: RETRY_AFTER_S,
                    })
                })
                .collect(),
        }
    }
}

async fn answer(answered: oneshot::Receiver<Answer>) -> Answer {
    answered.await.unwrap_or_else(|_| Err(stopped()))
}

fn stopped() -> ConsumeError {
    ConsumeError::from(StoreError::Unavailable(
        "the usage writer stopped at this operation".into(),
    ))
}

#[cfg(test)]
mod tests;
