//! The threads that hash: few, patient, and behind everybody else.
//!
//! A hash is a core for tens of milliseconds. On threads of the runtime's, or at the priority of everybody else, a storm
//! of log-ins would be felt by every request; here it is felt by those who log in.
//!
//! On Linux the threads run while a core has nothing else to do, and leave it at once when it has (`SCHED_IDLE`,
//! sched(7)). A lower priority alone does not do: whoever runs keeps the core until the next tick of the clock, some
//! milliseconds, and a request that comes meanwhile waits as long. So that people get in while the cores are never idle,
//! one more thread of ordinary policy takes a log-in that nobody began for [`PATIENCE`], or does one once more that was
//! begun so long ago: it lies on a thread that is not let at a core.

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

/// For how long nobody's turn may come before it comes at the expense of others; and how often it does.
const PATIENCE: Duration = Duration::from_secs(1);

/// Done once, or twice when the first time takes too long: the answer that comes first is the answer.
type Job = Arc<dyn Fn() + Send + Sync>;

/// Threads that work off one queue. They end when it is dropped.
#[derive(Clone)]
pub(crate) struct HashThreads {
    queue: Arc<Open>,
}

impl HashThreads {
    /// So many threads, and one for what is overdue, with room for `waiting` behind those at work.
    pub(crate) fn start(threads: usize, waiting: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::new(waiting));
        let open = Arc::new(Open(Arc::clone(&queue)));
        for _ in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name("password-hash".to_owned()).spawn(move || {
                step_behind();
                while let Some((number, job)) = queue.next() {
                    run(job);
                    queue.done(number);
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

    /// Runs `work` when it is its turn, twice if need be. Work that nobody waits for any more is left out.
    ///
    /// # Errors
    /// [`HashFailed::Busy`] at once when too many wait already; what `work` refuses.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn() -> Result<T, HashFailed> + Send + Sync + 'static,
    ) -> Result<T, HashFailed> {
        let (answer, done) = oneshot::channel();
        let answer = Mutex::new(Some(answer));
        let job: Job = Arc::new(move || {
            let asked_for = locked(&answer).as_ref().is_some_and(|answer| !answer.is_closed());
            if !asked_for {
                return;
            }
            let found = work();
            let first = locked(&answer).take();
            // Whoever went away while it ran does not miss the answer.
            let _ = first.map(|answer| answer.send(found));
        });
        if !self.queue.0.push(job) {
            return Err(HashFailed::Busy);
        }
        done.await.map_err(failed)?
    }
}

/// One that panics fails its caller, whose answer is dropped with it; the thread goes on.
fn run(job: Job) {
    let _ = catch_unwind(AssertUnwindSafe(|| job()));
}

/// Nothing that is locked here is left half-done by a panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes the queue when the last of those who push is gone.
struct Open(Arc<Queue>);

impl Drop for Open {
    fn drop(&mut self) {
        locked(&self.0.waiting).closed = true;
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
    begun: Vec<Begun>,
    /// When a job was last begun, or came while none waited.
    moved_at: Instant,
    /// When a job was last done because it was overdue.
    helped_at: Option<Instant>,
    /// Counts what was begun.
    number: u64,
    closed: bool,
}

struct Begun {
    number: u64,
    job: Job,
    at: Instant,
}

impl Waiting {
    fn pop(&mut self, now: Instant) -> Option<Job> {
        let job = self.jobs.pop_front()?;
        self.moved_at = now;
        Some(job)
    }

    /// When the next job is overdue, if nothing happens until then.
    fn overdue_at(&self) -> Option<Instant> {
        let begun = self.begun.iter().map(|begun| begun.at).min();
        let waits = (!self.jobs.is_empty()).then_some(self.moved_at);
        let since = begun.into_iter().chain(waits).min()?;
        Some(self.helped_at.map_or(since, |helped| helped.max(since)) + PATIENCE)
    }

    /// A job that is overdue: one that was begun too long ago, else the first of those that wait.
    fn help(&mut self, now: Instant) -> Option<Job> {
        self.helped_at = Some(now);
        let late = self.begun.iter().position(|begun| begun.at + PATIENCE <= now);
        match late {
            Some(position) => Some(self.begun.swap_remove(position).job),
            None => self.pop(now),
        }
    }
}

impl Queue {
    fn new(room: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                jobs: VecDeque::new(),
                begun: Vec::new(),
                moved_at: Instant::now(),
                helped_at: None,
                number: 0,
                closed: false,
            }),
            came: Condvar::new(),
            overdue: Condvar::new(),
            room,
        }
    }

    /// False when there is no room.
    fn push(&self, job: Job) -> bool {
        let mut waiting = locked(&self.waiting);
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

    /// The next job, and its number; `None` when there will be none.
    fn next(&self) -> Option<(u64, Job)> {
        let mut waiting = locked(&self.waiting);
        loop {
            let now = Instant::now();
            if let Some(job) = waiting.pop(now) {
                waiting.number += 1;
                let number = waiting.number;
                let begun = Begun {
                    number,
                    job: Arc::clone(&job),
                    at: now,
                };
                waiting.begun.push(begun);
                return Some((number, job));
            }
            if waiting.closed {
                return None;
            }
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// This job is over.
    fn done(&self, number: u64) {
        locked(&self.waiting).begun.retain(|begun| begun.number != number);
    }

    /// The next job that is overdue; `None` when there will be none.
    fn overdue(&self) -> Option<Job> {
        let mut waiting = locked(&self.waiting);
        loop {
            if waiting.closed {
                return None;
            }
            let now = Instant::now();
            let Some(at) = waiting.overdue_at() else {
                waiting = self.overdue.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = at.saturating_duration_since(now);
            if left.is_zero()
                && let Some(job) = waiting.help(now)
            {
                return Some(job);
            }
            let woken = self.overdue.wait_timeout(waiting, left.max(Duration::from_millis(1)));
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
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
            let (says_so, held) = (Mutex::new(Some(says_so)), Mutex::new(held));
            let work = move || {
                // The second time it has nothing to say, and lets go at once.
                let first = locked(&says_so).take();
                if let Some(says_so) = first {
                    let _ = says_so.send(());
                    let _ = locked(&held).recv();
                }
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

    #[tokio::test]
    async fn what_lies_on_a_thread_that_gets_no_core_is_done_once_more() {
        let threads = HashThreads::start(1, 8).unwrap();
        let (release, mut first) = occupy(&threads).await;
        let began = Instant::now();

        // Nobody releases it: the answer is the other thread's.
        (&mut first).await.unwrap().unwrap();

        assert!(began.elapsed() >= PATIENCE / 2);
        drop(release);
        assert_eq!(threads.run(|| Ok(7)).await.unwrap(), 7);
    }

    #[test]
    fn while_work_gets_on_nothing_is_overdue() {
        let queue = Queue::new(8);
        for _ in 0..2 {
            queue.push(Arc::new(|| ()));
        }
        let (number, _) = queue.next().unwrap();
        let began = locked(&queue.waiting).moved_at;
        queue.done(number);
        assert_eq!(locked(&queue.waiting).overdue_at(), Some(began + PATIENCE));

        assert!(queue.overdue().is_some(), "the other one, which nobody begins");

        assert!(began.elapsed() >= PATIENCE);
        assert_eq!(locked(&queue.waiting).overdue_at(), None);
        locked(&queue.waiting).closed = true;
        assert!(queue.overdue().is_none() && queue.next().is_none());
    }

    #[test]
    fn others_are_put_to_expense_once_in_a_while() {
        let queue = Queue::new(8);
        for _ in 0..3 {
            queue.push(Arc::new(|| ()));
        }
        queue.next().unwrap();
        let began = Instant::now();

        // The one that was begun and never ends, and then those that wait.
        for turn in 1..=3 {
            assert!(queue.overdue().is_some());
            assert!(began.elapsed() >= PATIENCE * turn / 2, "{turn}");
        }
        assert_eq!(locked(&queue.waiting).overdue_at(), None);
    }
}
