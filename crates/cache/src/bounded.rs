//! A bounded map that readers never lock: two generations, the older one thrown away when the younger is full.

use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use foldhash::fast::RandomState;

/// Every request looks several facts up. The hasher is seeded at random; nobody chooses keys at will, since only what
/// exists is kept.
type HashMap<K, V> = papaya::HashMap<K, V, RandomState>;

/// Keeps what was used lately, `capacity` entries or a few more.
///
/// What is found in the old generation moves to the young one, so entries in use outlive a turn.
pub(crate) struct Bounded<K, V> {
    generations: [HashMap<K, V>; 2],
    young: AtomicUsize,
    turning: AtomicBool,
    half: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Bounded<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            generations: [(); 2].map(|()| HashMap::default()),
            young: AtomicUsize::new(0),
            turning: AtomicBool::new(false),
            half: (capacity / 2).max(1),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let (young, old) = self.generations();
        if let Some(value) = young.pin().get(key) {
            return Some(value.clone());
        }
        let value = old.pin().get(key).cloned()?;
        // Not over a newer value that somebody has put there meanwhile.
        if young.pin().try_insert(key.clone(), value.clone()).is_ok() {
            self.turn_when_full();
        }
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V) {
        let (young, _) = self.generations();
        young.pin().insert(key, value);
        self.turn_when_full();
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.generations.iter().map(HashMap::len).sum()
    }

    fn generations(&self) -> (&HashMap<K, V>, &HashMap<K, V>) {
        let [first, second] = &self.generations;
        if self.young.load(Ordering::Acquire) == 0 {
            (first, second)
        } else {
            (second, first)
        }
    }

    fn turn_when_full(&self) {
        let (young, _) = self.generations();
        if young.len() < self.half || self.turning.swap(true, Ordering::AcqRel) {
            return;
        }
        // Asked again: another thread may have turned between the look and the flag.
        let (young, old) = self.generations();
        if young.len() >= self.half {
            old.pin().clear();
            self.young.fetch_xor(1, Ordering::AcqRel);
        }
        self.turning.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_was_put_in_is_found_and_the_latest_value_wins() {
        let map = Bounded::new(100);

        map.insert(1, "one");
        map.insert(1, "uno");

        assert_eq!((map.get(&1), map.get(&2)), (Some("uno"), None));
    }

    #[test]
    fn it_never_grows_beyond_its_capacity() {
        let map = Bounded::new(100);

        for key in 0..10_000 {
            map.insert(key, key);
            assert!(map.len() <= 100, "{key}");
        }
        assert_eq!(map.get(&9_999), Some(9_999));
    }

    #[test]
    fn an_entry_in_use_outlives_those_that_are_not() {
        let map = Bounded::new(100);
        map.insert(0, 0);
        map.insert(1, 1);

        for key in 2..1_000 {
            map.insert(key, key);
            assert_eq!(map.get(&0), Some(0));
        }

        assert_eq!(map.get(&1), None);
    }

    #[test]
    fn an_old_value_never_covers_a_newer_one_through_a_turn() {
        let map = Bounded::new(4);
        map.insert(0, 0);

        for round in 1..50 {
            map.insert(0, round);
            map.insert(100 + round, 0);
            assert_eq!(map.get(&0), Some(round));
        }
    }

    #[test]
    fn many_threads_may_turn_it_at_once() {
        let map = Arc::new(Bounded::new(64));
        let threads: Vec<_> = (0..4_usize)
            .map(|thread| {
                let map = Arc::clone(&map);
                std::thread::spawn(move || {
                    for key in 0..20_000_usize {
                        map.insert(key * 4 + thread, key);
                        if let Some(value) = map.get(&(key * 4)) {
                            assert_eq!(value, key);
                        }
                    }
                })
            })
            .collect();

        for thread in threads {
            thread.join().unwrap();
        }

        // Each thread may be one entry over while another turns.
        assert!(map.len() <= 64 + 4 * 2, "{}", map.len());
    }
}
