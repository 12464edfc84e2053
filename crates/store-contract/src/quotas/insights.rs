//! What was used over time.

use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::insight::{Consumer, Dimension, Point, UsageSpan};
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::testing::code;

use super::{MARCH, NOW, QuotaHarness, account, bare, key_id, land, read, tenant_id};
use crate::tenancy::found_two;

fn at(number: u128, amount: i64, minutes: i64, user: Option<&str>, key: Option<u128>) -> LedgerEntry {
    LedgerEntry {
        at: NOW + Duration::minutes(minutes) + Duration::seconds(30),
        user: user.map(str::to_owned),
        actor_kind: if key.is_some() { "api_key" } else { "member" }.to_owned(),
        actor_id: key_id(key.unwrap_or(9)).to_string(),
        ..bare(number, amount)
    }
}

/// An hour of both tenants.
async fn an_hour(store: &impl QuotaHarness) {
    found_two(store).await;
    let test = LedgerEntry {
        account: AccountKey {
            live: false,
            ..account("messages")
        },
        ..at(6, 500, 0, Some("ann"), None)
    };
    let tokens = LedgerEntry {
        account: account("tokens"),
        ..at(7, 700, 0, Some("ann"), None)
    };
    let all = [
        at(1, 10, 0, Some("ann"), Some(1)),
        at(2, 5, 0, Some("bob"), Some(1)),
        at(3, 40, 14, Some("ann"), Some(2)),
        at(4, -3, 15, Some("ann"), None),
        at(5, 9, 60, None, None),
        test,
        tokens,
    ];
    land(store, 1, &all).await.unwrap();
    land(store, 2, &[at(8, 100, 0, Some("ann"), Some(1))]).await.unwrap();
}

fn span() -> UsageSpan {
    UsageSpan {
        meter: code("messages"),
        live: true,
        from: NOW,
        to: NOW + Duration::HOUR,
        user: None,
        key: None,
    }
}

const fn point(at: OffsetDateTime, amount: i64, operations: i64) -> Point {
    Point { at, amount, operations }
}

/// Series are by quarters of an hour, of one tenant, without those in which nothing happened.
pub async fn quarters_add_up_what_was_counted_in_them(store: &impl QuotaHarness) {
    an_hour(store).await;
    let quarters = async |tenant: u128, span: UsageSpan| {
        let mut unit = read(store, tenant).await;
        unit.insights().quarters(&span).await.unwrap()
    };
    let later = NOW + Duration::minutes(15);

    assert_eq!(quarters(1, span()).await, [point(NOW, 55, 3), point(later, -3, 1)]);
    assert_eq!(quarters(2, span()).await, [point(NOW, 100, 1)]);
    let ann = UsageSpan {
        user: Some("ann".to_owned()),
        ..span()
    };
    assert_eq!(quarters(1, ann).await, [point(NOW, 50, 2), point(later, -3, 1)]);
    let key = UsageSpan {
        key: Some(key_id(1).to_string()),
        ..span()
    };
    assert_eq!(quarters(1, key).await, [point(NOW, 15, 2)]);
    let test = UsageSpan { live: false, ..span() };
    assert_eq!(quarters(1, test).await, [point(NOW, 500, 1)]);
    let day = UsageSpan {
        from: MARCH,
        to: MARCH + Duration::DAY,
        ..span()
    };
    assert_eq!(quarters(1, day).await.len(), 3);
    let later_only = UsageSpan { from: later, ..span() };
    assert_eq!(quarters(1, later_only).await, [point(later, -3, 1)]);
}

/// Short spans are by minutes.
pub async fn minutes_add_up_what_was_counted_in_them(store: &impl QuotaHarness) {
    an_hour(store).await;
    let minutes = async |tenant: u128, span: UsageSpan| {
        let mut unit = read(store, tenant).await;
        unit.insights().minutes(&span).await.unwrap()
    };
    let after = |minutes| NOW + Duration::minutes(minutes);

    let all = [point(NOW, 15, 2), point(after(14), 40, 1), point(after(15), -3, 1)];
    assert_eq!(minutes(1, span()).await, all);
    assert_eq!(minutes(2, span()).await, [point(NOW, 100, 1)]);
    let key = UsageSpan {
        key: Some(key_id(2).to_string()),
        user: Some("ann".to_owned()),
        ..span()
    };
    assert_eq!(minutes(1, key).await, [point(after(14), 40, 1)]);
}

/// Who used most comes first; usage of nobody is nobody's.
pub async fn who_used_most_comes_first(store: &impl QuotaHarness) {
    an_hour(store).await;
    let top = async |tenant: u128, by, limit| {
        let mut unit = read(store, tenant).await;
        let span = UsageSpan {
            to: NOW + Duration::DAY,
            ..span()
        };
        unit.insights().top(&span, by, limit).await.unwrap()
    };
    let consumer = |name: &str, amount, operations| Consumer {
        name: name.to_owned(),
        amount,
        operations,
    };

    let users = [consumer("ann", 47, 3), consumer("bob", 5, 1)];
    assert_eq!(top(1, Dimension::User, 10).await, users);
    assert_eq!(top(1, Dimension::User, 1).await, users[..1]);
    let keys = [(2, 40, 1), (1, 15, 2)];
    let keys = keys.map(|(key, amount, operations)| consumer(&key_id(key).to_string(), amount, operations));
    assert_eq!(top(1, Dimension::Key, 10).await, keys);
    assert_eq!(top(2, Dimension::User, 10).await, [consumer("ann", 100, 1)]);
}

/// Operators see which tenants used most.
pub async fn the_tenants_that_used_most_come_first(store: &impl QuotaHarness) {
    an_hour(store).await;
    let messages = code("messages");
    let top = async |limit| {
        let directory = store.usage_directory();
        let found = directory.top_tenants(&messages, NOW, NOW + Duration::HOUR, limit).await;
        found.unwrap()
    };

    let both = [(tenant_id(2), point(NOW, 100, 1)), (tenant_id(1), point(NOW, 52, 4))];
    assert_eq!(top(10).await, both);
    assert_eq!(top(1).await, both[..1]);
}
