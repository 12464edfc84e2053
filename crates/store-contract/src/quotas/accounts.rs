//! Accounts that are opened or reckoned anew: they hold what the ledger adds up to.

use std::sync::Arc;

use tenantry_kernel::time::Duration;
use tenantry_quotas::account::{AccountKey, Held, Subject};
use tenantry_quotas::engine::{BatchWrites, Posting};
use tenantry_quotas::entitlement::Allowance;
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::meter::Aggregation;
use tenantry_quotas::period::Period;
use tenantry_quotas::testing::code;

use super::{
    APRIL, MARCH, NOW, QuotaHarness, account, bare, count, entry, key_id, land, limit, limit_on, locked, of_subject,
    of_tenant, posted, standing, tenant_id,
};
use crate::tenancy::found_two;

/// The same limit after a plan change.
fn revised(limit: &Limit) -> Limit {
    Limit {
        revision: limit.revision + 1,
        ..limit.clone()
    }
}

/// The limit of one day of a tenant's messages.
fn day(tenant: u128, start: tenantry_kernel::time::OffsetDateTime) -> Limit {
    limit_on(of_tenant(
        tenant,
        AccountKey {
            period: Period::Day,
            period_start: start,
            ..account("messages")
        },
    ))
}

/// An account that nobody used holds nothing and is made by the first batch that locks it.
pub async fn an_account_is_made_when_it_is_locked_first(store: &impl QuotaHarness) {
    found_two(store).await;
    let ours = [limit(1, "messages"), limit(1, "tokens"), limit(2, "messages")];

    assert_eq!(locked(store, &ours).await, [(0, true); 3]);
    count(store, 1, &ours[..1], &[bare(1, 3)]).await.unwrap();

    assert_eq!(locked(store, &ours).await, [(3, false), (0, true), (0, true)]);
}

/// An account that is opened late holds what the ledger has of its tenant, meter and period; test keys count apart.
pub async fn an_opened_account_holds_what_its_period_saw(store: &impl QuotaHarness) {
    found_two(store).await;
    let at = |number, amount, at| LedgerEntry {
        at,
        ..bare(number, amount)
    };
    let test = LedgerEntry {
        account: AccountKey {
            live: false,
            ..account("messages")
        },
        ..bare(6, 100_000)
    };
    let tokens = LedgerEntry {
        account: account("tokens"),
        ..bare(7, 1_000_000)
    };
    let all = [
        at(1, 1, MARCH - Duration::MICROSECOND),
        at(2, 10, MARCH),
        at(3, 100, MARCH + Duration::DAY - Duration::MICROSECOND),
        at(4, 1_000, MARCH + Duration::DAY),
        at(5, 10_000, APRIL),
        test,
        tokens,
    ];
    land(store, 1, &all).await.unwrap();
    land(store, 2, &[bare(8, 7)]).await.unwrap();
    let lifetime = limit_on(of_tenant(
        1,
        AccountKey {
            period: Period::Lifetime,
            period_start: tenantry_kernel::time::OffsetDateTime::UNIX_EPOCH,
            ..account("messages")
        },
    ));
    let mut test_day = day(1, MARCH);
    test_day.account.key.live = false;
    let asked = [day(1, MARCH), day(1, MARCH + Duration::DAY), lifetime, test_day];

    assert_eq!(posted(store, &asked).await, [110, 1_000, 11_111, 100_000]);
    assert_eq!(
        locked(store, &asked).await,
        [(110, true), (1_000, true), (11_111, true), (100_000, true)]
    );
    assert_eq!(posted(store, &[day(2, MARCH)]).await, [7]);
}

/// Users and keys have accounts of their own, which hold what each of them used.
pub async fn accounts_of_users_and_keys_hold_what_each_used(store: &impl QuotaHarness) {
    found_two(store).await;
    let by = |number, amount, user: Option<&str>, key: Option<u128>| LedgerEntry {
        user: user.map(str::to_owned),
        actor_kind: if key.is_some() { "api_key" } else { "member" }.to_owned(),
        actor_id: key_id(key.unwrap_or(9)).to_string(),
        ..bare(number, amount)
    };
    let all = [
        by(1, 1, Some("ann"), None),
        by(2, 10, Some("ann"), Some(7)),
        by(3, 100, None, Some(7)),
        by(4, 1_000, Some("bob \"x\" ☃"), None),
        by(5, 10_000, None, None),
    ];
    land(store, 1, &all).await.unwrap();
    land(store, 2, &[by(6, 7, Some("ann"), Some(7))]).await.unwrap();
    let parts = |tenant| {
        let whole = revised(&limit(tenant, "messages"));
        [
            Subject::user("ann"),
            Subject::user("bob \"x\" ☃"),
            Subject::user("eve"),
            Subject::Key(key_id(7)),
            Subject::Key(key_id(9)),
        ]
        .map(|subject| of_subject(&whole, subject))
    };

    assert_eq!(posted(store, &parts(1)).await, [11, 1_000, 0, 110, 0]);
    assert_eq!(posted(store, &parts(2)).await, [7, 0, 0, 7, 0]);
    assert_eq!(
        locked(store, &parts(1)).await,
        [(11, true), (1_000, true), (0, true), (110, true), (0, true)]
    );
}

/// After a plan change in the middle of a period, a user's first call counts on what the user had used before it.
pub async fn a_limit_that_is_new_finds_what_was_used_before_it(store: &impl QuotaHarness) {
    found_two(store).await;
    let of_ann = |number, amount, at| LedgerEntry {
        user: Some("ann".to_owned()),
        at,
        ..bare(number, amount)
    };
    let month = limit(1, "messages");
    count(store, 1, std::slice::from_ref(&month), &[of_ann(1, 5, NOW)])
        .await
        .unwrap();
    let month = revised(&month);
    // Somebody else is the first under the new plan.
    count(store, 1, std::slice::from_ref(&month), &[bare(2, 1)])
        .await
        .unwrap();

    let tomorrow = NOW + Duration::DAY;
    let of_day = |start| of_subject(&revised(&day(1, start)), Subject::user("ann"));
    let (today, next) = (of_day(MARCH), of_day(MARCH + Duration::DAY));
    let asked = [month.clone(), today.clone(), next.clone()];
    assert_eq!(locked(store, &asked).await, [(6, false), (5, true), (0, true)]);
    assert_eq!(posted(store, &asked).await, [6, 5, 0]);

    count(store, 1, &[month.clone(), next.clone()], &[of_ann(3, 20, tomorrow)])
        .await
        .unwrap();
    assert_eq!(posted(store, &[month, today, next]).await, [26, 5, 20]);
}

/// A new revision reckons an account anew, keeps what is reserved and granted, and lifts what bounded it.
pub async fn a_new_revision_reckons_anew_and_keeps_what_is_pending(store: &impl QuotaHarness) {
    found_two(store).await;
    let (ours, theirs) = (limit(1, "messages"), limit(2, "messages"));
    for (tenant, limit) in [(1, &ours), (2, &theirs)] {
        let mut batch = store.ledger().begin_batch().await.unwrap();
        batch.lock(std::slice::from_ref(limit)).await.unwrap();
        let held = Held {
            posted: 40,
            pending: 5,
            granted: 3,
        };
        let posting = Posting { held, within: Some(45) };
        let mut all = BatchWrites::default();
        all.accounts.insert(limit.account.clone(), posting);
        all.entries.push((tenant_id(tenant), bare(tenant, 60)));
        batch.write(&all).await.unwrap();
        batch.commit().await.unwrap();
    }
    let held = |posted| Held {
        posted,
        pending: 5,
        granted: 3,
    };
    assert_eq!(standing(store, &[ours.clone(), theirs]).await, [held(40), held(40)]);

    let revised = revised(&ours);
    assert_eq!(standing(store, std::slice::from_ref(&revised)).await, [held(60)]);
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let state = batch.lock(std::slice::from_ref(&revised)).await.unwrap();
    assert_eq!(
        (state[&revised.account].held, state[&revised.account].opened),
        (held(60), false)
    );
    batch.commit().await.unwrap();

    assert_eq!(
        standing(store, &[revised, limit(2, "messages")]).await,
        [held(60), held(40)]
    );
}

/// Whatever a meter aggregates, an account that is opened late holds the same as one that was there all the time.
pub async fn an_opened_account_aggregates_as_its_meter_does(store: &impl QuotaHarness) {
    found_two(store).await;
    let reported = |number, value, member: Option<&str>, at| LedgerEntry {
        value,
        member: member.map(str::to_owned),
        at,
        ..bare(number, 1)
    };
    let later = NOW + Duration::HOUR;
    let all = [
        reported(1, 5, Some("ann"), NOW),
        reported(2, 9, Some("bob"), NOW),
        reported(3, 4, Some("ann"), later),
        reported(4, 3, None, later),
        reported(5, 2, Some("eve"), NOW),
    ];
    land(store, 1, &all).await.unwrap();
    land(store, 2, &[reported(6, 77, Some("zoe"), later)]).await.unwrap();
    let as_of = |tenant, aggregation| Limit {
        aggregation,
        ..day(tenant, MARCH)
    };

    for (aggregation, ours, theirs) in [
        (Aggregation::Sum, 5, 1),
        (Aggregation::Count, 5, 1),
        (Aggregation::Max, 9, 77),
        (Aggregation::Last, 2, 77),
        (Aggregation::Unique, 3, 1),
    ] {
        let asked = [as_of(1, aggregation), as_of(2, aggregation)];
        assert_eq!(posted(store, &asked).await, [ours, theirs], "{aggregation:?}");
        assert_eq!(
            locked(store, &asked).await,
            [(ours, true), (theirs, true)],
            "{aggregation:?}"
        );
    }
}

/// Members that were counted are known, on their own account; of an account opened late those of the ledger are.
pub async fn members_that_were_counted_are_known(store: &impl QuotaHarness) {
    found_two(store).await;
    let month = Limit {
        aggregation: Aggregation::Unique,
        ..limit(1, "messages")
    };
    let of = |number, member: &str| LedgerEntry {
        member: Some(member.to_owned()),
        ..bare(number, 1)
    };
    let all = [of(1, "ann"), of(2, "{\"b\": ['☃', null]}")];
    count(store, 1, std::slice::from_ref(&month), &all).await.unwrap();
    let opened = Limit {
        aggregation: Aggregation::Unique,
        ..day(1, MARCH)
    };
    let foreign = Limit {
        aggregation: Aggregation::Unique,
        ..limit(2, "messages")
    };
    let wanted =
        |limit: &Limit| ["ann", "{\"b\": ['☃', null]}", "eve"].map(|member| (limit.account.clone(), Arc::from(member)));
    let asked = [&month, &opened, &foreign].into_iter().flat_map(wanted).collect();
    let mut batch = store.ledger().begin_batch().await.unwrap();
    batch.lock(&[month.clone(), opened.clone(), foreign]).await.unwrap();

    let known = batch.members(&asked).await.unwrap();

    let expected = [&month, &opened]
        .into_iter()
        .flat_map(|limit| wanted(limit).into_iter().take(2));
    assert_eq!(known, expected.collect());
}

/// A pool's accounts hold what others counted in it besides its own tenant's.
pub async fn a_pools_account_holds_what_all_of_it_used(store: &impl QuotaHarness) {
    found_two(store).await;
    let pooled = LedgerEntry {
        pool: Some(tenant_id(1)),
        user: Some("ann".to_owned()),
        member: Some("m".to_owned()),
        value: 20,
        ..bare(2, 20)
    };
    let both = [limit(2, "messages"), limit(1, "messages")];
    count(store, 2, &both, std::slice::from_ref(&pooled)).await.unwrap();
    let apart = LedgerEntry {
        pool: None,
        ..bare(3, 300)
    };
    count(store, 2, &both[..1], &[apart]).await.unwrap();
    let own = LedgerEntry {
        user: Some("ann".to_owned()),
        value: 1,
        ..bare(1, 1)
    };
    count(store, 1, &both[1..], &[own]).await.unwrap();
    assert_eq!(posted(store, &both).await, [320, 21]);

    let again: Vec<Limit> = both.iter().map(revised).collect();
    let ann = of_subject(&again[1], Subject::user("ann"));
    let days = [day(2, MARCH), day(1, MARCH)];
    assert_eq!(posted(store, &again).await, [320, 21]);
    assert_eq!(posted(store, &days).await, [320, 21]);
    assert_eq!(posted(store, &[ann]).await, [1], "users are the tenant's own");
    for (aggregation, holds) in [
        (Aggregation::Max, 20),
        (Aggregation::Last, 20),
        (Aggregation::Unique, 1),
    ] {
        let asked = Limit {
            aggregation,
            ..day(1, MARCH)
        };
        assert_eq!(posted(store, &[asked]).await, [holds], "{aggregation:?}");
    }
}

/// Looking at an account that nobody used adds what the period before left over, and makes none.
pub async fn looking_rolls_over_and_makes_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let (before, ours) = (day(1, MARCH), day(1, MARCH + Duration::DAY));
    count(store, 1, std::slice::from_ref(&before), &[bare(1, 70)])
        .await
        .unwrap();
    let rolling = |limit: &Limit, before: &Limit| Limit {
        rolls_over_from: Some(before.account.clone()),
        allowance: Allowance {
            limit: Some(100),
            rollover: Some(50),
            ..limit.allowance.clone()
        },
        ..limit.clone()
    };
    let asked = [
        rolling(&ours, &before),
        rolling(&day(2, MARCH + Duration::DAY), &day(2, MARCH)),
        before,
    ];

    let held = standing(store, &asked).await;

    let granted = |granted| Held {
        granted,
        ..Held::default()
    };
    assert_eq!(held, [granted(30), granted(50), Held::posted(70)]);
    assert_eq!(locked(store, &asked[..2]).await, [(0, true), (0, true)]);
    assert_eq!(standing(store, &[]).await, []);
}

/// What ended accounts hold is read without a lock; those that nobody used are left out.
pub async fn accounts_are_read_without_locking(store: &impl QuotaHarness) {
    found_two(store).await;
    let (ours, theirs) = (limit(1, "messages"), limit(2, "messages"));
    count(store, 1, std::slice::from_ref(&ours), &[bare(1, 3)])
        .await
        .unwrap();
    let mut batch = store.ledger().begin_batch().await.unwrap();

    let held = batch
        .held(&[ours.account.clone(), theirs.account.clone()])
        .await
        .unwrap();

    assert_eq!(held, [(ours.account, Held::posted(3))].into());
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
            subject: Subject::user("ann"),
            ..account("messages")
        },
        AccountKey {
            subject: Subject::Key(key_id(3)),
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
    let mut limits: Vec<Limit> = names.into_iter().map(|name| limit_on(of_tenant(1, name))).collect();
    limits.push(limit(2, "messages"));
    let mut all = BatchWrites::default();
    for (number, limit) in (1_i64..).zip(&limits) {
        let posting = Posting {
            held: Held::posted(number),
            within: None,
        };
        all.accounts.insert(limit.account.clone(), posting);
    }
    let mut batch = store.ledger().begin_batch().await.unwrap();
    batch.lock(&limits).await.unwrap();
    batch.write(&all).await.unwrap();
    batch.commit().await.unwrap();

    assert_eq!(posted(store, &limits).await, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(locked(store, &limits[1..3]).await, [(2, false), (3, false)]);
}

/// The last wall: whatever the engine believes, an account holds no more than the limit it is counted under.
pub async fn no_account_holds_more_than_its_limit_or_less_than_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let held = |posted, pending| Held {
        posted,
        pending,
        granted: 0,
    };
    for (held, within) in [
        (held(11, 0), Some(10)),
        (held(6, 5), Some(10)),
        (held(-1, 0), None),
        (held(1, -1), None),
    ] {
        let posting = Posting { held, within };
        let ours = limit(1, "messages");
        let mut batch = store.ledger().begin_batch().await.unwrap();
        batch.lock(std::slice::from_ref(&ours)).await.unwrap();
        let wrong = BatchWrites {
            accounts: [(ours.account, posting)].into(),
            entries: vec![(tenant_id(1), entry(1, 1, 1))],
            ..BatchWrites::default()
        };

        assert!(batch.write(&wrong).await.is_err(), "{posting:?}");
        assert!(batch.commit().await.is_err(), "{posting:?}");
    }
    assert_eq!(locked(store, &[limit(1, "messages")]).await, [(0, true)]);
}
