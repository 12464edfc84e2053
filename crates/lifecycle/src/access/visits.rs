//! That platform people came in: the tenant's own log tells who looked, not only who changed something.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Clock, Event, SessionId, StoreError, TenantId, TenantScope};
use tenantry_tenancy::store::TenancyStore;

/// What an operator does within this time of entering is one visit.
const VISIT: Duration = Duration::minutes(15);

/// Notes visits of platform people, one row per visit and node.
pub(super) struct Visits {
    store: Arc<dyn TenancyStore>,
    clock: Arc<dyn Clock>,
    since: Mutex<HashMap<(SessionId, TenantId), OffsetDateTime>>,
}

impl Visits {
    pub(super) fn new(store: Arc<dyn TenancyStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            since: Mutex::default(),
        }
    }

    /// Writes down that the operator entered, unless this visit stands in the log already.
    ///
    /// # Errors
    /// The store's: nobody comes in unseen.
    pub(super) async fn note(&self, scope: &TenantScope, session: SessionId) -> Result<(), StoreError> {
        let now = self.clock.system_now();
        let visit = (session, scope.tenant_id());
        if self.is_noted(visit, now) {
            return Ok(());
        }
        let unit = self.store.begin(scope).await?;
        unit.commit(vec![Event::new("tenant.entered", scope.tenant_id())])
            .await?;
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.retain(|_, began| now < *began + VISIT);
        since.insert(visit, now);
        Ok(())
    }

    fn is_noted(&self, visit: (SessionId, TenantId), now: OffsetDateTime) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(&visit).is_some_and(|began| now < *began + VISIT)
    }
}

#[cfg(test)]
mod tests {
    use tenantry_identity::user::PlatformRole;
    use tenantry_kernel::uuid::Uuid;
    use tenantry_kernel::{Origin, Principal, StoreError, UserId};

    use super::VISIT;
    use crate::access::{AccessError, Address, Caller, Person};
    use crate::testing::House;

    fn support(session: u128) -> Caller {
        Caller::Person(Person {
            user: UserId::from_uuid(Uuid::from_u128(9)),
            session: tenantry_kernel::SessionId::from_uuid(Uuid::from_u128(session)),
            seat: None,
            platform_role: Some(PlatformRole::Support),
            stepped_up: true,
        })
    }

    fn to(slug: &str) -> Address<'static> {
        Address {
            path: Some(slug.to_owned().into()),
            ..Address::default()
        }
    }

    #[tokio::test]
    async fn who_comes_in_to_look_stands_in_the_tenants_log_once_a_visit() {
        let house = House::default();
        house.found("acme", "free").await;
        house.found("globex", "free").await;
        let access = house.access();
        let before = house.store.commits().len();
        let visits = async |who: &Caller, slug: &str| {
            access.enter(who, &to(slug), Origin::default()).await.unwrap();
            house.store.commits().len() - before
        };

        assert_eq!(visits(&support(1), "acme").await, 1);
        assert_eq!(visits(&support(1), "acme").await, 1);
        assert_eq!(visits(&support(2), "acme").await, 2);
        assert_eq!(visits(&support(1), "globex").await, 3);
        house.clock.advance(VISIT);
        assert_eq!(visits(&support(1), "acme").await, 4);

        let entered = &house.store.commits()[before..];
        assert!(entered.iter().all(|commit| commit.events[0].action == "tenant.entered"));
    }

    #[tokio::test]
    async fn nobody_comes_in_unseen() {
        let house = House::default();
        let made = house.found("acme", "free").await;
        let access = house.access();
        house.store.fail_commit(StoreError::Contended);

        let refused = access.enter(&support(1), &to("acme"), Origin::default()).await;
        let entered = access.enter(&support(1), &to("acme"), Origin::default()).await.unwrap();

        assert!(matches!(refused, Err(AccessError::Store(StoreError::Contended))));
        assert_eq!(entered.tenant_id(), made.tenant.id());
        assert!(matches!(entered.principal(), Principal::Operator { .. }));
        assert_eq!(house.store.actions().last(), Some(&"tenant.entered"));
    }
}
