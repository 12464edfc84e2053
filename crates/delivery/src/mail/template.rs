//! Puts words, fields and the link together: a subject, a text part and an HTML part.
//!
//! Fields come from people: names, messages. None of them can break a header, add markup, carry a
//! clickable address of its own, or pull in another field.

use std::borrow::Cow;

use tenantry_activity::mail::OutgoingMail;

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
    fn of(mail: &'a OutgoingMail, product: &'a str) -> Self {
        let given = mail.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all = given.chain([("product", product)]);
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
pub(super) fn render(template: Template, mail: &OutgoingMail, product: &str, link: &str) -> Letter {
    let language = Language::of(&mail.locale);
    let words = template.words(language);
    let fields = Fields::of(mail, product);
    let paragraphs =
        |choices: &[Choice]| -> Vec<String> { choices.iter().filter_map(|choice| fields.choose(choice)).collect() };

    let subject = fields.choose(words.subject).unwrap_or_else(|| product.to_owned());
    let greeting = fields.choose(language.greeting()).unwrap_or_default();
    let before = paragraphs(words.before);
    let after = paragraphs(words.after);

    Letter {
        language: language.tag(),
        subject: subject.chars().take(SUBJECT_MAX_CHARS).collect(),
        text: text_part(&greeting, &before, link, &after, product),
        html: html_part(language, &greeting, &before, words.action, link, &after, product),
    }
}

fn text_part(greeting: &str, before: &[String], link: &str, after: &[String], product: &str) -> String {
    let mut blocks = vec![greeting];
    blocks.extend(before.iter().map(String::as_str));
    blocks.push(link);
    blocks.extend(after.iter().map(String::as_str));
    format!("{}\n\n-- \n{}\n", blocks.join("\n\n"), harmless(product))
}

fn html_part(
    language: Language,
    greeting: &str,
    before: &[String],
    action: &str,
    link: &str,
    after: &[String],
    product: &str,
) -> String {
    let paragraph = |text: &String| format!("<p>{}</p>\n", escape(text));
    let link = escape(link);
    let lines = [
        format!(
            "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"></head>\n",
            language.tag()
        ),
        "<body style=\"font-family:sans-serif;max-width:36em;margin:2em auto;padding:0 1em;color:#1c1c1e\">\n"
            .to_owned(),
        format!("<p>{}</p>\n", escape(greeting)),
        before.iter().map(paragraph).collect(),
        format!(
            "<p><a href=\"{link}\" style=\"display:inline-block;padding:.7em 1.2em;border-radius:.4em;\
             background:#1d4ed8;color:#ffffff;text-decoration:none\">{}</a></p>\n",
            escape(action)
        ),
        format!(
            "<p style=\"color:#57575c\">{}<br><a href=\"{link}\">{link}</a></p>\n",
            escape(language.link_hint())
        ),
        after.iter().map(paragraph).collect(),
        format!(
            "<p style=\"color:#57575c\">{}</p>\n</body>\n</html>\n",
            escape(&harmless(product))
        ),
    ];
    lines.concat()
}

/// One line without control characters or marks that turn the direction of text; addresses in it are
/// broken up, so that nobody can send people elsewhere in our name.
fn harmless(value: &str) -> String {
    let visible = value.chars().filter_map(|c| match c {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => Some(' '),
        c => Some(c),
    });
    let one_line: String = visible.take(FIELD_MAX_CHARS).collect();
    one_line.trim().replace("://", ": //").replace("www.", "www .")
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
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
        ];
        for template in Template::ALL {
            for locale in ["en", "ja-JP", "fr"] {
                for fields in [&everything[..], &[]] {
                    let letter = render(template, &mail(locale, fields), "Tenantry", LINK);

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
                let letter = render(template, &mail(locale, &[]), "Tenantry", LINK);

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
            render(Template::Invitation, &mail("ja", &[]), "T", LINK).subject,
            "招待が届いています"
        );
        assert_eq!(
            render(Template::Invitation, &mail("ja_JP", &[]), "T", LINK).language,
            "ja"
        );
        assert_eq!(render(Template::Invitation, &mail("de", &[]), "T", LINK).language, "en");
        assert_eq!(render(Template::Invitation, &mail("", &[]), "T", LINK).language, "en");
    }

    #[test]
    fn the_most_specific_wording_that_the_fields_allow_is_used() {
        let full = render(
            Template::Invitation,
            &mail("en", &[("inviter", "Bob"), ("tenant", "Acme"), ("role", "member")]),
            "T",
            LINK,
        );
        let less = render(Template::Invitation, &mail("en", &[("tenant", "Acme")]), "T", LINK);

        assert_eq!(full.subject, "Bob invites you to Acme");
        assert!(full.text.contains("Bob invites you to join Acme as member."));
        assert_eq!(less.subject, "You are invited to Acme");
    }

    #[test]
    fn markup_in_a_field_is_shown_and_never_run() {
        let letter = render(
            Template::Invitation,
            &mail("en", &[("tenant", "<script>alert('x')</script> & \"Co\"")]),
            "T",
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
            "T",
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
            "T",
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
            "T",
            LINK,
        );

        assert_eq!(letter.subject.chars().count(), SUBJECT_MAX_CHARS);
        assert!(letter.text.lines().all(|line| line.len() < 3_000));
    }
}
