//! Remembered devices, and where somebody signs in from.

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Origin, typed_id};
use time::{Duration, OffsetDateTime};

use crate::fingerprint::Fingerprint;
use crate::person_text::{PersonText, TextKind};

typed_id!(
    /// One remembered device.
    RememberedDeviceId
);

/// How long a device is remembered.
pub const DEVICE_LIFE: Duration = Duration::days(30);
/// The most devices of a person that are remembered; the oldest makes room.
pub const MAX_DEVICES: u64 = 20;

/// The kind of [`DeviceText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceKind;

impl TextKind for DeviceKind {
    const PREFIX: &'static str = "dev";
    const CONTEXT: &'static str = "remembered-device";
}

/// The text that a remembered device keeps: `dev_<user>_<secret>`.
pub type DeviceText = PersonText<DeviceKind>;

/// A device whose holder need not show a second factor, and whom nobody else's wrong passwords keep out.
#[derive(Clone, Debug)]
pub struct RememberedDevice {
    /// Which one.
    pub id: RememberedDeviceId,
    /// Whose.
    pub user: UserId,
    /// Of its secret.
    pub fingerprint: Fingerprint,
    /// What it said it was.
    pub user_agent: Option<Arc<str>>,
    /// Where it was remembered.
    pub address: Option<IpAddr>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// When it last let somebody in.
    pub last_used_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
    /// Wrong passwords that were tried with it.
    pub failures: u32,
}

impl RememberedDevice {
    /// Wrong passwords after which a device is worth nothing: it may be stolen.
    pub const MAX_FAILURES: u32 = 5;

    /// A device that is remembered from now on.
    #[must_use]
    pub fn remember(
        id: RememberedDeviceId,
        text: &DeviceText,
        origin: &Origin,
        cipher: &dyn Cipher,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            user: text.user(),
            fingerprint: text.fingerprint(cipher),
            user_agent: origin.user_agent.clone(),
            address: origin.address,
            created_at: now,
            last_used_at: now,
            expires_at: now + DEVICE_LIFE,
            failures: 0,
        }
    }

    /// True while it is worth anything.
    #[must_use]
    pub fn is_good(&self, now: OffsetDateTime) -> bool {
        now < self.expires_at && self.failures < Self::MAX_FAILURES
    }
}

/// Where a sign-in comes from, as far as it is recognised: the program and the network (the first 24 bits of an IPv4
/// address, the first 48 of an IPv6 one). A fingerprint: what is kept tells nobody where somebody was.
#[must_use]
pub fn place_of(cipher: &dyn Cipher, user: UserId, origin: &Origin) -> Fingerprint {
    let mut place = user.as_uuid().as_bytes().to_vec();
    match origin.address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => place.extend(address.octets().into_iter().take(3)),
        Some(IpAddr::V6(address)) => place.extend(address.octets().into_iter().take(6)),
        None => {}
    }
    place.push(0);
    let agent = origin.user_agent.as_deref().unwrap_or_default();
    // Programs are updated every few weeks: digits are versions.
    place.extend(agent.bytes().filter(|byte| !byte.is_ascii_digit() && *byte != b'.'));
    Fingerprint::of(cipher, "sign-in-place", &place)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::PlainCipher;
    use tenantry_kernel::testing::CountingEntropy;

    fn user(number: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(number))
    }

    fn origin(address: &str, agent: &str) -> Origin {
        Origin {
            address: address.parse().ok(),
            user_agent: Some(agent.into()),
            ..Origin::default()
        }
    }

    #[test]
    fn a_device_is_known_by_its_text_alone() {
        let text = DeviceText::mint(user(1), &CountingEntropy::default());

        let read = DeviceText::parse(text.to_text().expose()).unwrap();

        assert_eq!(read, text);
        let other = DeviceText::mint(user(1), &CountingEntropy::default());
        assert_eq!(other, text, "the same randomness");
        for wrong in ["", "dev_", "rt_1_2", &format!("{}_x", text.to_text().expose())] {
            assert_eq!(DeviceText::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_update_or_a_neighbour_address_is_the_same_place() {
        let place = |user, origin| place_of(&PlainCipher, user, &origin);
        let here = place(user(1), origin("192.0.2.7", "Firefox/133.0 (Linux)"));

        assert!(here.matches(&place(user(1), origin("192.0.2.99", "Firefox/134.0 (Linux)"))));
        assert!(here.matches(&place(user(1), origin("::ffff:192.0.2.1", "Firefox/134.0 (Linux)"))));
        for other in [
            place(user(2), origin("192.0.2.7", "Firefox/133.0 (Linux)")),
            place(user(1), origin("192.0.3.7", "Firefox/133.0 (Linux)")),
            place(user(1), origin("192.0.2.7", "Chrome/133.0 (Linux)")),
            place(user(1), origin("2001:db8::1", "Firefox/133.0 (Linux)")),
        ] {
            assert!(!here.matches(&other));
        }
    }

    #[test]
    fn a_device_that_guesses_is_worth_nothing_any_more() {
        let text = DeviceText::mint(user(1), &CountingEntropy::default());
        let now = OffsetDateTime::UNIX_EPOCH;
        let id = RememberedDeviceId::from_uuid(Uuid::from_u128(1));
        let mut device = RememberedDevice::remember(id, &text, &Origin::default(), &PlainCipher, now);

        assert!(device.is_good(now) && !device.is_good(now + DEVICE_LIFE));
        device.failures = RememberedDevice::MAX_FAILURES;
        assert!(!device.is_good(now));
    }
}
