//! A person's own second factors: enrolling, removing, new recovery codes.

use std::sync::Arc;

use tenantry_kernel::id::UserId;
use tenantry_kernel::retry::contended;
use tenantry_kernel::{Clock, EmailAddress, Event, Mail, Secret, StoreError, Value};
use time::OffsetDateTime;

use super::check::Factors;
use super::error::FactorError;
use super::recovery::{RECOVERY_CODES, RecoveryCode, RecoveryCodeId};
use super::repository::FactorRepository;
use super::totp::{DIGITS, OneTimeCodes, STEP_S, TotpFactor, TotpId, matching_step};
use crate::mint::Mint;
use crate::person::Person;
use crate::store::{IdentityStore, PersonUnit};
use crate::user::User;

/// How often a unit is tried again when somebody else was in the way.
const ATTEMPTS: u8 = 3;

/// How an authenticator app names the enrolment.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The product's name.
    pub issuer: String,
}

impl Shape {
    /// The address that an app reads from a picture (the Key URI format of Google Authenticator).
    #[must_use]
    pub fn uri(&self, email: &EmailAddress, secret: &Secret<String>) -> Secret<String> {
        let issuer = percent(&self.issuer);
        let account = percent(email.as_str());
        let secret = secret.expose();
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
        ))
    }
}

/// Everything but the unreserved characters of RFC 3986.
fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// What an authenticator app is given, once.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The secret, in base 32.
    pub secret: Secret<String>,
    /// The same as an address for a picture.
    pub uri: Secret<String>,
}

/// Begins an enrolment in the caller's unit.
///
/// # Errors
/// [`FactorError::TotpEnrolled`], [`FactorError::Store`].
pub async fn enrol_totp(
    unit: &mut dyn PersonUnit,
    user: &User,
    shape: &Shape,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Enrolment, FactorError> {
    let id = TotpId::from_uuid(mint.ids.next());
    let factor = TotpFactor::begin(id, user.id(), &*mint.cipher, &*mint.entropy, now);
    let secret = factor.secret(&*mint.cipher).ok_or(FactorError::Sealed)?;
    unit.factors().begin_totp(&factor).await?;
    let secret = TotpFactor::written(secret.expose());
    Ok(Enrolment {
        uri: shape.uri(user.email(), &secret),
        secret,
    })
}

/// Makes an enrolment count in the caller's unit, when the code is right. The code is spent by it.
///
/// # Errors
/// [`FactorError::NotBegun`], [`FactorError::Wrong`], [`FactorError::TotpEnrolled`], [`FactorError::Store`].
pub async fn confirm_totp(
    unit: &mut dyn PersonUnit,
    typed: &str,
    codes: &dyn OneTimeCodes,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<(), FactorError> {
    let app = unit.factors().totp().await?.ok_or(FactorError::NotBegun)?;
    if app.confirmed_at.is_some() {
        return Err(FactorError::TotpEnrolled);
    }
    let secret = app.secret(&*mint.cipher).ok_or(FactorError::Sealed)?;
    let step = matching_step(codes, secret.expose(), typed, now).ok_or(FactorError::Wrong)?;
    if unit.factors().confirm_totp(app.id, step, now).await? {
        Ok(())
    } else {
        Err(FactorError::Wrong)
    }
}

/// Puts fresh recovery codes in place of all others, and answers their texts.
///
/// # Errors
/// The store's.
pub async fn first_codes(
    factors: &mut dyn FactorRepository,
    user: UserId,
    mint: &Mint,
    now: OffsetDateTime,
) -> Result<Vec<Secret<String>>, StoreError> {
    let fresh = |_| {
        let id = RecoveryCodeId::from_uuid(mint.ids.next());
        RecoveryCode::mint(id, user, &*mint.cipher, &*mint.entropy, now)
    };
    let (codes, texts): (Vec<_>, Vec<_>) = (0..RECOVERY_CODES).map(fresh).unzip();
    factors.replace_recovery_codes(&codes).await?;
    Ok(texts)
}

/// Tells the person that something about their factors changed: it may not have been them.
#[must_use]
pub fn notice(user: &User, template: &'static str) -> Mail {
    Mail {
        template,
        to: user.email().clone(),
        locale: user.locale().to_owned(),
        fields: vec![("name", user.name().to_owned())],
        token: None,
    }
}

/// Changes second factors.
pub struct FactorService {
    store: Arc<dyn IdentityStore>,
    codes: Arc<dyn OneTimeCodes>,
    clock: Arc<dyn Clock>,
    mint: Mint,
    shape: Shape,
}

impl FactorService {
    /// A service over these ports.
    #[must_use]
    pub const fn new(
        store: Arc<dyn IdentityStore>,
        codes: Arc<dyn OneTimeCodes>,
        clock: Arc<dyn Clock>,
        mint: Mint,
        shape: Shape,
    ) -> Self {
        Self {
            store,
            codes,
            clock,
            mint,
            shape,
        }
    }

    /// What the person has.
    ///
    /// # Errors
    /// [`FactorError::Store`].
    pub async fn of(&self, person: &Person) -> Result<Factors, FactorError> {
        let mut unit = self.store.read_person(person.user).await?;
        Ok(Factors::of(unit.factors()).await?)
    }

    /// Begins the enrolment of an authenticator app. It counts once a first code was shown.
    ///
    /// # Errors
    /// [`FactorError::TotpEnrolled`], [`FactorError::Store`].
    pub async fn begin_totp(&self, person: &Person) -> Result<Enrolment, FactorError> {
        contended(ATTEMPTS, || async {
            let now = self.clock.system_now();
            let mut unit = self.store.begin_person(person.user, &person.origin).await?;
            let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
            let enrolment = enrol_totp(unit.as_mut(), &user, &self.shape, &self.mint, now).await?;
            unit.commit(vec![Event::new("user.totp_begun", user.id())]).await?;
            Ok(enrolment)
        })
        .await
    }

    /// Makes the authenticator app count, and answers fresh recovery codes.
    ///
    /// # Errors
    /// As [`confirm_totp`].
    pub async fn confirm_totp(&self, person: &Person, typed: &str) -> Result<Vec<Secret<String>>, FactorError> {
        contended(ATTEMPTS, || async {
            let now = self.clock.system_now();
            let mut unit = self.store.begin_person(person.user, &person.origin).await?;
            let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
            confirm_totp(unit.as_mut(), typed, &*self.codes, &self.mint, now).await?;
            let texts = first_codes(unit.factors(), user.id(), &self.mint, now).await?;
            unit.devices().remove_all().await?;
            let event = Event::new("user.totp_enrolled", user.id())
                .change("totp", Value::Null, Value::Masked)
                .mail(notice(&user, "factor_added"));
            unit.commit(vec![event]).await?;
            Ok(texts)
        })
        .await
    }

    /// Removes the authenticator app. With the last factor the recovery codes go too.
    ///
    /// # Errors
    /// [`FactorError::NotFound`], [`FactorError::Store`].
    pub async fn remove_totp(&self, person: &Person) -> Result<(), FactorError> {
        contended(ATTEMPTS, || async {
            let mut unit = self.store.begin_person(person.user, &person.origin).await?;
            let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
            if !unit.factors().remove_totp().await? {
                return Err(FactorError::NotFound);
            }
            after_removal(unit.as_mut()).await?;
            let event = Event::new("user.totp_removed", user.id())
                .change("totp", Value::Masked, Value::Null)
                .mail(notice(&user, "factor_removed"));
            unit.commit(vec![event]).await?;
            Ok(())
        })
        .await
    }

    /// Puts fresh recovery codes in place of all others.
    ///
    /// # Errors
    /// [`FactorError::NotFound`] without a factor to recover; [`FactorError::Store`].
    pub async fn renew_codes(&self, person: &Person) -> Result<Vec<Secret<String>>, FactorError> {
        contended(ATTEMPTS, || async {
            let now = self.clock.system_now();
            let mut unit = self.store.begin_person(person.user, &person.origin).await?;
            let user = unit.users().find(person.user).await?.ok_or(FactorError::NotFound)?;
            if !Factors::of(unit.factors()).await?.any() {
                return Err(FactorError::NotFound);
            }
            let texts = first_codes(unit.factors(), user.id(), &self.mint, now).await?;
            let event = Event::new("user.recovery_codes_renewed", user.id())
                .change("recovery_codes", Value::Masked, Value::Masked)
                .mail(notice(&user, "recovery_codes_renewed"));
            unit.commit(vec![event]).await?;
            Ok(texts)
        })
        .await
    }
}

/// What follows from the removal of a factor: devices are forgotten, and codes that recover nothing go.
pub(crate) async fn after_removal(unit: &mut dyn PersonUnit) -> Result<(), StoreError> {
    unit.devices().remove_all().await?;
    if !Factors::of(unit.factors()).await?.any() {
        unit.factors().replace_recovery_codes(&[]).await?;
    }
    Ok(())
}

/// Forgets every factor of the person, their devices, and sign-ins that wait for a factor. For when it turns out that
/// whoever enrolled them need not be whoever reads mail at the address.
///
/// # Errors
/// The store's.
pub async fn forget_all(unit: &mut dyn PersonUnit) -> Result<(), StoreError> {
    unit.factors().remove_totp().await?;
    for passkey in unit.factors().passkeys().await? {
        unit.factors().remove_passkey(passkey.id).await?;
    }
    unit.factors().replace_recovery_codes(&[]).await?;
    unit.devices().remove_all().await?;
    unit.pending_sign_ins().remove_all().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_for_the_picture_is_escaped() {
        let shape = Shape {
            issuer: "Acme & Söhne".to_owned(),
        };
        let email = EmailAddress::try_from("ada+1@example.com").unwrap();

        let uri = shape.uri(&email, &Secret::new("MZXW6YTB".to_owned()));

        assert_eq!(
            uri.expose(),
            "otpauth://totp/Acme%20%26%20S%C3%B6hne:ada%2B1%40example.com?secret=MZXW6YTB\
             &issuer=Acme%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"
        );
    }
}
