//! The threads that hash: few, patient, and behind everybody else.
//!
//! A hash is a core for tens of milliseconds. On threads of the runtime's, or at the priority of everybody else, a storm
//! of log-ins would be felt by every request; here it is felt by those who log in.
//!
//! On Linux the threads run while a core has nothing else to do, and leave it at once when it has (`SCHED_IDLE`,
//! sched(7)). A lower priority alone does not do: whoever runs keeps the core until the next tick of the clock, some
//! milliseconds, and a request that comes meanwhile waits as long. So that people get in while the cores are never idle,
//! one more thread of ordinary policy takes a log-in when none was begun for [`PATIENCE`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tenantry_identity::user::HashFailed;
use tokio::sync::oneshot;

use super::failed;

/// How many may wait: at 30 hashes a second, those at the end wait for as long as a request may take.
pub(super) const WAITING: usize = 512;

/// For how long nobody's turn may come before it comes at the expense of others.
const PATIENCE: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce() + Send>;

/// Threads that work off one queue. They end when it is dropped.
#[derive(Clone)]
pub(crate) struct HashThreads {
    queue: Arc<Open>,
}

impl HashThreads {
    /// So many threads, with room for `waiting` behind those at work.
    pub(crate) fn start(threads: usize, waiting: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(waiting));
        let open = Arc::new(Open(Arc::clone(&queue)));
        for _ in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name("password-hash".to_owned()).spawn(move || {
                step_behind();
                while let Some(job) = queue.next() {
                    run(job);
                }
            })?;
        }
        thread::Builder::new().name("hash-overdue".to_owned()).spawn(move || {
            step_back();
            while let Some(job) = queue.overdue() {
                run(job);
            }
        })?;
        Ok(Self { queue: open })
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
        if !self.queue.0.push(job) {
            return Err(HashFailed::Busy);
        }
        done.await.map_err(failed)?
    }
}

/// One that panics fails its caller, whose answer is dropped; the thread goes on.
fn run(job: Job) {
    let _ = catch_unwind(AssertUnwindSafe(job));
}

/// Closes the queue when the last of those who push is gone.
struct Open(Arc<Queue>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.locked().closed = true;
        self.0.came.notify_all();
        self.0.overdue.notify_all();
    }
}

/// What waits, first come first served.
struct Queue {
    waiting: Mutex<Waiting>,
    /// Something came, or nothing more will.
    came: Condvar,
    /// Something came while nothing waited, or nothing more will.
    overdue: Condvar,
    room: usize,
}

struct Waiting {
    jobs: VecDeque<Job>,
    /// When a job was last begun, or came while none waited.
    moved_at: Instant,
    closed: bool,
}

impl Waiting {
    fn begin(&mut self) -> Option<Job> {
        let job = self.jobs.pop_front()?;
        self.moved_at = Instant::now();
        Some(job)
    }
}

impl Queue {
    fn new(room: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                jobs: VecDeque::new(),
                moved_at: Instant::now(),
                closed: false,
            }),
            came: Condvar::new(),
            overdue: Condvar::new(),
            room,
        }
    }

    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when there is no room.
    fn push(&self, job: Job) -> bool {
        let mut waiting = self.locked();
        if waiting.jobs.len() >= self.room {
            return false;
        }
        if waiting.jobs.is_empty() {
            waiting.moved_at = Instant::now();
            self.overdue.notify_one();
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.came.notify_one();
        true
    }

    /// The next job; `None` when there will be none.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.locked();
        loop {
            if let Some(job) = waiting.begin() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next job that nobody began within [`PATIENCE`]; `None` when there will be none.
    fn overdue(&self) -> Option<Job> {
        let mut waiting = self.locked();
        loop {
            let left = PATIENCE.saturating_sub(waiting.moved_at.elapsed());
            if waiting.closed {
                return None;
            }
            if waiting.jobs.is_empty() {
                waiting = self.overdue.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            } else if left.is_zero() {
                return waiting.begin();
            } else {
                let woken = self.overdue.wait_timeout(waiting, left);
                waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}
/// The policy of a thread that runs while nobody else would. A system that does not allow it lets the thread be nicer than
/// others; one that does not let it step back at all lets it hash all the same.
#[cfg(target_os = "linux")]
fn step_behind() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle);
    step_back();
}

/// How much nicer than others a thread of ordinary policy is: under full load it gets about a quarter of what an equal
/// would, so that a log-in that is begun is done soon.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 6;

/// On Linux a priority is a thread's own (setpriority(2), "C library/kernel differences"); elsewhere it would be the
/// whole process's, and stays as it is.
#[cfg(target_os = "linux")]
fn step_back() {
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(not(target_os = "linux"))]
const fn step_behind() {}

#[cfg(not(target_os = "linux"))]
const fn step_back() {}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

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
    async fn they_stand_behind_everybody_else() {
        use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy, thread_schedule_policy};
        let threads = HashThreads::start(1, 8).unwrap();

        let policy = threads.run(|| Ok(thread_schedule_policy().unwrap())).await.unwrap();

        assert_eq!(policy, ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle));
    }

    /// The thread that runs the job, by its name, and how nice it is.
    fn whoever_runs_it() -> Result<(Option<String>, i32), HashFailed> {
        let nice = rustix::process::getpriority_process(None).map_err(failed)?;
        Ok((thread::current().name().map(str::to_owned), nice))
    }

    #[tokio::test]
    async fn what_nobody_begins_in_time_is_begun_by_another() {
        let threads = HashThreads::start(1, 8).unwrap();
        let (release, first) = occupy(&threads).await;

        let (by, nice) = threads.run(whoever_runs_it).await.unwrap();

        assert_eq!(by.as_deref(), Some("hash-overdue"));
        assert!(nice >= NICENESS);
        drop(release);
        first.await.unwrap().unwrap();
        let (by, _) = threads.run(whoever_runs_it).await.unwrap();
        assert_eq!(by.as_deref(), Some("password-hash"));
    }

    #[test]
    fn while_work_gets_on_nothing_is_overdue() {
        let queue = Queue::new(8);
        queue.push(Box::new(|| ()));
        queue.push(Box::new(|| ()));
        let before = queue.locked().moved_at;
        assert!(queue.next().is_some());

        assert!(queue.locked().moved_at >= before, "beginning one puts the other off");
        assert_eq!(queue.locked().jobs.len(), 1);
        let began = Instant::now();
        assert!(queue.overdue().is_some());
        assert!(began.elapsed() >= PATIENCE / 2);
        queue.locked().closed = true;
        assert!(queue.overdue().is_none() && queue.next().is_none());
    }
}
