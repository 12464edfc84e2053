//! The connection to Redis: one, shared by all calls, made anew by one task when it has failed.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tenantry_kernel::Secret;
use tenantry_quotas::rate::Pace;
use tokio::sync::Notify;

use crate::script::{self, Question};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long the first and every quiet attempt to come back waits.
const RETRY: Duration = Duration::from_millis(250);
/// How long the next attempt waits at most, when Redis comes and goes.
const LONGEST_RETRY: Duration = Duration::from_secs(8);
/// How often the task looks up while all is well.
const LOOK_UP: Duration = Duration::from_secs(1);
/// Redis that stayed shorter than this comes and goes.
const STEADY: Duration = Duration::from_secs(10);

/// The URL is none of Redis.
#[derive(Debug, thiserror::Error)]
#[error("the Redis URL cannot be used; it looks like redis://:password@host:6379/0")]
pub struct InvalidRedisUrl(#[source] RedisError);

/// The connection as it is now; calls take a copy of it.
pub(crate) struct Link {
    client: Client,
    script: Script,
    patience: Duration,
    live: RwLock<Option<Live>>,
    lost: Notify,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    since: Instant,
}

impl Link {
    /// Connects, or goes on trying in the background. Needs a runtime, on which the connection lives.
    pub(crate) async fn open(url: &Secret<String>, patience: Duration) -> Result<Arc<Self>, InvalidRedisUrl> {
        let link = Arc::new(Self {
            client: Client::open(url.expose().as_str()).map_err(InvalidRedisUrl)?,
            script: script::script(),
            patience,
            live: RwLock::new(None),
            lost: Notify::new(),
        });
        describe();
        if let Err(cause) = link.connect().await {
            tell_lost(&cause);
        }
        tokio::spawn(keep(Arc::downgrade(&link)));
        Ok(link)
    }

    /// True when the last thing we know of Redis is that it answered.
    pub(crate) fn is_live(&self) -> bool {
        self.copy().is_some()
    }

    /// The answer, unless Redis is gone or is gone now.
    pub(crate) async fn ask(&self, question: &Question) -> Option<Vec<Pace>> {
        let mut live = self.copy()?;
        match self.ask_over(question, &mut live.connection).await {
            Ok(paces) => Some(paces),
            Err(cause) => {
                self.lose(live.since, &cause);
                None
            }
        }
    }

    async fn ask_over(
        &self,
        question: &Question,
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<Pace>, RedisError> {
        let answer = tokio::time::timeout(self.patience, question.ask(&self.script, connection));
        answer.await.unwrap_or_else(|_| {
            let patience = "no answer in time";
            Err(RedisError::from((redis::ErrorKind::Io, patience)))
        })
    }

    /// A connection that has just done all that a call needs.
    async fn connect(&self) -> Result<(), RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None);
        let mut connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        self.ask_over(&Question::probe(), &mut connection).await?;

        let live = Live {
            connection,
            since: Instant::now(),
        };
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(live);
        metrics::gauge!(UP).set(1);
        tracing::info!("rate limits are shared through Redis");
        Ok(())
    }

    /// Many calls fail at once when Redis goes: only the first of them finds the connection of `since` still there.
    fn lose(&self, since: Instant, cause: &RedisError) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if live.as_ref().is_none_or(|live| live.since != since) {
            return;
        }
        *live = None;
        drop(live);
        tell_lost(cause);
        self.lost.notify_one();
    }

    fn copy(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// True when Redis does all that rates need of it, at once. For checks before the program is started.
///
/// # Errors
/// [`InvalidRedisUrl`].
pub async fn answers(url: &Secret<String>, patience: Duration) -> Result<bool, InvalidRedisUrl> {
    Ok(Link::open(url, patience).await?.is_live())
}

/// 1 while rates are shared through Redis, 0 while they are not.
const UP: &str = "rates_redis_up";

fn describe() {
    metrics::describe_gauge!(
        UP,
        "1 while rate limits are shared through Redis, 0 while they are not."
    );
}

fn tell_lost(cause: &RedisError) {
    metrics::gauge!(UP).set(0);
    tracing::warn!(error = %cause, "Redis does not answer: rate limits are not shared until it is back");
}

/// Looks for Redis while it is gone; ends with the link.
async fn keep(link: Weak<Link>) {
    let mut wait = RETRY;
    let mut came = Instant::now();
    loop {
        let Some(here) = link.upgrade() else { return };
        // Again and again: the metrics of a process may be recorded from later on.
        metrics::gauge!(UP).set(u8::from(here.is_live()));
        if here.is_live() {
            // Looks up now and then, to see whether the link itself is still wanted.
            let lost = tokio::time::timeout(LOOK_UP, here.lost.notified()).await.is_ok();
            if lost {
                wait = if came.elapsed() < STEADY {
                    (wait * 2).min(LONGEST_RETRY)
                } else {
                    RETRY
                };
            }
            continue;
        }
        drop(here);
        tokio::time::sleep(wait).await;
        let Some(here) = link.upgrade() else { return };
        // What is wrong was told when it went.
        if here.connect().await.is_ok() {
            came = Instant::now();
        }
    }
}
