//! E-mail: words, templates, composition, and the two ways out.

pub(crate) mod compose;
mod html;
mod letterhead;
pub(crate) mod outbox;
pub(crate) mod smtp;
mod template;
mod words;

#[cfg(test)]
mod fixture {
    //! Letters for the tests of this module.

    use std::sync::Arc;

    use tenantry_activity::mail::OutgoingMail;
    use tenantry_kernel::testing::FixedClock;
    use tenantry_kernel::time::macros::datetime;
    use tenantry_kernel::uuid::uuid;
    use tenantry_kernel::{EmailAddress, Secret};

    use super::compose::Composer;

    pub(super) fn composer() -> Composer {
        let clock = Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC)));
        Composer::new(
            "Acme <no-reply@acme.example>",
            "https://app.acme.example/portal",
            "Acme",
            clock,
        )
        .unwrap()
    }

    /// A letter to Ada, first tried at 2026-01-02 03:04:05 UTC, from a tenant with a wicked name.
    pub(super) fn letter(template: &str, locale: &str) -> OutgoingMail {
        OutgoingMail {
            id: uuid!("019b7ca9-8c88-7000-8000-000000000007"),
            tenant: None,
            template: template.to_owned(),
            to: EmailAddress::try_from("ada@example.com").unwrap(),
            locale: locale.to_owned(),
            fields: vec![("tenant".to_owned(), "Rivet\r\nBcc: eve@example.com".to_owned())],
            token: Some(Secret::new("invitation_abc_DEF".to_owned())),
        }
    }
}
