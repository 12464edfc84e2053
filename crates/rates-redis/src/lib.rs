//! Rate limits that several nodes share, through Redis.
//!
//! [`RedisRates`] asks one script per call, for all the rates that the call is held to: it counts on all of them or on
//! none, by the clock of Redis, so that the clocks of nodes do not matter. While Redis does not answer, this node's own
//! keeper holds the rates, or nothing passes, as the operator chose; a task looks for Redis until it is back.
//! **Invariant:** a call waits for Redis [`RedisSettings::patience`] at most, and not at all while it is known to be gone.

mod keys;
mod limiter;
mod link;
mod script;

pub use limiter::{RedisRates, RedisSettings, WhenGone};
pub use link::{InvalidRedisUrl, answers};
