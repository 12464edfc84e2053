//! Closing periods for billing: every entry is billed once.

use std::time::Duration as Wait;

use tenantry_kernel::Event;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_quotas::account::AccountKey;
use tenantry_quotas::closing::{Closing, Mark};
use tenantry_quotas::ledger::LedgerEntry;
use tenantry_quotas::testing::{code, entitlements};

use super::{APRIL, MARCH, NOW, QuotaHarness, account, bare, begin, grant, land, limit, read, writes};
use crate::tenancy::found_two;

const MAY: OffsetDateTime = datetime!(2026-05-01 0:00 UTC);
const JUNE: OffsetDateTime = datetime!(2026-06-01 0:00 UTC);

fn at(number: u128, amount: i64, at: OffsetDateTime) -> LedgerEntry {
    LedgerEntry {
        at,
        ..bare(number, amount)
    }
}

async fn take(store: &impl QuotaHarness) -> Mark {
    store.marks().take().await.unwrap()
}

async fn close(
    store: &impl QuotaHarness,
    tenant: u128,
    begin_at: OffsetDateTime,
    end: OffsetDateTime,
    mark: Mark,
) -> Closing {
    let mut unit = begin(store, tenant).await;
    let closed = unit.closings().close(&code("messages"), begin_at, end, mark, NOW).await;
    unit.commit(vec![Event::new("usage.closed", tenant)]).await.unwrap();
    closed.unwrap()
}

async fn running(store: &impl QuotaHarness, tenant: u128, begin: OffsetDateTime, end: OffsetDateTime) -> i64 {
    let mut unit = read(store, tenant).await;
    unit.closings()
        .running(&code("messages"), begin, end, None)
        .await
        .unwrap()
}

/// A period comes to what live keys used from its first moment to before its last.
pub async fn a_period_comes_to_what_live_keys_used_in_it(store: &impl QuotaHarness) {
    found_two(store).await;
    let test = LedgerEntry {
        account: AccountKey {
            live: false,
            ..account("messages")
        },
        ..bare(4, 1_000)
    };
    let tokens = LedgerEntry {
        account: account("tokens"),
        ..bare(5, 500)
    };
    let all = [
        at(1, 1, MARCH - Duration::MICROSECOND),
        at(2, 20, MARCH),
        at(3, 300, APRIL - Duration::MICROSECOND),
        at(7, 4_000, APRIL),
        test,
        tokens,
    ];
    land(store, 1, &all).await.unwrap();
    land(store, 2, &[at(6, 70, NOW)]).await.unwrap();
    assert_eq!(
        (
            running(store, 1, MARCH, APRIL).await,
            running(store, 2, MARCH, APRIL).await
        ),
        (320, 70)
    );

    let mark = take(store).await;
    let closed = close(store, 1, MARCH, APRIL, mark).await;

    let expected = Closing {
        meter: code("messages"),
        end: APRIL,
        mark,
        used: 320,
        adjustment: 0,
        carried: 0,
        closed_at: NOW,
    };
    assert_eq!(closed, expected);
    let mut unit = read(store, 2).await;
    assert_eq!(unit.closings().list(None, 10).await.unwrap(), []);
    drop(unit);
    assert_eq!(close(store, 2, MARCH, APRIL, mark).await.used, 70);
}

/// A closing that is tried again answers what it came to the first time, whatever was counted since.
pub async fn closing_again_changes_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    land(store, 1, &[at(1, 10, NOW)]).await.unwrap();
    let first = close(store, 1, MARCH, APRIL, take(store).await).await;
    land(store, 1, &[at(2, 5, NOW)]).await.unwrap();

    let again = close(store, 1, MARCH, APRIL, take(store).await).await;

    assert_eq!((&again, again.billed()), (&first, 10));
    assert_eq!(running(store, 1, MARCH, APRIL).await, 10);
    let mut unit = read(store, 1).await;
    assert_eq!(unit.closings().list(None, 10).await.unwrap(), [first]);
}

/// What is counted late, or put right, of a closed period is billed with the next one, once.
pub async fn what_comes_late_is_billed_with_the_next_period(store: &impl QuotaHarness) {
    found_two(store).await;
    land(store, 1, &[at(1, 100, NOW), at(2, 7, APRIL)]).await.unwrap();
    let march = close(store, 1, MARCH, APRIL, take(store).await).await;
    let late = [at(3, 20, NOW), at(4, -5, NOW), at(5, 3, APRIL + Duration::DAY)];
    land(store, 1, &late).await.unwrap();
    assert_eq!(running(store, 1, APRIL, MAY).await, 25);
    let april = close(store, 1, APRIL, MAY, take(store).await).await;
    land(store, 1, &[at(6, 1, NOW), at(7, 2, APRIL)]).await.unwrap();
    let may = close(store, 1, MAY, JUNE, take(store).await).await;

    let told = [&march, &april, &may].map(|one| (one.used, one.adjustment, one.billed()));
    assert_eq!(told, [(100, 0, 100), (10, 15, 25), (0, 3, 3)]);
    let mut unit = read(store, 1).await;
    let listed = unit.closings().list(Some(code("messages")), 2).await.unwrap();
    assert_eq!(listed, [may, april]);
    assert_eq!(unit.closings().list(Some(code("tokens")), 2).await.unwrap(), []);
}

/// A plan change in the middle of a period bills up to a mark, and closes that when it has been paid: whatever was
/// counted in between, the closing is what was billed, and the rest comes with the next one.
pub async fn what_was_billed_is_closed_as_it_was_billed(store: &impl QuotaHarness) {
    found_two(store).await;
    let middle = NOW + Duration::DAY;
    land(store, 1, &[at(1, 100, NOW)]).await.unwrap();
    let mark = take(store).await;
    land(store, 1, &[at(2, 20, NOW), at(3, 3, middle)]).await.unwrap();
    let mut unit = read(store, 1).await;
    let billed = unit
        .closings()
        .running(&code("messages"), MARCH, middle, Some(mark))
        .await;
    drop(unit);
    land(store, 1, &[at(4, 4_000, NOW)]).await.unwrap();

    let closed = close(store, 1, MARCH, middle, mark).await;
    let rest = close(store, 1, middle, APRIL, take(store).await).await;

    assert_eq!((billed.unwrap(), closed.billed()), (100, 100));
    assert_eq!((rest.used, rest.adjustment), (3, 4_020));
}

/// Where more is taken back than was used, nothing is billed, and the next closings bill less.
pub async fn what_is_taken_back_beyond_the_bill_is_carried_on(store: &impl QuotaHarness) {
    found_two(store).await;
    land(store, 1, &[at(1, 100, NOW)]).await.unwrap();
    let march = close(store, 1, MARCH, APRIL, take(store).await).await;
    land(store, 1, &[at(2, -50, NOW), at(3, 20, APRIL)]).await.unwrap();
    let april = close(store, 1, APRIL, MAY, take(store).await).await;
    land(store, 1, &[at(4, 10, MAY)]).await.unwrap();
    assert_eq!(running(store, 1, MAY, JUNE).await, 0);
    let may = close(store, 1, MAY, JUNE, take(store).await).await;
    land(store, 1, &[at(5, 45, JUNE)]).await.unwrap();
    assert_eq!(running(store, 1, JUNE, JUNE + Duration::DAY).await, 25);
    let june = close(store, 1, JUNE, JUNE + Duration::DAY, take(store).await).await;

    let told = [march, april, may, june].map(|one| (one.carried, one.total(), one.billed()));
    assert_eq!(told, [(0, 100, 100), (0, -30, 0), (-30, -20, 0), (-20, 25, 25)]);
}

/// What was counted after the mark belongs to the next closing, also when it happened before the end.
pub async fn what_is_counted_after_the_mark_is_billed_later(store: &impl QuotaHarness) {
    found_two(store).await;
    land(store, 1, &[at(1, 100, NOW)]).await.unwrap();
    let mark = take(store).await;
    land(store, 1, &[at(2, 20, NOW), at(3, 4, APRIL)]).await.unwrap();

    let march = close(store, 1, MARCH, APRIL, mark).await;
    let april = close(store, 1, APRIL, MAY, take(store).await).await;

    assert_eq!(
        [march, april].map(|one| (one.used, one.adjustment)),
        [(100, 0), (4, 20)]
    );
}

/// What was used when nobody was billed for it is never billed, also when it is counted late.
pub async fn what_nobody_was_billed_for_stays_so(store: &impl QuotaHarness) {
    found_two(store).await;
    let before = MARCH - Duration::DAY;
    land(store, 1, &[at(1, 100, before), at(2, 10, NOW)]).await.unwrap();
    let march = close(store, 1, MARCH, APRIL, take(store).await).await;
    // Nothing is closed in April: the subscription rests.
    land(store, 1, &[at(3, 1_000, before), at(4, 10_000, APRIL), at(5, 2, MAY)])
        .await
        .unwrap();
    let may = close(store, 1, MAY, JUNE, take(store).await).await;
    land(store, 1, &[at(6, 1_000, before), at(7, 10_000, APRIL), at(8, 4, NOW)])
        .await
        .unwrap();
    let june = close(store, 1, JUNE, JUNE + Duration::DAY, take(store).await).await;

    let told = [march, may, june].map(|one| (one.used, one.adjustment));
    assert_eq!(told, [(10, 0), (2, 0), (0, 4)]);
}

/// An older mark than that of an earlier closing, or an earlier end, neither bills twice nor forgets.
pub async fn closings_out_of_order_bill_once(store: &impl QuotaHarness) {
    found_two(store).await;
    land(store, 1, &[at(1, 1, NOW)]).await.unwrap();
    let old = take(store).await;
    land(store, 1, &[at(2, 20, NOW), at(3, 300, APRIL)]).await.unwrap();
    let new = take(store).await;
    let march = close(store, 1, MARCH, APRIL, new).await;
    let april = close(store, 1, APRIL, MAY, old).await;
    land(store, 1, &[at(4, 4_000, APRIL)]).await.unwrap();
    let within = close(store, 1, MARCH, MARCH + Duration::DAY, take(store).await).await;
    let may = close(store, 1, MAY, JUNE, take(store).await).await;

    let billed = [march, april, within, may].map(|one| one.billed());
    assert_eq!((billed, billed.iter().sum::<i64>()), ([21, 300, 4_000, 0], 4_321));
}

/// A mark waits for the batch that is under way, and parts what was counted from what will be.
pub async fn a_mark_waits_for_batches_under_way(store: &impl QuotaHarness) {
    found_two(store).await;
    grant(store, 1, &entitlements(&[])).await;
    let before = take(store).await;
    let ours = [limit(1, "messages")];
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let state = batch.lock(&ours).await.unwrap();
    batch.write(&writes(1, &ours, &state, &[bare(1, 5)])).await.unwrap();
    let mut mark = Box::pin(store.marks().take());

    let too_early = tokio::time::timeout(Wait::from_millis(200), &mut mark).await;
    assert!(too_early.is_err(), "{too_early:?}");
    batch.commit().await.unwrap();
    let mark = mark.await.unwrap();
    land(store, 1, &[bare(2, 70)]).await.unwrap();

    assert!(before < mark);
    assert_eq!(close(store, 1, MARCH, APRIL, mark).await.used, 5);
    assert_eq!(running(store, 1, APRIL, MAY).await, 70);
}
