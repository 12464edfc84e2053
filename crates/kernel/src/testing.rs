//! Doubles for tests: a clock that stands still, ids in sequence, scopes by hand.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::budget::{Budget, BudgetKeeper};
use crate::error::StoreError;
use crate::id::{MembershipId, SessionId, TenantId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::ports::{Clock, Entropy, IdSource};
use crate::principal::{Origin, Principal};
use crate::scope::{Authority, SystemScope, TenantScope};

/// A clock that moves only when told.
#[derive(Debug)]
pub struct FixedClock(Mutex<OffsetDateTime>);

impl FixedClock {
    /// Stands at `now`.
    #[must_use]
    pub const fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }

    /// Jumps to `now`.
    pub fn set(&self, to: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = to;
    }
}

impl Clock for FixedClock {
    fn now(&self, _scope: &TenantScope) -> OffsetDateTime {
        self.system_now()
    }

    fn system_now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Ids 1, 2, 3, … as UUIDs.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn next(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }
}

/// Bytes that count upwards: distinct, and the same in every run.
#[derive(Debug, Default)]
pub struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self
                .0
                .fetch_add(1, Ordering::SeqCst)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .to_le_bytes();
            for (byte, fresh) in chunk.iter_mut().zip(next) {
                *byte = fresh;
            }
        }
    }
}

/// Budgets in memory.
#[derive(Debug, Default)]
pub struct MemoryBudgets(Mutex<HashMap<[u8; 32], OffsetDateTime>>);

#[async_trait]
impl BudgetKeeper for MemoryBudgets {
    async fn take(
        &self,
        budget: &Budget,
        subject: &[u8; 32],
        now: OffsetDateTime,
    ) -> Result<Result<(), Duration>, StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let taken = budget.take(kept.get(subject).copied(), now);
        Ok(taken.map(|whole_at| {
            kept.insert(*subject, whole_at);
        }))
    }

    async fn forget_whole(&self, now: OffsetDateTime, _limit: u32) -> Result<u64, StoreError> {
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = kept.len();
        kept.retain(|_, whole_at| *whole_at > now);
        Ok(u64::try_from(before - kept.len()).unwrap_or(u64::MAX))
    }
}

impl TenantScope {
    /// A scope for tests: tenant number `tenant`, a member, and these permissions.
    #[must_use]
    pub fn for_test(tenant: u128, permissions: &[Permission]) -> Self {
        let principal = Principal::Member {
            user: UserId::from_uuid(Uuid::from_u128(tenant + 1_000)),
            membership: MembershipId::from_uuid(Uuid::from_u128(tenant + 2_000)),
            session: SessionId::from_uuid(Uuid::from_u128(tenant + 3_000)),
        };
        Self::for_test_as(tenant, principal, permissions)
    }

    /// A scope for tests, acting as `principal`.
    #[must_use]
    pub fn for_test_as(tenant: u128, principal: Principal, permissions: &[Permission]) -> Self {
        let permissions = permissions.iter().cloned().collect::<PermissionSet>();
        test_authority().enter(
            TenantId::from_uuid(Uuid::from_u128(tenant)),
            principal,
            permissions,
            Origin::default(),
        )
    }
}

impl SystemScope {
    /// A scope for tests: a worker with these permissions.
    #[must_use]
    pub fn for_test(permissions: &[Permission]) -> Self {
        let permissions = permissions.iter().cloned().collect::<PermissionSet>();
        test_authority().enter_system(Principal::Worker { job: "test" }, permissions, Origin::default())
    }
}

/// An authority for tests.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "tests are a composition root of their own")]
pub const fn test_authority() -> Authority {
    Authority::new()
}
