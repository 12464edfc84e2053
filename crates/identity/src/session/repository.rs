//! Port: where sessions and refresh tokens are kept.

use async_trait::async_trait;
use tenantry_kernel::id::SessionId;
use tenantry_kernel::{StoreError, TenantId};
use time::OffsetDateTime;

use super::model::Session;
use super::refresh::{RefreshToken, RefreshTokenId};
use crate::fingerprint::Fingerprint;

/// Sessions of the person the unit is pinned to.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send {
    /// `None` when this person has no such session.
    async fn find(&mut self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Sessions neither ended nor past their absolute end at `now`, the youngest first, 200 at most.
    async fn list_live(&mut self, now: OffsetDateTime) -> Result<Vec<Session>, StoreError>;

    /// Adds a session.
    async fn insert(&mut self, session: &Session) -> Result<(), StoreError>;

    /// Stores what changed. A session that has ended stays ended, whatever `session` says.
    async fn update(&mut self, session: &Session) -> Result<(), StoreError>;

    /// Ends every live session but `keep`; tells how many.
    async fn end_all_except(&mut self, keep: Option<SessionId>, at: OffsetDateTime) -> Result<u64, StoreError>;

    /// Ends every live session that acts in this tenant; tells how many.
    async fn end_in_tenant(&mut self, tenant: TenantId, at: OffsetDateTime) -> Result<u64, StoreError>;

    /// Every session that is still kept, the youngest first, `limit` at most.
    async fn list_all(&mut self, limit: u16) -> Result<Vec<Session>, StoreError>;

    /// The refresh token with this fingerprint, used or not.
    async fn find_refresh(&mut self, fingerprint: &Fingerprint) -> Result<Option<RefreshToken>, StoreError>;

    /// Adds a refresh token.
    async fn insert_refresh(&mut self, token: &RefreshToken) -> Result<(), StoreError>;

    /// Marks the token as used, if nobody has: one conditional update, true for exactly one caller.
    async fn use_refresh(&mut self, id: RefreshTokenId, at: OffsetDateTime) -> Result<bool, StoreError>;
}
