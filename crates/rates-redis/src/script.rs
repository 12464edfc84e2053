//! The script, its questions and its answers.

use redis::aio::MultiplexedConnection;
use redis::{RedisError, Script};
use tenantry_quotas::rate::gcra::Cell;
use tenantry_quotas::rate::{Pace, RateLimit};

/// The clock of Redis ticks in microseconds.
const TICK_NS: u64 = 1_000;

/// What is asked for one call.
pub(crate) struct Question {
    count: bool,
    rates: Vec<(Vec<u8>, Cell)>,
}

impl Question {
    /// The question about these rates, kept under these keys.
    pub(crate) fn new(limits: &[RateLimit], count: bool, key: impl Fn(&RateLimit) -> Vec<u8>) -> Self {
        let rate = |limit: &RateLimit| (key(limit), Cell::new(limit.pace, TICK_NS));
        Self {
            count,
            rates: limits.iter().map(rate).collect(),
        }
    }

    /// A question that needs all that a real one needs, and that nobody else asks.
    pub(crate) fn probe() -> Self {
        let pace = tenantry_quotas::rate::PerMinute(std::num::NonZeroU32::MAX);
        Self {
            count: true,
            rates: vec![(b"tenantry:rate:probe".to_vec(), Cell::new(pace, TICK_NS))],
        }
    }

    /// Asks. A server that does not know the script is told it.
    pub(crate) async fn ask(
        &self,
        script: &Script,
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<Pace>, RedisError> {
        let mut asked = script.prepare_invoke();
        asked.arg(u8::from(self.count));
        for (key, cell) in &self.rates {
            asked.key(&key[..]);
            asked.arg(cell.interval_ns() / TICK_NS).arg(cell.window_ns() / TICK_NS);
        }
        let ahead: Vec<u64> = asked.invoke_async(connection).await?;
        self.read(&ahead)
            .ok_or_else(|| RedisError::from((redis::ErrorKind::UnexpectedReturnType, "the script answered nonsense")))
    }

    fn read(&self, ahead: &[u64]) -> Option<Vec<Pace>> {
        if ahead.len() != self.rates.len() {
            return None;
        }
        let before = || {
            let rates = self.rates.iter().zip(ahead);
            rates.map(|((_, cell), ahead)| (*cell, ahead.saturating_mul(TICK_NS)))
        };
        let counted = self.count && before().all(|(cell, ahead)| cell.fits(ahead));
        let paces = before().map(|(cell, ahead)| {
            if counted {
                cell.stands(ahead + cell.interval_ns(), true)
            } else {
                cell.stands(ahead, cell.fits(ahead))
            }
        });
        Some(paces.collect())
    }
}

/// The script itself.
pub(crate) fn script() -> Script {
    Script::new(include_str!("rates.lua"))
}
