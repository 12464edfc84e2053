//! Calls, counted out of slices.
//!
//! A slice is counted durably before any call is taken from it, so a limit is never passed; when a node
//! stops, what was left of its slices stays counted. Slices shrink towards the limit, down to single
//! calls, so that all of a limit can be used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, IdSource, TenantId, TenantScope, async_trait};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::counter::{ConsumeError, ConsumeRequest, Consumed, Limit, UsageCounter};
use tenantry_quotas::entitlement::Entitlements;
use tenantry_quotas::ledger::{Amount, OperationId};
use tenantry_quotas::meter::Meter;
use tenantry_quotas::requests::RequestCounter;

/// The largest slice.
const MAX_SLICE: i64 = 256;
/// A slice is at most this part of what is left.
const PART_OF_ROOM: i64 = 64;
/// What the ledger says about a slice.
const DESCRIPTION: &str = "calls, counted in advance";

/// Counts calls out of slices that a [`UsageCounter`] counted.
///
/// Remembers one slice per tenant and meter, and test keys apart.
pub struct LeasedRequests {
    counter: Arc<dyn UsageCounter>,
    ids: Arc<dyn IdSource>,
    slots: papaya::HashMap<SlotKey, Arc<Slot>>,
}

type SlotKey = (TenantId, Code, bool);

/// One meter of one tenant on this node.
#[derive(Default)]
struct Slot {
    slice: Mutex<Slice>,
    /// Held while a slice is fetched, so that a crowd fetches one.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Slice {
    /// The accounts it was counted on.
    accounts: Vec<AccountKey>,
    /// Calls left.
    left: i64,
    /// What the first account held when last seen; it only grows.
    posted: Option<i64>,
}

impl LeasedRequests {
    /// Counts through `counter`.
    #[must_use]
    pub fn new(counter: Arc<dyn UsageCounter>, ids: Arc<dyn IdSource>) -> Self {
        Self {
            counter,
            ids,
            slots: papaya::HashMap::new(),
        }
    }

    fn slot(&self, tenant: TenantId, meter: &Code, live: bool) -> Arc<Slot> {
        let slots = self.slots.pin();
        Arc::clone(slots.get_or_insert_with((tenant, meter.clone(), live), Arc::default))
    }

    /// Counts a slice and takes the first call from it.
    async fn fetch(
        &self,
        scope: &TenantScope,
        slot: &Slot,
        limits: &[Limit],
        template: ConsumeRequest,
    ) -> Result<Consumed, ConsumeError> {
        let _turn = slot.fetching.lock().await;
        if let Some(consumed) = slot.take(limits) {
            return Ok(consumed);
        }
        let mut size = slot.next_size(limits)?;
        loop {
            let request = ConsumeRequest {
                operation: OperationId::from(self.ids.next()),
                amount: Amount::try_from(size).unwrap_or(Amount::ONE),
                ..template.clone()
            };
            match self.counter.consume(scope, request).await {
                Ok(consumed) => return Ok(slot.put(limits, size, consumed.used)),
                // Others used what was left; the last calls are fetched one by one.
                Err(ConsumeError::Exceeded { .. }) if size > 1 => size = 1,
                Err(refused) => {
                    slot.saw_refusal(limits, &refused);
                    return Err(refused);
                }
            }
        }
    }
}

#[async_trait]
impl RequestCounter for LeasedRequests {
    async fn count(
        &self,
        scope: &TenantScope,
        meter: &Meter,
        live: bool,
        at: OffsetDateTime,
        entitlements: Arc<Entitlements>,
    ) -> Result<Consumed, ConsumeError> {
        let slot = self.slot(scope.tenant_id(), &meter.code, live);
        // At the turn of a period calls overtake each other; the later period has begun for all of them.
        let at = slot.latest_start().map_or(at, |start| at.max(start));
        let limits = Limit::all_of(meter, &entitlements, live, at);
        if let Some(consumed) = slot.take(&limits) {
            return Ok(consumed);
        }
        let template = ConsumeRequest {
            operation: OperationId::from(self.ids.next()),
            digest: [0; 32],
            meter: meter.clone(),
            amount: Amount::ONE,
            description: Some(DESCRIPTION.to_owned()),
            subject: None,
            live,
            at,
            entitlements,
        };
        self.fetch(scope, &slot, &limits, template).await
    }

    fn unused(&self, tenant: TenantId, account: &AccountKey) -> i64 {
        let slots = self.slots.pin();
        let slot = slots.get(&(tenant, account.meter.clone(), account.live));
        slot.map_or(0, |slot| {
            let slice = slot.slice();
            if slice.accounts.first() == Some(account) {
                slice.left
            } else {
                0
            }
        })
    }
}

impl Slot {
    fn slice(&self) -> MutexGuard<'_, Slice> {
        self.slice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn latest_start(&self) -> Option<OffsetDateTime> {
        self.slice().accounts.first().map(|account| account.period_start)
    }

    /// Takes one call, if there is one for these accounts.
    fn take(&self, limits: &[Limit]) -> Option<Consumed> {
        let mut slice = self.slice();
        if slice.left <= 0 || !slice.is_of(limits) {
            return None;
        }
        slice.left -= 1;
        Some(slice.answer(limits))
    }

    /// How many calls to fetch: few when little is left, one when nothing is known yet.
    ///
    /// What an account holds only grows within its period. Once it was seen at its limit, nobody needs to be asked.
    fn next_size(&self, limits: &[Limit]) -> Result<i64, ConsumeError> {
        let slice = self.slice();
        let leading = limits.first();
        let Some(limit) = leading.and_then(|leading| leading.allowance.hard_limit()) else {
            return Ok(MAX_SLICE);
        };
        let posted = slice.posted.filter(|_| slice.is_of(limits));
        match posted {
            Some(used) if used >= limit => Err(ConsumeError::Exceeded {
                limit,
                used,
                resets_at: leading.and_then(|leading| leading.resets_at),
            }),
            Some(used) => Ok(((limit - used) / PART_OF_ROOM).clamp(1, MAX_SLICE)),
            None => Ok(1),
        }
    }

    /// Puts a fresh slice in and takes the first call from it.
    fn put(&self, limits: &[Limit], size: i64, used: i64) -> Consumed {
        let mut slice = self.slice();
        slice.turn_to(limits);
        slice.left += size - 1;
        slice.posted = slice.posted.max(Some(used));
        slice.answer(limits)
    }

    fn saw_refusal(&self, limits: &[Limit], refused: &ConsumeError) {
        // With several limits the refusal does not tell whose account it saw.
        if let (ConsumeError::Exceeded { used, .. }, [_]) = (refused, limits) {
            let mut slice = self.slice();
            slice.turn_to(limits);
            slice.posted = slice.posted.max(Some(*used));
        }
    }
}

impl Slice {
    fn is_of(&self, limits: &[Limit]) -> bool {
        self.accounts.len() == limits.len()
            && self
                .accounts
                .iter()
                .zip(limits)
                .all(|(account, limit)| *account == limit.account)
    }

    /// What is left of a slice on other accounts, of a period that has passed, stays counted there.
    fn turn_to(&mut self, limits: &[Limit]) {
        if !self.is_of(limits) {
            *self = Self {
                accounts: limits.iter().map(|limit| limit.account.clone()).collect(),
                ..Self::default()
            };
        }
    }

    fn answer(&self, limits: &[Limit]) -> Consumed {
        let leading = limits.first();
        Consumed {
            used: self.posted.unwrap_or(0) - self.left,
            limit: leading.and_then(|leading| leading.allowance.limit),
            resets_at: leading.and_then(|leading| leading.resets_at),
            replayed: false,
        }
    }
}

#[cfg(test)]
mod tests;
