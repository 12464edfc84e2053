//! Working jobs off: one look at the queue at a time, each job at least once.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::StoreError;
use tenantry_kernel::time::Duration;

use crate::job::{Job, JobQueue, MAIL, Payload};
use crate::mail::{MailBudget, MailError, Mailer};

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may be done later.
    #[error("{0}")]
    TryAgain(String),
    /// It never will.
    #[error("{0}")]
    GiveUp(String),
    /// It will not be, on purpose, and nobody needs to look.
    #[error("{0}")]
    Withheld(String),
}

/// Does the jobs of one kind. A job may come twice: the lease may run out under a slow handler, and the
/// node may die between the work and its record.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// Does the job, and well within the lease.
    async fn run(&self, job: &Job) -> Result<(), JobError>;
}

/// How often and how patiently jobs are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchRules {
    /// How many jobs one look takes.
    pub batch: u16,
    /// For how long they are taken; longer than a batch of slow jobs needs.
    pub lease: Duration,
    /// The wait after the first failure; each later one doubles it.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// A job that has failed this often is dead.
    pub max_attempts: u32,
}

impl Default for DispatchRules {
    /// Fourteen attempts over about seventeen hours: after ten seconds, twenty, forty, … six hours.
    fn default() -> Self {
        Self {
            batch: 16,
            lease: Duration::minutes(5),
            first_wait: Duration::seconds(10),
            longest_wait: Duration::hours(6),
            max_attempts: 14,
        }
    }
}

impl DispatchRules {
    /// The wait after the `attempts`-th failure: doubled each time, bounded, always the same.
    #[must_use]
    pub fn wait_after(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(30);
        let factor = 1_i32.checked_shl(doublings).unwrap_or(i32::MAX);
        let wait = self.first_wait.checked_mul(factor).unwrap_or(self.longest_wait);
        wait.min(self.longest_wait)
    }
}

/// What one look at the queue came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Jobs taken.
    pub claimed: u32,
    /// Jobs done.
    pub done: u32,
    /// Jobs to be tried again.
    pub retried: u32,
    /// Jobs given up.
    pub buried: u32,
    /// Jobs dropped on purpose.
    pub withheld: u32,
    /// Jobs whose lease or record was lost; they come again by themselves.
    pub lost: u32,
}

/// Takes due jobs of the kinds it has handlers for, and does them one after the other.
pub struct Dispatcher {
    queue: Arc<dyn JobQueue>,
    handlers: BTreeMap<&'static str, Arc<dyn JobHandler>>,
    rules: DispatchRules,
}

impl Dispatcher {
    /// A dispatcher without handlers: it takes nothing.
    #[must_use]
    pub fn new(queue: Arc<dyn JobQueue>, rules: DispatchRules) -> Self {
        Self {
            queue,
            handlers: BTreeMap::new(),
            rules,
        }
    }

    /// Adds the handler of a kind; a later one for the same kind replaces it.
    #[must_use]
    pub fn handling(mut self, kind: &'static str, handler: Arc<dyn JobHandler>) -> Self {
        self.handlers.insert(kind, handler);
        self
    }

    /// Adds the sending of mail, of any number to anybody.
    #[must_use]
    pub fn sending_mail(self, mailer: Arc<dyn Mailer>) -> Self {
        self.handling(MAIL, Arc::new(SendMail { mailer, budget: None }))
    }

    /// Adds the sending of mail, of no more to anybody than the budget says.
    #[must_use]
    pub fn sending_mail_within(self, mailer: Arc<dyn Mailer>, budget: MailBudget) -> Self {
        let budget = Some(budget);
        self.handling(MAIL, Arc::new(SendMail { mailer, budget }))
    }

    /// One look at the queue. A full round (`claimed` equals the batch) calls for another at once.
    ///
    /// # Errors
    /// Whatever the queue answered to the claim. A failing record of one job is counted as lost.
    pub async fn run_once(&self) -> Result<Round, StoreError> {
        if self.handlers.is_empty() {
            return Ok(Round::default());
        }
        let kinds: Vec<String> = self.handlers.keys().map(|&kind| kind.to_owned()).collect();
        let jobs = self.queue.claim(&kinds, self.rules.batch, self.rules.lease).await?;
        let mut round = Round {
            claimed: u32::try_from(jobs.len()).unwrap_or(u32::MAX),
            ..Round::default()
        };
        for job in &jobs {
            let (counter, recorded) = match self.attempt(job).await {
                Ok(()) => (&mut round.done, self.queue.complete(job).await),
                Err(JobError::Withheld(_)) => (&mut round.withheld, self.queue.complete(job).await),
                Err(JobError::TryAgain(error)) if job.attempts < self.rules.max_attempts => {
                    let after = self.rules.wait_after(job.attempts);
                    (&mut round.retried, self.queue.retry(job, &error, after).await)
                }
                Err(JobError::TryAgain(error) | JobError::GiveUp(error)) => {
                    (&mut round.buried, self.queue.bury(job, &error).await)
                }
            };
            // What could not be recorded comes again when its lease has run out, by whichever node.
            match recorded {
                Ok(()) => *counter += 1,
                Err(_) => round.lost += 1,
            }
        }
        Ok(round)
    }

    async fn attempt(&self, job: &Job) -> Result<(), JobError> {
        // A job that kills its node before it can fail would be tried for ever.
        if job.attempts > self.rules.max_attempts {
            return Err(JobError::GiveUp("taken too often without an outcome".to_owned()));
        }
        if let Payload::Unreadable(detail) = &job.payload {
            return Err(JobError::GiveUp(format!("the payload cannot be read: {detail}")));
        }
        match self.handlers.get(job.kind.as_str()) {
            Some(handler) => handler.run(job).await,
            None => Err(JobError::TryAgain(format!("this node has no handler for {}", job.kind))),
        }
    }
}

/// Sends the message of a job.
struct SendMail {
    mailer: Arc<dyn Mailer>,
    budget: Option<MailBudget>,
}

#[async_trait]
impl JobHandler for SendMail {
    async fn run(&self, job: &Job) -> Result<(), JobError> {
        let Payload::Mail(mail) = &job.payload else {
            return Err(JobError::GiveUp("the job holds no message".to_owned()));
        };
        // What was admitted once is not counted again when the mail server was away.
        if let Some(budget) = self.budget.as_ref().filter(|_| job.attempts <= 1) {
            match budget.admits(mail).await {
                Ok(true) => {}
                Ok(false) => {
                    let told = format!("{}: too many letters of others to one address", mail.template);
                    return Err(JobError::Withheld(told));
                }
                Err(cause) => return Err(JobError::TryAgain(with_causes(&cause))),
            }
        }
        self.mailer.send(mail).await.map_err(|failure| {
            let told = with_causes(&failure);
            match failure {
                MailError::Refused(_) => JobError::GiveUp(told),
                MailError::Unavailable(_) => JobError::TryAgain(told),
            }
        })
    }
}

/// The error and what caused it, on one line: what an operator sees beside a dead job.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        told = format!("{told}: {next}");
        cause = next.source();
    }
    told
}

#[cfg(test)]
mod tests;
