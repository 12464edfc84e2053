//! Gauges that Tenantry itself moves, such as seats: changed inside the unit that causes the change.

use tenantry_kernel::{Code, StoreError, async_trait};

/// The answer to moving a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumption {
    /// Moved.
    Granted {
        /// Where it stands now.
        used: i64,
    },
    /// Not moved: it would have passed the limit.
    Exceeded {
        /// Where it stands.
        used: i64,
    },
}

/// Gauges of one tenant. They have accounts of their own, which the engine never locks.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait GaugeRepository: Send {
    /// Moves the gauge by `delta` in one statement and holds it until the unit ends.
    ///
    /// Upwards it never passes `limit`; `None` is no limit. Downwards the limit does not matter (a
    /// tenant above a lowered limit may still shrink), and the gauge stops at zero.
    async fn adjust(&mut self, meter: &Code, delta: i64, limit: Option<i64>) -> Result<Consumption, StoreError>;

    /// Where the gauge stands; 0 when it was never moved.
    async fn used(&mut self, meter: &Code) -> Result<i64, StoreError>;
}
