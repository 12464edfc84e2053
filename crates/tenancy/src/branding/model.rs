//! What a tenant may say about its looks. Everything ends up in pages and mails of others, so each part is a narrow type.

use std::fmt;

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{EmailAddress, Event, TenantId};

use crate::text::{DisplayName, Note};

/// An `https` address of a page or a picture: at most 500 visible ASCII characters, without user and password, and
/// without characters that could end an attribute.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAddress(String);

/// The text is no address that we show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an https address such as https://example.com/logo.png, 500 characters at most")]
pub struct InvalidWebAddress;

impl WebAddress {
    /// Longest address in characters.
    pub const MAX_CHARS: usize = 500;

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for WebAddress {
    type Error = InvalidWebAddress;

    fn try_from(text: &str) -> Result<Self, InvalidWebAddress> {
        let text = text.trim();
        let scheme = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let rest = scheme.and_then(|_| text.get(8..)).ok_or(InvalidWebAddress)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = authority
            .split_once(':')
            .map_or((authority, None), |(host, port)| (host, Some(port)));
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // A host by its name: what has no dot, or ends in a number, is a machine of whoever reads the mail.
        let named = host.contains('.')
            && host.split('.').all(label)
            && host
                .rsplit('.')
                .next()
                .is_some_and(|last| last.bytes().any(|byte| byte.is_ascii_alphabetic()));
        let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        let harmless = |byte: u8| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte);
        if named && port_fits && text.len() <= Self::MAX_CHARS && rest.bytes().all(harmless) {
            Ok(Self(format!("https://{rest}")))
        } else {
            Err(InvalidWebAddress)
        }
    }
}

impl TryFrom<String> for WebAddress {
    type Error = InvalidWebAddress;

    fn try_from(text: String) -> Result<Self, InvalidWebAddress> {
        Self::try_from(text.as_str())
    }
}

/// A colour as `#rrggbb`, in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct Color(String);

/// The text is no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a colour such as #1d4ed8")]
pub struct InvalidColor;

impl Color {
    /// The colour as `#rrggbb`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Color {
    type Error = InvalidColor;

    fn try_from(text: &str) -> Result<Self, InvalidColor> {
        let text = text.trim();
        let digits = text.strip_prefix('#').ok_or(InvalidColor)?;
        if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(InvalidColor)
        }
    }
}

impl TryFrom<String> for Color {
    type Error = InvalidColor;

    fn try_from(text: String) -> Result<Self, InvalidColor> {
        Self::try_from(text.as_str())
    }
}

/// The looks themselves. What is absent is the product's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// What people call the tenant, where that is not its name.
    pub display_name: Option<DisplayName>,
    /// Its picture.
    pub logo_url: Option<WebAddress>,
    /// The colour of its buttons.
    pub primary_color: Option<Color>,
    /// Where its people get help: answers to its mails go there.
    pub support_email: Option<EmailAddress>,
    /// A page where its people get help.
    pub support_url: Option<WebAddress>,
    /// What stands below its mails: who they are, where they are.
    pub footer: Option<Note>,
}

/// A tenant's looks as they are kept. A tenant that never said anything has version 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branding {
    look: Look,
    updated_at: Option<OffsetDateTime>,
    version: i64,
}

impl Branding {
    /// Branding as it was stored. For stores only.
    #[must_use]
    pub const fn restore(look: Look, updated_at: OffsetDateTime, version: i64) -> Self {
        Self {
            look,
            updated_at: Some(updated_at),
            version,
        }
    }

    /// The looks.
    #[must_use]
    pub const fn look(&self) -> &Look {
        &self.look
    }

    /// When they last changed; `None` when they never were set.
    #[must_use]
    pub const fn updated_at(&self) -> Option<OffsetDateTime> {
        self.updated_at
    }

    /// The version as it was read from the store.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The branding as it stands after it was written: one version on.
    #[must_use]
    pub const fn saved(mut self) -> Self {
        self.version += 1;
        self
    }

    /// Takes other looks. `None` when they are the same.
    pub fn redesign(&mut self, tenant: TenantId, look: Look, now: OffsetDateTime) -> Option<Event> {
        if self.look == look {
            return None;
        }
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (before, after) = (&self.look, &look);
        let name = |look: &Look| text(look.display_name.as_ref().map(DisplayName::as_str));
        let logo = |look: &Look| text(look.logo_url.as_ref().map(WebAddress::as_str));
        let color = |look: &Look| text(look.primary_color.as_ref().map(Color::as_str));
        let email = |look: &Look| text(look.support_email.as_ref().map(EmailAddress::as_str));
        let page = |look: &Look| text(look.support_url.as_ref().map(WebAddress::as_str));
        let footer = |look: &Look| text(look.footer.as_ref().map(Note::as_str));
        let event = Event::new("branding.updated", tenant)
            .change("display_name", name(before), name(after))
            .change("logo_url", logo(before), logo(after))
            .change("primary_color", color(before), color(after))
            .change("support_email", email(before), email(after))
            .change("support_url", page(before), page(after))
            .change("footer", footer(before), footer(after));
        self.look = look;
        self.updated_at = Some(now);
        Some(event)
    }
}

/// A tenant as it shows itself to people who are not in it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The tenant's own name.
    pub name: DisplayName,
    /// Its looks.
    pub branding: Branding,
}

impl Brand {
    /// What it is called in pages and mails.
    #[must_use]
    pub fn shown_name(&self) -> &DisplayName {
        self.branding.look.display_name.as_ref().unwrap_or(&self.name)
    }
}

// Both print as the text they are.
impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebAddress({})", self.0)
    }
}
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Color({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, tenant_id};

    #[test]
    fn addresses_are_https_by_name_and_cannot_leave_an_attribute() {
        for (text, kept) in [
            (
                "https://cdn.acme.example/logo.png?v=2#x",
                "https://cdn.acme.example/logo.png?v=2#x",
            ),
            (" HTTPS://Acme.example:8443/a ", "https://Acme.example:8443/a"),
            ("https://xn--eckwd4c7c.jp", "https://xn--eckwd4c7c.jp"),
        ] {
            assert_eq!(WebAddress::try_from(text).unwrap().as_str(), kept);
        }
        let long = format!("https://acme.example/{}", "a".repeat(500));
        for bad in [
            "",
            "http://acme.example/logo.png",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "//acme.example/logo.png",
            "https://",
            "https:///logo.png",
            "https://localhost/logo.png",
            "https://127.0.0.1/logo.png",
            "https://[::1]/logo.png",
            "https://user:pw@acme.example/",
            "https://acme.example:0/",
            "https://acme.example:99999/",
            "https://acme..example/",
            "https://-acme.example/",
            "https://acme.example/\"onerror=\"x",
            "https://acme.example/a b",
            "https://acme.example/<b>",
            "https://acme.example/\r\nx",
            "https://日本.example/",
            &long,
        ] {
            assert_eq!(WebAddress::try_from(bad), Err(InvalidWebAddress), "{bad}");
        }
    }

    #[test]
    fn colours_have_six_digits() {
        assert_eq!(Color::try_from(" #1D4ED8 ").unwrap().as_str(), "#1d4ed8");
        for bad in ["", "1d4ed8", "#fff", "#1d4ed8ff", "red", "#1d4eg8", "#1d4ed;", "#日本"] {
            assert_eq!(Color::try_from(bad), Err(InvalidColor), "{bad}");
        }
    }

    #[test]
    fn only_what_changes_is_told() {
        let mut branding = Branding::default();
        let look = Look {
            primary_color: Some(Color::try_from("#112233").unwrap()),
            ..Look::default()
        };

        let event = branding.redesign(tenant_id(1), look.clone(), NOW).unwrap();
        let again = branding.redesign(tenant_id(1), look, NOW);

        assert_eq!((event.action, event.changes.len()), ("branding.updated", 1));
        assert_eq!(event.changes[0].field, "primary_color");
        assert_eq!((again, branding.updated_at()), (None, Some(NOW)));
    }

    #[test]
    fn a_brand_is_called_by_its_display_name_or_else_by_its_name() {
        let mut brand = Brand {
            name: DisplayName::try_from("Acme Holdings Ltd").unwrap(),
            branding: Branding::default(),
        };
        assert_eq!(brand.shown_name().as_str(), "Acme Holdings Ltd");

        let look = Look {
            display_name: Some(DisplayName::try_from("Acme").unwrap()),
            ..Look::default()
        };
        brand.branding.redesign(tenant_id(1), look, NOW);

        assert_eq!(brand.shown_name().as_str(), "Acme");
    }
}
