//! Log lines on their way to standard error: gathered for a moment and written together.
//!
//! A line per request, written by itself, costs more than most requests. Warnings and errors do not wait, and take along
//! what waits before them; [`flush`] writes the rest before the program ends. A killed program loses the lines of its
//! last hundredth of a second. No line is dropped: where standard error takes lines more slowly than they come, whoever
//! adds the one that is too many waits for it (docs/adr/0016).

use std::io::{self, Write};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines wait for each other.
const GATHERED_FOR: Duration = Duration::from_millis(10);
/// When so many bytes wait, whoever adds a line writes them.
const MOST_BYTES: usize = 256 * 1_024;

static WAITING: LazyLock<Waiting> = LazyLock::new(Waiting::default);

#[derive(Default)]
struct Waiting {
    lines: Mutex<Vec<u8>>,
    some: Condvar,
    /// The lines that are being written. Whoever writes holds this from before it takes the waiting ones, so that lines
    /// keep their order and nobody who only adds one waits for the file.
    leaving: Mutex<Vec<u8>>,
}

impl Waiting {
    /// Adds a line and, when it is urgent or too much waits, writes everything.
    fn add(&self, line: &[u8], urgent: bool, out: &mut impl Write) -> io::Result<()> {
        let mut lines = lock(&self.lines);
        let first = lines.is_empty();
        lines.extend_from_slice(line);
        let full = lines.len() >= MOST_BYTES;
        drop(lines);
        if urgent || full {
            return self.write_out(out);
        }
        if first {
            self.some.notify_one();
        }
        Ok(())
    }

    /// Waits for lines, lets more of them gather, and writes them.
    fn turn(&self, out: &mut impl Write) -> io::Result<()> {
        let none = |lines: &mut Vec<u8>| lines.is_empty();
        let some = self.some.wait_while(lock(&self.lines), none);
        // Further lines wake nobody; the time passes.
        drop(some.map(|lines| self.some.wait_timeout_while(lines, GATHERED_FOR, |_| true)));
        self.write_out(out)
    }

    fn write_out(&self, out: &mut impl Write) -> io::Result<()> {
        let mut leaving = lock(&self.leaving);
        std::mem::swap(&mut *leaving, &mut *lock(&self.lines));
        let written = out.write_all(&leaving);
        // What could not be written will not be writable later either.
        leaving.clear();
        written
    }
}

fn lock(lines: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that writes; standard error itself where there can be none.
pub(super) fn start() -> bool {
    let writing = std::thread::Builder::new().name("log".to_owned()).spawn(|| {
        loop {
            // Nobody is left to be told that standard error is gone.
            let _ = WAITING.turn(&mut io::stderr());
        }
    });
    writing.is_ok()
}

/// Writes what waits.
pub fn flush() {
    let _ = WAITING.write_out(&mut io::stderr());
}

/// Takes lines, each by its level.
#[derive(Clone, Copy)]
pub(super) struct Lines {
    /// False when nobody would write later.
    pub gathers: bool,
}

impl Lines {
    /// Takes one line of this level.
    pub fn add(self, line: &[u8], level: Level) -> io::Result<()> {
        WAITING.add(line, self.is_urgent(level), &mut io::stderr())
    }

    fn is_urgent(self, level: Level) -> bool {
        !self.gathers || level <= Level::WARN
    }
}

/// One line.
pub(super) struct Line {
    urgent: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { urgent: true }
    }

    fn make_writer_for(&'a self, about: &Metadata<'_>) -> Line {
        Line {
            urgent: self.is_urgent(*about.level()),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        WAITING.add(bytes, self.urgent, &mut io::stderr())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_gather_until_one_is_urgent_and_keep_their_order() {
        let waiting = Waiting::default();
        let mut out = Vec::new();

        waiting.add(b"one\n", false, &mut out).unwrap();
        waiting.add(b"two\n", false, &mut out).unwrap();
        let before = out.clone();
        waiting.add(b"three\n", true, &mut out).unwrap();

        assert_eq!(
            (before.as_slice(), out.as_slice()),
            (&b""[..], &b"one\ntwo\nthree\n"[..])
        );
    }

    #[test]
    fn what_gathered_is_written_in_its_turn() {
        let waiting = Waiting::default();
        let mut out = Vec::new();
        waiting.add(b"one\n", false, &mut io::sink()).unwrap();

        waiting.turn(&mut out).unwrap();

        assert_eq!(out, b"one\n");
        assert!(lock(&waiting.lines).is_empty());
    }

    #[test]
    fn memory_is_bounded_by_whoever_writes_too_much() {
        let waiting = Waiting::default();
        let mut out = Vec::new();
        let line = vec![b'x'; MOST_BYTES / 2];

        waiting.add(&line, false, &mut out).unwrap();
        waiting.add(&line, false, &mut out).unwrap();

        assert_eq!(out.len(), MOST_BYTES);
    }
}
