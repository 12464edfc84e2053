//! Puts words, fields and the link together: a subject, a text part and an HTML part.
//!
//! Fields come from people: names, messages. None of them can break a header, add markup, carry a
//! clickable address of its own, or pull in another field.

use tenantry_activity::mail::OutgoingMail;
use tenantry_kernel::EmailAddress;

use super::html::{self, Dress};
use super::letterhead::Letterhead;
use super::words::{Choice, Language, Template};

/// The longest a field gets, in characters.
const FIELD_MAX_CHARS: usize = 500;
/// The longest a subject gets, in characters.
const SUBJECT_MAX_CHARS: usize = 150;

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// A BCP 47 tag.
    pub(super) language: &'static str,
    /// One line.
    pub(super) subject: String,
    /// For reading as it is.
    pub(super) text: String,
    /// A whole document.
    pub(super) html: String,
}

/// The fields of one mail, made harmless.
struct Fields<'a>(Vec<(&'a str, String)>);

impl<'a> Fields<'a> {
    /// A tenant that the mail speaks for is called as it shows itself.
    fn of(mail: &'a OutgoingMail, head: &'a Letterhead) -> Self {
        let given = mail.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let shown = head.tenant.as_deref().map(|tenant| ("tenant", tenant));
        let all = shown
            .into_iter()
            .chain(given)
            .chain([("product", head.product.as_str())]);
        Self(
            all.map(|(name, value)| (name, harmless(value)))
                .filter(|(_, value)| !value.is_empty())
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first wording whose fields are all here.
    fn choose(&self, choice: Choice) -> Option<String> {
        choice.iter().find_map(|wording| self.fill(wording))
    }

    /// Fills one wording in a single pass, so that braces inside a value stay what they are.
    fn fill(&self, wording: &str) -> Option<String> {
        let mut filled = String::with_capacity(wording.len());
        let mut rest = wording;
        while let Some((before, opened)) = rest.split_once('{') {
            let (name, after) = opened.split_once('}')?;
            filled.push_str(before);
            filled.push_str(self.get(name)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }
}

/// Renders `mail` with the link it carries.
pub(super) fn render(template: Template, mail: &OutgoingMail, head: &Letterhead, link: &str) -> Letter {
    let language = Language::of(&mail.locale);
    let words = template.words(language);
    let fields = Fields::of(mail, head);
    let paragraphs =
        |choices: &[Choice]| -> Vec<String> { choices.iter().filter_map(|choice| fields.choose(choice)).collect() };

    let subject = fields.choose(words.subject).unwrap_or_else(|| head.product.clone());
    let subject: String = subject.chars().take(SUBJECT_MAX_CHARS).collect();
    let greeting = fields.choose(language.greeting()).unwrap_or_default();
    let (before, after) = (paragraphs(words.before), paragraphs(words.after));
    let below = below(language, head);

    let html = html::render(&Dress {
        language,
        head,
        subject: &subject,
        greeting: &greeting,
        before: &before,
        action: words.action,
        link,
        after: &after,
        below: &below,
    });
    Letter {
        language: language.tag(),
        text: text_part(&greeting, &before, words.action, link, &after, head, &below),
        subject,
        html,
    }
}

/// What stands below: who writes in whose name, and what the tenant says of itself.
fn below(language: Language, head: &Letterhead) -> Vec<String> {
    let product = harmless(&head.product);
    let line = match head.tenant.as_deref().map(harmless) {
        Some(tenant) if tenant != product => language.on_behalf(&tenant, &product),
        _ => product,
    };
    let footer = head.footer.as_deref().map(harmless);
    footer.into_iter().chain([line]).collect()
}

fn text_part(
    greeting: &str,
    before: &[String],
    action: &str,
    link: &str,
    after: &[String],
    head: &Letterhead,
    below: &[String],
) -> String {
    let pointed = format!("{action}:\n{link}");
    let mut blocks = vec![greeting];
    blocks.extend(before.iter().map(String::as_str));
    blocks.push(&pointed);
    blocks.extend(after.iter().map(String::as_str));
    let mut signature: Vec<&str> = below.iter().map(String::as_str).collect();
    signature.extend(head.support_email.as_ref().map(EmailAddress::as_str));
    signature.extend(head.support_url.as_deref());
    // Dash, dash, space: mail programs leave what follows out of answers (RFC 3676, section 4.3).
    format!("{}\n\n-- \n{}\n", blocks.join("\n\n"), signature.join("\n"))
}

/// One line without control characters or marks that turn the direction of text; addresses in it are
/// broken up, so that nobody can send people elsewhere in our name.
pub(super) fn harmless(value: &str) -> String {
    let visible = value.chars().filter_map(|c| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => Some(' '),
        c => Some(c),
    });
    let one_line: String = visible.take(FIELD_MAX_CHARS).collect();
    one_line.trim().replace("://", ": //").replace("www.", "www .")
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::EmailAddress;
    use tenantry_kernel::uuid::Uuid;

    use super::*;

    const LINK: &str = "https://app.example.com/accept-invitation?token=abc&x=1";

    fn mail(locale: &str, fields: &[(&str, &str)]) -> OutgoingMail {
        OutgoingMail {
            id: Uuid::nil(),
            tenant: None,
            template: "invitation".to_owned(),
            to: EmailAddress::try_from("ada@example.com").unwrap(),
            locale: locale.to_owned(),
            fields: fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            token: None,
        }
    }

    fn plain(product: &str) -> Letterhead {
        Letterhead::of_product(product, None)
    }

    #[test]
    fn every_template_speaks_both_languages_with_and_without_fields() {
        let everything = [
            ("name", "Ada"),
            ("tenant", "Acme"),
            ("plan", "Pro"),
            ("inviter", "Bob"),
            ("role", "member"),
            ("message", "Welcome!"),
            ("amount", "29.00 USD"),
            ("invoice", "2026-0001"),
            ("days_left", "13"),
            ("expires_at", "2026-11-28 02:00 UTC"),
            ("retry_at", "2026-11-28"),
            ("trial_ends_at", "2026-12-05"),
            ("operator", "Olga"),
            ("member", "Mia"),
            ("reason", "Ticket 17: no invoices"),
            ("looks_until", "2026-11-28 02:15 UTC"),
        ];
        for template in Template::ALL {
            for locale in ["en", "ja-JP", "fr"] {
                for fields in [&everything[..], &[]] {
                    let letter = render(template, &mail(locale, fields), &plain("Tenantry"), LINK);

                    assert!(!letter.subject.is_empty(), "{template:?} {locale}");
                    assert!(letter.text.contains(LINK), "{template:?} {locale}");
                    assert!(letter.html.contains("token=abc&amp;x=1\""), "{template:?} {locale}");
                    assert!(
                        !letter.text.contains(['{', '}']),
                        "{template:?} {locale}: {}",
                        letter.text
                    );
                }
            }
        }
    }

    #[test]
    fn a_mail_without_any_field_still_says_what_it_is_about() {
        for template in Template::ALL {
            for locale in ["en", "ja"] {
                let letter = render(template, &mail(locale, &[]), &plain("Tenantry"), LINK);

                let (before_link, _) = letter.text.split_once(LINK).unwrap();
                assert!(
                    before_link.trim().lines().count() >= 3,
                    "{template:?} {locale}: {}",
                    letter.text
                );
            }
        }
    }

    #[test]
    fn the_locale_chooses_the_language_and_english_is_the_rest() {
        assert_eq!(
            render(Template::Invitation, &mail("ja", &[]), &plain("T"), LINK).subject,
            "招待が届いています"
        );
        assert_eq!(
            render(Template::Invitation, &mail("ja_JP", &[]), &plain("T"), LINK).language,
            "ja"
        );
        assert_eq!(
            render(Template::Invitation, &mail("de", &[]), &plain("T"), LINK).language,
            "en"
        );
        assert_eq!(
            render(Template::Invitation, &mail("", &[]), &plain("T"), LINK).language,
            "en"
        );
    }

    #[test]
    fn the_most_specific_wording_that_the_fields_allow_is_used() {
        let full = render(
            Template::Invitation,
            &mail("en", &[("inviter", "Bob"), ("tenant", "Acme"), ("role", "member")]),
            &plain("T"),
            LINK,
        );
        let less = render(
            Template::Invitation,
            &mail("en", &[("tenant", "Acme")]),
            &plain("T"),
            LINK,
        );

        assert_eq!(full.subject, "Bob invites you to Acme");
        assert!(full.text.contains("Bob invites you to join Acme as member."));
        assert_eq!(less.subject, "You are invited to Acme");
    }

    #[test]
    fn markup_in_a_field_is_shown_and_never_run() {
        let letter = render(
            Template::Invitation,
            &mail("en", &[("tenant", "<script>alert('x')</script> & \"Co\"")]),
            &plain("T"),
            LINK,
        );

        assert!(
            letter
                .html
                .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;Co&quot;")
        );
        assert!(!letter.html.contains("<script"));
    }

    #[test]
    fn a_field_stays_one_line_and_cannot_name_another_field() {
        let letter = render(
            Template::Invitation,
            &mail(
                "en",
                &[
                    ("tenant", "Acme\r\nBcc: eve@example.com"),
                    ("inviter", "{tenant}\u{202e}"),
                ],
            ),
            &plain("T"),
            LINK,
        );

        assert_eq!(letter.subject, "{tenant} invites you to Acme  Bcc: eve@example.com");
    }

    #[test]
    fn an_address_in_a_field_is_no_link() {
        let letter = render(
            Template::Invitation,
            &mail(
                "en",
                &[("message", "log in at https://evil.example or www.evil.example")],
            ),
            &plain("T"),
            LINK,
        );

        assert!(!letter.text.contains("https://evil"));
        assert!(!letter.html.contains("www.evil"));
    }

    #[test]
    fn long_fields_are_cut() {
        let letter = render(
            Template::Invitation,
            &mail("ja", &[("tenant", &"長".repeat(10_000))]),
            &plain("T"),
            LINK,
        );

        assert_eq!(letter.subject.chars().count(), SUBJECT_MAX_CHARS);
        assert!(letter.text.lines().all(|line| line.len() < 3_000));
    }

    /// A tenant that tries everything.
    fn wicked() -> Letterhead {
        Letterhead {
            tenant: Some("\"><img src=x onerror=alert(1)>\r\nBcc: eve@example.com".to_owned()),
            logo: Some("https://cdn.example/l.png?a=1&b=2".to_owned()),
            color: "#ffd60a".to_owned(),
            support_email: Some(EmailAddress::try_from("help&me@rivet.example").unwrap()),
            support_url: Some("https://help.example/?q=1&r=2".to_owned()),
            footer: Some("</td><script>alert(1)</script> https://evil.example".to_owned()),
            ..plain("Tenantry")
        }
    }

    #[test]
    fn a_tenants_looks_are_worn_and_cannot_break_out() {
        let letter = render(
            Template::Invitation,
            &mail("en", &[("tenant", "Rivet Inc.")]),
            &wicked(),
            LINK,
        );

        assert!(
            letter.html.contains("src=\"https://cdn.example/l.png?a=1&amp;b=2\""),
            "{}",
            letter.html
        );
        assert!(letter.html.contains("bgcolor=\"#ffd60a\"") && letter.html.contains("color:#111114"));
        assert!(letter.html.contains("mailto:help&amp;me@rivet.example"));
        assert!(
            letter
                .text
                .ends_with("help&me@rivet.example\nhttps://help.example/?q=1&r=2\n"),
            "{}",
            letter.text
        );
        for forbidden in ["<script", "<img src=x", "https://evil"] {
            assert!(!letter.html.contains(forbidden), "{forbidden}: {}", letter.html);
            assert!(!letter.text.contains("https://evil"));
        }
        assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
        assert!(
            !letter.subject.contains("Rivet Inc."),
            "it is called as it shows itself"
        );
    }

    #[test]
    fn a_mail_says_who_carries_it() {
        let branded = Letterhead {
            tenant: Some("Acme".to_owned()),
            footer: Some("Acme Ltd, 1 High Street".to_owned()),
            ..plain("Tenantry")
        };

        let english = render(Template::Invitation, &mail("en", &[]), &branded, LINK);
        let japanese = render(Template::Invitation, &mail("ja", &[]), &branded, LINK);

        let below = |letter: &Letter| letter.text.split_once("-- \n").unwrap().1.to_owned();
        assert_eq!(
            below(&english),
            "Acme Ltd, 1 High Street\nTenantry sent this message on behalf of Acme.\n"
        );
        assert!(
            below(&japanese).contains("Acme に代わって Tenantry が"),
            "{}",
            japanese.text
        );
    }

    #[test]
    fn lists_of_mails_show_what_it_is_about() {
        let letter = render(
            Template::Invitation,
            &mail("en", &[("tenant", "Acme")]),
            &plain("T"),
            LINK,
        );

        let (hidden, _) = letter.html.split_once("<table").unwrap();
        assert!(hidden.contains("You are invited to join Acme."), "{hidden}");
    }
}
