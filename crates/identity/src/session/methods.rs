//! How a person proved who they are.

use std::fmt;

/// One way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// The password.
    Password,
    /// A link in a mail to a verified address.
    MailLink,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
    /// A passkey that lives on several devices, without a check of the person.
    SyncedKey,
    /// A passkey bound to one device, without a check of the person.
    DeviceKey,
    /// The passkey's device checked the person, by PIN or by biometrics.
    UserVerified,
    /// A device that the person chose to remember.
    RememberedDevice,
}

impl Method {
    /// Every method, in the order of the bits that store them. Names are stored: never change one.
    pub const ALL: [Self; 8] = [
        Self::Password,
        Self::MailLink,
        Self::Totp,
        Self::RecoveryCode,
        Self::SyncedKey,
        Self::DeviceKey,
        Self::UserVerified,
        Self::RememberedDevice,
    ];

    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::MailLink => "mail_link",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::SyncedKey => "synced_key",
            Self::DeviceKey => "device_key",
            Self::UserVerified => "user_verified",
            Self::RememberedDevice => "remembered_device",
        }
    }

    /// The value of RFC 8176, section 2. A mail is another channel (`mca`); a device that was remembered lowers the
    /// risk (`rba`); recovery codes are one-time passwords.
    #[must_use]
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::MailLink => "mca",
            Self::Totp | Self::RecoveryCode => "otp",
            Self::SyncedKey => "swk",
            Self::DeviceKey => "hwk",
            Self::UserVerified => "user",
            Self::RememberedDevice => "rba",
        }
    }

    const fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// A set of [`Method`]s.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Methods(u16);

impl Methods {
    /// The set with one more.
    #[must_use]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    /// All that is in either.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True when the method is in the set.
    #[must_use]
    pub const fn has(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// The methods, in the order of [`Method::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.has(*method))
    }

    /// True when two different factors were shown: something known or a mailbox, and something held; or a passkey
    /// whose device checked the person, which is both.
    #[must_use]
    pub const fn is_multi_factor(self) -> bool {
        let first = self.has(Method::Password) || self.has(Method::MailLink);
        let key = self.has(Method::SyncedKey) || self.has(Method::DeviceKey);
        let held =
            key || self.has(Method::Totp) || self.has(Method::RecoveryCode) || self.has(Method::RememberedDevice);
        (first && held) || (key && self.has(Method::UserVerified))
    }

    /// The values of the `amr` claim (RFC 8176), each once; `mfa` last, where it holds.
    #[must_use]
    pub fn amr(self) -> Vec<&'static str> {
        let mut values: Vec<&'static str> = Vec::new();
        for method in self.iter() {
            if !values.contains(&method.amr()) {
                values.push(method.amr());
            }
        }
        if self.is_multi_factor() {
            values.push("mfa");
        }
        values
    }

    /// The text to store: names with commas between.
    #[must_use]
    pub fn to_text(self) -> String {
        let names: Vec<&str> = self.iter().map(Method::as_str).collect();
        names.join(",")
    }

    /// The set that was stored. What a newer node stored and we do not know is left out.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        text.split(',').collect()
    }
}

impl<'a> FromIterator<&'a str> for Methods {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let known = |name: &str| Method::ALL.into_iter().find(|method| method.as_str() == name);
        names.into_iter().filter_map(known).collect()
    }
}

impl FromIterator<Method> for Methods {
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        methods.into_iter().fold(Self::default(), Self::with)
    }
}

impl From<Method> for Methods {
    fn from(method: Method) -> Self {
        Self::default().with(method)
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(of: &[Method]) -> Methods {
        of.iter().copied().collect()
    }

    #[test]
    fn two_factors_are_two_different_kinds() {
        use Method::{DeviceKey, MailLink, Password, RecoveryCode, RememberedDevice, SyncedKey, Totp, UserVerified};
        for (shown, both) in [
            (&[Password][..], false),
            (&[MailLink], false),
            (&[Password, MailLink], false),
            (&[Password, Totp], true),
            (&[MailLink, RecoveryCode], true),
            (&[Password, RememberedDevice], true),
            (&[Password, SyncedKey], true),
            (&[DeviceKey], false),
            (&[DeviceKey, UserVerified], true),
            (&[Totp, RecoveryCode], false),
            (&[], false),
        ] {
            assert_eq!(methods(shown).is_multi_factor(), both, "{shown:?}");
            assert_eq!(methods(shown).amr().contains(&"mfa"), both, "{shown:?}");
        }
    }

    #[test]
    fn what_is_stored_comes_back_and_unknown_names_are_left_out() {
        let all: Methods = Method::ALL.into_iter().collect();

        assert_eq!(Methods::from_text(&all.to_text()), all);
        assert_eq!(Methods::from_text(""), Methods::default());
        assert_eq!(Methods::from_text("password,telepathy"), Method::Password.into());
        assert_eq!(all.iter().count(), Method::ALL.len());
    }

    #[test]
    fn each_value_of_the_claim_stands_once() {
        let shown = methods(&[Method::Password, Method::Totp, Method::RecoveryCode]);

        assert_eq!(shown.amr(), ["pwd", "otp", "mfa"]);
    }
}
