//! Accounts, the ledger, and the engine's batches over them.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Page, StoreError};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::alert::Alert;
use tenantry_quotas::decide::{Claim, Operation, Verdict, decide};
use tenantry_quotas::engine::{BatchWrites, OperationRef, Posting};
use tenantry_quotas::ledger::{Amount, EntryFilter, LedgerEntry, UsageEntryId};
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::code;

use super::{APRIL, MARCH, NOW, QuotaHarness, account, entry, land, of_tenant, operation, read, tenant_id, writes};
use crate::next_page;
use crate::tenancy::found_two;

async fn posted(store: &impl QuotaHarness, tenant: u128, accounts: &[AccountKey]) -> Vec<i64> {
    read(store, tenant).await.usage().posted(accounts).await.unwrap()
}

async fn entries(store: &impl QuotaHarness, tenant: u128, filter: &EntryFilter) -> Vec<LedgerEntry> {
    let page = read(store, tenant)
        .await
        .usage()
        .list_entries(filter, next_page::<()>(200, None))
        .await;
    page.unwrap().items
}

fn named(tenant: u128, name: &str) -> OperationRef {
    OperationRef {
        tenant: tenant_id(tenant),
        operation: operation(name),
    }
}

/// What a batch wrote is read by the tenant it was written for, as it went.
pub async fn what_a_batch_writes_comes_back_whole_for_its_tenant(store: &impl QuotaHarness) {
    found_two(store).await;
    let bare = LedgerEntry {
        limit: None,
        resets_at: None,
        description: None,
        subject: None,
        account: AccountKey {
            live: false,
            period: Period::Lifetime,
            ..account("storage")
        },
        ..entry(2, 5, 5)
    };
    let mut both = writes(1, &[entry(1, 3, 3), bare.clone()]);
    let theirs = writes(2, &[entry(3, 9, 9)]);
    both.entries.extend(theirs.entries);
    both.accounts.extend(theirs.accounts);

    land(store, &both).await.unwrap();

    assert_eq!(
        entries(store, 1, &EntryFilter::default()).await,
        [bare.clone(), entry(1, 3, 3)]
    );
    assert_eq!(entries(store, 2, &EntryFilter::default()).await, [entry(3, 9, 9)]);
    let asked = [account("messages"), account("tokens"), bare.account];
    assert_eq!(posted(store, 1, &asked).await, [3, 0, 5]);
    assert_eq!(posted(store, 2, &asked).await, [9, 0, 0]);
}

/// Accounts that differ in one part of their name only are different accounts.
pub async fn accounts_are_told_apart_by_every_part_of_their_name(store: &impl QuotaHarness) {
    found_two(store).await;
    let names = [
        account("messages"),
        AccountKey {
            meter: code("tokens"),
            ..account("messages")
        },
        AccountKey {
            live: false,
            ..account("messages")
        },
        AccountKey {
            period: Period::Day,
            ..account("messages")
        },
        AccountKey {
            period_start: APRIL,
            ..account("messages")
        },
    ];
    let mut all = BatchWrites::default();
    for (number, name) in (1_i64..).zip(&names) {
        let posting = Posting {
            posted: number,
            within: None,
        };
        all.accounts.insert(of_tenant(1, name.clone()), posting);
    }

    land(store, &all).await.unwrap();

    assert_eq!(posted(store, 1, &names).await, [1, 2, 3, 4, 5]);
    let wanted: Vec<_> = all.accounts.keys().cloned().collect();
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let locked = batch.lock(&wanted[..2]).await.unwrap();
    let expected: BTreeMap<_, _> = all
        .accounts
        .iter()
        .take(2)
        .map(|(name, held)| (name.clone(), held.posted))
        .collect();
    assert_eq!(locked, expected);
}

/// An operation is known once its batch has landed, to its own tenant.
pub async fn an_operation_is_known_once_it_has_landed(store: &impl QuotaHarness) {
    found_two(store).await;
    let asked = [
        named(1, "operation 1"),
        named(1, "operation 2"),
        named(2, "operation 1"),
    ];
    let mut before = store.ledger().begin_batch().await.unwrap();
    assert_eq!(before.known(&asked).await.unwrap(), BTreeMap::new());
    drop(before);

    land(store, &writes(1, &[entry(1, 3, 3)])).await.unwrap();

    let mut after = store.ledger().begin_batch().await.unwrap();
    let known = after.known(&asked).await.unwrap();
    assert_eq!(known, BTreeMap::from([(named(1, "operation 1"), entry(1, 3, 3))]));
}

/// A batch that is dropped leaves nothing, not even the accounts it made.
pub async fn a_dropped_batch_leaves_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let all = writes(1, &[entry(1, 3, 3)]);
    let accounts: Vec<_> = all.accounts.keys().cloned().collect();
    let mut batch = store.ledger().begin_batch().await.unwrap();
    assert_eq!(batch.lock(&accounts).await.unwrap()[&accounts[0]], 0);
    batch.write(&all).await.unwrap();

    drop(batch);

    assert_eq!(posted(store, 1, &[account("messages")]).await, [0]);
    assert_eq!(entries(store, 1, &EntryFilter::default()).await, []);
    land(store, &all).await.unwrap();
    assert_eq!(posted(store, 1, &[account("messages")]).await, [3]);
}

/// An operation that another node counted meanwhile cannot be counted again; the whole batch is to be tried anew.
pub async fn counting_an_operation_twice_is_contended_and_writes_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    land(store, &writes(1, &[entry(1, 3, 3)])).await.unwrap();
    let twice = LedgerEntry {
        id: UsageEntryId::from_uuid(Uuid::from_u128(9)),
        ..entry(1, 3, 10)
    };

    let refused = land(store, &writes(1, &[entry(2, 4, 7), twice.clone()])).await;

    assert!(matches!(refused, Err(StoreError::Contended)), "{refused:?}");
    assert_eq!(posted(store, 1, &[account("messages")]).await, [3]);
    assert_eq!(entries(store, 1, &EntryFilter::default()).await.len(), 1);
    land(store, &writes(2, &[twice])).await.unwrap();
}

/// The last wall: whatever the engine believes, an account holds no more than the limit it is counted under.
pub async fn no_account_holds_more_than_its_limit_or_less_than_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    for (held, within) in [(11, Some(10)), (-1, None)] {
        let posting = Posting { posted: held, within };
        let wrong = BatchWrites {
            accounts: BTreeMap::from([(of_tenant(1, account("messages")), posting)]),
            ..BatchWrites::default()
        };

        assert!(land(store, &wrong).await.is_err(), "{posting:?}");
    }
    assert_eq!(posted(store, 1, &[account("messages")]).await, [0]);
}

/// A threshold is told once per account: the first time.
pub async fn a_threshold_is_told_once(store: &impl QuotaHarness) {
    found_two(store).await;
    let alert = |tenant: u128, percent: u8, used: i64| Alert {
        account: of_tenant(tenant, account("messages")),
        threshold_percent: percent,
        limit: 1_000,
        used,
        at: NOW,
    };
    let with = |number: u128, used: i64, alerts: Vec<Alert>| BatchWrites {
        alerts,
        ..writes(1, &[entry(number, 1, used)])
    };
    land(store, &with(1, 800, vec![alert(1, 80, 800)])).await.unwrap();

    land(store, &with(2, 960, vec![alert(1, 95, 960), alert(1, 80, 960)]))
        .await
        .unwrap();

    let told = async |tenant: u128| {
        read(store, tenant)
            .await
            .usage()
            .list_alerts(&account("messages"))
            .await
            .unwrap()
    };
    assert_eq!(told(1).await, [alert(1, 80, 800), alert(1, 95, 960)]);
    assert_eq!(told(2).await, []);
}

/// The ledger is read from its end, in pages that later entries do not disturb.
pub async fn the_ledger_is_read_from_its_end_in_pages(store: &impl QuotaHarness) {
    found_two(store).await;
    let other = LedgerEntry {
        account: account("tokens"),
        ..entry(3, 1, 1)
    };
    let all = [entry(1, 1, 1), entry(2, 1, 2), other.clone(), entry(4, 1, 3)];
    land(store, &writes(1, &all)).await.unwrap();
    land(store, &writes(2, &[entry(5, 1, 1)])).await.unwrap();
    let list = async |filter: &EntryFilter, before: Option<&Page<LedgerEntry>>| {
        let mut unit = read(store, 1).await;
        unit.usage().list_entries(filter, next_page(2, before)).await.unwrap()
    };

    let first = list(&EntryFilter::default(), None).await;
    land(store, &writes(1, &[entry(6, 1, 4)])).await.unwrap();
    let second = list(&EntryFilter::default(), Some(&first)).await;
    let tokens = EntryFilter {
        meter: Some(code("tokens")),
    };

    assert_eq!(first.items, [entry(4, 1, 3), other.clone()]);
    assert_eq!(
        (second.items, second.next),
        (vec![entry(2, 1, 2), entry(1, 1, 1)], None)
    );
    assert_eq!(list(&tokens, None).await.items, [other]);
}

/// What a billing period counts is what live keys used from its first moment to before its last.
pub async fn a_billing_period_counts_its_own_live_entries(store: &impl QuotaHarness) {
    found_two(store).await;
    let at = |number: u128, amount: i64, at| LedgerEntry {
        at,
        ..entry(number, amount, amount)
    };
    let test = LedgerEntry {
        account: AccountKey {
            live: false,
            ..account("messages")
        },
        ..entry(4, 1_000, 1_000)
    };
    let tokens = LedgerEntry {
        account: account("tokens"),
        ..entry(5, 500, 500)
    };
    let all = [at(1, 1, MARCH), at(2, 20, NOW), at(3, 300, APRIL), test, tokens];
    land(store, &writes(1, &all)).await.unwrap();
    land(store, &writes(2, &[entry(6, 70, 70)])).await.unwrap();

    let counted = async |from, to| {
        let mut unit = read(store, 1).await;
        unit.usage().counted_between(&code("messages"), from, to).await.unwrap()
    };

    assert_eq!(counted(MARCH, APRIL).await, 21);
    assert_eq!(counted(MARCH, APRIL + Duration::MICROSECOND).await, 321);
    assert_eq!(counted(NOW + Duration::MICROSECOND, APRIL).await, 0);
}

/// Many batches at once, each over both tenants, never pass a limit and never lose an operation.
pub async fn batches_at_once_are_exact(store: &impl QuotaHarness) {
    found_two(store).await;
    let consumers = (0..16_u128).map(|consumer| async move {
        let mut granted = 0;
        for call in 0..10 {
            granted += count_one(store, consumer * 100 + call).await;
        }
        granted
    });

    let granted: i64 = join_all(consumers).await.into_iter().sum();

    let mut held = Vec::new();
    for tenant in [1, 2] {
        held.extend(posted(store, tenant, &[account("messages")]).await);
        assert_eq!(entries(store, tenant, &EntryFilter::default()).await.len(), 50);
    }
    assert_eq!((granted, held), (100, vec![50, 50]));
}

/// One operation on an account of either tenant under a limit of 50, tried again while it is contended.
async fn count_one(store: &impl QuotaHarness, number: u128) -> i64 {
    let tenant = 1 + number % 2;
    let name = of_tenant(tenant, account("messages"));
    let one = Operation {
        amount: Amount::ONE,
        claims: vec![Claim {
            account: name.clone(),
            limit: Some(50),
        }],
    };
    loop {
        let mut batch = store.ledger().begin_batch().await.unwrap();
        let mut states = match batch.lock(std::slice::from_ref(&name)).await {
            Ok(states) => states,
            Err(StoreError::Contended) => continue,
            Err(cause) => panic!("{cause:?}"),
        };
        let verdicts = decide(&mut states, std::slice::from_ref(&one));
        let [Verdict::Granted { used }] = &verdicts[..] else {
            return 0;
        };
        let counted = LedgerEntry {
            limit: Some(50),
            ..entry(number + 1, 1, used[0])
        };
        batch.write(&writes(tenant, &[counted])).await.unwrap();
        batch.commit().await.unwrap();
        return 1;
    }
}
