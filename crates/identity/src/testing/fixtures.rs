//! People, sessions, tokens and keys to test with, by number.

use tenantry_kernel::id::{ApiKeyId, PlatformKeyId, ServiceAccountId, SessionId, UserId};
use tenantry_kernel::{DisplayName, EmailAddress, Locale, Origin, Permission, TenantId};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::api_key::{ApiKey, ApiKeyRecord, KeyName};
use crate::fingerprint::Fingerprint;
use crate::one_time_token::{OneTimeToken, OneTimeTokenId, Purpose};
use crate::passkey::{Passkey, PasskeyId, PasskeyName};
use crate::platform_key::{PlatformKey, PlatformKeyRecord};
use crate::service_account::{ServiceAccount, ServiceAccountRecord};
use crate::session::{RefreshToken, RefreshTokenId, Session, SessionPolicy};
use crate::user::User;

/// When tests happen.
pub const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// User number `number`.
#[must_use]
pub fn user_id(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

/// The address of user number `number`.
///
/// # Panics
/// Never.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub fn email(number: u128) -> EmailAddress {
    EmailAddress::try_from(format!("user{number}@example.com")).unwrap()
}

/// User number `number`, as they register.
///
/// # Panics
/// Never.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub fn user(number: u128) -> User {
    let name = DisplayName::try_from(format!("User {number}")).unwrap();
    User::register(user_id(number), email(number), name, Locale::default(), NOW)
}

/// Session number `number` of user number `user`, begun now.
#[must_use]
pub fn session(number: u128, user: u128) -> Session {
    let id = SessionId::from_uuid(Uuid::from_u128(number));
    Session::start(id, user_id(user), &Origin::default(), &SessionPolicy::default(), NOW)
}

/// A fingerprint that only the same number shares.
#[must_use]
pub fn fingerprint(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 32])
}

/// Refresh token number `number` of a session, with the fingerprint of that number.
#[must_use]
pub fn refresh_token(number: u8, session: &Session) -> RefreshToken {
    let id = RefreshTokenId::from_uuid(Uuid::from_u128(u128::from(number)));
    RefreshToken::issue(id, session, fingerprint(number), &SessionPolicy::default(), NOW)
}

/// One-time token number `number` of user number `user`, with the fingerprint of that number.
#[must_use]
pub fn one_time_token(number: u8, user: u128, purpose: Purpose) -> OneTimeToken {
    OneTimeToken {
        id: OneTimeTokenId::from_uuid(Uuid::from_u128(u128::from(number))),
        user: user_id(user),
        tenant: None,
        membership: None,
        purpose,
        fingerprint: fingerprint(number),
        expires_at: NOW + Duration::DAY,
        used_at: None,
        subject: None,
    }
}

/// Passkey number `number` of user number `user`, which lives on one device.
///
/// # Panics
/// Never.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub fn passkey(number: u8, user: u128) -> Passkey {
    Passkey {
        id: PasskeyId::from_uuid(Uuid::from_u128(u128::from(number))),
        user: user_id(user),
        name: PasskeyName::try_from("my laptop").unwrap(),
        credential: vec![number; 16],
        public_key: vec![number; 77],
        sign_count: 0,
        backup_eligible: false,
        backed_up: false,
        transports: vec!["internal".to_owned()],
        created_at: NOW,
        last_used_at: None,
    }
}

/// The tenant of [`tenantry_kernel::TenantScope::for_test`] with this number.
#[must_use]
pub fn tenant_id(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

/// API key number `number`, live, for ever and from anywhere, with the fingerprint of that number.
///
/// # Panics
/// Never.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub fn api_key(number: u8) -> ApiKey {
    ApiKey::restore(ApiKeyRecord {
        id: ApiKeyId::from_uuid(Uuid::from_u128(u128::from(number))),
        name: KeyName::try_from("ci").unwrap(),
        live: true,
        permissions: [Permission::known("usage.consume")].into_iter().collect(),
        rate_limit: None,
        allowed_ips: vec![],
        fingerprint: fingerprint(number),
        hint: "tk_live_…0000".to_owned(),
        previous: None,
        owner: crate::api_key::KeyOwner::Personal,
        created_by: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        rotated_at: None,
        last_used_at: None,
        version: 1,
    })
}

/// Service account number `number`, without permissions and secrets.
///
/// # Panics
/// Never.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub fn service_account(number: u8) -> ServiceAccount {
    ServiceAccount::restore(ServiceAccountRecord {
        id: ServiceAccountId::from_uuid(Uuid::from_u128(u128::from(number))),
        name: KeyName::try_from("import").unwrap(),
        permissions: tenantry_kernel::PermissionSet::default(),
        secrets: vec![],
        created_by: None,
        created_at: NOW,
        deactivated_at: None,
        removed_at: None,
        revoked_tokens: vec![],
        tokens_void_until: None,
        version: 1,
    })
}

/// Platform key number `number`.
///
/// # Panics
/// Never.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a fixture")]
pub fn platform_key(number: u8) -> PlatformKey {
    PlatformKey::restore(PlatformKeyRecord {
        id: PlatformKeyId::from_uuid(Uuid::from_u128(u128::from(number))),
        name: KeyName::try_from("gateway").unwrap(),
        permissions: [Permission::known("api_keys.verify")].into_iter().collect(),
        allowed_ips: vec![],
        fingerprint: fingerprint(number),
        hint: "tk_platform_…0000".to_owned(),
        created_by: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        version: 1,
    })
}
