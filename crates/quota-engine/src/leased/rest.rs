//! Slices, and giving back what is left of them.

use tenantry_kernel::{IdSource, TenantId, TenantScope};
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::counter::{Act, Item, Order};
use tenantry_quotas::ledger::{EntryKind, OperationId};
use tenantry_quotas::limit::{Limit, Reach};
use time::OffsetDateTime;

/// What the ledger says about what is given back.
const DESCRIPTION: &str = "counted in advance and not used";

/// Something that was counted before it is used.
#[derive(Clone)]
pub(super) struct Slice {
    /// The accounts it was counted on.
    pub(super) accounts: Vec<TenantAccount>,
    /// For whom.
    pub(super) scope: TenantScope,
    /// Under whose limits.
    pub(super) reach: Reach,
    /// What was counted.
    pub(super) item: Item,
    /// False for test keys.
    pub(super) live: bool,
    /// When it was last counted there.
    pub(super) now: OffsetDateTime,
    /// How much of it is left, once it is used no more.
    pub(super) left: i64,
}

impl Slice {
    pub(super) fn is_of(&self, limits: &[Limit]) -> bool {
        self.accounts.len() == limits.len()
            && self
                .accounts
                .iter()
                .zip(limits)
                .all(|(account, limit)| *account == limit.account)
    }
}

/// The rest of a slice on its way back. Its name makes sure that it is given back once, however often that is tried.
pub(super) struct Rest {
    operation: OperationId,
    slice: Slice,
}

impl Rest {
    pub(super) fn of(slice: Slice, ids: &dyn IdSource) -> Self {
        Self {
            operation: OperationId::internal("lease-return", &ids.next().to_string()),
            slice,
        }
    }

    pub(super) const fn operation(&self) -> &OperationId {
        &self.operation
    }

    pub(super) const fn scope(&self) -> &TenantScope {
        &self.slice.scope
    }

    pub(super) const fn left(&self) -> i64 {
        self.slice.left
    }

    /// What it holds of an account until it has been given back.
    pub(super) fn unused(&self, account: &TenantAccount) -> i64 {
        if self.slice.accounts.contains(account) {
            self.slice.left
        } else {
            0
        }
    }

    /// Gives it back under the limits of today, in the pool that it was counted in.
    pub(super) fn order(&self, today: Option<Reach>) -> Order {
        let then = &self.slice.reach;
        let pool = |reach: &Reach| -> Option<TenantId> { reach.pool.as_ref().map(|(tenant, _)| *tenant) };
        let reach = match today {
            Some(today) if pool(&today) == pool(then) => today,
            Some(today) => Reach {
                pool: then.pool.clone(),
                ..today
            },
            None => then.clone(),
        };
        Order {
            operation: self.operation.clone(),
            digest: [0; 32],
            act: Act::Correct {
                kind: EntryKind::LeaseReturn,
                item: Item {
                    value: self.slice.left.saturating_neg(),
                    description: Some(DESCRIPTION.to_owned()),
                    ..self.slice.item.clone()
                },
            },
            live: self.slice.live,
            reach,
            now: self.slice.now,
        }
    }
}
