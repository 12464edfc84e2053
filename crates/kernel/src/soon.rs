//! Answers that are mostly known at once.

use std::pin::Pin;

/// An answer from memory, or the wait for one that somebody else has been asked for. A port that gives it costs no
/// allocation where nobody has to wait.
#[must_use]
pub enum Soon<'a, T> {
    /// Known.
    Now(T),
    /// On its way. Dropping it takes nothing back that was begun.
    Later(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T: 'a> Soon<'a, T> {
    /// The answer of this work.
    pub fn later(work: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Later(Box::pin(work))
    }

    /// The answer, waiting for it only where that is needed.
    pub async fn get(self) -> T {
        match self {
            Self::Now(answer) => answer,
            Self::Later(waiting) => waiting.await,
        }
    }

    /// What follows from the answer.
    pub fn map<U: 'a>(self, then: impl FnOnce(T) -> U + Send + 'a) -> Soon<'a, U> {
        match self {
            Self::Now(answer) => Soon::Now(then(answer)),
            Self::Later(waiting) => Soon::later(async move { then(waiting.await) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn what_follows_from_an_answer_follows_from_it_now_and_later() {
        let now = Soon::Now(1).map(|number| number + 1);
        let later = Soon::later(async { 1 }).map(|number| number + 1);

        assert!(matches!(now, Soon::Now(_)) && matches!(later, Soon::Later(_)));
        for soon in [now, later] {
            let answer = std::pin::pin!(soon.get()).poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(answer, Poll::Ready(2));
        }
    }
}
