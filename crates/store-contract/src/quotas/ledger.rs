//! The ledger, and the engine's batches over it.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Page, StoreError};
use tenantry_quotas::account::{AccountKey, TenantAccount};
use tenantry_quotas::decide::{Claim, Move, Operation, Part, States, Verdict, decide};
use tenantry_quotas::engine::{BatchWrites, Posting};
use tenantry_quotas::ledger::{EntryFilter, EntryKind, LedgerEntry, OperationId, UsageEntryId};
use tenantry_quotas::limit::Limit;
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::code;

use super::{
    APRIL, MARCH, NOW, QuotaHarness, account, bare, count, entries, entry, key_id, land, limit, limit_on, locked,
    named, of_tenant, operation, posted, read, tenant_id, writes,
};
use crate::next_page;
use crate::tenancy::found_two;

/// What a batch wrote is read by the tenant it was written for, as it went.
pub async fn what_a_batch_writes_comes_back_whole_for_its_tenant(store: &impl QuotaHarness) {
    found_two(store).await;
    let lifetime = LedgerEntry {
        account: AccountKey {
            live: false,
            period: Period::Lifetime,
            ..account("storage")
        },
        pool: Some(tenant_id(2)),
        kind: EntryKind::Correction,
        ..bare(2, -5)
    };
    let ours = [limit(1, "messages"), limit(2, "messages")];
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let state = batch.lock(&ours).await.unwrap();
    let mut both = writes(1, &ours[..1], &state, &[entry(1, 3, 3), lifetime.clone()]);
    let theirs = writes(2, &ours[1..], &state, &[entry(3, 9, 9)]);
    both.entries.extend(theirs.entries);
    let posting = |posted| Posting {
        held: tenantry_quotas::account::Held::posted(posted),
        within: None,
    };
    both.accounts = ours
        .iter()
        .zip([3, 9])
        .map(|(limit, held)| (limit.account.clone(), posting(held)))
        .collect();
    batch.write(&both).await.unwrap();
    batch.commit().await.unwrap();

    assert_eq!(
        entries(store, 1, &EntryFilter::default()).await,
        [lifetime, entry(1, 3, 3)]
    );
    assert_eq!(entries(store, 2, &EntryFilter::default()).await, [entry(3, 9, 9)]);
    assert_eq!(posted(store, &ours).await, [3, 9]);
}

/// Nothing, empty text and text that looks like a sign for nothing are three things.
pub async fn texts_of_an_entry_come_back_as_they_went(store: &impl QuotaHarness) {
    found_two(store).await;
    let texts = [None, Some(""), Some("="), Some("=a"), Some("ü=")].map(|text| text.map(str::to_owned));
    let told: Vec<LedgerEntry> = (1..)
        .zip(texts)
        .map(|(number, text)| LedgerEntry {
            description: text.clone(),
            subject: text.clone(),
            member: text.clone(),
            user: text,
            ..bare(number, 1)
        })
        .collect();

    land(store, 1, &told).await.unwrap();

    let mut found = entries(store, 1, &EntryFilter::default()).await;
    found.reverse();
    assert_eq!(found, told);
}

/// An operation is known once its batch has landed, to its own tenant, with all of its lines in order.
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
    let second = LedgerEntry {
        id: UsageEntryId::from_uuid(Uuid::from_u128(0)),
        operation: operation("operation 1"),
        line: 1,
        account: account("tokens"),
        ..bare(0, 5)
    };

    let limits = [limit(1, "messages")];
    count(store, 1, &limits, &[second.clone(), entry(1, 3, 3)])
        .await
        .unwrap();

    let lines = vec![entry(1, 3, 3), second];
    let mut after = store.ledger().begin_batch().await.unwrap();
    let known = after.known(&asked).await.unwrap();
    assert_eq!(known, BTreeMap::from([(named(1, "operation 1"), lines.clone())]));
    drop(after);
    let found = async |tenant: u128| {
        let mut unit = read(store, tenant).await;
        unit.usage().find_operation(&operation("operation 1")).await.unwrap()
    };
    assert_eq!((found(1).await, found(2).await), (lines, Vec::new()));
}

/// Operations that the engine names itself, which no caller can, come back as such.
pub async fn operations_of_our_own_come_back(store: &impl QuotaHarness) {
    found_two(store).await;
    let ours = LedgerEntry {
        operation: OperationId::internal("give-back", "order \"17\""),
        kind: EntryKind::GiveBack,
        ..bare(1, 3)
    };

    land(store, 1, std::slice::from_ref(&ours)).await.unwrap();

    assert_eq!(
        entries(store, 1, &EntryFilter::default()).await,
        std::slice::from_ref(&ours)
    );
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let known = batch.known(&[super::reference(1, &ours)]).await.unwrap();
    assert_eq!(known[&super::reference(1, &ours)], std::slice::from_ref(&ours));
}

/// A batch that is dropped leaves nothing, not even the accounts it made.
pub async fn a_dropped_batch_leaves_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let ours = [limit(1, "messages")];
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let state = batch.lock(&ours).await.unwrap();
    batch.write(&writes(1, &ours, &state, &[entry(1, 3, 3)])).await.unwrap();

    drop(batch);

    assert_eq!(locked(store, &ours).await, [(0, true)]);
    assert_eq!(entries(store, 1, &EntryFilter::default()).await, []);
    count(store, 1, &ours, &[entry(1, 3, 3)]).await.unwrap();
    assert_eq!(posted(store, &ours).await, [3]);
}

/// An operation that another node counted meanwhile cannot be counted again; the whole batch is to be tried anew.
pub async fn counting_an_operation_twice_is_contended_and_writes_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let ours = [limit(1, "messages")];
    count(store, 1, &ours, &[entry(1, 3, 3)]).await.unwrap();
    let twice = LedgerEntry {
        id: UsageEntryId::from_uuid(Uuid::from_u128(9)),
        ..entry(1, 3, 10)
    };

    let refused = count(store, 1, &ours, &[entry(2, 4, 7), twice.clone()]).await;

    assert!(matches!(refused, Err(StoreError::Contended)), "{refused:?}");
    assert_eq!(posted(store, &ours).await, [3]);
    assert_eq!(entries(store, 1, &EntryFilter::default()).await.len(), 1);
    count(store, 2, &[limit(2, "messages")], &[twice]).await.unwrap();
}

/// What was written but not locked is a mistake of the engine's, and nothing of it stays.
pub async fn what_was_not_locked_is_not_written(store: &impl QuotaHarness) {
    found_two(store).await;
    let ours = [limit(1, "messages")];
    let mut batch = store.ledger().begin_batch().await.unwrap();

    let refused = batch
        .write(&writes(1, &ours, &BTreeMap::new(), &[entry(1, 3, 3)]))
        .await;

    assert!(refused.is_err());
    assert!(batch.commit().await.is_err());
    assert_eq!(entries(store, 1, &EntryFilter::default()).await, []);
}

/// The ledger is read from its end, in pages that later entries do not disturb.
pub async fn the_ledger_is_read_from_its_end_in_pages(store: &impl QuotaHarness) {
    found_two(store).await;
    let other = LedgerEntry {
        account: account("tokens"),
        ..entry(3, 1, 1)
    };
    let all = [entry(1, 1, 1), entry(2, 1, 2), other.clone(), entry(4, 1, 3)];
    land(store, 1, &all).await.unwrap();
    land(store, 2, &[entry(5, 1, 1)]).await.unwrap();
    let list = async |filter: &EntryFilter, before: Option<&Page<LedgerEntry>>| {
        let mut unit = read(store, 1).await;
        unit.usage().list_entries(filter, next_page(2, before)).await.unwrap()
    };

    let first = list(&EntryFilter::default(), None).await;
    land(store, 1, &[entry(6, 1, 4)]).await.unwrap();
    let second = list(&EntryFilter::default(), Some(&first)).await;

    assert_eq!(first.items, [entry(4, 1, 3), other]);
    assert_eq!(
        (second.items, second.next),
        (vec![entry(2, 1, 2), entry(1, 1, 1)], None)
    );
}

/// The ledger is searched by each of the things that an entry says, and by all of them together.
pub async fn the_ledger_is_searched(store: &impl QuotaHarness) {
    found_two(store).await;
    let plain = |number| bare(number, 1);
    let all = [
        LedgerEntry {
            account: account("tokens"),
            ..plain(1)
        },
        LedgerEntry {
            at: NOW + Duration::HOUR,
            ..plain(2)
        },
        LedgerEntry {
            actor_id: key_id(8).to_string(),
            ..plain(3)
        },
        LedgerEntry {
            subject: Some("ann".to_owned()),
            ..plain(4)
        },
        LedgerEntry {
            kind: EntryKind::Opening,
            ..plain(5)
        },
    ];
    land(store, 1, &all).await.unwrap();
    let foreign = LedgerEntry {
        id: UsageEntryId::from_uuid(Uuid::from_u128(6)),
        ..all[3].clone()
    };
    land(store, 2, &[foreign]).await.unwrap();
    let any = EntryFilter::default;
    let found = async |filter: EntryFilter| -> Vec<u128> {
        let found = entries(store, 1, &filter).await;
        found.iter().map(|entry| entry.id.as_uuid().as_u128()).collect()
    };

    let meter = Some(code("tokens"));
    assert_eq!(found(EntryFilter { meter, ..any() }).await, [1]);
    let later = Some(NOW + Duration::HOUR);
    assert_eq!(found(EntryFilter { from: later, ..any() }).await, [2]);
    assert_eq!(found(EntryFilter { to: later, ..any() }).await, [5, 4, 3, 1]);
    let actor = Some(key_id(8).to_string());
    assert_eq!(found(EntryFilter { actor, ..any() }).await, [3]);
    let subject = Some("ann".to_owned());
    assert_eq!(
        found(EntryFilter {
            subject: subject.clone(),
            ..any()
        })
        .await,
        [4]
    );
    let kind = Some(EntryKind::Opening);
    assert_eq!(found(EntryFilter { kind, ..any() }).await, [5]);
    let both = EntryFilter { subject, kind, ..any() };
    assert_eq!(found(both).await, Vec::<u128>::new());
}

/// A batch may be large: on one account, and over many accounts.
pub async fn a_large_batch_lands_whole(store: &impl QuotaHarness) {
    found_two(store).await;
    let hot: Vec<LedgerEntry> = (1..=515).map(|number| bare(number, 1)).collect();
    count(store, 1, &[limit(1, "messages")], &hot).await.unwrap();
    let many: Vec<Limit> = (0..300)
        .map(|number| {
            let subject = tenantry_quotas::account::Subject::user(&format!("u{number}"));
            super::of_subject(&limit(2, "messages"), subject)
        })
        .collect();
    count(store, 2, &many, &[bare(1, 2)]).await.unwrap();

    assert_eq!(posted(store, &[limit(1, "messages")]).await, [515]);
    assert_eq!(posted(store, &many).await, [2; 300]);
    let page = entries(store, 1, &EntryFilter::default()).await;
    assert_eq!(page[..2], [bare(515, 1), bare(514, 1)]);
    let again = Limit {
        revision: 2,
        ..limit(1, "messages")
    };
    assert_eq!(posted(store, &[again]).await, [515]);
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
        held.extend(posted(store, &[limit(tenant, "messages")]).await);
        assert_eq!(entries(store, tenant, &EntryFilter::default()).await.len(), 50);
    }
    assert_eq!((granted, held), (100, vec![50, 50]));
}

/// One operation on an account of either tenant under a limit of 50, tried again while it is contended.
async fn count_one(store: &impl QuotaHarness, number: u128) -> i64 {
    let tenant = 1 + number % 2;
    let ours = limit(tenant, "messages");
    let one = Operation {
        parts: vec![Part {
            change: Move::Add(1),
            claims: vec![Claim {
                account: ours.account.clone(),
                limit: Some(50),
            }],
        }],
        forced: false,
    };
    loop {
        let mut batch = store.ledger().begin_batch().await.unwrap();
        let state = match batch.lock(std::slice::from_ref(&ours)).await {
            Ok(state) => state,
            Err(StoreError::Contended) => continue,
            Err(cause) => panic!("{cause:?}"),
        };
        let mut states = States {
            accounts: state
                .iter()
                .map(|(account, locked)| (account.clone(), locked.held))
                .collect(),
            ..States::default()
        };
        if !matches!(decide(&mut states, &one), Verdict::Granted { .. }) {
            return 0;
        }
        let accounts = states.accounts.into_iter();
        let posting = |(account, held): (TenantAccount, _)| {
            let within = Some(50);
            (account, Posting { held, within })
        };
        let counted = BatchWrites {
            accounts: accounts.map(posting).collect(),
            entries: vec![(tenant_id(tenant), bare(number + 1, 1))],
            ..BatchWrites::default()
        };
        batch.write(&counted).await.unwrap();
        batch.commit().await.unwrap();
        return 1;
    }
}

/// Many that open the same accounts at once, in any order, end with one of each; who lost the race tries again.
pub async fn accounts_are_opened_once(store: &impl QuotaHarness) {
    found_two(store).await;
    let all: Vec<Limit> = ["a", "b", "c", "d"]
        .iter()
        .flat_map(|meter| [limit(1, meter), limit(2, meter)])
        .collect();
    let all = &all;
    let consumers = (0..8_u128).map(|number| async move {
        let mut limits = all.clone();
        let first = usize::try_from(number).unwrap() % limits.len();
        limits.rotate_left(first);
        loop {
            match count(store, 1, &limits, &[bare(number + 1, 1)]).await {
                Ok(()) => return,
                Err(StoreError::Contended) => {}
                Err(cause) => panic!("{cause:?}"),
            }
        }
    });

    join_all(consumers).await;

    assert_eq!(posted(store, all).await, [8; 8]);
    let month = limit_on(of_tenant(1, account("messages")));
    let revised = Limit {
        revision: 2,
        resets_at: Some(APRIL),
        ..month
    };
    assert_eq!((posted(store, &[revised]).await, MARCH < NOW), (vec![8], true));
}
