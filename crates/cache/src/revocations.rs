//! What all caches share: epochs that move with every commit, and how fresh our knowledge of commits is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenantry_activity::feed::{CommitListener, Committed};
use tenantry_kernel::TenantId;
use tenantry_kernel::id::UserId;
use tokio::time::Instant;

/// How long after a look at the feed cached facts are trusted.
pub const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Epochs per kind of owner. Owners that share one only lose more than they must; 128 KiB each.
const STRIPES: usize = 1 << 14;

/// Whose facts a cached value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Tenant(TenantId),
    User(UserId),
    /// The installation itself: its facts are void whenever everything is.
    Installation,
}

/// The state of an owner's facts at one moment. Equal stamps: nothing was committed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) u64);

/// Tells every cache what it may still believe.
///
/// Register it as the store's commit listener, and let an [`Invalidator`](crate::Invalidator) run over it.
#[derive(Debug)]
pub struct Revocations {
    tenants: Box<[AtomicU64]>,
    users: Box<[AtomicU64]>,
    /// Moves with every commit of any owner, before the owner's own epoch does.
    any: AtomicU64,
    /// Moves after it did: equal to `any` while no commit is being told.
    told: AtomicU64,
    /// Moves when everything is forgotten.
    everything: AtomicU64,
    born: Instant,
    /// Microseconds after `born` at which the last good look at the feed began, plus one; 0 is "never".
    heard_us: AtomicU64,
}

impl Default for Revocations {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocations {
    /// Trusts nothing until the feed has been heard.
    #[must_use]
    pub fn new() -> Self {
        let stripes = || (0..STRIPES).map(|_| AtomicU64::new(0)).collect();
        Self {
            tenants: stripes(),
            users: stripes(),
            any: AtomicU64::new(0),
            told: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            born: Instant::now(),
            heard_us: AtomicU64::new(0),
        }
    }

    /// True while cached facts may be answered: the feed was heard within [`TRUSTED_FOR`].
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.silence().is_some_and(|silence| silence <= TRUSTED_FOR)
    }

    /// Moves whenever every cached fact is void: something of the installation itself has changed, here or elsewhere.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.everything.load(Ordering::Acquire)
    }

    /// How long the feed has been silent; `None` when it was never heard.
    #[must_use]
    pub fn silence(&self) -> Option<Duration> {
        let heard_us = self.heard_us.load(Ordering::Acquire).checked_sub(1)?;
        Some(self.born.elapsed().saturating_sub(Duration::from_micros(heard_us)))
    }

    /// Makes every cached fact of every owner void.
    pub fn forget_all(&self) {
        self.any.fetch_add(1, Ordering::AcqRel);
        self.everything.fetch_add(1, Ordering::AcqRel);
        for epoch in self.tenants.iter().chain(&self.users) {
            epoch.fetch_add(1, Ordering::AcqRel);
        }
        self.told.fetch_add(1, Ordering::AcqRel);
    }

    /// Every commit that landed before `began` has been told.
    pub(crate) fn heard(&self, began: Instant) {
        let age = began.saturating_duration_since(self.born).as_micros();
        let heard_us = u64::try_from(age).unwrap_or(u64::MAX - 1).saturating_add(1);
        self.heard_us.fetch_max(heard_us, Ordering::AcqRel);
    }

    pub(crate) fn stamp(&self, owner: Owner) -> Stamp {
        Stamp(self.epoch(owner).load(Ordering::Acquire))
    }

    /// A stamp over all owners, for facts whose owner is known only once they are loaded.
    pub(crate) fn stamp_of_any(&self) -> Stamp {
        Stamp(self.any.load(Ordering::Acquire))
    }

    /// A stamp that moves only when everything is forgotten, for facts without an owner.
    pub(crate) fn stamp_of_everything(&self) -> Stamp {
        Stamp(self.everything.load(Ordering::Acquire))
    }

    /// A moment at which no commit is being told, by a stamp over all owners; `None` while one is. Epochs that are read
    /// later stand as they stood at that moment, if the stamp over all owners is the same after that.
    pub(crate) fn quiet_moment(&self) -> Option<Stamp> {
        // In this order: of the commits begun until the second look, as many are over at the first only if all are.
        let told = self.told.load(Ordering::Acquire);
        let any = self.any.load(Ordering::Acquire);
        (told == any).then_some(Stamp(any))
    }

    fn epoch(&self, owner: Owner) -> &AtomicU64 {
        let (stripes, id) = match owner {
            Owner::Tenant(tenant) => (&self.tenants, tenant.as_uuid()),
            Owner::User(user) => (&self.users, user.as_uuid()),
            Owner::Installation => return &self.everything,
        };
        // The last bits of a UUIDv7 are random.
        let stripe = usize::try_from(id.as_u128() % STRIPES as u128).unwrap_or(0);
        stripes.get(stripe).unwrap_or(&self.everything)
    }
}

impl CommitListener for Revocations {
    /// Voids the facts of those who are named; a commit that names nobody voids everything.
    fn committed(&self, what: Committed) {
        let owners = [what.tenant.map(Owner::Tenant), what.user.map(Owner::User)];
        if owners.iter().all(Option::is_none) {
            return self.forget_all();
        }
        // First of all, so that whoever sees an owner's new epoch sees this one too.
        self.any.fetch_add(1, Ordering::AcqRel);
        for owner in owners.into_iter().flatten() {
            self.epoch(owner).fetch_add(1, Ordering::AcqRel);
        }
        self.told.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn tenant(number: u128) -> Owner {
        Owner::Tenant(TenantId::from_uuid(Uuid::from_u128(number)))
    }

    fn user(number: u128) -> Owner {
        Owner::User(UserId::from_uuid(Uuid::from_u128(number)))
    }

    fn commit_of_tenant(number: u128) -> Committed {
        Committed {
            tenant: Some(TenantId::from_uuid(Uuid::from_u128(number))),
            user: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_trusted_before_the_feed_was_heard_nor_a_second_after() {
        let revocations = Revocations::new();

        assert!(!revocations.is_fresh());
        revocations.heard(Instant::now());
        assert!(revocations.is_fresh());
        tokio::time::advance(TRUSTED_FOR).await;
        assert!(revocations.is_fresh());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!revocations.is_fresh());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_look_counts_from_its_beginning_and_never_backwards() {
        let revocations = Revocations::new();
        let began = Instant::now();
        tokio::time::advance(Duration::from_millis(900)).await;
        revocations.heard(Instant::now());
        revocations.heard(began);

        tokio::time::advance(Duration::from_millis(200)).await;

        assert!(revocations.is_fresh());
        let late = Revocations::new();
        let began = Instant::now();
        tokio::time::advance(Duration::from_millis(1_001)).await;
        late.heard(began);
        assert!(!late.is_fresh());
    }

    #[tokio::test]
    async fn a_commit_moves_its_owners_and_leaves_others() {
        let revocations = Revocations::new();
        let before = [tenant(1), tenant(2), user(1)].map(|owner| revocations.stamp(owner));
        let any = revocations.stamp_of_any();

        revocations.committed(commit_of_tenant(1));

        assert_ne!(revocations.stamp(tenant(1)), before[0]);
        assert_eq!(revocations.stamp(tenant(2)), before[1]);
        assert_eq!(revocations.stamp(user(1)), before[2]);
        assert_ne!(revocations.stamp_of_any(), any);
    }

    #[tokio::test]
    async fn a_moment_is_quiet_unless_a_commit_is_being_told() {
        let revocations = Revocations::new();
        revocations.committed(commit_of_tenant(1));
        revocations.forget_all();
        assert_eq!(revocations.quiet_moment(), Some(revocations.stamp_of_any()));

        // As `committed` does, and stops half-way.
        revocations.any.fetch_add(1, Ordering::AcqRel);

        assert_eq!(revocations.quiet_moment(), None);
    }

    #[tokio::test]
    async fn a_commit_that_names_nobody_moves_everything() {
        let revocations = Revocations::new();
        let before = [tenant(1), user(7)].map(|owner| revocations.stamp(owner));
        let everything = revocations.stamp_of_everything();

        revocations.committed(Committed {
            tenant: None,
            user: None,
        });

        assert_ne!([tenant(1), user(7)].map(|owner| revocations.stamp(owner)), before);
        assert_ne!(revocations.stamp_of_everything(), everything);
    }
}
