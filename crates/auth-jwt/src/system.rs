//! The system's clock, identifiers and randomness: the only place that asks the machine for them.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use tenantry_kernel::{Clock, Entropy, IdSource, TenantScope};
use time::OffsetDateTime;
use uuid::Uuid;

/// The machine's clock, in whole microseconds, as storage keeps them.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self, _scope: &TenantScope) -> OffsetDateTime {
        self.system_now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's adapter")]
    fn system_now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        let whole = now.nanosecond() - now.nanosecond() % 1_000;
        now.replace_nanosecond(whole).unwrap_or(now)
    }
}

/// `UUIDv7` identifiers: sorted by time, and within a process strictly ascending.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7Source;

impl IdSource for UuidV7Source {
    #[expect(clippy::disallowed_methods, reason = "this is the IdSource port's adapter")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if SystemRandom::new().fill(buffer).is_err() {
            give_up("the operating system has no randomness");
        }
    }
}

/// Ends the process where going on would mean guessable secrets.
pub(crate) fn give_up(why: &str) -> ! {
    eprintln!("tenantry: {why}; stopping rather than making guessable secrets");
    std::process::abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_whole_microseconds_and_goes_on() {
        let first = SystemClock.system_now();
        let second = SystemClock.system_now();

        assert_eq!(first.nanosecond() % 1_000, 0);
        assert!(second >= first);
        assert!(first.offset().is_utc());
    }

    #[test]
    fn ids_are_version_seven_and_ascend() {
        let ids: Vec<Uuid> = (0..1_000).map(|_| UuidV7Source.next()).collect();

        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn randomness_fills_the_whole_buffer_and_differs() {
        let (mut one, mut other) = ([0; 64], [0; 64]);

        SystemEntropy.fill(&mut one);
        SystemEntropy.fill(&mut other);

        assert_ne!(one, other);
        assert!(one[32..].iter().any(|byte| *byte != 0));
    }
}
