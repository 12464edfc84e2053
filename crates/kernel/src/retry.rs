//! Trying again after a lost race.

use std::future::Future;

use crate::error::StoreError;

/// Errors that may carry a [`StoreError`].
pub trait MaybeContended {
    /// True when trying the whole unit again may win.
    fn is_contended(&self) -> bool;
}

impl MaybeContended for StoreError {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Contended)
    }
}

/// Runs `attempt` until it is not contended, `times` at most. The attempt opens a unit of its own.
///
/// # Errors
/// Whatever the last attempt answered.
pub async fn contended<T, E, F, Fut>(times: u8, mut attempt: F) -> Result<T, E>
where
    E: MaybeContended,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    for _ in 1..times {
        match attempt().await {
            Err(lost) if lost.is_contended() => {}
            settled => return settled,
        }
    }
    attempt().await
}
