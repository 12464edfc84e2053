//! Known answers, and what must not open.

use proptest::prelude::*;
use tenantry_kernel::testing::CountingEntropy;

use super::*;
use crate::system::SystemEntropy;

fn cipher() -> AeadCipher {
    let master = MasterKey::generate(&CountingEntropy::default());
    AeadCipher::new(&master, Arc::new(SystemEntropy))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    hex.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

#[test]
fn derivation_gives_the_known_answer_of_rfc_5869() {
    // Appendix A.1, the first 32 bytes of OKM.
    let root = Salt::new(HKDF_SHA256, &bytes("000102030405060708090a0b0c")).extract(&[0x0b; 22]);

    let key = derive(&root, &[&bytes("f0f1f2f3f4"), &bytes("f5f6f7f8f9")]);

    let expected = bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
    assert_eq!(key.as_slice(), expected);
}

#[test]
fn fingerprints_are_the_hmac_of_rfc_4231_under_the_derived_key() {
    // Test case 2 proves the HMAC; the second half proves that ours is that HMAC.
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
    let expected = bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(hmac::sign(&key, b"what do ya want for nothing?").as_ref(), expected);

    let cipher = cipher();
    let derived = derive(&cipher.root, &[b"fingerprint:api-key"]);
    let ours = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &derived), b"value");

    assert_eq!(cipher.fingerprint("api-key", b"value").as_slice(), ours.as_ref());
}

/// `AESGCM(HKDF-Expand(…, "seal:golden")).encrypt(nonce, "attack at dawn", "\x01golden")`.
const GOLDEN_SEALED: &str = "010000000000000000157c4a7f5600aca80d36e900cccf31b010e4cc81cda2e9e99c4618bc84ea566412bf";
/// Computed with another implementation of HMAC.
const GOLDEN_FINGERPRINT: &str = "def9f8bafe0d41590466bc7ddb63f6e81fb5d97c6e805b67af1f994914412f63";

#[test]
fn values_sealed_by_released_versions_open_for_ever() {
    // Made by version 1 of the sealed form; when this fails, every installation has lost its secrets.
    let master = MasterKey::parse("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    let cipher = AeadCipher::new(&master, Arc::new(CountingEntropy::default()));

    assert_eq!(cipher.seal("golden", b"attack at dawn"), bytes(GOLDEN_SEALED));
    assert_eq!(
        cipher.open("golden", &bytes(GOLDEN_SEALED)).unwrap().expose(),
        b"attack at dawn"
    );
    assert_eq!(
        cipher.fingerprint("golden", b"attack at dawn").as_slice(),
        bytes(GOLDEN_FINGERPRINT)
    );
}

#[test]
fn the_same_value_is_sealed_differently_each_time() {
    let cipher = cipher();

    assert_ne!(cipher.seal("a", b"value"), cipher.seal("a", b"value"));
}

#[test]
fn nothing_opens_under_another_context_key_or_version() {
    let sealed = cipher().seal("webhook", b"value");

    assert_eq!(cipher().open("webhook", &sealed).unwrap().expose(), b"value");
    assert_eq!(cipher().open("signing", &sealed), Err(CannotOpen));
    assert_eq!(cipher().open("", &sealed), Err(CannotOpen));
    let other = AeadCipher::new(&MasterKey::generate(&SystemEntropy), Arc::new(SystemEntropy));
    assert_eq!(other.open("webhook", &sealed), Err(CannotOpen));
    let mut later = sealed;
    later[0] = 2;
    assert_eq!(cipher().open("webhook", &later), Err(CannotOpen));
}

#[test]
fn one_changed_bit_or_a_missing_byte_is_noticed() {
    let cipher = cipher();
    let sealed = cipher.seal("a", b"value");

    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        assert_eq!(cipher.open("a", &changed), Err(CannotOpen), "byte {position}");
        assert_eq!(
            cipher.open("a", &sealed[..position]),
            Err(CannotOpen),
            "cut at {position}"
        );
    }
}

#[test]
fn fingerprints_of_different_contexts_values_and_keys_differ() {
    let one = cipher().fingerprint("a", b"value");

    assert_eq!(one, cipher().fingerprint("a", b"value"));
    assert_ne!(one, cipher().fingerprint("b", b"value"));
    assert_ne!(one, cipher().fingerprint("a", b"valuf"));
    let other = AeadCipher::new(&MasterKey::generate(&SystemEntropy), Arc::new(SystemEntropy));
    assert_ne!(one, other.fingerprint("a", b"value"));
}

proptest! {
    #[test]
    fn what_is_sealed_is_opened(plain: Vec<u8>, context in ".{0,20}") {
        let cipher = cipher();
        let sealed = cipher.seal(&context, &plain);
        prop_assert_eq!(cipher.open(&context, &sealed).unwrap().into_inner(), plain);
    }

    #[test]
    fn junk_never_opens(junk: Vec<u8>) {
        prop_assert!(cipher().open("a", &junk).is_err());
    }
}
