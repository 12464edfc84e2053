//! The loop body, over mocks.

use super::*;
use crate::testing::NOW;
use crate::testing::{MockJobHandler, MockJobQueue, MockMailer, mail_job};
use proptest::prelude::*;
use tenantry_kernel::secret::CannotOpen;
use tenantry_kernel::testing::{FixedClock, MemoryBudgets};
use tenantry_kernel::{Budget, Cipher, Secret};

fn queue_with(jobs: Vec<Job>) -> MockJobQueue {
    let mut queue = MockJobQueue::new();
    queue.expect_claim().return_once(move |_, _, _| Ok(jobs));
    queue
}

fn dispatcher(queue: MockJobQueue, mailer: MockMailer) -> Dispatcher {
    Dispatcher::new(Arc::new(queue), DispatchRules::default()).sending_mail(Arc::new(mailer))
}

fn down() -> MailError {
    MailError::Unavailable("connection refused".into())
}

#[tokio::test]
async fn without_handlers_nothing_is_taken() {
    let dispatcher = Dispatcher::new(Arc::new(MockJobQueue::new()), DispatchRules::default());

    assert_eq!(dispatcher.run_once().await.unwrap(), Round::default());
}

#[tokio::test]
async fn only_kinds_with_a_handler_are_taken() {
    let mut queue = MockJobQueue::new();
    queue
        .expect_claim()
        .withf(|kinds, limit, lease| kinds == ["expiry", "mail"] && *limit == 16 && *lease == Duration::minutes(5))
        .once()
        .returning(|_, _, _| Ok(Vec::new()));
    let dispatcher = dispatcher(queue, MockMailer::new()).handling("expiry", Arc::new(MockJobHandler::new()));

    assert_eq!(dispatcher.run_once().await.unwrap(), Round::default());
}

#[tokio::test]
async fn a_sent_message_completes_its_job() {
    let mut queue = queue_with(vec![mail_job(1, 1), mail_job(2, 3)]);
    queue.expect_complete().times(2).returning(|_| Ok(()));
    let mut mailer = MockMailer::new();
    mailer.expect_send().times(2).returning(|_| Ok(()));

    let round = dispatcher(queue, mailer).run_once().await.unwrap();

    assert_eq!(
        round,
        Round {
            claimed: 2,
            done: 2,
            ..Round::default()
        }
    );
}

#[tokio::test]
async fn a_silent_mail_server_is_tried_again_later_and_later() {
    for (attempts, wait_s) in [(1, 10), (2, 20), (3, 40), (13, 21_600)] {
        let mut queue = queue_with(vec![mail_job(1, attempts)]);
        queue
            .expect_retry()
            .withf(move |_, error, after| error.contains("connection refused") && after.whole_seconds() == wait_s)
            .once()
            .returning(|_, _, _| Ok(()));
        let mut mailer = MockMailer::new();
        mailer.expect_send().returning(|_| Err(down()));

        let round = dispatcher(queue, mailer).run_once().await.unwrap();

        assert_eq!(round.retried, 1, "attempt {attempts}");
    }
}

#[tokio::test]
async fn the_last_attempt_that_fails_is_the_end() {
    let mut queue = queue_with(vec![mail_job(1, 14)]);
    queue.expect_bury().once().returning(|_, _| Ok(()));
    let mut mailer = MockMailer::new();
    mailer.expect_send().once().returning(|_| Err(down()));

    let round = dispatcher(queue, mailer).run_once().await.unwrap();

    assert_eq!(
        round,
        Round {
            claimed: 1,
            buried: 1,
            ..Round::default()
        }
    );
}

#[tokio::test]
async fn a_refused_message_is_given_up_at_once() {
    let mut queue = queue_with(vec![mail_job(1, 1)]);
    queue
        .expect_bury()
        .withf(|_, error| error.contains("550"))
        .once()
        .returning(|_, _| Ok(()));
    let mut mailer = MockMailer::new();
    mailer
        .expect_send()
        .returning(|_| Err(MailError::Refused("550 no such user".to_owned())));

    assert_eq!(dispatcher(queue, mailer).run_once().await.unwrap().buried, 1);
}

#[tokio::test]
async fn what_cannot_be_read_or_kills_its_node_is_buried_untried() {
    let mut unreadable = mail_job(1, 1);
    unreadable.payload = Payload::Unreadable("not JSON".to_owned());
    let mut misplaced = mail_job(2, 1);
    misplaced.payload = Payload::Json("{}".to_owned());
    let mut queue = queue_with(vec![unreadable, misplaced, mail_job(3, 15)]);
    queue.expect_bury().times(3).returning(|_, _| Ok(()));

    let round = dispatcher(queue, MockMailer::new()).run_once().await.unwrap();

    assert_eq!(
        round,
        Round {
            claimed: 3,
            buried: 3,
            ..Round::default()
        }
    );
}

#[tokio::test]
async fn one_job_in_trouble_does_not_keep_the_others_waiting() {
    let mut queue = queue_with(vec![mail_job(1, 1), mail_job(2, 1), mail_job(3, 1)]);
    queue
        .expect_retry()
        .once()
        .returning(|_, _, _| Err(StoreError::Contended));
    queue.expect_complete().times(2).returning(|job| {
        if job.id == mail_job(2, 1).id {
            Err(StoreError::Stale)
        } else {
            Ok(())
        }
    });
    let mut mailer = MockMailer::new();
    mailer.expect_send().times(3).returning(|mail| {
        if mail.id == mail_job(1, 1).id.as_uuid() {
            Err(down())
        } else {
            Ok(())
        }
    });

    let round = dispatcher(queue, mailer).run_once().await.unwrap();

    assert_eq!(
        round,
        Round {
            claimed: 3,
            done: 1,
            lost: 2,
            ..Round::default()
        }
    );
}

#[tokio::test]
async fn a_job_of_another_kind_goes_to_its_own_handler() {
    let mut job = mail_job(1, 1);
    job.kind = "expiry".to_owned();
    job.payload = Payload::Json("{}".to_owned());
    let mut queue = queue_with(vec![job]);
    queue.expect_complete().once().returning(|_| Ok(()));
    let mut handler = MockJobHandler::new();
    handler.expect_run().once().returning(|_| Ok(()));
    let dispatcher = dispatcher(queue, MockMailer::new()).handling("expiry", Arc::new(handler));

    assert_eq!(dispatcher.run_once().await.unwrap().done, 1);
}

#[tokio::test]
async fn an_unreachable_queue_is_an_error() {
    let mut queue = MockJobQueue::new();
    queue.expect_claim().returning(|_, _, _| Err(StoreError::Contended));

    assert!(matches!(
        dispatcher(queue, MockMailer::new()).run_once().await,
        Err(StoreError::Contended)
    ));
}

proptest! {
    #[test]
    fn waits_grow_and_stay_bounded(attempts in 1_u32..u32::MAX) {
        let rules = DispatchRules::default();
        let wait = rules.wait_after(attempts);
        prop_assert!(wait >= rules.first_wait && wait <= rules.longest_wait);
        prop_assert!(rules.wait_after(attempts.saturating_add(1)) >= wait);
    }
}

#[tokio::test]
async fn letters_of_others_beyond_the_budget_are_dropped_and_others_are_not() {
    let told = |number, template: &str, attempts| {
        let mut job = mail_job(number, attempts);
        if let Payload::Mail(mail) = &mut job.payload {
            mail.template = template.to_owned();
        }
        job
    };
    let jobs = vec![
        told(1, "reset_password", 1),
        told(2, "invitation", 1),
        told(3, "magic_link", 1),
        told(4, "new_device", 1),
        // It was admitted when it was tried for the first time.
        told(5, "reset_password", 2),
    ];
    let mut queue = queue_with(jobs);
    queue.expect_complete().times(5).returning(|_| Ok(()));
    let mut mailer = MockMailer::new();
    let sent = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    mailer.expect_send().returning(move |mail| {
        log.lock().unwrap().push(mail.id.as_u128());
        Ok(())
    });
    let budget = MailBudget {
        keeper: Arc::new(MemoryBudgets::default()),
        cipher: Arc::new(FirstBytes),
        clock: Arc::new(FixedClock::at(NOW)),
        budget: Budget::hourly(std::num::NonZeroU32::new(2).unwrap()),
    };
    let dispatcher =
        Dispatcher::new(Arc::new(queue), DispatchRules::default()).sending_mail_within(Arc::new(mailer), budget);

    let round = dispatcher.run_once().await.unwrap();

    assert_eq!((round.done, round.withheld, round.buried), (4, 1, 0));
    assert_eq!(*sent.lock().unwrap(), [1, 2, 4, 5]);
}

/// Tells values apart by their first bytes.
struct FirstBytes;

impl Cipher for FirstBytes {
    fn seal(&self, _context: &str, plain: &[u8]) -> Vec<u8> {
        plain.to_vec()
    }

    fn open(&self, _context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CannotOpen> {
        Ok(Secret::new(sealed.to_vec()))
    }

    fn fingerprint(&self, _context: &str, value: &[u8]) -> [u8; 32] {
        std::array::from_fn(|at| value.get(at).copied().unwrap_or_default())
    }
}
