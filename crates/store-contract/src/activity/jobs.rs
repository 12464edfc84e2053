//! The queue of jobs.

use std::collections::HashSet;

use tenantry_activity::job::{Job, MAIL, Payload};
use tenantry_activity::mail::OutgoingMail;
use tenantry_kernel::time::Duration;
use tenantry_kernel::{EmailAddress, Event, Permission, Secret, SystemScope};
use tenantry_tenancy::testing::tenant_id;

use super::{ActivityHarness, commit, mail};
use crate::tenancy::scope;
use crate::{is_stale, next_page};

/// A lease that has run out when it begins: the database's clock cannot be moved.
const OVER: Duration = Duration::seconds(-1);

async fn enqueue(store: &impl ActivityHarness, count: usize) {
    let event = (0..count).fold(Event::new("member.invited", "1"), |event, number| {
        event.mail(mail(&format!("ada{number}@example.com")))
    });
    commit(store, &scope(1), vec![event]).await;
}

async fn claim(store: &impl ActivityHarness, limit: u16, lease: Duration) -> Vec<Job> {
    store.jobs().claim(&[MAIL.to_owned()], limit, lease).await.unwrap()
}

async fn claim_one(store: &impl ActivityHarness, lease: Duration) -> Job {
    claim(store, 1, lease).await.remove(0)
}

/// A mail of an event becomes a job that says all the mail said.
pub async fn a_mail_becomes_a_job(store: &impl ActivityHarness) {
    enqueue(store, 1).await;

    let jobs = claim(store, 10, Duration::MINUTE).await;

    let [job] = jobs.as_slice() else {
        panic!("one job, not {jobs:?}")
    };
    let expected = OutgoingMail {
        id: job.id.as_uuid(),
        tenant: Some(tenant_id(1)),
        template: "invitation".to_owned(),
        to: EmailAddress::try_from("ada0@example.com").unwrap(),
        locale: "en".to_owned(),
        fields: vec![("tenant".to_owned(), "Acme".to_owned())],
        token: Some(Secret::new("one-time-token".to_owned())),
    };
    assert_eq!(job.payload, Payload::Mail(expected));
    assert_eq!(
        (job.kind.as_str(), job.tenant, job.attempts),
        (MAIL, Some(tenant_id(1)), 1)
    );
}

/// Jobs of other kinds are left alone.
pub async fn only_the_kinds_asked_for_are_taken(store: &impl ActivityHarness) {
    enqueue(store, 1).await;

    assert_eq!(
        store
            .jobs()
            .claim(&["webhook".to_owned()], 10, Duration::MINUTE)
            .await
            .unwrap(),
        Vec::new()
    );
    assert_eq!(store.jobs().claim(&[], 10, Duration::MINUTE).await.unwrap(), Vec::new());
}

/// No two workers take one job, also when they ask at once.
pub async fn a_job_is_taken_by_one_worker(store: &impl ActivityHarness) {
    enqueue(store, 10).await;

    let (first, second) = tokio::join!(claim(store, 6, Duration::MINUTE), claim(store, 6, Duration::MINUTE));
    let rest = claim(store, 10, Duration::MINUTE).await;

    let taken: Vec<_> = [first, second, rest].concat().iter().map(|job| job.id).collect();
    let distinct: HashSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), distinct.len()), (10, 10));
}

/// A job is done once it is completed.
pub async fn a_completed_job_is_gone(store: &impl ActivityHarness) {
    enqueue(store, 1).await;
    let job = claim_one(store, OVER).await;

    store.jobs().complete(&job).await.unwrap();

    assert_eq!(claim(store, 10, Duration::MINUTE).await, Vec::new());
    assert!(is_stale(&store.jobs().complete(&job).await));
}

/// A lease that has run out gives the job to another worker, and the first can no longer answer for it.
pub async fn a_lost_lease_fences_its_holder_off(store: &impl ActivityHarness) {
    enqueue(store, 1).await;
    let slow = claim_one(store, OVER).await;

    let quick = claim_one(store, Duration::MINUTE).await;

    assert_eq!((quick.id, quick.attempts), (slow.id, 2));
    assert_ne!(quick.lease_token, slow.lease_token);
    let jobs = store.jobs();
    assert!(is_stale(&jobs.complete(&slow).await));
    assert!(is_stale(&jobs.retry(&slow, "late", Duration::ZERO).await));
    assert!(is_stale(&jobs.bury(&slow, "late").await));
    jobs.complete(&quick).await.unwrap();
}

/// A job that failed waits its time, then comes again; the answer ended the lease.
pub async fn a_failed_job_waits_and_comes_again(store: &impl ActivityHarness) {
    enqueue(store, 2).await;
    let [soon, late] = claim(store, 2, Duration::MINUTE).await.try_into().unwrap();

    store.jobs().retry(&soon, "busy", Duration::ZERO).await.unwrap();
    store.jobs().retry(&late, "busy", Duration::HOUR).await.unwrap();

    assert!(is_stale(&store.jobs().complete(&soon).await));
    let again = claim(store, 10, Duration::MINUTE).await;
    assert_eq!(
        again.iter().map(|job| (job.id, job.attempts)).collect::<Vec<_>>(),
        [(soon.id, 2)]
    );
}

/// A job that was given up is kept for operators, newest first, and revived on demand only.
pub async fn a_dead_job_is_kept_until_it_is_revived(store: &impl ActivityHarness) {
    enqueue(store, 3).await;
    let operator = SystemScope::for_test(&[Permission::known("platform.manage")]);
    let jobs = store.jobs();
    for job in claim(store, 3, OVER).await {
        jobs.bury(&job, "refused for good").await.unwrap();
    }
    assert_eq!(claim(store, 10, Duration::MINUTE).await, Vec::new());

    let first = jobs.dead(&operator, next_page::<()>(2, None)).await.unwrap();
    let second = jobs.dead(&operator, next_page(2, Some(&first))).await.unwrap();

    assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
    let oldest = &second.items[0];
    assert!(
        first
            .items
            .iter()
            .all(|job| job.id != oldest.id && job.died_at >= oldest.died_at)
    );
    assert_eq!((oldest.error.as_str(), oldest.attempts), ("refused for good", 1));
    assert!(jobs.revive(&operator, oldest.id).await.unwrap());
    assert!(!jobs.revive(&operator, oldest.id).await.unwrap());
    let again = claim_one(store, Duration::MINUTE).await;
    assert_eq!((again.id, again.attempts), (oldest.id, 1));
}
