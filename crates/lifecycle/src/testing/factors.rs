//! Factors, devices and pending sign-ins in memory.

use tenantry_identity::device::{DeviceRepository, Familiarity, KnownPlaceId, RememberedDevice, RememberedDeviceId};
use tenantry_identity::factor::{
    FactorRepository, PASSKEY_REGISTERED, PasskeyUse, RecoveryCode, TOTP_ENROLLED, TotpFactor, TotpId,
};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::passkey::{Passkey, PasskeyId, PasskeyName};
use tenantry_identity::pending::{PendingSignIn, PendingSignInId, PendingSignInRepository};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{StoreError, async_trait};

use super::unit::FakeUnit;

#[async_trait]
impl FactorRepository for FakeUnit {
    async fn totp(&mut self) -> Result<Option<TotpFactor>, StoreError> {
        Ok(self.own().totp.clone())
    }

    async fn begin_totp(&mut self, factor: &TotpFactor) -> Result<(), StoreError> {
        self.require_pinned(factor.user)?;
        let own = self.own();
        if own.totp.as_ref().is_some_and(|app| app.confirmed_at.is_some()) {
            return Err(StoreError::Conflict(TOTP_ENROLLED));
        }
        own.totp = Some(factor.clone());
        Ok(())
    }

    async fn confirm_totp(&mut self, id: TotpId, step: i64, at: OffsetDateTime) -> Result<bool, StoreError> {
        let app = self.own().totp.as_mut();
        let app = app.filter(|app| app.id == id && app.confirmed_at.is_none() && app.last_step < step);
        Ok(app
            .map(|app| {
                app.confirmed_at = Some(at);
                app.last_step = step;
            })
            .is_some())
    }

    async fn spend_step(&mut self, id: TotpId, step: i64) -> Result<bool, StoreError> {
        let app = self.own().totp.as_mut();
        let app = app.filter(|app| app.id == id && app.confirmed_at.is_some() && app.last_step < step);
        Ok(app
            .map(|app| {
                app.last_step = step;
                app.failures = 0;
                app.locked_until = None;
            })
            .is_some())
    }

    async fn note_totp_failure(&mut self, factor: &TotpFactor) -> Result<(), StoreError> {
        if let Some(app) = self.own().totp.as_mut().filter(|app| app.id == factor.id) {
            app.failures = factor.failures;
            app.locked_until = factor.locked_until;
        }
        Ok(())
    }

    async fn remove_totp(&mut self) -> Result<bool, StoreError> {
        let removed = self.own().totp.take_if(|app| app.confirmed_at.is_some());
        Ok(removed.is_some())
    }

    async fn replace_recovery_codes(&mut self, codes: &[RecoveryCode]) -> Result<(), StoreError> {
        self.own().recovery_codes = codes.to_vec();
        Ok(())
    }

    async fn recovery_codes_left(&mut self) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.own().recovery_codes.len()).unwrap_or(u64::MAX))
    }

    async fn knows_recovery_code(&mut self, fingerprint: &Fingerprint) -> Result<bool, StoreError> {
        let mut codes = self.own().recovery_codes.iter();
        Ok(codes.any(|code| code.fingerprint.matches(fingerprint)))
    }

    async fn spend_recovery_code(&mut self, fingerprint: &Fingerprint, _: OffsetDateTime) -> Result<bool, StoreError> {
        let codes = &mut self.own().recovery_codes;
        let before = codes.len();
        codes.retain(|code| !code.fingerprint.matches(fingerprint));
        Ok(codes.len() < before)
    }

    async fn passkeys(&mut self) -> Result<Vec<Passkey>, StoreError> {
        Ok(self.own().passkeys.clone())
    }

    async fn passkey_of(&mut self, credential: &[u8]) -> Result<Option<Passkey>, StoreError> {
        let mut passkeys = self.own().passkeys.iter();
        Ok(passkeys.find(|known| known.credential == credential).cloned())
    }

    async fn add_passkey(&mut self, passkey: &Passkey) -> Result<(), StoreError> {
        self.require_pinned(passkey.user)?;
        let passkeys = &mut self.own().passkeys;
        if passkeys.iter().any(|known| known.credential == passkey.credential) {
            return Err(StoreError::Conflict(PASSKEY_REGISTERED));
        }
        passkeys.push(passkey.clone());
        Ok(())
    }

    async fn rename_passkey(&mut self, id: PasskeyId, name: &str) -> Result<bool, StoreError> {
        let found = self.own().passkeys.iter_mut().find(|known| known.id == id);
        let name = PasskeyName::try_from(name).map_err(|refused| StoreError::Backend(refused.into()))?;
        Ok(found.map(|known| known.name = name).is_some())
    }

    async fn use_passkey(&mut self, id: PasskeyId, what: PasskeyUse) -> Result<bool, StoreError> {
        let forward =
            |known: &Passkey| known.sign_count < what.sign_count || (known.sign_count == 0 && what.sign_count == 0);
        let found = self
            .own()
            .passkeys
            .iter_mut()
            .find(|known| known.id == id && forward(known));
        Ok(found
            .map(|known| {
                known.sign_count = what.sign_count;
                known.backed_up = what.backed_up;
                known.last_used_at = Some(what.at);
            })
            .is_some())
    }

    async fn remove_passkey(&mut self, id: PasskeyId) -> Result<bool, StoreError> {
        let passkeys = &mut self.own().passkeys;
        let before = passkeys.len();
        passkeys.retain(|known| known.id != id);
        Ok(passkeys.len() < before)
    }

    async fn spend_challenge(
        &mut self,
        challenge: &Fingerprint,
        expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let spent = &mut self.own().spent_challenges;
        spent.retain(|(_, until)| *until > now);
        if spent.iter().any(|(known, _)| known.matches(challenge)) {
            return Ok(false);
        }
        spent.push((*challenge, expires_at));
        Ok(true)
    }
}

#[async_trait]
impl DeviceRepository for FakeUnit {
    async fn add(&mut self, device: &RememberedDevice, at_most: u64) -> Result<(), StoreError> {
        self.require_pinned(device.user)?;
        let devices = &mut self.own().devices;
        while u64::try_from(devices.len()).is_ok_and(|count| count >= at_most) {
            devices.remove(0);
        }
        devices.push(device.clone());
        Ok(())
    }

    async fn find(&mut self, fingerprint: &Fingerprint) -> Result<Option<RememberedDevice>, StoreError> {
        let mut devices = self.own().devices.iter();
        Ok(devices.find(|known| known.fingerprint.matches(fingerprint)).cloned())
    }

    async fn list(&mut self, now: OffsetDateTime) -> Result<Vec<RememberedDevice>, StoreError> {
        let devices = self.own().devices.iter().rev();
        Ok(devices.filter(|known| now < known.expires_at).cloned().collect())
    }

    async fn touch(&mut self, id: RememberedDeviceId, at: OffsetDateTime) -> Result<(), StoreError> {
        if let Some(device) = self.own().devices.iter_mut().find(|known| known.id == id) {
            device.last_used_at = at;
            device.failures = 0;
        }
        Ok(())
    }

    async fn count_failure(&mut self, id: RememberedDeviceId) -> Result<(), StoreError> {
        if let Some(device) = self.own().devices.iter_mut().find(|known| known.id == id) {
            device.failures += 1;
        }
        Ok(())
    }

    async fn remove(&mut self, id: RememberedDeviceId) -> Result<bool, StoreError> {
        let devices = &mut self.own().devices;
        let before = devices.len();
        devices.retain(|known| known.id != id);
        Ok(devices.len() < before)
    }

    async fn remove_all(&mut self) -> Result<u64, StoreError> {
        let removed = self.own().devices.drain(..).count();
        Ok(u64::try_from(removed).unwrap_or(u64::MAX))
    }

    async fn see(
        &mut self,
        _: KnownPlaceId,
        place: &Fingerprint,
        _: OffsetDateTime,
    ) -> Result<Familiarity, StoreError> {
        let places = &mut self.own().places;
        if places.iter().any(|known| known.matches(place)) {
            return Ok(Familiarity::Known);
        }
        places.push(*place);
        Ok(if places.len() == 1 {
            Familiarity::First
        } else {
            Familiarity::New
        })
    }
}

#[async_trait]
impl PendingSignInRepository for FakeUnit {
    async fn insert(&mut self, pending: &PendingSignIn, now: OffsetDateTime) -> Result<(), StoreError> {
        self.require_pinned(pending.user)?;
        let all = &mut self.own().pending_sign_ins;
        all.retain(|known| known.expires_at > now);
        all.push(pending.clone());
        Ok(())
    }

    async fn find(&mut self, fingerprint: &Fingerprint) -> Result<Option<PendingSignIn>, StoreError> {
        let mut all = self.own().pending_sign_ins.iter();
        Ok(all.find(|known| known.fingerprint.matches(fingerprint)).cloned())
    }

    async fn use_once(&mut self, id: PendingSignInId, at: OffsetDateTime) -> Result<bool, StoreError> {
        let unused = |known: &&mut PendingSignIn| known.id == id && known.used_at.is_none();
        let found = self.own().pending_sign_ins.iter_mut().find(unused);
        Ok(found.map(|known| known.used_at = Some(at)).is_some())
    }

    async fn count_failure(&mut self, id: PendingSignInId) -> Result<(), StoreError> {
        if let Some(pending) = self.own().pending_sign_ins.iter_mut().find(|known| known.id == id) {
            pending.failures += 1;
        }
        Ok(())
    }

    async fn remove_all(&mut self) -> Result<u64, StoreError> {
        let removed = std::mem::take(&mut self.own().pending_sign_ins);
        Ok(removed.len() as u64)
    }
}
