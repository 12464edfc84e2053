//! Reserving: room is held while work is done, then used or given back.

use tenantry_kernel::{FieldError, Page, PageRequest, TenantScope, uuid::Uuid};
use time::Duration;

use crate::counter::{Act, Line, Order};
use crate::ledger::{Amount, OperationId};
use crate::permissions::{CONSUME_USAGE, READ_USAGE};
use crate::reservation::{Reservation, ReservationId};
use crate::usage::error::UsageError;
use crate::usage::ports::{UsagePorts, Wanted, is_live};
use crate::usage::service::paths;

/// How long a reservation holds when nobody says.
pub const DEFAULT_TTL: Duration = Duration::minutes(5);
/// The longest that a reservation may hold.
pub const MAX_TTL: Duration = Duration::days(7);

/// What a caller wants reserved.
#[derive(Clone, Debug)]
pub struct Reserve {
    /// What, all or none.
    pub items: Vec<Wanted>,
    /// After how many seconds it is given back by itself.
    pub ttl_s: Option<i64>,
    /// The `Idempotency-Key` and SHA-256 of the request body, when the caller named the operation.
    pub operation: Option<(OperationId, [u8; 32])>,
}

/// A reservation, and how the meters stand with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The reservation.
    pub reservation: Reservation,
    /// How each item's meter stands; empty for an operation that was done before.
    pub lines: Vec<Line>,
    /// True when this is the first answer to the same operation again.
    pub replayed: bool,
}

/// Reserves, and ends reservations.
pub struct ReservationService {
    ports: UsagePorts,
}

impl ReservationService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(ports: UsagePorts) -> Self {
        Self { ports }
    }

    /// Holds amounts on meters, when the plan allows all of them.
    ///
    /// # Errors
    /// As [`crate::usage::UsageService::consume`], and [`UsageError::NotAdditive`].
    pub async fn reserve(&self, scope: &TenantScope, request: Reserve) -> Result<Reserved, UsageError> {
        scope.require(&CONSUME_USAGE)?;

        let now = self.ports.clock.now(scope);
        let ttl = ttl(request.ttl_s)?;
        let mut items = Vec::new();
        for (path, wanted) in paths(request.items)? {
            let item = self.ports.item(scope, wanted, &path, now)?;
            if !item.meter.aggregation.adds_up() {
                return Err(UsageError::NotAdditive(item.meter.code));
            }
            items.push(item);
        }
        let reach = self.ports.reach(scope).await?;

        let id = self.ports.ids.next();
        let (operation, digest) = request.operation.unwrap_or_else(|| (OperationId::from(id), [0; 32]));
        let order = Order {
            operation,
            digest,
            act: Act::Reserve {
                id: ReservationId::from_uuid(id),
                items,
                expires_at: now + ttl,
            },
            live: is_live(scope),
            reach: reach.clone(),
            now,
        };
        self.ended(scope, order).await
    }

    /// Ends a reservation and counts what was really used: of each of its items, or all that was reserved. A retry
    /// gets its first answer again.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Invalid`], [`UsageError::Exceeded`] when more was used than reserved and
    /// that does not fit, [`UsageError::Counter`] when there is no such reservation or it has ended.
    pub async fn commit(&self, scope: &TenantScope, id: Uuid, used: Option<Vec<i64>>) -> Result<Reserved, UsageError> {
        scope.require(&CONSUME_USAGE)?;
        let in_range = |amount: &i64| (0..=Amount::MAX).contains(amount);
        if used.as_ref().is_some_and(|used| !used.iter().all(in_range)) {
            let detail = format!("must be a whole number from 0 to {}", Amount::MAX);
            return Err(UsageError::Invalid(vec![FieldError::new(
                "amount",
                "out_of_range",
                detail,
            )]));
        }
        let id = ReservationId::from_uuid(id);
        if let Some(used) = &used {
            self.names_each_item(scope, id, used.len()).await?;
        }
        let order = self.ending(scope, id, Act::Commit { id, used }).await?;
        self.ended(scope, order).await
    }

    /// Ends a reservation and counts nothing. One that was released already stays so.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Counter`] when there is no such reservation or it has ended otherwise.
    pub async fn release(&self, scope: &TenantScope, id: Uuid) -> Result<Reserved, UsageError> {
        scope.require(&CONSUME_USAGE)?;
        let id = ReservationId::from_uuid(id);
        let order = self.ending(scope, id, Act::Release { id, expired: false }).await?;
        self.ended(scope, order).await
    }

    /// One reservation; `None` when the tenant has none of this id.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Store`].
    pub async fn find(&self, scope: &TenantScope, id: Uuid) -> Result<Option<Reservation>, UsageError> {
        require_seeing(scope)?;
        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.reservations().find(ReservationId::from_uuid(id)).await?)
    }

    /// The tenant's reservations, latest first.
    ///
    /// # Errors
    /// [`UsageError::Denied`], [`UsageError::Store`].
    pub async fn list(&self, scope: &TenantScope, page: PageRequest) -> Result<Page<Reservation>, UsageError> {
        require_seeing(scope)?;
        let mut unit = self.ports.store.read(scope).await?;
        Ok(unit.reservations().list(page).await?)
    }

    async fn names_each_item(&self, scope: &TenantScope, id: ReservationId, used: usize) -> Result<(), UsageError> {
        let mut unit = self.ports.store.read(scope).await?;
        let Some(reservation) = unit.reservations().find(id).await? else {
            return Ok(());
        };
        if reservation.items.len() == used {
            return Ok(());
        }
        let detail = format!("must name each of the {} reserved items", reservation.items.len());
        Err(UsageError::Invalid(vec![FieldError::new(
            "amounts",
            "invalid_value",
            detail,
        )]))
    }

    async fn ending(&self, scope: &TenantScope, id: ReservationId, act: Act) -> Result<Order, UsageError> {
        Ok(Order {
            operation: OperationId::internal("reservation", &id.to_string()),
            digest: [0; 32],
            act,
            live: is_live(scope),
            reach: self.ports.reach(scope).await?,
            now: self.ports.clock.now(scope),
        })
    }

    async fn ended(&self, scope: &TenantScope, order: Order) -> Result<Reserved, UsageError> {
        let (reach, now) = (order.reach.clone(), order.now);
        let outcome = self.ports.counter.submit(scope, order).await;
        let outcome = outcome.map_err(|cause| self.ports.refused(cause, &reach, now))?;
        let reservation = outcome
            .reservation
            .ok_or(UsageError::Counter(crate::counter::ConsumeError::Unknown))?;
        Ok(Reserved {
            reservation,
            lines: outcome.lines,
            replayed: outcome.replayed,
        })
    }
}

/// Whoever may reserve sees what is reserved.
fn require_seeing(scope: &TenantScope) -> Result<(), UsageError> {
    if scope.permissions().holds(&CONSUME_USAGE) {
        return Ok(());
    }
    Ok(scope.require(&READ_USAGE)?)
}

fn ttl(seconds: Option<i64>) -> Result<Duration, UsageError> {
    let ttl = seconds.map_or(DEFAULT_TTL, Duration::seconds);
    if (Duration::SECOND..=MAX_TTL).contains(&ttl) {
        return Ok(ttl);
    }
    let detail = format!("must be 1 to {} seconds", MAX_TTL.whole_seconds());
    Err(UsageError::Invalid(vec![FieldError::new(
        "ttl_seconds",
        "out_of_range",
        detail,
    )]))
}
