//! What waits to be counted, and which accounts that needs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tenantry_kernel::{ApiKeyId, Code, Principal, TenantId, TenantScope};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::counter::{Act, Order};
use tenantry_quotas::engine::OperationRef;
use tenantry_quotas::entitlement::{Allowance, Entitlements};
use tenantry_quotas::ledger::{EntryKind, LedgerEntry, OperationId};
use tenantry_quotas::limit::{Limit, Reach, User};
use tenantry_quotas::meter::{Aggregation, Engine, EventRule, Meter, MeterBook, MeterKind, MeterSource};
use tenantry_quotas::period::Period;
use tenantry_quotas::reservation::{Reservation, ReservationRef, ReservedItem};

/// Who asked.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// The kind of principal.
    pub(crate) kind: &'static str,
    /// Which principal.
    pub(crate) id: String,
    /// The API key, when it is one.
    pub(crate) key: Option<ApiKeyId>,
}

/// One operation that waits to be counted.
pub(crate) struct Pending {
    /// Its name in the ledger. What settles a reservation or gives something back is named after what it settles.
    pub(crate) reference: OperationRef,
    /// Who asked.
    pub(crate) actor: Actor,
    /// What is asked.
    pub(crate) order: Order,
    /// The limits that each item touches, where the order says which items.
    limits: Vec<Vec<Limit>>,
}

impl Pending {
    /// Everything that can be known before the writer's turn, reckoned by the caller's task.
    pub(crate) fn new(scope: &TenantScope, mut order: Order) -> Self {
        let key = match scope.principal() {
            Principal::ApiKey { key, .. } => Some(*key),
            _ => None,
        };
        let actor = Actor {
            kind: scope.principal().kind(),
            id: scope.principal().identifier(),
            key,
        };
        // The ledger knows an entry's key by who asked: what a key asks for is always the key's.
        let items = match &mut order.act {
            Act::Consume(items) | Act::Reserve { items, .. } => items.as_mut_slice(),
            Act::Lease(item) | Act::Correct { item, .. } => std::slice::from_mut(item),
            Act::Commit { .. } | Act::Release { .. } | Act::GiveBack(_) => &mut [],
        };
        for item in items.iter_mut() {
            item.user.key = item.user.key.or(key);
        }
        let limits = items.iter().map(|item| item.limits(&order.reach, order.live)).collect();
        let operation = match &order.act {
            Act::Commit { id, .. } => OperationId::internal("reservation", &id.to_string()),
            Act::GiveBack(given) => OperationId::internal("give-back", given.as_str()),
            Act::Consume(_) | Act::Lease(_) | Act::Reserve { .. } | Act::Release { .. } | Act::Correct { .. } => {
                order.operation.clone()
            }
        };
        let tenant = scope.tenant_id();
        Self {
            reference: OperationRef { tenant, operation },
            actor,
            order,
            limits,
        }
    }

    /// Whose.
    pub(crate) const fn tenant(&self) -> TenantId {
        self.reference.tenant
    }

    /// The reservation it ends.
    pub(crate) fn settles(&self) -> Option<ReservationRef> {
        match &self.order.act {
            Act::Commit { id, .. } | Act::Release { id, .. } => Some(ReservationRef {
                tenant: self.tenant(),
                id: *id,
            }),
            _ => None,
        }
    }

    /// The operation that it takes back.
    pub(crate) fn takes_back(&self) -> Option<OperationRef> {
        match &self.order.act {
            Act::GiveBack(operation) => Some(OperationRef {
                tenant: self.tenant(),
                operation: operation.clone(),
            }),
            _ => None,
        }
    }

    /// True when the other one must be durable before this one can be planned: only then is it known which
    /// accounts this one needs.
    pub(crate) fn builds_on(&self, other: &Self) -> bool {
        if self.tenant() != other.tenant() {
            return false;
        }
        match &self.order.act {
            Act::Commit { id, .. } | Act::Release { id, .. } => {
                matches!(&other.order.act, Act::Reserve { id: made, .. } if made == id)
            }
            Act::GiveBack(operation) => *operation == other.reference.operation,
            _ => false,
        }
    }
}

/// What never changes about what an order is about.
pub(crate) enum About {
    /// The order says it all.
    Itself,
    /// A reservation that it settles.
    Reservation(Box<Reservation>),
    /// The entries that it takes back.
    Entries(Vec<LedgerEntry>),
    /// Something that does not exist, or that cannot be taken back.
    Nothing,
}

/// One operation with all the accounts it needs.
pub(crate) struct Job<'p> {
    /// The operation.
    pub(crate) pending: &'p Pending,
    /// What it is about.
    pub(crate) about: About,
    /// The limits that each of its items or lines touches now, the leading one first.
    pub(crate) limits: Cow<'p, [Vec<Limit>]>,
    /// Accounts that hold room for it and are no limits any more.
    pub(crate) orphans: Vec<Limit>,
}

impl<'p> Job<'p> {
    /// An order that says itself which items it is about.
    pub(crate) const fn plain(pending: &'p Pending) -> Self {
        Self {
            pending,
            about: About::Itself,
            limits: Cow::Borrowed(pending.limits.as_slice()),
            orphans: Vec::new(),
        }
    }

    /// The end of a reservation.
    pub(crate) fn settling(pending: &'p Pending, found: Option<&Reservation>, meters: &MeterBook) -> Self {
        let found = found.filter(|reservation| reservation.live == pending.order.live);
        let Some(reservation) = found else {
            return Self::about_nothing(pending);
        };
        let reach = &pending.order.reach;
        let limits: Vec<Vec<Limit>> = reservation
            .items
            .iter()
            .map(|item| {
                let meter = meter_of(meters, &item.meter, item.accounts.first());
                let user = user_of(item, &pending.actor);
                Limit::all_of(reach, &meter, &user, reservation.live, reservation.created_at)
            })
            .collect();
        let mut orphans = BTreeMap::new();
        for (item, limits) in reservation.items.iter().zip(&limits) {
            for account in &item.accounts {
                if !limits.iter().any(|limit| limit.account == *account) {
                    orphans
                        .entry(account)
                        .or_insert_with(|| orphan(account, reach, limits.first()));
                }
            }
        }
        Self {
            pending,
            orphans: orphans.into_values().collect(),
            about: About::Reservation(Box::new(reservation.clone())),
            limits: Cow::Owned(limits),
        }
    }

    /// An operation taken back.
    pub(crate) fn taking_back(pending: &'p Pending, found: Option<&[LedgerEntry]>, meters: &MeterBook) -> Self {
        let revocable = |entry: &LedgerEntry| {
            entry.account.live == pending.order.live
                && matches!(entry.kind, EntryKind::Usage | EntryKind::Commit)
                && meters
                    .get(entry.meter())
                    .is_some_and(|meter| meter.aggregation.adds_up())
        };
        let found = found.filter(|entries| !entries.is_empty() && entries.iter().all(revocable));
        let Some(entries) = found else {
            return Self::about_nothing(pending);
        };
        let limits = entries.iter().map(|entry| {
            let meter = meter_of(meters, entry.meter(), None);
            let reach = reach_within(&pending.order.reach, entry.pool);
            Limit::all_of(&reach, &meter, &user_of_entry(entry), entry.account.live, entry.at)
        });
        Self {
            pending,
            limits: Cow::Owned(limits.collect()),
            about: About::Entries(entries.to_vec()),
            orphans: Vec::new(),
        }
    }

    const fn about_nothing(pending: &'p Pending) -> Self {
        Self {
            pending,
            about: About::Nothing,
            limits: Cow::Borrowed(&[]),
            orphans: Vec::new(),
        }
    }

    /// All limits whose accounts it needs.
    pub(crate) fn all_limits(&self) -> impl Iterator<Item = &Limit> {
        self.limits.iter().flatten().chain(&self.orphans)
    }
}

/// The pool of an entry's operation: what was counted in no pool, or in another one, is not taken from this one.
pub(crate) fn reach_within(reach: &Reach, pool: Option<TenantId>) -> Reach {
    Reach {
        pool: reach.pool.clone().filter(|(tenant, _)| Some(*tenant) == pool),
        ..reach.clone()
    }
}

/// Who used what a reservation holds: whoever reserved it, and the key that settles it where no key reserved it.
pub(crate) fn user_of(item: &ReservedItem, actor: &Actor) -> User {
    User {
        name: item.user.name.clone(),
        key: item.user.key.or(actor.key),
    }
}

/// Who an entry counted on.
pub(crate) fn user_of_entry(entry: &LedgerEntry) -> User {
    let key = Some(entry).filter(|entry| entry.actor_kind == KEY_KIND);
    User {
        name: entry.user.as_deref().map(Into::into),
        key: key.and_then(|entry| entry.actor_id.parse().ok()),
    }
}

/// The kind of principal that API keys are.
pub(crate) const KEY_KIND: &str = "api_key";

/// The catalog's meter; one that left the catalog counts on as it was reserved.
fn meter_of<'m>(meters: &'m MeterBook, code: &Code, account: Option<&TenantAccount>) -> Cow<'m, Meter> {
    if let Some(meter) = meters.get(code) {
        return Cow::Borrowed(meter);
    }
    let lasting = account.is_some_and(|account| account.key.period == Period::Lifetime);
    Cow::Owned(Meter {
        code: code.clone(),
        name: code.to_string(),
        unit: String::new(),
        kind: if lasting { MeterKind::Gauge } else { MeterKind::Counter },
        source: MeterSource::Reported,
        aggregation: Aggregation::Sum,
        engine: Engine::Strict,
        events: EventRule::default(),
    })
}

/// An account that holds room and is no limit any more: nothing bounds it.
fn orphan(account: &TenantAccount, reach: &Reach, leading: Option<&Limit>) -> Limit {
    let entitlements: Option<&Entitlements> = if account.tenant == reach.tenant {
        Some(&reach.entitlements)
    } else {
        let pool = reach.pool.as_ref().filter(|(tenant, _)| *tenant == account.tenant);
        pool.map(|(_, entitlements)| &**entitlements)
    };
    let known = entitlements.unwrap_or(&reach.entitlements);
    let period = account.key.period;
    Limit {
        account: account.clone(),
        allowance: Allowance {
            meter: account.key.meter.clone(),
            limit: None,
            enforcement: tenantry_quotas::entitlement::Enforcement::Hard,
            overage: false,
            period,
            share: tenantry_quotas::entitlement::Share::Tenant,
            rollover: None,
            grace_percent: 0,
        },
        resets_at: period
            .window(account.key.period_start, known.anchor, &known.zone)
            .resets_at,
        aggregation: leading.map_or(Aggregation::Sum, |limit| limit.aggregation),
        // A pool that the tenant has left: whoever counts there next knows its revision.
        revision: entitlements.map_or(0, |entitlements| entitlements.revision),
        rolls_over_from: None,
    }
}
