//! The text of API keys: read back exactly, or refused.

use proptest::prelude::*;
use tenantry_kernel::testing::CountingEntropy;

use super::*;
use crate::api_key::text_parts::CHECKSUM_CHARS;
use crate::base62;
use crate::crc32::crc32;
use crate::testing::PlainCipher;

fn text(prefix: &str, live: bool) -> ApiKeyText {
    ApiKeyText::mint(
        &KeyPrefix::try_from(prefix).unwrap(),
        live,
        TenantId::from_uuid(Uuid::from_u128(0x0190_1111_0000_7000_8000_0000_0000_0001)),
        ApiKeyId::from_uuid(Uuid::from_u128(0x0190_2222_0000_7000_8000_0000_0000_0002)),
        &CountingEntropy::default(),
    )
}

#[test]
fn a_key_is_read_back_with_tenant_and_id() {
    for (prefix, live, start) in [
        ("tk", true, "tk_live_"),
        ("sk", false, "sk_test_"),
        ("pk", true, "pk_live_"),
    ] {
        let minted = text(prefix, live);
        let written = minted.to_text();

        let read = ApiKeyText::parse(written.expose()).unwrap();

        assert_eq!(read, minted);
        assert!(written.expose().starts_with(start));
        assert_eq!(written.expose().len(), start.len() + 43 + 1 + 43 + 6);
    }
}

#[test]
fn every_single_character_error_is_refused_by_the_checksum() {
    let good = text("tk", true).to_text().into_inner();
    for position in 0..good.len() {
        for other in ["0", "z", "_", "-"] {
            let mut bad = good.clone();
            bad.replace_range(position..=position, other);
            if bad != good {
                assert_eq!(ApiKeyText::parse(&bad), Err(InvalidKeyText), "{bad}");
            }
        }
    }
}

#[test]
fn junk_is_refused() {
    let good = text("tk", true).to_text().into_inner();
    let others = [
        String::new(),
        "tk_live_".to_owned(),
        good.clone() + "0",
        format!(" {good}"),
        good.to_uppercase(),
        "ключ".repeat(20),
        "a".repeat(1_000_000),
    ];
    for bad in others {
        assert_eq!(ApiKeyText::parse(&bad), Err(InvalidKeyText));
    }
}

#[test]
fn a_good_checksum_over_a_bad_form_is_still_refused() {
    for body in [
        "tk_live_x_y",
        "TK_live_0_0",
        "tk_prod_0_0",
        "toolongprefix_live_0_0",
        "tk_live_0_0_0",
        "___",
    ] {
        let checksum = base62::encode(&crc32(body.as_bytes()).to_be_bytes());
        assert_eq!(
            ApiKeyText::parse(&format!("{body}{checksum}")),
            Err(InvalidKeyText),
            "{body}"
        );
    }
}

#[test]
fn a_test_key_relabelled_as_live_has_another_fingerprint() {
    let test = text("tk", false);
    let written = test.to_text().into_inner();
    let body = &written[..written.len() - CHECKSUM_CHARS];
    let ids = body.split('_').nth(2).unwrap();
    let other_ids = base62::encode_pair(&[7; 16], test.key.as_uuid().as_bytes());
    // Whoever changes a key may well put the checksum right.
    let changed = |from: &str, to: &str| {
        let body = body.replacen(from, to, 1);
        let checksum = base62::encode(&crc32(body.as_bytes()).to_be_bytes());
        ApiKeyText::parse(&(body + &checksum)).unwrap()
    };
    let relabelled = changed("_test_", "_live_");
    let moved = changed(ids, &other_ids);

    let print = test.fingerprint(&PlainCipher);

    assert!(relabelled.live && !print.matches(&relabelled.fingerprint(&PlainCipher)));
    assert!(moved.tenant != test.tenant && !print.matches(&moved.fingerprint(&PlainCipher)));
}

#[test]
fn a_hint_tells_four_characters_and_a_debug_print_none() {
    let minted = text("tk", true);
    let written = minted.to_text();

    let hint = minted.hint();

    assert_eq!(
        hint,
        format!("tk_live_…{}", &written.expose()[written.expose().len() - 4..])
    );
    let secret = written.expose().split('_').nth(3).unwrap();
    assert!(!format!("{minted:?}").contains(secret));
}

proptest! {
    #[test]
    fn no_input_panics(text in "\\PC{0,150}") {
        prop_assert!(ApiKeyText::parse(&text).is_err());
    }
}
