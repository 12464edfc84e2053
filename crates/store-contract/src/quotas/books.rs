//! The books: accounts hold what their ledger adds up to.

use tenantry_quotas::account::{Held, Subject};
use tenantry_quotas::audit::{AuditPage, Discrepancy};
use tenantry_quotas::engine::{BatchWrites, Posting};
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::limit::Limit;
use tenantry_quotas::meter::Aggregation;
use tenantry_quotas::testing::entitlements;

use super::{QuotaHarness, bare, count, grant, limit, of_subject, tenant_id};
use crate::tenancy::found_two;

/// Two tenants with books that are right: a meter that adds up, one user of it, and every other aggregation.
async fn right_books(store: &impl QuotaHarness) {
    found_two(store).await;
    for tenant in [1, 2] {
        grant(store, tenant, &entitlements(&[])).await;
        let sum = limit(tenant, "messages");
        let ann = of_subject(&sum, Subject::user("ann"));
        let used = LedgerEntry {
            user: Some("ann".to_owned()),
            ..bare(1, 30)
        };
        count(store, tenant, &[sum.clone(), ann], &[used]).await.unwrap();
        count(store, tenant, &[sum], &[bare(2, -5)]).await.unwrap();
        for (number, aggregation) in (3..).zip([Aggregation::Max, Aggregation::Last, Aggregation::Unique]) {
            let other = Limit {
                aggregation,
                ..limit(tenant, aggregation.as_str())
            };
            let reported = LedgerEntry {
                account: other.account.key.clone(),
                member: Some("ann".to_owned()),
                ..bare(number, 1)
            };
            count(store, tenant, &[other], &[reported]).await.unwrap();
        }
    }
}

/// Makes an account hold something else.
async fn falsify(store: &impl QuotaHarness, limit: &Limit, posted: i64) {
    let mut batch = store.ledger().begin_batch().await.unwrap();
    batch.lock(std::slice::from_ref(limit)).await.unwrap();
    let posting = Posting {
        held: Held::posted(posted),
        within: None,
    };
    let wrong = BatchWrites {
        accounts: [(limit.account.clone(), posting)].into(),
        ..BatchWrites::default()
    };
    batch.write(&wrong).await.unwrap();
    batch.commit().await.unwrap();
}

/// Books that are right have nothing wrong; every account was looked at.
pub async fn right_books_are_right(store: &impl QuotaHarness) {
    right_books(store).await;

    let page = store.bookkeeper().check(None, 10).await.unwrap();

    let expected = AuditPage {
        checked: 10,
        wrong: Vec::new(),
        last: None,
    };
    assert_eq!(page, expected);
}

/// An account that holds something else is found, whatever its meter aggregates.
pub async fn an_account_that_is_wrong_is_found(store: &impl QuotaHarness) {
    right_books(store).await;
    let sum = limit(1, "messages");
    let mut all = vec![(sum.clone(), 25), (of_subject(&sum, Subject::user("ann")), 30)];
    for aggregation in [Aggregation::Max, Aggregation::Last, Aggregation::Unique] {
        let other = Limit {
            aggregation,
            ..limit(1, aggregation.as_str())
        };
        all.push((other, 1));
    }
    for (limit, _) in &all {
        falsify(store, limit, 77).await;
    }

    let mut wrong = store.bookkeeper().check(None, 10).await.unwrap().wrong;

    let discrepancy = |(limit, ledger): &(Limit, i64)| Discrepancy {
        account: limit.account.clone(),
        posted: 77,
        ledger: *ledger,
    };
    wrong.sort_by(|a, b| a.account.cmp(&b.account));
    let mut expected: Vec<_> = all.iter().map(discrepancy).collect();
    expected.sort_by(|a, b| a.account.cmp(&b.account));
    assert_eq!(wrong, expected);
}

/// An account of another revision claims nothing: it is reckoned anew before it is used.
pub async fn an_account_of_another_revision_is_no_claim(store: &impl QuotaHarness) {
    right_books(store).await;
    falsify(store, &limit(1, "messages"), 77).await;
    falsify(store, &limit(2, "messages"), 77).await;

    grant(store, 1, &entitlements(&[])).await;

    let page = store.bookkeeper().check(None, 10).await.unwrap();
    let wrong: Vec<_> = page.wrong.iter().map(|wrong| wrong.account.tenant).collect();
    assert_eq!((page.checked, wrong), (5, vec![tenant_id(2)]));
}

/// The books are checked in pages of tenants.
pub async fn books_are_checked_in_pages(store: &impl QuotaHarness) {
    right_books(store).await;
    falsify(store, &limit(2, "messages"), 77).await;

    let first = store.bookkeeper().check(None, 1).await.unwrap();
    let second = store.bookkeeper().check(first.last, 1).await.unwrap();
    let third = store.bookkeeper().check(second.last, 1).await.unwrap();

    assert_eq!(
        (first.checked, first.wrong.len(), first.last),
        (5, 0, Some(tenant_id(1)))
    );
    assert_eq!(
        (second.checked, second.wrong.len(), second.last),
        (5, 1, Some(tenant_id(2)))
    );
    assert_eq!(third, AuditPage::default());
}
