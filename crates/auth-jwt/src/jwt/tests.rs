//! Our tokens are accepted, and forged ones of every kind are not.

mod damaged;
mod published;

use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use tenantry_identity::session::Method;
use tenantry_identity::token::{AccessClaims, ServiceClaims, SupportClaims};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::TenantId;
use tenantry_kernel::id::{ImpersonationId, MembershipId, ServiceAccountId, SessionId, UserId};
use tenantry_kernel::testing::FixedClock;
use uuid::Uuid;

use super::*;
use crate::keys::KeyPair;
use crate::keys::tests::{NOW, put, ring};
use tenantry_identity::signing_key::{PUBLISHED_AHEAD, TokenAlgorithm};
use tenantry_identity::testing::KeyShelf;

const BOTH: [TokenAlgorithm; 2] = [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256];

struct House {
    shelf: Arc<KeyShelf>,
    clock: Arc<FixedClock>,
    ring: Arc<KeyRing>,
    signer: JwtSigner,
    verifier: JwtVerifier,
}

async fn house() -> House {
    house_of(TokenAlgorithm::EdDsa).await
}

async fn house_of(algorithm: TokenAlgorithm) -> House {
    let shelf = Arc::new(KeyShelf::default());
    put(&shelf, 1, algorithm, NOW).await;
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

/// A person's.
fn claims() -> TokenClaims {
    TokenClaims::Person(person())
}

fn person() -> AccessClaims {
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

/// A service account's.
fn service(scope: Option<&[&str]>) -> TokenClaims {
    TokenClaims::Service(ServiceClaims {
        account: ServiceAccountId::from_uuid(Uuid::from_u128(6)),
        tenant: TenantId::from_uuid(Uuid::from_u128(3)),
        scope: scope.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        issued_at: NOW,
        expires_at: NOW + Duration::minutes(10),
        jti: Uuid::from_u128(7),
    })
}

/// An operator's on behalf of the person.
fn support() -> TokenClaims {
    TokenClaims::Support(SupportClaims {
        impersonation: ImpersonationId::from_uuid(Uuid::from_u128(8)),
        operator: UserId::from_uuid(Uuid::from_u128(9)),
        tenant: TenantId::from_uuid(Uuid::from_u128(3)),
        membership: MembershipId::from_uuid(Uuid::from_u128(4)),
        user: UserId::from_uuid(Uuid::from_u128(1)),
        read_only: true,
        reason: "請求書が開かない: ticket 17".to_owned(),
        issued_at: NOW,
        expires_at: NOW + Duration::minutes(60),
        jti: Uuid::from_u128(10),
    })
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
        "auth_time": NOW.unix_timestamp() - 3_600,
        "amr": person().methods.amr(),
        "how": person().methods.to_text(),
    })
}

/// Signs anything with the house's own key, as only a mistake of ours could.
fn sign(house: &House, header: &Header, payload: &Value) -> String {
    encode(header, payload, house.ring.current().unwrap().encoding()).unwrap()
}

fn our_header(house: &House) -> Header {
    header(&house.ring.current().unwrap())
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
    let operator = TokenClaims::Person(AccessClaims {
        tenant: None,
        membership: None,
        platform_role: Some(PlatformRole::Support),
        ..person()
    });

    for algorithm in BOTH {
        let house = house_of(algorithm).await;
        for given in [
            claims(),
            operator.clone(),
            service(None),
            service(Some(&["a.read", "b"])),
            support(),
        ] {
            let token = house.signer.sign(&given).unwrap();
            assert_eq!(decode_header(&token).unwrap(), our_header(&house));
            assert_eq!(house.verifier.verify(&token, NOW), Ok(given));
        }
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
async fn kinds_of_tokens_never_pass_for_one_another() {
    let house = house().await;
    let (account, visit) = (Uuid::from_u128(6), Uuid::from_u128(8));
    let with = |changes: Value| {
        let mut payload = said();
        for (claim, value) in changes.as_object().unwrap() {
            payload[claim] = value.clone();
        }
        payload
    };
    let act = json!({"sub": Uuid::from_u128(9)});
    let banner = json!({"read_only": true, "reason": "because"});
    for payload in [
        // A person with something of a service account or of support.
        with(json!({"scope": "usage.read"})),
        with(json!({"act": act})),
        with(json!({"support": banner})),
        // A service account that is not its own client, or has something of a person.
        with(json!({"sub": account, "client_id": Uuid::from_u128(7), "sid": null, "mid": null})),
        with(json!({"sub": account, "client_id": account, "sid": visit, "mid": null})),
        with(json!({"sub": account, "client_id": account, "sid": null})),
        with(json!({"sub": account, "client_id": account, "sid": null, "mid": null, "role": "operator"})),
        with(json!({"sub": account, "client_id": account, "sid": null, "mid": null, "tid": null})),
        // Support without who acts, without a banner, or with a platform role.
        with(json!({"client_id": "tenantry-support"})),
        with(json!({"client_id": "tenantry-support", "act": act})),
        with(json!({"client_id": "tenantry-support", "support": banner})),
        with(json!({"client_id": "tenantry-support", "act": act, "support": banner, "role": "operator"})),
        // Nobody but support lives longer than ten minutes, and support no longer than an hour.
        with(
            json!({"sub": account, "client_id": account, "sid": null, "mid": null, "exp": NOW.unix_timestamp() + 601}),
        ),
        with(
            json!({"client_id": "tenantry-support", "act": act, "support": banner, "exp": NOW.unix_timestamp() + 3601}),
        ),
    ] {
        let token = sign(&house, &our_header(&house), &payload);
        assert_eq!(
            house.verifier.verify(&token, NOW),
            Err(TokenError::Invalid),
            "{payload}"
        );
    }
    for good in [
        with(json!({"sub": account, "client_id": account, "sid": null, "mid": null})),
        with(json!({"client_id": "tenantry-support", "act": act, "support": banner})),
    ] {
        assert!(
            house
                .verifier
                .verify(&sign(&house, &our_header(&house), &good), NOW)
                .is_ok(),
            "{good}"
        );
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
    let stranger = KeyPair::of(TokenAlgorithm::EdDsa, &[42; 32]).unwrap();

    let under_our_name = encode(&our_header(&house), &said(), stranger.encoding()).unwrap();
    let under_its_own = encode(&header(&stranger), &said(), stranger.encoding()).unwrap();

    assert_eq!(house.verifier.verify(&under_our_name, NOW), Err(TokenError::Invalid));
    assert_eq!(house.verifier.verify(&under_its_own, NOW), Err(TokenError::Invalid));
}

#[tokio::test]
async fn a_key_of_one_algorithm_verifies_nothing_of_another() {
    let (ours, theirs) = (house().await, house_of(TokenAlgorithm::Rs256).await);
    let rsa = put(&ours.shelf, 2, TokenAlgorithm::Rs256, NOW + PUBLISHED_AHEAD).await;
    ours.ring.reload().await.unwrap();
    let edwards = ours.ring.current().unwrap();
    let published = ours.ring.find(&rsa.kid, NOW).unwrap();
    let claimed = |key: &KeyPair, algorithm| Header {
        alg: algorithm,
        ..header(key)
    };

    for token in [
        // The right key under the other's name, and the other way round.
        encode(&claimed(&published, Algorithm::EdDSA), &said(), edwards.encoding()).unwrap(),
        encode(&claimed(&edwards, Algorithm::RS256), &said(), published.encoding()).unwrap(),
        // The right key with another padding or digest than its own.
        encode(&claimed(&published, Algorithm::PS256), &said(), published.encoding()).unwrap(),
        encode(&claimed(&published, Algorithm::RS512), &said(), published.encoding()).unwrap(),
        // A strange RSA key under our name.
        encode(&header(&published), &said(), theirs.ring.current().unwrap().encoding()).unwrap(),
    ] {
        assert_eq!(ours.verifier.verify(&token, NOW), Err(TokenError::Invalid), "{token}");
    }
    let modulus = serde_json::to_value(published.jwk()).unwrap()["n"]
        .as_str()
        .unwrap()
        .to_owned();
    let shared = EncodingKey::from_secret(modulus.as_bytes());
    let forged = encode(&claimed(&published, Algorithm::HS256), &said(), &shared).unwrap();
    assert_eq!(ours.verifier.verify(&forged, NOW), Err(TokenError::Invalid));
    // The reference: the published key's own tokens are good, also before its turn.
    let good = encode(&header(&published), &said(), published.encoding()).unwrap();
    assert!(ours.verifier.verify(&good, NOW).is_ok());
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
