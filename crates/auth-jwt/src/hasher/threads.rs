//! The threads that hash: few, patient, and of low priority.
//!
//! A hash is a core for tens of milliseconds. On threads of the runtime's, or at the priority of everybody else, a storm
//! of log-ins would be felt by every request; here it is felt by those who log in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tenantry_identity::user::HashFailed;
use tokio::sync::oneshot;

use super::failed;

/// How many may wait: at 30 hashes a second, those at the end wait for as long as a request may take.
pub(super) const WAITING: usize = 512;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that work off one queue. They end when it is dropped.
#[derive(Clone)]
pub(crate) struct HashThreads {
    jobs: SyncSender<Job>,
}

impl HashThreads {
    /// So many threads, with room for `waiting` behind those at work.
    pub(crate) fn start(threads: usize, waiting: usize) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel(waiting);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name("password-hash".to_owned())
                .spawn(move || work_off(&queue))?;
        }
        Ok(Self { jobs })
    }

    /// Runs `work` when it is its turn. Work that nobody waits for any more is left out.
    ///
    /// # Errors
    /// [`HashFailed::Busy`] at once when too many wait already; what `work` refuses.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashFailed> + Send + 'static,
    ) -> Result<T, HashFailed> {
        let (answer, done) = oneshot::channel();
        let job: Job = Box::new(move || {
            if !answer.is_closed() {
                // Whoever went away while it ran does not miss the answer.
                let _ = answer.send(work());
            }
        });
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => HashFailed::Busy,
            TrySendError::Disconnected(_) => failed("the threads that hash have ended"),
        })?;
        done.await.map_err(failed)?
    }
}

fn work_off(queue: &Mutex<Receiver<Job>>) {
    step_back();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // One that panics fails its caller, whose answer is dropped; the thread goes on.
        let _ = catch_unwind(AssertUnwindSafe(job));
    }
}

/// How much nicer than others the threads are: under full load they get about a quarter of what an equal would, so that
/// a storm is still worked off.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 6;

/// On Linux a priority is a thread's own (setpriority(2), "C library/kernel differences"); elsewhere it would be the
/// whole process's, and stays as it is.
#[cfg(target_os = "linux")]
fn step_back() {
    // A system that does not let a thread step back lets it hash all the same.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(not(target_os = "linux"))]
const fn step_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a thread until it is told to let go.
    async fn occupy(threads: &HashThreads) -> (SyncSender<()>, tokio::task::JoinHandle<Result<(), HashFailed>>) {
        let (release, held) = sync_channel::<()>(0);
        let (says_so, begun) = oneshot::channel();
        let threads = threads.clone();
        let task = tokio::spawn(async move {
            let work = move || {
                let _ = says_so.send(());
                let _ = held.recv();
                Ok(())
            };
            threads.run(work).await
        });
        begun.await.unwrap();
        (release, task)
    }

    #[tokio::test]
    async fn one_at_a_time_works_and_the_others_wait() {
        let threads = HashThreads::start(1, 8).unwrap();
        let (release, first) = occupy(&threads).await;
        let second = tokio::spawn({
            let threads = threads.clone();
            async move { threads.run(|| Ok(7)).await }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());

        drop(release);

        first.await.unwrap().unwrap();
        assert_eq!(second.await.unwrap().unwrap(), 7);
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_so_at_once() {
        let threads = HashThreads::start(1, 1).unwrap();
        let (release, first) = occupy(&threads).await;
        let mut waiting = Box::pin(threads.run(|| Ok(())));
        assert!(futures_util::FutureExt::now_or_never(&mut waiting).is_none());

        let refused = threads.run(|| Ok(())).await;

        assert!(matches!(refused, Err(HashFailed::Busy)));
        drop(release);
        first.await.unwrap().unwrap();
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_done_for_those_who_went_away() {
        let threads = HashThreads::start(1, 8).unwrap();
        let (release, first) = occupy(&threads).await;
        let (done, was_done) = sync_channel(1);
        let mut gone = Box::pin(threads.run(move || {
            done.send(()).unwrap();
            Ok(())
        }));
        assert!(futures_util::FutureExt::now_or_never(&mut gone).is_none());

        drop(gone);
        drop(release);

        first.await.unwrap().unwrap();
        threads.run(|| Ok(())).await.unwrap();
        assert!(was_done.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_panic_fails_its_caller_alone() {
        let threads = HashThreads::start(1, 8).unwrap();

        let panicked = threads.run::<()>(|| panic!("on purpose")).await;

        assert!(matches!(panicked, Err(HashFailed::Broken(_))));
        assert!(threads.run(|| Ok(())).await.is_ok());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn they_are_nicer_than_others() {
        let threads = HashThreads::start(1, 8).unwrap();
        let own = || rustix::process::getpriority_process(None).map_err(failed);

        let theirs = threads.run(own).await.unwrap();

        assert_eq!(theirs, NICENESS.max(own().unwrap()));
    }
}
