//! Reservations: room that is held while work is done, then used or given back.

use std::sync::Arc;

use tenantry_kernel::{Code, Page, PageRequest, StoreError, TenantId, async_trait, typed_id};
use time::OffsetDateTime;

use crate::account::TenantAccount;
use crate::ledger::OperationId;
use crate::limit::User;

typed_id!(
    /// A reservation.
    ReservationId
);

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationStatus {
    /// It holds room.
    Held,
    /// What was used of it is counted.
    Committed,
    /// It was given back.
    Released,
    /// Its time was up, and it was given back by itself.
    Expired,
}

impl ReservationStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Held, Self::Committed, Self::Released, Self::Expired];

    /// The name in answers and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The status of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What a reservation holds on one meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedItem {
    /// The meter.
    pub meter: Code,
    /// How much.
    pub amount: i64,
    /// Who within the tenant uses it.
    pub user: User,
    /// Whom within the tenant it is about, in the caller's words.
    pub subject: Option<String>,
    /// What the caller says about it.
    pub description: Option<String>,
    /// The accounts that hold it, the tenant's own first.
    pub accounts: Vec<TenantAccount>,
    /// How much of it was counted in the end.
    pub used: Option<i64>,
}

/// Room that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// The caller's name for making it.
    pub operation: OperationId,
    /// SHA-256 of the request that made it.
    pub digest: [u8; 32],
    /// False for test keys.
    pub live: bool,
    /// What it holds.
    pub items: Vec<ReservedItem>,
    /// Where it stands.
    pub status: ReservationStatus,
    /// When it was made; its use counts in the periods of this moment.
    pub created_at: OffsetDateTime,
    /// When it is given back by itself.
    pub expires_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

impl Reservation {
    /// Where it stands at a time: one whose time is up has expired, whether anybody wrote that down or not.
    #[must_use]
    pub fn status_at(&self, now: OffsetDateTime) -> ReservationStatus {
        if self.status == ReservationStatus::Held && self.expires_at <= now {
            ReservationStatus::Expired
        } else {
            self.status
        }
    }
}

/// Names one reservation in the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationRef {
    /// Whose.
    pub tenant: TenantId,
    /// Which.
    pub id: ReservationId,
}

/// What one reservation holds on one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hold {
    /// Which reservation.
    pub reservation: ReservationRef,
    /// Which of its items.
    pub item: usize,
    /// The account.
    pub account: TenantAccount,
    /// How much.
    pub amount: i64,
    /// When it is given back by itself.
    pub expires_at: OffsetDateTime,
}

/// Reservations of one tenant, read only. Writing is the engine's.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ReservationRepository: Send {
    /// `None` when the tenant has no such reservation.
    async fn find(&mut self, id: ReservationId) -> Result<Option<Reservation>, StoreError>;

    /// Reservations, latest first.
    async fn list(&mut self, page: PageRequest) -> Result<Page<Reservation>, StoreError>;
}

/// Reservations of all tenants whose time is up.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ExpiredReservations: Send + Sync {
    /// Up to `limit` reservations that still hold room and should have been given back before `now`.
    async fn expired(&self, now: OffsetDateTime, limit: u32) -> Result<Vec<ReservationRef>, StoreError>;
}

/// A member's name on an account, for meters that count different ones.
pub type Member = (TenantAccount, Arc<str>);
