//! The system's clock, identifiers and randomness: the only place that asks the machine for them.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

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
///
/// Twelve bits count the identifiers of a millisecond (RFC 9562, section 6.2, method 1); when they are used up the
/// next millisecond is begun early. The other 62 are random.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidV7Source;

/// Milliseconds since 1970, and below them the twelve bits of the count: of the last identifier.
static LAST_ID: AtomicU64 = AtomicU64::new(0);

/// Random bytes for identifiers to come: every request takes one, and asking the machine each time would be felt.
struct Pool {
    bytes: [u8; 512],
    used: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; 512], used: 512 }) };
}

impl Pool {
    fn take(&mut self) -> [u8; 8] {
        if self.used >= self.bytes.len() {
            SystemEntropy.fill(&mut self.bytes);
            self.used = 0;
        }
        // The buffer is a multiple of what is taken, so there is always enough left.
        let taken = self.bytes.get(self.used..).and_then(|rest| rest.first_chunk());
        self.used += 8;
        taken.copied().unwrap_or_default()
    }
}

impl IdSource for UuidV7Source {
    fn next(&self) -> Uuid {
        let now_ms = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis());
        let earliest = u64::try_from(now_ms).unwrap_or(0) << 12;
        let place = |last: u64| earliest.max(last.wrapping_add(1));
        let taken = LAST_ID.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(place(last)));
        let place = place(taken.unwrap_or_else(|last| last));
        let random = u64::from_be_bytes(POOL.with_borrow_mut(Pool::take));
        let high = (place >> 12) << 16 | 0x7000 | (place & 0x0FFF);
        Uuid::from_u64_pair(high, random >> 2 | 1 << 63)
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
    use std::collections::BTreeSet;

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
        let ids: Vec<Uuid> = (0..20_000).map(|_| UuidV7Source.next()).collect();

        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(ids.iter().all(|id| id.get_variant() == uuid::Variant::RFC4122));
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let randoms: BTreeSet<u64> = ids.iter().map(|id| id.as_u64_pair().1).collect();
        assert_eq!(randoms.len(), ids.len());
    }

    #[test]
    fn an_id_tells_its_time() {
        let before = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();

        let (told, _) = UuidV7Source.next().get_timestamp().unwrap().to_unix();

        assert!(told.abs_diff(before) <= 60, "{told} is not {before}");
    }

    #[test]
    fn ids_of_several_threads_differ() {
        let make = || (0..5_000).map(|_| UuidV7Source.next()).collect::<Vec<_>>();

        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(make)).collect();
        let ids: Vec<Uuid> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();

        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 20_000);
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
