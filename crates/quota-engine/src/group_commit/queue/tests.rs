//! Bounds and fairness, on numbers.

use super::*;
use tenantry_kernel::uuid::Uuid;

/// Number `of` of a tenant, which becomes some lines.
#[derive(Clone, Debug, PartialEq, Eq)]
struct One {
    tenant: u128,
    of: usize,
    lines: usize,
    gone: bool,
    /// Must not be in one batch with this one of the same tenant.
    after: Option<usize>,
}

impl Waits for One {
    fn lines(&self) -> usize {
        self.lines
    }

    fn is_gone(&self) -> bool {
        self.gone
    }

    fn must_follow(&self, taken: &[Self]) -> bool {
        let blocks = |one: &Self| one.tenant == self.tenant && Some(one.of) == self.after;
        taken.iter().any(blocks)
    }
}

fn one(tenant: u128, of: usize) -> One {
    One {
        tenant,
        of,
        lines: 1,
        gone: false,
        after: None,
    }
}

fn some(tenant: u128, count: usize) -> Vec<One> {
    (0..count).map(|of| one(tenant, of)).collect()
}

fn id(tenant: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(tenant))
}

fn queue(batch: usize) -> Queue<One> {
    Queue::new(Bounds {
        all: 20_000,
        of_a_tenant: 10_000,
        batch,
    })
}

fn count(batch: &[One], tenant: u128) -> usize {
    batch.iter().filter(|one| one.tenant == tenant).count()
}

#[tokio::test]
async fn ten_thousand_operations_of_a_tenant_do_not_delay_another_ones() {
    let queue = queue(512);
    queue.push(id(1), some(1, 10_000)).unwrap();
    queue.push(id(2), some(2, 1)).unwrap();

    let first = queue.next().await.unwrap();

    assert_eq!((count(&first, 1), count(&first, 2)), (511, 1));
}

#[tokio::test]
async fn a_batch_is_shared_evenly_and_keeps_each_tenants_order() {
    let queue = queue(300);
    for tenant in 1..=3 {
        queue.push(id(tenant), some(tenant, 1_000)).unwrap();
    }

    let batch = queue.next().await.unwrap();

    for tenant in 1..=3 {
        let of_tenant: Vec<usize> = batch
            .iter()
            .filter(|one| one.tenant == tenant)
            .map(|one| one.of)
            .collect();
        assert_eq!(of_tenant, (0..100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn large_operations_take_as_many_turns() {
    let queue = queue(120);
    let large = some(1, 1_000).into_iter().map(|one| One { lines: 10, ..one });
    queue.push(id(1), large.collect()).unwrap();
    queue.push(id(2), some(2, 1_000)).unwrap();

    let batch = queue.next().await.unwrap();

    let (large, small) = (count(&batch, 1), count(&batch, 2));
    assert!((9..=11).contains(&large), "{large} and {small}");
    assert_eq!(large + small, 120);
}

#[tokio::test]
async fn turns_go_on_where_the_last_batch_ended() {
    let queue = queue(2);
    for tenant in 1..=3 {
        queue.push(id(tenant), some(tenant, 2)).unwrap();
    }

    let mut order = Vec::new();
    for _ in 0..3 {
        order.extend(queue.next().await.unwrap().into_iter().map(|one| one.tenant));
    }

    assert_eq!(order, [1, 2, 3, 1, 2, 3]);
    assert_eq!(queue.len(), 0);
}

#[tokio::test]
async fn a_tenants_full_part_refuses_that_tenant_only() {
    let queue = Queue::new(Bounds {
        all: 10,
        of_a_tenant: 4,
        batch: 2,
    });

    queue.push(id(1), some(1, 4)).unwrap();
    assert_eq!(queue.push(id(1), some(1, 1)).unwrap_err().len(), 1);
    queue.push(id(2), some(2, 4)).unwrap();
    assert!(queue.push(id(3), some(3, 3)).is_err(), "all or none");
    queue.push(id(3), some(3, 2)).unwrap();
    assert!(queue.push(id(4), some(4, 1)).is_err(), "the queue is full");

    assert_eq!(queue.len(), 10);
    queue.next().await.unwrap();
    queue.push(id(4), some(4, 2)).unwrap();
}

#[tokio::test]
async fn whoever_went_away_takes_no_place() {
    let queue = queue(2);
    let gone = One {
        gone: true,
        ..one(1, 0)
    };
    queue
        .push(id(1), vec![gone.clone(), one(1, 1), gone, one(1, 3)])
        .unwrap();

    let batch = queue.next().await.unwrap();

    assert_eq!(batch.iter().map(|one| one.of).collect::<Vec<_>>(), [1, 3]);
}

#[tokio::test]
async fn what_builds_on_another_is_in_the_next_batch_and_so_is_what_comes_after() {
    let queue = queue(10);
    let after = One {
        after: Some(0),
        ..one(1, 1)
    };
    queue.push(id(1), vec![one(1, 0), after, one(1, 2)]).unwrap();
    queue.push(id(2), some(2, 3)).unwrap();

    let first = queue.next().await.unwrap();
    let second = queue.next().await.unwrap();

    assert_eq!((count(&first, 1), count(&first, 2)), (1, 3));
    assert_eq!(second.iter().map(|one| one.of).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn a_closed_queue_hands_out_what_waits_and_takes_nothing() {
    let queue = queue(2);
    queue.push(id(1), some(1, 3)).unwrap();
    queue.close();

    assert!(queue.push(id(1), some(1, 1)).is_err());
    assert_eq!(queue.next().await.map(|batch| batch.len()), Some(2));
    assert_eq!(queue.next().await.map(|batch| batch.len()), Some(1));
    assert_eq!(queue.next().await, None);
}

#[tokio::test]
async fn those_who_were_answered_are_waited_for_while_they_come_and_no_longer() {
    let queue = std::sync::Arc::new(queue(10));
    let coming = std::sync::Arc::clone(&queue);
    tokio::spawn(async move {
        for of in 0..3 {
            tokio::task::yield_now().await;
            coming.push(id(1), vec![one(1, of)]).unwrap();
        }
    });

    queue.gather(5).await;
    queue.gather(5).await;

    assert_eq!(queue.len(), 3);
}
