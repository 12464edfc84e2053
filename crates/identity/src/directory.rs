//! Look-ups of the hot path: one statement each, made before a scope exists, and cached by a decorator.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::id::{ApiKeyId, PlatformKeyId, SessionId, UserId};
use tenantry_kernel::{StoreError, TenantId};
use time::OffsetDateTime;

use crate::api_key::ApiKey;
use crate::platform_key::PlatformKey;
use crate::user::PlatformRole;

/// Finds API keys by what their text says in the open.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ApiKeyDirectory: Send + Sync {
    /// The key, revoked or not; `None` when this tenant has no such key. Pinned to `tenant`.
    async fn find(&self, tenant: TenantId, key: ApiKeyId) -> Result<Option<Arc<ApiKey>>, StoreError>;

    /// Notes that the key was used at `at`. May be late and may leave out uses; never moves backwards.
    async fn touch(&self, tenant: TenantId, key: ApiKeyId, at: OffsetDateTime) -> Result<(), StoreError>;
}

/// Finds platform keys by what their text says in the open.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PlatformKeyDirectory: Send + Sync {
    /// The key, revoked or not; `None` when there is none.
    async fn find_platform_key(&self, key: PlatformKeyId) -> Result<Option<Arc<PlatformKey>>, StoreError>;

    /// Notes that the key was used at `at`. May be late and may leave out uses; never moves backwards.
    async fn touch_platform_key(&self, key: PlatformKeyId, at: OffsetDateTime) -> Result<(), StoreError>;
}

/// What a request is told of a live session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// When the person last proved who they are.
    pub stepped_up_at: OffsetDateTime,
}

/// Tells whether sessions are live, and whether people may sign in.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionDirectory: Send + Sync {
    /// The session, when the user has it and it has neither ended nor expired at `now`.
    async fn live(
        &self,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<LiveSession>, StoreError>;

    /// The person's role over the installation as it is now, whatever a token says; `None` when they have none, or
    /// may not sign in any more.
    async fn platform_role(&self, user: UserId) -> Result<Option<PlatformRole>, StoreError>;

    /// True while the person may sign in: an operator bars nobody, and they are not gone.
    async fn may_sign_in(&self, user: UserId) -> Result<bool, StoreError>;
}
