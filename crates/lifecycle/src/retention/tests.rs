use std::sync::Mutex;

use super::*;
use crate::catalog::Catalog;
use crate::testing::House;
use crate::testing::fixture::{self, NOW};

/// A log that has so many entries of each tenant to remove.
#[derive(Default)]
struct Log {
    old: u64,
    asked: Mutex<Vec<(TenantId, OffsetDateTime, u32)>>,
    broken: Option<TenantId>,
}

#[async_trait]
impl AuditPurge for Log {
    async fn purge_audit(
        &self,
        _: &SystemScope,
        tenant: TenantId,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<u64, StoreError> {
        if self.broken == Some(tenant) {
            return Err(StoreError::Contended);
        }
        let mut asked = self.asked.lock().unwrap();
        asked.push((tenant, before, limit));
        let earlier = asked.iter().filter(|(known, ..)| *known == tenant).count() - 1;
        let left = self
            .old
            .saturating_sub(u64::from(limit) * u64::try_from(earlier).unwrap());
        Ok(left.min(u64::from(limit)))
    }
}

/// `starter` keeps 90 days, every other plan forever.
fn house() -> House {
    let mut parts = fixture::parts();
    for offer in &mut parts.offers {
        if offer.code().as_str() == "starter" {
            offer.retention_days = Some(90);
        }
    }
    House::selling(Catalog::new(parts).unwrap())
}

#[tokio::test]
async fn history_is_kept_as_long_as_the_plan_says() {
    let house = house();
    let some = house.found("acme", "starter").await;
    let all = house.found("globex", "free").await;
    let retention = house.retention();

    let of_some = retention.kept_from(&house.owner_of(&some).await).await.unwrap();
    let of_all = retention.kept_from(&house.owner_of(&all).await).await.unwrap();

    assert_eq!((of_some, of_all), (Some(NOW - Duration::days(90)), None));
}

#[tokio::test]
async fn old_history_goes_in_small_batches_and_only_where_the_plan_says_so() {
    let house = house();
    let some = house.found("acme", "starter").await;
    house.found("globex", "free").await;
    let log = Arc::new(Log {
        old: 1_200,
        ..Log::default()
    });

    let report = house.purge(log.clone()).run(&house.worker()).await.unwrap();

    assert_eq!((report.removed, report.failed.len()), (1_200, 0));
    let once = (some.tenant.id(), NOW - Duration::days(90), BATCH);
    assert_eq!(*log.asked.lock().unwrap(), [once, once, once]);
}

#[tokio::test]
async fn a_very_long_history_is_left_to_the_next_run() {
    let house = house();
    house.found("acme", "starter").await;
    let log = Arc::new(Log {
        old: 1_000_000,
        ..Log::default()
    });

    let report = house.purge(log).run(&house.worker()).await.unwrap();

    assert_eq!(report.removed, u64::from(BATCH * BATCHES));
}

#[tokio::test]
async fn a_tenant_that_fails_stops_nobody_else() {
    let house = house();
    let stuck = house.found("acme", "starter").await;
    house.found("globex", "starter").await;
    let log = Arc::new(Log {
        old: 7,
        broken: Some(stuck.tenant.id()),
        ..Log::default()
    });

    let report = house.purge(log).run(&house.worker()).await.unwrap();

    assert_eq!(report.removed, 7);
    assert_eq!(report.failed[0].0, stuck.tenant.id());
}

#[tokio::test]
async fn a_catalog_that_keeps_everything_looks_at_no_tenant() {
    let house = House::default();
    house.found("acme", "starter").await;
    let log = Arc::new(Log {
        old: 7,
        ..Log::default()
    });

    let report = house.purge(log.clone()).run(&house.worker()).await.unwrap();

    assert_eq!(report.removed, 0);
    assert!(log.asked.lock().unwrap().is_empty());
}
