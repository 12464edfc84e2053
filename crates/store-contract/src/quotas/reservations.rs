//! Reservations, and what they hold.

use std::collections::{BTreeMap, BTreeSet};

use tenantry_kernel::StoreError;
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_quotas::account::TenantAccount;
use tenantry_quotas::engine::BatchWrites;
use tenantry_quotas::limit::User;
use tenantry_quotas::reservation::{Hold, Reservation, ReservationId, ReservationRef, ReservationStatus, ReservedItem};
use tenantry_quotas::testing::code;

use super::{NOW, QuotaHarness, account, key_id, named, of_tenant, operation, read, tenant_id};
use crate::next_page;
use crate::tenancy::found_two;

const fn reference(tenant: u128, number: u128) -> ReservationRef {
    ReservationRef {
        tenant: tenant_id(tenant),
        id: ReservationId::from_uuid(Uuid::from_u128(number)),
    }
}

/// A reservation of two items, the second in the pool of tenant 2.
fn reservation(tenant: u128, number: u128) -> Reservation {
    let messages = ReservedItem {
        meter: code("messages"),
        amount: 30,
        user: User {
            name: Some("bob \"x\" ☃".into()),
            key: Some(key_id(3)),
        },
        subject: Some("bob \"x\" ☃".to_owned()),
        description: Some("a long job".to_owned()),
        accounts: vec![
            of_tenant(tenant, account("messages")),
            TenantAccount {
                tenant: tenant_id(tenant),
                key: tenantry_quotas::account::AccountKey {
                    subject: tenantry_quotas::account::Subject::user("bob \"x\" ☃"),
                    ..account("messages")
                },
            },
        ],
        used: None,
    };
    let tokens = ReservedItem {
        meter: code("tokens"),
        amount: 7,
        user: User::default(),
        subject: None,
        description: None,
        accounts: vec![of_tenant(tenant, account("tokens")), of_tenant(2, account("pooled"))],
        used: None,
    };
    Reservation {
        id: ReservationId::from_uuid(Uuid::from_u128(number)),
        operation: operation(&format!("reserve {number}")),
        digest: [9; 32],
        live: true,
        items: vec![messages, tokens],
        status: ReservationStatus::Held,
        created_at: NOW,
        expires_at: NOW + Duration::minutes(i64::try_from(number).unwrap()),
        ended_at: None,
    }
}

/// What a reservation holds, in the order of its items and accounts.
fn holds_of(tenant: u128, reservation: &Reservation) -> BTreeSet<Hold> {
    let items = reservation.items.iter().enumerate();
    items
        .flat_map(|(number, item)| {
            item.accounts.iter().map(move |account| Hold {
                reservation: ReservationRef {
                    tenant: tenant_id(tenant),
                    id: reservation.id,
                },
                item: number,
                account: account.clone(),
                amount: item.amount,
                expires_at: reservation.expires_at,
            })
        })
        .collect()
}

async fn write(store: &impl QuotaHarness, writes: &BatchWrites) -> Result<(), StoreError> {
    let mut batch = store.ledger().begin_batch().await?;
    batch.write(writes).await?;
    batch.commit().await
}

async fn make(store: &impl QuotaHarness, made: &[(u128, Reservation)]) {
    let own = |(tenant, one): &(u128, Reservation)| (tenant_id(*tenant), one.clone());
    let writes = BatchWrites {
        reservations: made.iter().map(own).collect(),
        ..BatchWrites::default()
    };
    write(store, &writes).await.unwrap();
}

/// A reservation comes back as it went, to its tenant and to the engine, and holds what it says.
pub async fn a_reservation_comes_back_whole_for_its_tenant(store: &impl QuotaHarness) {
    found_two(store).await;
    let (ours, theirs) = (reservation(1, 5), reservation(2, 6));
    make(store, &[(1, ours.clone()), (2, theirs.clone())]).await;
    let find = async |tenant: u128, number: u128| {
        let id = reference(tenant, number).id;
        read(store, tenant).await.reservations().find(id).await.unwrap()
    };

    assert_eq!(find(1, 5).await, Some(ours.clone()));
    assert_eq!(find(2, 6).await, Some(theirs));
    assert_eq!((find(1, 6).await, find(2, 5).await), (None, None));

    let mut batch = store.ledger().begin_batch().await.unwrap();
    let asked = [reference(1, 5), reference(1, 6), reference(2, 5)];
    let found = batch.reservations(&asked).await.unwrap();
    assert_eq!(found, BTreeMap::from([(reference(1, 5), ours.clone())]));
    let asked = [named(1, "reserve 5"), named(2, "reserve 5"), named(1, "operation 1")];
    let reserved = batch.reserved(&asked).await.unwrap();
    assert_eq!(reserved, BTreeMap::from([(named(1, "reserve 5"), ours.clone())]));
    let held = batch
        .holds(&[reference(1, 5), reference(2, 5)], &[], NOW)
        .await
        .unwrap();
    assert_eq!(held, holds_of(1, &ours));
}

/// The same name reserves once per tenant.
pub async fn reserving_twice_under_one_name_is_contended(store: &impl QuotaHarness) {
    found_two(store).await;
    make(store, &[(1, reservation(1, 5))]).await;
    let twice = Reservation {
        id: reference(1, 9).id,
        ..reservation(1, 5)
    };
    let of = |tenant: u128| BatchWrites {
        reservations: vec![(tenant_id(tenant), twice.clone())],
        ..BatchWrites::default()
    };

    let refused = write(store, &of(1)).await;

    assert!(matches!(refused, Err(StoreError::Contended)), "{refused:?}");
    write(store, &of(2)).await.unwrap();
}

/// A reservation that ended says how and how much of it was used, and what was freed is held no more.
pub async fn a_reservation_that_ended_holds_nothing(store: &impl QuotaHarness) {
    found_two(store).await;
    let (ours, other) = (reservation(1, 5), reservation(1, 6));
    make(store, &[(1, ours.clone()), (1, other.clone()), (2, reservation(2, 7))]).await;
    let mut ended = Reservation {
        status: ReservationStatus::Committed,
        ended_at: Some(NOW + Duration::SECOND),
        ..ours.clone()
    };
    ended.items[0].used = Some(12);
    ended.items[1].used = Some(0);
    let writes = BatchWrites {
        ended: vec![(tenant_id(1), ended.clone())],
        freed: holds_of(1, &ours),
        ..BatchWrites::default()
    };

    write(store, &writes).await.unwrap();

    let found = read(store, 1).await.reservations().find(ours.id).await.unwrap();
    assert_eq!(found, Some(ended));
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let all = [reference(1, 5), reference(1, 6)];
    assert_eq!(batch.holds(&all, &[], NOW).await.unwrap(), holds_of(1, &other));
}

/// Holds whose time is up are found on the accounts that they hold, whoever reserved; others are not.
pub async fn holds_whose_time_is_up_are_found_by_their_accounts(store: &impl QuotaHarness) {
    found_two(store).await;
    let (early, late, theirs) = (reservation(1, 5), reservation(1, 60), reservation(2, 6));
    make(store, &[(1, early.clone()), (1, late), (2, theirs.clone())]).await;
    let at = early.expires_at;
    let on = |accounts: &[TenantAccount], holds: BTreeSet<Hold>| -> BTreeSet<Hold> {
        holds
            .into_iter()
            .filter(|hold| accounts.contains(&hold.account))
            .collect()
    };
    let mut batch = store.ledger().begin_batch().await.unwrap();
    let ours = [of_tenant(1, account("messages")), of_tenant(1, account("tokens"))];
    let pool = [of_tenant(2, account("pooled"))];

    let nothing = batch.holds(&[], &ours, at - Duration::MICROSECOND).await.unwrap();
    assert_eq!(nothing, BTreeSet::new());
    assert_eq!(
        batch.holds(&[], &ours, at).await.unwrap(),
        on(&ours, holds_of(1, &early))
    );
    let mut both = on(&pool, holds_of(1, &early));
    both.extend(on(&pool, holds_of(2, &theirs)));
    assert_eq!(batch.holds(&[], &pool, theirs.expires_at).await.unwrap(), both);
}

/// Reservations whose time is up are listed, of all tenants, the earliest first, until they end.
pub async fn reservations_whose_time_is_up_are_listed(store: &impl QuotaHarness) {
    found_two(store).await;
    make(
        store,
        &[(1, reservation(1, 5)), (2, reservation(2, 6)), (1, reservation(1, 60))],
    )
    .await;
    let at = NOW + Duration::minutes(6);
    let due = async |at, limit| store.expired().expired(at, limit).await.unwrap();

    assert_eq!(due(NOW, 10).await, []);
    assert_eq!(due(at, 10).await, [reference(1, 5), reference(2, 6)]);
    assert_eq!(due(at, 1).await, [reference(1, 5)]);

    let ended = Reservation {
        status: ReservationStatus::Expired,
        ended_at: Some(at),
        ..reservation(1, 5)
    };
    let writes = BatchWrites {
        ended: vec![(tenant_id(1), ended)],
        ..BatchWrites::default()
    };
    write(store, &writes).await.unwrap();
    assert_eq!(due(at, 10).await, [reference(2, 6)]);
}

/// Reservations are read from the latest, in pages, by their own tenant.
pub async fn reservations_are_read_from_the_latest_in_pages(store: &impl QuotaHarness) {
    found_two(store).await;
    let made = [1, 2, 3].map(|number| (1, reservation(1, number)));
    make(store, &made).await;
    make(store, &[(2, reservation(2, 4))]).await;

    let first = read(store, 1).await.reservations().list(next_page::<()>(2, None)).await;
    let first = first.unwrap();
    let second = read(store, 1)
        .await
        .reservations()
        .list(next_page(2, Some(&first)))
        .await;

    assert_eq!(first.items, [reservation(1, 3), reservation(1, 2)]);
    assert_eq!(second.unwrap().items, [reservation(1, 1)]);
}
