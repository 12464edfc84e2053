//! A clock that can be set, and later let go.

use std::sync::{Mutex, PoisonError};

use tenantry_auth_jwt::system::SystemClock;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Clock, TenantScope};

/// Stands where it was set; runs with the machine's once let go.
#[derive(Debug, Default)]
pub(crate) struct DemoClock(Mutex<Option<OffsetDateTime>>);

impl DemoClock {
    /// Stands at `now` from now on.
    pub(crate) fn set(&self, now: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Runs from now on.
    pub(crate) fn let_go(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Clock for DemoClock {
    fn now(&self, _scope: &TenantScope) -> OffsetDateTime {
        self.system_now()
    }

    fn system_now(&self) -> OffsetDateTime {
        let set = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        set.unwrap_or_else(|| SystemClock.system_now())
    }
}
