//! Opening a session and exchanging its refresh token, within the caller's unit.

use tenantry_kernel::{Cipher, Entropy, IdSource, StoreError};
use time::OffsetDateTime;

use super::model::{Session, SessionPolicy};
use super::refresh::{RefreshText, RefreshToken, RefreshTokenId, RefreshVerdict};
use super::repository::SessionRepository;

/// What became of a refresh token.
#[derive(Clone, Debug)]
pub enum Exchange {
    /// The session goes on with this token. Commit, then hand it out.
    Renewed {
        /// The session, as stored now.
        session: Session,
        /// Its next refresh token.
        next: RefreshText,
        /// True when the token had just been exchanged, and this is the same answer again.
        replayed: bool,
    },
    /// The token was stolen, by whoever came first or second: the session is ended. Commit, then refuse.
    Revoked(Session),
    /// Unknown or over. Nothing was written; refuse.
    Refused,
}

/// Stores a new session with its first refresh token, and answers the token.
///
/// # Errors
/// The store's.
pub async fn open(
    sessions: &mut dyn SessionRepository,
    session: &Session,
    policy: &SessionPolicy,
    (cipher, entropy, ids): (&dyn Cipher, &dyn Entropy, &dyn IdSource),
    now: OffsetDateTime,
) -> Result<RefreshText, StoreError> {
    let text = RefreshText::mint(session.user(), entropy);
    let token = stored(&text, session, policy, (cipher, ids), now);
    sessions.insert(session).await?;
    sessions.insert_refresh(&token).await?;
    Ok(text)
}

/// Exchanges a refresh token for its successor. Exactly one caller rotates; others within the replay
/// window get the same successor; later ones end the session.
///
/// # Errors
/// The store's.
pub async fn exchange(
    sessions: &mut dyn SessionRepository,
    text: &RefreshText,
    policy: &SessionPolicy,
    cipher: &dyn Cipher,
    ids: &dyn IdSource,
    now: OffsetDateTime,
) -> Result<Exchange, StoreError> {
    let Some(token) = sessions.find_refresh(&text.fingerprint(cipher)).await? else {
        return Ok(Exchange::Refused);
    };
    let Some(mut session) = sessions.find(token.session).await? else {
        return Ok(Exchange::Refused);
    };
    let next = text.successor(cipher);
    match token.judge(&session, policy, now) {
        RefreshVerdict::Over => Ok(Exchange::Refused),
        RefreshVerdict::Stolen => {
            session.end(now);
            sessions.update(&session).await?;
            Ok(Exchange::Revoked(session))
        }
        RefreshVerdict::Replay => Ok(Exchange::Renewed {
            session,
            next,
            replayed: true,
        }),
        RefreshVerdict::Rotate => {
            // The loser of a race waited for the winner's commit: the successor is stored already.
            if !sessions.use_refresh(token.id, now).await? {
                return Ok(Exchange::Renewed {
                    session,
                    next,
                    replayed: true,
                });
            }
            session.touch(now);
            sessions.update(&session).await?;
            sessions
                .insert_refresh(&stored(&next, &session, policy, (cipher, ids), now))
                .await?;
            Ok(Exchange::Renewed {
                session,
                next,
                replayed: false,
            })
        }
    }
}

fn stored(
    text: &RefreshText,
    session: &Session,
    policy: &SessionPolicy,
    (cipher, ids): (&dyn Cipher, &dyn IdSource),
    now: OffsetDateTime,
) -> RefreshToken {
    let id = RefreshTokenId::from_uuid(ids.next());
    RefreshToken::issue(id, session, text.fingerprint(cipher), policy, now)
}

#[cfg(test)]
mod tests;
