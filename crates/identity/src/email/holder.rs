//! Whether whoever reads mail at an address is whoever holds the account.

use tenantry_kernel::{EmailAddress, StoreError};
use time::OffsetDateTime;

use crate::factor::Factors;
use crate::session::{Method, Methods};
use crate::store::PersonUnit;
use crate::user::User;

/// What proves a second factor, or is more than one.
const FACTORS: [Method; 5] = [
    Method::Totp,
    Method::RecoveryCode,
    Method::SyncedKey,
    Method::DeviceKey,
    Method::RememberedDevice,
];

/// Notes that the address is held, when it is: somebody read mail there, and `shown` is what they showed of the account
/// beside. That must be as much as the account asks of whoever signs in: a link alone is followed by whoever reads the
/// mail, and whoever signed up with the address would share what it brings. An account without a password and without
/// factors asks for nothing but the mail.
///
/// Answers whether this is news. Call it after the proof itself was written.
///
/// # Errors
/// The store's.
pub async fn note_held<U: PersonUnit + ?Sized>(
    unit: &mut U,
    user: &User,
    email: &EmailAddress,
    shown: Methods,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let holds = if Factors::of(unit.factors()).await?.any() {
        FACTORS.into_iter().any(|factor| shown.has(factor))
    } else {
        user.password_hash().is_none() || shown.has(Method::Password)
    };
    if !holds {
        return Ok(false);
    }
    unit.emails().hold(email, now).await
}
