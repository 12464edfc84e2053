//! Thresholds: reached once, told once.

use tenantry_kernel::time::Duration;
use tenantry_quotas::account::{AccountKey, Subject};
use tenantry_quotas::alert::Alert;
use tenantry_quotas::engine::BatchWrites;

use super::{NOW, QuotaHarness, account, begin, of_tenant, read, tenant_id};
use crate::tenancy::found_two;

fn alert(tenant: u128, percent: u8, used: i64) -> Alert {
    Alert {
        account: of_tenant(tenant, account("messages")),
        threshold_percent: percent,
        limit: 1_000,
        used,
        at: NOW + Duration::seconds(i64::from(percent)),
    }
}

fn of_ann(percent: u8) -> Alert {
    let key = AccountKey {
        subject: Subject::user("ann"),
        ..account("messages")
    };
    Alert {
        account: of_tenant(1, key),
        ..alert(1, percent, 9)
    }
}

async fn reach(store: &impl QuotaHarness, alerts: Vec<Alert>) {
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let writes = BatchWrites {
        alerts,
        ..BatchWrites::default()
    };
    batch.write(&writes).await.unwrap();
    batch.commit().await.unwrap();
}

/// A threshold is told once per account: the first time.
pub async fn a_threshold_is_reached_once(store: &impl QuotaHarness) {
    found_two(store).await;
    reach(store, vec![alert(1, 80, 800), of_ann(80)]).await;

    reach(store, vec![alert(1, 95, 960), alert(1, 80, 960)]).await;

    let reached = async |tenant: u128, account: AccountKey| {
        let mut unit = read(store, tenant).await;
        unit.usage().list_alerts(&account).await.unwrap()
    };
    assert_eq!(
        reached(1, account("messages")).await,
        [alert(1, 80, 800), alert(1, 95, 960)]
    );
    assert_eq!(reached(1, of_ann(80).account.key).await, [of_ann(80)]);
    assert_eq!(reached(2, account("messages")).await, []);
}

/// What nobody was told of is listed by its tenant, the earliest first, until it is told; tenants with such are known.
pub async fn what_was_told_is_not_told_again(store: &impl QuotaHarness) {
    found_two(store).await;
    reach(store, vec![alert(1, 95, 950), alert(1, 80, 800), of_ann(100)]).await;
    reach(store, vec![alert(2, 80, 800)]).await;
    let untold = async |tenant: u128, limit| {
        let mut unit = begin(store, tenant).await;
        unit.quota_alerts().untold(limit).await.unwrap()
    };
    assert_eq!(
        store.alerted().with_untold(10).await.unwrap(),
        [tenant_id(1), tenant_id(2)]
    );
    assert_eq!(store.alerted().with_untold(1).await.unwrap(), [tenant_id(1)]);
    let all = [alert(1, 80, 800), alert(1, 95, 950), of_ann(100)];
    assert_eq!(untold(1, 10).await, all);

    let mut unit = begin(store, 1).await;
    let two = unit.quota_alerts().untold(2).await.unwrap();
    unit.quota_alerts().told(&two, NOW).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!((two, untold(1, 10).await), (all[..2].to_vec(), vec![of_ann(100)]));

    let mut dropped = begin(store, 1).await;
    dropped.quota_alerts().told(&[of_ann(100)], NOW).await.unwrap();
    drop(dropped);
    assert_eq!(untold(1, 10).await, [of_ann(100)]);

    let mut unit = begin(store, 1).await;
    unit.quota_alerts()
        .told(&[of_ann(100), alert(2, 80, 800)], NOW)
        .await
        .unwrap();
    unit.commit(Vec::new()).await.unwrap();
    assert_eq!(untold(1, 10).await, []);
    assert_eq!(untold(2, 10).await, [alert(2, 80, 800)]);
    assert_eq!(store.alerted().with_untold(10).await.unwrap(), [tenant_id(2)]);
}
