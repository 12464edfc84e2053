//! The HTML part: tables and inline styles, as mail programs want them; dark where the reader's are.
//!
//! Whatever comes from people goes through [`escape`], addresses too.

use std::borrow::Cow;

use super::letterhead::Letterhead;
use super::words::Language;

/// A mail in words, before it is dressed.
pub(super) struct Dress<'a> {
    pub(super) language: Language,
    pub(super) head: &'a Letterhead,
    pub(super) subject: &'a str,
    pub(super) greeting: &'a str,
    pub(super) before: &'a [String],
    pub(super) action: &'a str,
    pub(super) link: &'a str,
    pub(super) after: &'a [String],
    /// The lines below, made harmless.
    pub(super) below: &'a [String],
}

/// Fonts that have Latin and Japanese letters, on every system.
const FONT: &str = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI','Hiragino Sans','Noto Sans JP','Yu Gothic',\
                    Meiryo,Roboto,Helvetica,Arial,sans-serif";

/// Colours for readers whose programs are dark. Those that do not know it show the light ones.
const DARK: &str = ":root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background-color:#111114!important}
.card{background-color:#1c1c20!important;border-color:#33333b!important}
.ink{color:#f2f2f5!important}
.soft,.soft a{color:#a9a9b4!important}
}
@media (max-width:480px){.card{padding:24px 20px!important}}
";

/// The whole document. No line is long: a link must stay in one piece, and an address can have 600 bytes.
pub(super) fn render(dress: &Dress<'_>) -> String {
    let Dress { language, subject, .. } = dress;
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{DARK}</style>\n</head>\n",
        language.tag(),
        escape(subject)
    );
    page.push_str("<body class=\"page\" style=\"margin:0;padding:0;background-color:#f4f4f6\">\n");
    page.push_str(&preheader(dress));
    page.push_str(
        "<table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"background-color:#f4f4f6\">\n<tr><td align=\"center\" style=\"padding:32px 16px\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"max-width:560px\">\n",
    );
    page.push_str(&top(dress.head));
    page.push_str(&card(dress));
    page.push_str(&bottom(dress));
    page.push_str("</table>\n</td></tr>\n</table>\n</body>\n</html>\n");
    page
}

/// What a list of mails shows beside the subject.
fn preheader(dress: &Dress<'_>) -> String {
    let first = dress.before.first().map_or("", String::as_str);
    format!(
        "<div style=\"display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all\">\n{}\n</div>\n",
        escape(first)
    )
}

/// Who writes: the picture, or the name where there is none. A program that shows no pictures shows the name.
fn top(head: &Letterhead) -> String {
    let name = escape(head.name()).into_owned();
    let style = format!("{FONT};font-size:18px;line-height:24px;font-weight:700;color:#1c1c1e");
    let shown = head.logo.as_deref().map_or(name.clone(), |logo| {
        format!(
            "<img src=\"{}\"\nalt=\"{name}\" height=\"40\" border=\"0\" \
             style=\"display:block;height:40px;width:auto;max-width:240px;{style}\">",
            escape(logo)
        )
    });
    format!("<tr><td class=\"ink\" style=\"padding:0 8px 20px;{style}\">\n{shown}\n</td></tr>\n")
}

fn card(dress: &Dress<'_>) -> String {
    let text = |text: &str| {
        format!(
            "<p class=\"ink\" style=\"margin:0 0 16px;{FONT};font-size:16px;line-height:1.6;color:#1c1c1e\">\n{}</p>\n",
            escape(text)
        )
    };
    let small = |inner: &str| {
        format!(
            "<p class=\"soft\" style=\"margin:0 0 12px;{FONT};font-size:13px;line-height:1.6;color:#63636e\">\n{inner}</p>\n"
        )
    };
    let Dress {
        head,
        greeting,
        action,
        link,
        ..
    } = dress;
    let link = escape(link);
    let color = escape(&head.color).into_owned();
    let mut card = String::from(
        "<tr><td class=\"card\" style=\"background-color:#ffffff;border:1px solid #e2e2e8;border-radius:12px;\
         padding:32px\">\n",
    );
    card.push_str(&text(greeting));
    card.extend(dress.before.iter().map(|line| text(line)));
    card.push_str(&format!(
        "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:8px 0 24px\">\n\
         <tr><td bgcolor=\"{color}\" style=\"background-color:{color};border-radius:8px\">\n\
         <a href=\"{link}\"\nstyle=\"display:inline-block;padding:13px 26px;{FONT};font-size:16px;line-height:20px;\
         font-weight:600;color:{};text-decoration:none;border-radius:8px\">{}</a>\n</td></tr>\n</table>\n",
        head.button_ink(),
        escape(action)
    ));
    card.extend(dress.after.iter().map(|line| small(&escape(line))));
    card.push_str(&small(&format!(
        "{}<br>\n<a href=\"{link}\"\nstyle=\"color:#63636e;word-break:break-all\">\n{link}</a>",
        escape(dress.language.link_hint())
    )));
    card.push_str("</td></tr>\n");
    card
}

/// Who they are, where help is, and who carries the mail.
fn bottom(dress: &Dress<'_>) -> String {
    let mut lines: Vec<String> = dress.below.iter().map(|line| escape(line).into_owned()).collect();
    let style = "color:#63636e";
    lines.extend(dress.head.support_email.as_ref().map(|email| {
        let email = escape(email.as_str());
        format!("<a href=\"mailto:{email}\" style=\"{style}\">{email}</a>")
    }));
    lines.extend(dress.head.support_url.as_deref().map(|page| {
        let page = escape(page);
        format!("<a href=\"{page}\"\nstyle=\"{style};word-break:break-all\">\n{page}</a>")
    }));
    format!(
        "<tr><td class=\"soft\" style=\"padding:20px 8px 0;{FONT};font-size:13px;line-height:1.7;color:#63636e\">\n\
         {}\n</td></tr>\n",
        lines.join("<br>\n")
    )
}

/// Text as HTML shows it, also within an attribute's quotes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
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
