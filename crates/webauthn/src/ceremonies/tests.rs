//! Ceremonies with an authenticator made of software. Real browsers are asked in the tests of the whole.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use tenantry_identity::testing::fixtures::passkey;
use tenantry_kernel::uuid::Uuid;

use super::*;

const ORIGIN: &str = "https://app.example.com";
const CREDENTIAL: &[u8] = b"credential-1";

fn party() -> RelyingParty {
    let url = Url::parse("https://app.example.com/").unwrap();
    let more = [
        "https://console.app.example.com",
        "https://evil.example.org",
        "https://notapp.example.com",
        "junk",
    ];
    RelyingParty::new(&url, "Acme", more).unwrap()
}

fn challenge(number: u8) -> Challenge {
    Challenge::from_bytes([number; 32])
}

fn owner() -> PasskeyOwner {
    PasskeyOwner {
        user: UserId::from_uuid(Uuid::from_u128(7)),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
    }
}

/// What an authenticator and a browser would say; change what a test needs otherwise.
struct Device {
    key: EcdsaKeyPair,
    rp_id: &'static str,
    origin: &'static str,
    flags: u8,
    count: u32,
    cross_origin: bool,
    algorithm: i64,
}

impl Default for Device {
    fn default() -> Self {
        Self {
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            rp_id: "app.example.com",
            origin: ORIGIN,
            // Present, verified, may be backed up and is.
            flags: 0x01 | 0x04 | 0x08 | 0x10,
            count: 1,
            cross_origin: false,
            algorithm: -7,
        }
    }
}

/// A CBOR head.
fn head(major: u8, number: u64) -> Vec<u8> {
    let number = u16::try_from(number).unwrap();
    let mut head = vec![major << 5 | 0x19];
    head.extend(number.to_be_bytes());
    head
}

fn int(number: i64) -> Vec<u8> {
    if number < 0 {
        head(1, u64::try_from(-1 - number).unwrap())
    } else {
        head(0, u64::try_from(number).unwrap())
    }
}

fn bytes(value: &[u8]) -> Vec<u8> {
    [head(2, value.len() as u64), value.to_vec()].concat()
}

fn text(value: &str) -> Vec<u8> {
    [head(3, value.len() as u64), value.as_bytes().to_vec()].concat()
}

fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let all = entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()]);
    [head(5, entries.len() as u64), all.collect::<Vec<_>>().concat()].concat()
}

impl Device {
    fn cose(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        map(&[
            (int(1), int(2)),
            (int(3), int(self.algorithm)),
            (int(-1), int(1)),
            (int(-2), bytes(&point[1..33])),
            (int(-3), bytes(&point[33..65])),
        ])
    }

    fn data(&self, with_credential: bool) -> Vec<u8> {
        let mut data = digest(&SHA256, self.rp_id.as_bytes()).as_ref().to_vec();
        data.push(self.flags | if with_credential { 0x40 } else { 0 });
        data.extend(self.count.to_be_bytes());
        if with_credential {
            data.extend([0; 16]);
            data.extend(u16::try_from(CREDENTIAL.len()).unwrap().to_be_bytes());
            data.extend(CREDENTIAL);
            data.extend(self.cose());
        }
        data
    }

    fn client_data(&self, kind: &str, challenge: &Challenge) -> Vec<u8> {
        let said = json!({
            "type": kind, "challenge": encoded(challenge.as_bytes()), "origin": self.origin,
            "crossOrigin": self.cross_origin,
        });
        said.to_string().into_bytes()
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }

    fn registers(&self, challenge: &Challenge) -> Value {
        self.registers_with(challenge, "none", |_| map(&[]))
    }

    fn registers_with(&self, challenge: &Challenge, kind: &str, statement: impl Fn(&[u8]) -> Vec<u8>) -> Value {
        let client_data = self.client_data("webauthn.create", challenge);
        let data = self.data(true);
        let object = map(&[
            (text("fmt"), text(kind)),
            (text("attStmt"), statement(&signed(&data, &client_data))),
            (text("authData"), bytes(&data)),
        ]);
        json!({
            "id": encoded(CREDENTIAL), "rawId": encoded(CREDENTIAL), "type": "public-key",
            "response": {
                "clientDataJSON": encoded(&client_data), "attestationObject": encoded(object),
                "transports": ["internal", "hybrid", "telepathy", "internal"],
            },
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })
    }

    fn signs_in(&self, challenge: &Challenge) -> Value {
        let client_data = self.client_data("webauthn.get", challenge);
        let data = self.data(false);
        json!({
            "id": encoded(CREDENTIAL), "rawId": encoded(CREDENTIAL), "type": "public-key",
            "response": {
                "clientDataJSON": encoded(&client_data), "authenticatorData": encoded(&data),
                "signature": encoded(self.sign(&signed(&data, &client_data))),
                "userHandle": encoded(owner().user.as_uuid()),
            },
            "clientExtensionResults": {},
        })
    }

    fn passkey(&self) -> Passkey {
        Passkey {
            credential: CREDENTIAL.to_vec(),
            public_key: self.cose(),
            backup_eligible: true,
            ..passkey(1, 7)
        }
    }
}

fn register(device: &Device) -> Result<NewCredential, CeremonyRefused> {
    party().check_registration(&device.registers(&challenge(1)).to_string(), &challenge(1))
}

fn sign_in(device: &Device) -> Result<Assertion, CeremonyRefused> {
    let answer = device.signs_in(&challenge(1)).to_string();
    party().check_assertion(&answer, &challenge(1), &device.passkey())
}

#[test]
fn a_registration_tells_the_credential_and_its_key() {
    let device = Device::default();

    let new = register(&device).unwrap();

    assert_eq!(new.credential, CREDENTIAL);
    assert_eq!(new.public_key, device.cose());
    assert_eq!(new.transports, ["hybrid", "internal"]);
    assert!(new.user_verified && new.backup_eligible && new.backed_up);
    assert_eq!(new.sign_count, 1);
}

#[test]
fn a_sign_in_is_a_signature_of_the_registered_key() {
    let device = Device::default();

    let shown = sign_in(&device).unwrap();
    let head = party()
        .read_assertion(&device.signs_in(&challenge(1)).to_string())
        .unwrap();

    assert_eq!(
        shown,
        Assertion {
            sign_count: 1,
            user_verified: true,
            backed_up: true
        }
    );
    assert_eq!(
        (head.credential.as_slice(), head.user),
        (CREDENTIAL, Some(owner().user))
    );
    let another = Device::default();
    let answer = another.signs_in(&challenge(1)).to_string();
    let refused = party().check_assertion(&answer, &challenge(1), &device.passkey());
    assert_eq!(refused, Err(CeremonyRefused("the signature is wrong")));
}

#[test]
fn what_was_not_asked_for_is_refused() {
    let wrongs = [
        Device {
            rp_id: "example.com",
            ..Device::default()
        },
        Device {
            origin: "https://evil.example.org",
            ..Device::default()
        },
        Device {
            origin: "https://notapp.example.com",
            ..Device::default()
        },
        Device {
            origin: "http://app.example.com",
            ..Device::default()
        },
        Device {
            flags: 0x04,
            ..Device::default()
        },
        Device {
            flags: 0x01 | 0x10,
            ..Device::default()
        },
        Device {
            cross_origin: true,
            ..Device::default()
        },
    ];
    for (number, device) in wrongs.iter().enumerate() {
        assert!(register(device).is_err(), "{number}");
        assert!(sign_in(device).is_err(), "{number}");
    }
    let strange = Device {
        algorithm: -36,
        ..Device::default()
    };
    assert!(register(&strange).is_err());
    let changed = Device {
        flags: 0x01 | 0x04,
        ..Device::default()
    };
    assert!(sign_in(&changed).is_err(), "it was a synced one when it was registered");
}

#[test]
fn pages_beneath_the_host_may_ask_when_they_are_configured() {
    let beneath = Device {
        origin: "https://console.app.example.com",
        ..Device::default()
    };
    let unknown = Device {
        origin: "https://other.app.example.com",
        ..Device::default()
    };

    assert!(register(&beneath).is_ok());
    assert!(register(&unknown).is_err());
}

#[test]
fn each_part_belongs_to_its_challenge_and_its_deed() {
    let device = Device::default();
    let create = device.registers(&challenge(1)).to_string();
    let get = device.signs_in(&challenge(1)).to_string();

    assert!(party().check_registration(&create, &challenge(2)).is_err());
    assert!(party().check_assertion(&get, &challenge(2), &device.passkey()).is_err());
    let mut swapped = device.signs_in(&challenge(1));
    swapped["response"]["clientDataJSON"] = json!(encoded(device.client_data("webauthn.create", &challenge(1))));
    let refused = party().check_assertion(&swapped.to_string(), &challenge(1), &device.passkey());
    assert_eq!(refused, Err(CeremonyRefused("the browser did something else")));
    let mut longer = device.signs_in(&challenge(1));
    let data = [device.data(false), vec![0]].concat();
    longer["response"]["authenticatorData"] = json!(encoded(data));
    assert!(
        party()
            .check_assertion(&longer.to_string(), &challenge(1), &device.passkey())
            .is_err()
    );
}

#[test]
fn an_attestation_that_signs_itself_must_be_right() {
    let device = Device::default();
    let statement =
        |algorithm: i64, signature: Vec<u8>| map(&[(text("alg"), int(algorithm)), (text("sig"), bytes(&signature))]);
    let check = |answer: &Value| party().check_registration(&answer.to_string(), &challenge(1));

    let right = device.registers_with(&challenge(1), "packed", |signed| statement(-7, device.sign(signed)));
    let forged = device.registers_with(&challenge(1), "packed", |_| {
        statement(-7, device.sign(b"something else"))
    });
    let other = device.registers_with(&challenge(1), "packed", |signed| statement(-8, device.sign(signed)));

    assert!(check(&right).is_ok());
    assert!(check(&forged).is_err());
    assert!(check(&other).is_err());
}

#[test]
fn answers_of_another_shape_are_refused_and_never_panic() {
    let device = Device::default();
    let good = device.signs_in(&challenge(1));
    let mut wrongs = vec![String::new(), "{}".to_owned(), "[1]".to_owned(), "x".repeat(100_000)];
    for (place, value) in [
        ("/id", json!("AAAA")),
        ("/id", json!("!")),
        ("/type", json!("password")),
        ("/rawId", json!("AAAA")),
        ("/response", json!(null)),
        ("/response/signature", json!("")),
        ("/response/userHandle", json!("AAAA")),
        ("/response/authenticatorData", json!("AAAA")),
    ] {
        let mut wrong = good.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        wrongs.push(wrong.to_string());
    }
    for wrong in wrongs {
        let shown = party().check_assertion(&wrong, &challenge(1), &device.passkey());
        let head = party().read_assertion(&wrong);
        assert!(shown.is_err() || head.is_err(), "{wrong}");
        assert!(party().check_registration(&wrong, &challenge(1)).is_err());
    }
}

#[test]
fn browsers_are_asked_for_keys_that_are_found_without_an_address() {
    let device = Device::default();
    let create: Value =
        serde_json::from_str(&party().creation_options(&owner(), &[device.passkey()], &challenge(1))).unwrap();
    let alone: Value = serde_json::from_str(&party().request_options(&[], &challenge(1))).unwrap();
    let second: Value = serde_json::from_str(&party().request_options(&[device.passkey()], &challenge(1))).unwrap();

    assert_eq!(create["rp"], json!({ "id": "app.example.com", "name": "Acme" }));
    assert_eq!(create["user"]["id"], encoded(owner().user.as_uuid()));
    assert_eq!(create["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(create["attestation"], "none");
    assert_eq!(create["excludeCredentials"][0]["id"], encoded(CREDENTIAL));
    assert_eq!(
        (&alone["userVerification"], &alone["allowCredentials"]),
        (&json!("required"), &json!([]))
    );
    assert_eq!(second["userVerification"], "preferred");
    assert_eq!(second["allowCredentials"][0]["id"], encoded(CREDENTIAL));
}
