//! One transaction, bound to whom it is for.

use std::collections::BTreeSet;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, Query, SimpleExpr};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use tenantry_activity::feed::{Committed, change_facts};
use tenantry_kernel::id::UserId;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Event, Origin, StoreError, SystemScope, TenantId, TenantScope, Transaction, async_trait};
use uuid::Uuid;

use crate::error::store_error;
use crate::journal;
use crate::store::Core;

/// The role a transaction takes on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Requests: the pinned tenant and the pinned person.
    App,
    /// Background work: queues, feeds, directories.
    Worker,
    /// The quota engine: usage accounts of all tenants.
    Quota,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::App => "tenantry_app",
            Self::Worker => "tenantry_worker",
            Self::Quota => "tenantry_quota",
        }
    }
}

/// What a transaction has to do with the ledger's marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// Nothing.
    None,
    /// Its entries carry the mark of now, which nobody takes before it has ended.
    Stamps,
    /// It takes the mark of now: no transaction that stamps is under way.
    Takes,
}

/// Names the lock between transactions that stamp, which share it, and the one that takes a mark. A lock of its own
/// kind is fair, and unlike a row's it writes nothing.
const MARKS_LOCK: i64 = 0x7465_6e61_6d61_726b;

/// What a transaction is pinned to, and what it may do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    pub role: Role,
    pub tenant: Option<TenantId>,
    pub user: Option<UserId>,
    pub read_only: bool,
    pub marks: Marks,
}

impl Pin {
    /// One statement list, one round trip. The ids are UUIDs: nothing in them needs quoting.
    pub(crate) fn sql(&self) -> String {
        let read_only = if self.read_only {
            "set transaction read only; "
        } else {
            ""
        };
        let role = self.role.name();
        let tenant = self.tenant.map(|id| id.to_string()).unwrap_or_default();
        let user = self.user.map(|id| id.to_string()).unwrap_or_default();
        // The engine looks rows up by their keys. Plans are made once and kept, also from a time when tables were
        // small enough to be read whole. What is switched off looks so dear that it would be compiled first.
        let plans = if self.role == Role::Quota {
            ", set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), \
             set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true), \
             set_config('plan_cache_mode', 'force_custom_plan', true)"
        } else {
            ""
        };
        let marks = match self.marks {
            Marks::None => String::new(),
            Marks::Stamps => format!(
                "; select pg_advisory_xact_lock_shared({MARKS_LOCK}); \
                 select set_config('app.usage_mark', n::text, true) from usage_mark where id = 1"
            ),
            Marks::Takes => format!("; select pg_advisory_xact_lock({MARKS_LOCK})"),
        };
        // Nobody waits for a lock, or keeps one without doing anything, for longer than a caller would.
        format!(
            "{read_only}set local role {role}; set local lock_timeout = '5s'; \
             set local idle_in_transaction_session_timeout = '60s'; \
             select set_config('app.tenant_id', '{tenant}', true), set_config('app.user_id', '{user}', true)\
             {plans}{marks}"
        )
    }
}

/// On whose behalf a transaction acts: what its audit rows say.
#[derive(Clone, Debug)]
pub(crate) enum Author {
    /// A principal in a tenant.
    Tenant(TenantScope),
    /// A person, outside every tenant.
    Person(UserId, Origin),
    /// An operator or a worker.
    System(SystemScope),
    /// A look-up before anything is known. It never commits anything.
    Nobody,
}

/// One transaction. It implements every repository and every domain's unit; dropping it rolls back.
///
/// After a write was refused, PostgreSQL refuses whatever follows in the same transaction: drop the unit.
pub struct SeaOrmUnit {
    txn: DatabaseTransaction,
    pin: Pin,
    author: Author,
    store: Arc<Core>,
    touched: BTreeSet<UserId>,
    /// Whom it may add.
    added: BTreeSet<UserId>,
}

impl SeaOrmUnit {
    pub(crate) const fn new(txn: DatabaseTransaction, pin: Pin, author: Author, store: Arc<Core>) -> Self {
        Self {
            txn,
            pin,
            author,
            store,
            touched: BTreeSet::new(),
            added: BTreeSet::new(),
        }
    }

    /// The transaction, to run what the fence started.
    #[must_use]
    pub const fn txn(&self) -> &DatabaseTransaction {
        &self.txn
    }

    /// True on PostgreSQL.
    pub(crate) fn is_postgres(&self) -> bool {
        self.txn.get_database_backend() == DbBackend::Postgres
    }

    /// True when nothing can be written: a lock would be refused too.
    pub(crate) const fn is_read_only(&self) -> bool {
        self.pin.read_only
    }

    /// The tenant, or the nil UUID, which owns what belongs to no tenant.
    #[must_use]
    pub fn tenant_uuid(&self) -> Uuid {
        self.pin.tenant.map_or_else(Uuid::nil, TenantId::as_uuid)
    }

    /// The pinned person, or the nil UUID, which owns nothing.
    #[must_use]
    pub fn user_uuid(&self) -> Uuid {
        self.pin.user.map_or_else(Uuid::nil, UserId::as_uuid)
    }

    pub(crate) const fn author(&self) -> &Author {
        &self.author
    }

    pub(crate) fn store(&self) -> &Core {
        &self.store
    }

    /// Notes that what is known of a person elsewhere changes with this unit: their caches are emptied at commit.
    pub(crate) fn touch(&mut self, user: UserId) {
        self.touched.insert(user);
    }

    pub(crate) fn touched(&self) -> impl Iterator<Item = UserId> {
        self.touched.iter().copied()
    }

    /// Names the people that rows may be added for, here and to row security.
    #[expect(clippy::disallowed_methods, reason = "sets a variable of the transaction")]
    pub(crate) async fn name_people(&mut self, people: BTreeSet<UserId>) -> Result<(), StoreError> {
        if self.is_postgres() {
            let list = people.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let sql = "select set_config('app.added_people', $1, true)";
            let named = Statement::from_sql_and_values(DbBackend::Postgres, sql, [list.into()]);
            self.txn.execute_raw(named).await.map_err(store_error)?;
        }
        self.added = people;
        Ok(())
    }

    /// True for a person that rows may be added for.
    pub(crate) fn may_add(&self, person: Uuid) -> bool {
        self.added.contains(&UserId::from_uuid(person))
    }

    /// What the unit is pinned to.
    pub(crate) const fn pinned(&self) -> Committed {
        Committed {
            tenant: self.pin.tenant,
            user: self.pin.user,
        }
    }

    /// Whose cached facts this unit changed: those it is pinned to, if anything happened that changes some, and those it
    /// touched.
    fn changed(&self, events: &[Event]) -> Vec<Committed> {
        let pinned = self.pinned();
        let touched = self.touched().map(|user| Committed {
            tenant: None,
            user: Some(user),
        });
        // What an operator or a worker does to the installation itself names nobody, and voids everything.
        let named = pinned.tenant.is_some() || pinned.user.is_some() || matches!(self.author, Author::System(_));
        let happened = change_facts(events) && named;
        happened.then_some(pinned).into_iter().chain(touched).collect()
    }

    /// Commits the store's own housekeeping: nobody's act, so nothing is written about it. Every statement
    /// before it has succeeded.
    pub(crate) async fn finish(self) -> Result<(), StoreError> {
        self.txn.commit().await.map_err(store_error)
    }

    /// Now, by the domain's clock.
    pub(crate) fn now(&self) -> OffsetDateTime {
        match &self.author {
            Author::Tenant(scope) => self.store.ports.clock.now(scope),
            Author::Person(..) | Author::System(_) | Author::Nobody => self.store.ports.clock.system_now(),
        }
    }

    /// The database's clock in microseconds, as an expression: the one clock that all nodes share.
    pub(crate) fn database_time(&self) -> SimpleExpr {
        Expr::cust(if self.is_postgres() {
            "(extract(epoch from statement_timestamp()) * 1000000)::bigint"
        } else {
            "cast(unixepoch('subsec') * 1000000 as integer)"
        })
    }

    /// Asks for one number that is no row's.
    #[expect(clippy::disallowed_methods, reason = "asks the database about itself, not for rows")]
    pub(crate) async fn ask(&self, number: SimpleExpr) -> Result<i64, StoreError> {
        let asked = Query::select().expr_as(number, "number").take();
        let row = self.txn.query_one(&asked).await.map_err(store_error)?;
        let row = row.ok_or_else(|| StoreError::Backend("the database did not answer".into()))?;
        row.try_get("", "number").map_err(store_error)
    }
}

#[async_trait]
impl Transaction for SeaOrmUnit {
    async fn commit(self: Box<Self>, events: Vec<Event>) -> Result<(), StoreError> {
        journal::write(&self, &events).await?;
        if events.is_empty() && self.is_postgres() && !self.pin.read_only {
            // After a refused write PostgreSQL answers COMMIT with a silent rollback; any statement tells.
            self.ask(Expr::value(1_i64)).await?;
        }
        let committed = self.changed(&events);
        let store = Arc::clone(&self.store);
        self.finish().await?;
        for what in committed {
            store.tell(what);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_names_role_tenant_and_person_and_forgets_them_at_the_end() {
        let pin = Pin {
            role: Role::App,
            tenant: Some(TenantId::from_uuid(Uuid::from_u128(7))),
            user: None,
            read_only: true,
            marks: Marks::None,
        };

        assert_eq!(
            pin.sql(),
            "set transaction read only; set local role tenantry_app; set local lock_timeout = '5s'; \
             set local idle_in_transaction_session_timeout = '60s'; \
             select set_config('app.tenant_id', '00000000-0000-0000-0000-000000000007', true), \
             set_config('app.user_id', '', true)"
        );
    }
}
