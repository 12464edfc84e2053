//! Places for calls at work, counted in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenantry_quotas::concurrency::{Full, Place, PlaceLimit, PlaceSubject, Places, Taken};

/// How many calls of each subject are at work; who has none is not remembered.
type AtWork = Arc<Mutex<HashMap<PlaceSubject, u32>>>;

/// Gives out places on this node. It remembers no more subjects than there are calls at work.
#[derive(Default)]
pub struct PlaceKeeper {
    at_work: AtWork,
}

impl PlaceKeeper {
    /// A keeper that nobody works for yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Places for PlaceKeeper {
    fn take(&self, limits: &[PlaceLimit]) -> Result<Taken, Full> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = |known: &HashMap<PlaceSubject, u32>, limit: &PlaceLimit| known.get(&limit.subject).copied();
        for limit in limits {
            if busy(&at_work, limit).unwrap_or(0) >= limit.places.get() {
                return Err(Full(*limit));
            }
        }
        for limit in limits {
            *at_work.entry(limit.subject).or_insert(0) += 1;
        }
        let left = limits
            .iter()
            .map(|limit| limit.places.get().saturating_sub(busy(&at_work, limit).unwrap_or(0)))
            .collect();
        drop(at_work);

        let subjects: Vec<PlaceSubject> = limits.iter().map(|limit| limit.subject).collect();
        let shared = Arc::clone(&self.at_work);
        let place = Place::new(move || give_back(&shared, &subjects));
        Ok(Taken { place, left })
    }
}

fn give_back(at_work: &AtWork, subjects: &[PlaceSubject]) {
    let mut at_work = at_work.lock().unwrap_or_else(PoisonError::into_inner);
    for subject in subjects {
        let left = at_work.get_mut(subject).map(|calls| {
            *calls = calls.saturating_sub(1);
            *calls
        });
        if left == Some(0) {
            at_work.remove(subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tenantry_kernel::TenantId;
    use tenantry_kernel::id::ApiKeyId;
    use tenantry_kernel::uuid::Uuid;

    use super::*;

    fn limits(key: u128, of_key: u32, of_tenant: u32) -> [PlaceLimit; 2] {
        [
            PlaceLimit {
                policy: "concurrent_per_key",
                subject: PlaceSubject::ApiKey(ApiKeyId::from_uuid(Uuid::from_u128(key))),
                places: NonZeroU32::new(of_key).unwrap(),
            },
            PlaceLimit {
                policy: "concurrent",
                subject: PlaceSubject::Tenant(TenantId::from_uuid(Uuid::from_u128(1)), true),
                places: NonZeroU32::new(of_tenant).unwrap(),
            },
        ]
    }

    #[test]
    fn a_place_is_free_again_when_its_call_has_ended() {
        let keeper = PlaceKeeper::new();

        let first = keeper.take(&limits(7, 1, 5)).unwrap();
        let second = keeper.take(&limits(7, 1, 5)).unwrap_err();
        assert_eq!(
            (first.left.clone(), second.0.policy),
            (vec![0, 4], "concurrent_per_key")
        );

        drop(first);
        assert!(keeper.take(&limits(7, 1, 5)).is_ok());
    }

    #[test]
    fn who_finds_no_place_takes_none() {
        let keeper = PlaceKeeper::new();
        let one = keeper.take(&limits(1, 5, 2)).unwrap();
        let two = keeper.take(&limits(2, 5, 2)).unwrap();

        for _ in 0..10 {
            assert_eq!(keeper.take(&limits(3, 1, 2)).unwrap_err().0.policy, "concurrent");
        }
        drop((one, two));

        assert_eq!(keeper.take(&limits(3, 1, 2)).unwrap().left, [0, 1]);
    }

    #[test]
    fn nobody_is_remembered_without_a_call_at_work() {
        let keeper = PlaceKeeper::new();

        for key in 0..1_000 {
            drop(keeper.take(&limits(key, 1, 1)).unwrap());
        }

        assert!(keeper.at_work.lock().unwrap().is_empty());
    }

    #[test]
    fn many_threads_never_are_more_at_work_than_there_are_places() {
        let keeper = PlaceKeeper::new();
        let most = std::sync::atomic::AtomicU32::new(0);
        let now = std::sync::atomic::AtomicU32::new(0);
        let order = std::sync::atomic::Ordering::SeqCst;

        std::thread::scope(|scope| {
            for key in 0..8 {
                let (keeper, most, now) = (&keeper, &most, &now);
                scope.spawn(move || {
                    for _ in 0..500 {
                        let Ok(taken) = keeper.take(&limits(key, 3, 3)) else {
                            continue;
                        };
                        most.fetch_max(now.fetch_add(1, order) + 1, order);
                        std::thread::yield_now();
                        now.fetch_sub(1, order);
                        drop(taken);
                    }
                });
            }
        });

        assert!(most.load(order) <= 3);
    }
}
