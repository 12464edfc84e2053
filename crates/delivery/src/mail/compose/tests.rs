use futures_util::FutureExt as _;
use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::time::macros::datetime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{StoreError, TenantId};
use tenantry_tenancy::branding::{Brand, Branding, Look};
use tenantry_tenancy::testing::MockBrandDirectory;
use tenantry_tenancy::text::DisplayName;

use super::*;
use crate::mail::fixture::{composer, letter};

fn source(mail: &OutgoingMail, wire: Wire) -> String {
    source_by(&composer(), mail, wire)
}

fn source_by(composer: &Composer, mail: &OutgoingMail, wire: Wire) -> String {
    let composing = composer.compose(mail, wire);
    // Without a store nothing is waited for.
    let message = composing.now_or_never().expect("composing waits for nothing").unwrap();
    String::from_utf8(message.formatted()).unwrap()
}

#[test]
fn a_letter_has_a_text_part_an_html_part_and_a_link_to_the_public_url() {
    let source = source(&letter("invitation", "en"), Wire::SevenBit);

    let link = "https://app.acme.example/portal/accept-invitation?token=invitation_abc_DEF";
    assert!(source.contains("multipart/alternative"), "{source}");
    assert!(
        source.contains("text/plain") && source.contains("text/html"),
        "{source}"
    );
    assert_eq!(source.matches(&format!("\r\n{link}\r\n")).count(), 1, "{source}");
    assert!(source.contains(&format!("href=\"{link}\"")), "{source}");
    assert!(source.contains("Auto-Submitted: auto-generated"), "{source}");
}

#[test]
fn every_attempt_has_the_id_and_the_time_of_the_first() {
    let first = source(&letter("invitation", "en"), Wire::SevenBit);

    assert!(
        first.contains("Message-ID: <019b7ca9-8c88-7000-8000-000000000007@acme.example>"),
        "{first}"
    );
    assert!(first.contains("Date: Fri, 02 Jan 2026 03:04:05 +0000"), "{first}");
}

#[test]
fn an_id_without_a_time_takes_the_clocks() {
    let mut mail = letter("invitation", "en");
    mail.id = tenantry_kernel::uuid::Uuid::from_u128(7);

    assert_eq!(composer().written_at(&mail), datetime!(2026-03-01 12:00 UTC));
}

#[test]
fn a_field_never_becomes_a_header() {
    let source = source(&letter("invitation", "en"), Wire::SevenBit);

    let (head, _) = source.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Rivet"), "{head}");
    assert!(
        !head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")),
        "{head}"
    );
}

#[test]
fn japanese_is_readable_in_a_file_and_plain_ascii_on_the_wire() {
    let file = source(&letter("invitation", "ja"), Wire::EightBit);
    let wire = source(&letter("invitation", "ja"), Wire::SevenBit);

    assert!(file.contains("招待されました") && file.contains("8bit"), "{file}");
    assert!(wire.is_ascii(), "{wire}");
    assert!(file.contains("Content-Language: ja"), "{file}");
}

#[test]
fn a_line_too_long_for_the_wire_is_encoded() {
    let mut long = letter("invitation", "ja");
    long.fields = vec![("message".to_owned(), "長".repeat(500))];

    let source = source(&long, Wire::EightBit);

    assert!(source.lines().all(|line| line.len() <= 998), "{source}");
}

#[test]
fn a_token_leads_to_where_it_is_redeemed() {
    for (template, page) in [
        ("welcome", "verify-email"),
        ("already_registered", "accept-invitation"),
        ("set_password", "set-password"),
        ("reset_password", "reset-password"),
    ] {
        let source = source(&letter(template, "en"), Wire::SevenBit);
        assert!(
            source.contains(&format!("/portal/{page}?token=invitation_abc_DEF\r\n")),
            "{template}: {source}"
        );
    }
}

#[test]
fn a_mail_without_a_token_links_without_a_query() {
    let mut plain = letter("welcome", "en");
    plain.token = None;

    assert!(source(&plain, Wire::SevenBit).contains("\r\nhttps://app.acme.example/portal/sign-in\r\n"));
}

#[test]
fn an_unknown_template_is_named_and_left_to_a_node_that_knows_it() {
    let refused = composer()
        .compose(&letter("nonsense", "en"), Wire::EightBit)
        .now_or_never()
        .unwrap()
        .map_err(MailError::from);

    assert!(matches!(refused, Err(MailError::Unavailable(cause)) if cause.to_string().contains("nonsense")));
}

#[test]
fn settings_that_could_mislead_are_refused() {
    let clock = Arc::new(FixedClock::at(datetime!(2026-03-01 12:00 UTC)));
    let make = |from: &str, url: &str| Composer::new(from, url, "T", clock.clone()).map(|_| ());

    assert_eq!(make("nobody", "https://a.example"), Err(InvalidMailSettings::From));
    assert_eq!(
        make("a@b.example\r\nBcc: x@y.example", "https://a.example"),
        Err(InvalidMailSettings::From)
    );
    for url in [
        "",
        "a.example",
        "ftp://a.example",
        "https://u:p@a.example",
        "https://a.example/?x",
        "https://a.example/#x",
    ] {
        assert_eq!(make("a@b.example", url), Err(InvalidMailSettings::PublicUrl), "{url}");
    }
    assert_eq!(make("no-reply@localhost", "http://localhost:8080"), Ok(()));
}

fn acme() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn dressed(answer: impl Fn() -> Result<Option<Brand>, StoreError> + Send + 'static) -> Composer {
    let mut brands = MockBrandDirectory::new();
    brands
        .expect_brand()
        .withf(|tenant| *tenant == acme())
        .returning(move |_| answer());
    composer().dressed_by(Arc::new(brands))
}

fn brand() -> Brand {
    let look = Look {
        display_name: Some(DisplayName::try_from("Rivet \"R\", 株式会社").unwrap()),
        support_email: Some(EmailAddress::try_from("help@rivet.example").unwrap()),
        ..Look::default()
    };
    Brand {
        name: DisplayName::try_from("Rivet").unwrap(),
        branding: Branding::restore(look, datetime!(2026-01-01 00:00 UTC), 1),
    }
}

#[test]
fn a_tenants_mail_is_from_it_by_name_and_answers_go_to_its_support() {
    let mut mail = letter("invitation", "en");
    mail.tenant = Some(acme());

    let source = source_by(&dressed(|| Ok(Some(brand()))), &mail, Wire::EightBit);
    let (head, _) = source.split_once("\r\n\r\n").unwrap();

    assert!(
        head.contains("<no-reply@acme.example>") && head.contains("Reply-To: help@rivet.example"),
        "{head}"
    );
    let from = head.lines().filter(|line| line.starts_with("From: ")).count();
    assert!(head.is_ascii() && from == 1, "{head}");
    assert!(source.contains("on behalf of Rivet"), "{source}");
}

#[test]
fn what_is_between_the_product_and_a_tenant_is_in_the_products_name() {
    let mut mail = letter("payment_failed", "en");
    mail.tenant = Some(acme());
    let composer =
        dressed(|| Ok(Some(brand()))).answered_at(Some(EmailAddress::try_from("care@acme.example").unwrap()));

    let source = source_by(&composer, &mail, Wire::EightBit);

    assert!(source.contains("From: Acme <no-reply@acme.example>"), "{source}");
    assert!(source.contains("Reply-To: care@acme.example"), "{source}");
}

#[test]
fn looks_that_cannot_be_read_postpone_the_mail_and_a_tenant_that_is_gone_has_none() {
    let mut mail = letter("invitation", "en");
    mail.tenant = Some(acme());

    let away = dressed(|| Err(StoreError::Contended));
    let refused = away
        .compose(&mail, Wire::EightBit)
        .now_or_never()
        .unwrap()
        .map_err(MailError::from);
    let gone = source_by(&dressed(|| Ok(None)), &mail, Wire::EightBit);

    assert!(matches!(refused, Err(MailError::Unavailable(_))));
    assert!(gone.contains("From: Acme <no-reply@acme.example>"), "{gone}");
}
