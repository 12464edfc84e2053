//! Our tokens are accepted, and forged ones of every kind are not.

use jsonwebtoken::EncodingKey;
use proptest::prelude::*;
use serde_json::{Value, json};
use tenantry_identity::session::Method;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::TenantId;
use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use tenantry_kernel::testing::FixedClock;
use uuid::Uuid;

use super::*;
use crate::keys::tests::{NOW, Shelf, ring};
use crate::keys::{KeyPair, PUBLISHED_AHEAD};

struct House {
    shelf: Arc<Shelf>,
    clock: Arc<FixedClock>,
    ring: Arc<KeyRing>,
    signer: JwtSigner,
    verifier: JwtVerifier,
}

async fn house() -> House {
    let shelf = Arc::new(Shelf::default());
    let clock = Arc::new(FixedClock::at(NOW));
    let ring = Arc::new(ring(&shelf, &clock).await);
    let settings = TokenSettings::new("https://tenantry.example", "tenantry-api", Duration::seconds(5)).unwrap();
    House {
        shelf,
        clock,
        signer: JwtSigner::new(Arc::clone(&ring), settings.clone()),
        verifier: JwtVerifier::new(Arc::clone(&ring), settings),
        ring,
    }
}

fn claims() -> AccessClaims {
    AccessClaims {
        user: UserId::from_uuid(Uuid::from_u128(1)),
        session: SessionId::from_uuid(Uuid::from_u128(2)),
        tenant: Some(TenantId::from_uuid(Uuid::from_u128(3))),
        membership: Some(MembershipId::from_uuid(Uuid::from_u128(4))),
        platform_role: None,
        methods: [Method::Password, Method::Totp].into_iter().collect(),
        authenticated_at: NOW - Duration::hours(1),
        issued_at: NOW,
        expires_at: NOW + Duration::minutes(10),
        jti: Uuid::from_u128(5),
    }
}

/// What the token says, to be changed and signed again.
fn said() -> Value {
    json!({
        "iss": "https://tenantry.example",
        "aud": "tenantry-api",
        "sub": Uuid::from_u128(1),
        "client_id": "tenantry",
        "iat": NOW.unix_timestamp(),
        "exp": NOW.unix_timestamp() + 600,
        "jti": Uuid::from_u128(5),
        "sid": Uuid::from_u128(2),
        "tid": Uuid::from_u128(3),
        "mid": Uuid::from_u128(4),
    })
}

/// Signs anything with the house's own key, as only a mistake of ours could.
fn sign(house: &House, header: &Header, payload: &Value) -> String {
    encode(header, payload, house.ring.current().unwrap().encoding()).unwrap()
}

fn our_header(house: &House) -> Header {
    header(house.ring.current().unwrap().kid())
}

fn part(token: &str, place: usize) -> String {
    token.split('.').nth(place).unwrap().to_owned()
}

/// Base64url without padding, written here so that forged headers need no help from the library.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap();
            text.push(char::from(DIGITS[digit]));
        }
    }
    text
}

#[tokio::test]
async fn a_token_of_ours_says_what_it_was_given() {
    let house = house().await;
    let operator = AccessClaims {
        tenant: None,
        membership: None,
        platform_role: Some(PlatformRole::Support),
        ..claims()
    };

    for given in [claims(), operator] {
        let token = house.signer.sign(&given).unwrap();
        assert_eq!(house.verifier.verify(&token, NOW), Ok(given));
    }
}

#[tokio::test]
async fn the_reference_payload_of_these_tests_is_accepted() {
    let house = house().await;

    let token = sign(&house, &our_header(&house), &said());

    assert_eq!(house.verifier.verify(&token, NOW), Ok(claims()));
}

#[tokio::test]
async fn a_token_is_good_from_its_issue_to_its_end_give_or_take_the_leeway() {
    let house = house().await;
    let token = house.signer.sign(&claims()).unwrap();
    let end = NOW + Duration::minutes(10);

    for (now, verdict) in [
        (NOW - Duration::seconds(5), Ok(claims())),
        (NOW - Duration::seconds(6), Err(TokenError::Invalid)),
        (end + Duration::seconds(4), Ok(claims())),
        (end + Duration::seconds(5), Err(TokenError::Expired)),
        (end + Duration::days(400), Err(TokenError::Expired)),
    ] {
        assert_eq!(house.verifier.verify(&token, now), verdict, "{now}");
    }
}

#[tokio::test]
async fn a_claim_that_is_missing_or_says_something_else_is_refused() {
    let house = house().await;
    let changes = [
        ("iss", json!("https://evil.example")),
        ("iss", json!(["https://tenantry.example"])),
        ("aud", json!("another-api")),
        ("aud", json!(["tenantry-api", "another-api"])),
        ("sub", json!("ada@example.com")),
        ("client_id", json!("another-client")),
        ("exp", json!(NOW.unix_timestamp() + 601)),
        ("exp", json!(NOW.unix_timestamp())),
        ("exp", json!("9999999999")),
        ("exp", json!(i64::MAX)),
        ("exp", json!(1.5)),
        ("iat", json!(NOW.unix_timestamp() + 60)),
        ("iat", json!(i64::MIN)),
        ("sid", json!(7)),
        ("mid", Value::Null),
        ("role", json!("owner")),
    ];
    for (claim, value) in changes {
        let mut payload = said();
        payload[claim] = value.clone();
        let token = sign(&house, &our_header(&house), &payload);
        assert_eq!(
            house.verifier.verify(&token, NOW),
            Err(TokenError::Invalid),
            "{claim} {value}"
        );
    }
    for claim in [
        "iss",
        "aud",
        "sub",
        "client_id",
        "iat",
        "exp",
        "jti",
        "sid",
        "mid",
        "tid",
    ] {
        let mut payload = said();
        payload.as_object_mut().unwrap().remove(claim);
        let token = sign(&house, &our_header(&house), &payload);
        assert_eq!(house.verifier.verify(&token, NOW), Err(TokenError::Invalid), "{claim}");
    }
}

#[tokio::test]
async fn a_header_with_one_member_more_less_or_other_is_refused() {
    let house = house().await;
    let ours = our_header(&house);
    let mut with_extra = ours.clone();
    with_extra.extras.insert("b64", false);
    let changed = [
        Header {
            typ: None,
            ..ours.clone()
        },
        Header {
            typ: Some("JWT".to_owned()),
            ..ours.clone()
        },
        Header {
            typ: Some("rt+jwt".to_owned()),
            ..ours.clone()
        },
        Header {
            kid: None,
            ..ours.clone()
        },
        Header {
            kid: Some("another".to_owned()),
            ..ours.clone()
        },
        Header {
            kid: Some("../../etc/passwd".to_owned()),
            ..ours.clone()
        },
        Header {
            crit: Some(vec!["exp".to_owned()]),
            ..ours.clone()
        },
        Header {
            jku: Some("https://evil.example/jwks".to_owned()),
            ..ours.clone()
        },
        Header {
            x5u: Some("https://evil.example/x5u".to_owned()),
            ..ours.clone()
        },
        Header {
            jwk: Some(house.ring.current().unwrap().jwk().clone()),
            ..ours
        },
        with_extra,
    ];
    for header in changed {
        let token = sign(&house, &header, &said());
        assert_eq!(
            house.verifier.verify(&token, NOW),
            Err(TokenError::Invalid),
            "{header:?}"
        );
    }
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let house = house().await;
    let good = house.signer.sign(&claims()).unwrap();
    let kid = our_header(&house).kid.unwrap();

    for algorithm in ["none", "None", "NONE", ""] {
        let header = base64(
            json!({"typ": TYPE, "alg": algorithm, "kid": kid})
                .to_string()
                .as_bytes(),
        );
        for signature in [String::new(), part(&good, 2)] {
            let token = format!("{header}.{}.{signature}", part(&good, 1));
            assert_eq!(
                house.verifier.verify(&token, NOW),
                Err(TokenError::Invalid),
                "{algorithm}"
            );
        }
    }
    let cut = format!("{}.{}.", part(&good, 0), part(&good, 1));
    assert_eq!(house.verifier.verify(&cut, NOW), Err(TokenError::Invalid));
}

#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let house = house().await;
    let pair = house.ring.current().unwrap();
    let published = serde_json::to_value(pair.jwk()).unwrap()["x"]
        .as_str()
        .unwrap()
        .to_owned();
    let secrets = [
        EncodingKey::from_secret(published.as_bytes()),
        EncodingKey::from_urlsafe_base64_secret(&format!("{published}=")).unwrap(),
        EncodingKey::from_secret(house.signer.jwks().as_bytes()),
    ];
    for secret in secrets {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let forged = Header {
                alg: algorithm,
                ..our_header(&house)
            };
            let token = encode(&forged, &said(), &secret).unwrap();
            assert_eq!(
                house.verifier.verify(&token, NOW),
                Err(TokenError::Invalid),
                "{algorithm:?}"
            );
        }
    }
}

#[tokio::test]
async fn another_key_under_our_name_is_refused() {
    let house = house().await;
    let stranger = KeyPair::from_seed(&[42; 32]).unwrap();

    let under_our_name = encode(&our_header(&house), &said(), stranger.encoding()).unwrap();
    let under_its_own = encode(&header(stranger.kid()), &said(), stranger.encoding()).unwrap();

    assert_eq!(house.verifier.verify(&under_our_name, NOW), Err(TokenError::Invalid));
    assert_eq!(house.verifier.verify(&under_its_own, NOW), Err(TokenError::Invalid));
}

#[tokio::test]
async fn one_changed_character_anywhere_is_noticed() {
    let house = house().await;
    let good = house.signer.sign(&claims()).unwrap();

    for position in 0..good.len() {
        for other in ["A", "_", ".", "=", " "] {
            let mut bad = good.clone();
            bad.replace_range(position..=position, other);
            if bad != good {
                assert_eq!(
                    house.verifier.verify(&bad, NOW),
                    Err(TokenError::Invalid),
                    "{position} {other}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_stands_before_or_after_a_token_is_not_ignored() {
    let house = house().await;
    let good = house.signer.sign(&claims()).unwrap();
    let others = [
        format!("{good}A"),
        format!("{good}="),
        format!("{good}."),
        format!("{good}.{}", part(&good, 2)),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{good},{good}"),
        format!("{}.{}", part(&good, 0), part(&good, 1)),
        "a".repeat(LONGEST + 1),
        String::new(),
    ];
    for bad in others {
        assert_eq!(house.verifier.verify(&bad, NOW), Err(TokenError::Invalid), "{bad}");
    }
}

#[tokio::test]
async fn a_claim_written_twice_is_refused() {
    let house = house().await;
    let pair = house.ring.current().unwrap();
    let twice = said()
        .to_string()
        .replacen('{', &format!("{{\"sub\":\"{}\",", Uuid::from_u128(9)), 1);
    let header = base64(
        json!({"typ": TYPE, "alg": "EdDSA", "kid": pair.kid()})
            .to_string()
            .as_bytes(),
    );
    let message = format!("{header}.{}", base64(twice.as_bytes()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), pair.encoding(), Algorithm::EdDSA).unwrap();

    let verdict = house.verifier.verify(&format!("{message}.{signature}"), NOW);

    assert_eq!(verdict, Err(TokenError::Invalid));
}

#[tokio::test]
async fn tokens_live_through_a_rotation_on_every_node() {
    let house = house().await;
    let elsewhere = Arc::new(ring(&house.shelf, &house.clock).await);
    let other_node = JwtVerifier::new(Arc::clone(&elsewhere), house.verifier.settings.clone());
    house.ring.rotate().await.unwrap();
    elsewhere.maintain().await.unwrap();
    house.clock.advance(PUBLISHED_AHEAD - Duration::minutes(1));
    let sign_at = |now: OffsetDateTime| {
        let fresh = AccessClaims {
            issued_at: now,
            expires_at: now + Duration::minutes(10),
            ..claims()
        };
        house.signer.sign(&fresh).unwrap()
    };
    let before = sign_at(NOW + PUBLISHED_AHEAD - Duration::minutes(1));

    house.clock.advance(Duration::minutes(2));

    let now = NOW + PUBLISHED_AHEAD + Duration::minutes(1);
    let after = sign_at(now);
    assert_ne!(part(&before, 0), part(&after, 0));
    for token in [before, after] {
        assert!(house.verifier.verify(&token, now).is_ok());
        assert!(other_node.verify(&token, now).is_ok());
    }
}

#[tokio::test]
async fn the_published_set_holds_public_parts_only() {
    let house = house().await;

    let set: Value = serde_json::from_str(&house.signer.jwks()).unwrap();

    let key = set["keys"][0].as_object().unwrap();
    let members: Vec<&str> = key.keys().map(String::as_str).collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(
        (&key["alg"], &key["crv"], &key["use"]),
        (&json!("EdDSA"), &json!("Ed25519"), &json!("sig"))
    );
}

#[tokio::test]
async fn anyone_with_the_published_set_can_check_a_token() {
    let house = house().await;
    let token = house.signer.sign(&claims()).unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&house.signer.jwks()).unwrap();

    let kid = decode_header(&token).unwrap().kid.unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(set.find(&kid).unwrap()).unwrap();

    assert!(decode::<Value>(&token, &key, &house.verifier.validation).is_ok());
}

#[test]
fn the_leeway_is_bounded() {
    for (seconds, fine) in [(-1, false), (0, true), (30, true), (31, false)] {
        assert_eq!(
            TokenSettings::new("i", "a", Duration::seconds(seconds)).is_ok(),
            fine,
            "{seconds}"
        );
    }
}

proptest! {
    #[test]
    fn no_input_panics(text in "[A-Za-z0-9_.=-]{0,300}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let verdict = runtime.block_on(async { house().await.verifier.verify(&text, NOW) });
        prop_assert_eq!(verdict, Err(TokenError::Invalid));
    }
}
