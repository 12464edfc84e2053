//! Second factors for tests: an authenticator app in Python, and a passkey of software.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{Caller, Node};

/// RFC 6238 with nothing but Python's standard library: another hand than ours wrote it.
const AUTHENTICATOR: &str = "
import base64, hashlib, hmac, struct, sys
secret = base64.b32decode(sys.argv[1] + '=' * (-len(sys.argv[1]) % 8))
digest = hmac.new(secret, struct.pack('>Q', int(sys.argv[2]) // 30), hashlib.sha1).digest()
offset = digest[-1] & 15
print('%06d' % ((struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000))
";

/// Whether there is a Python; says aloud when not, and fails where one is required.
pub fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        assert!(
            std::env::var_os("TENANTRY_TEST_REQUIRE_PYTHON").is_none(),
            "python3 is required and not there"
        );
        eprintln!("python3 is not there: authenticator apps are not tried");
    }
    found
}

/// What an authenticator app with this secret shows at this time.
pub fn code_at(secret: &str, at: OffsetDateTime) -> String {
    let time = at.unix_timestamp().to_string();
    let output = Command::new("python3")
        .args(["-c", AUTHENTICATOR, secret, &time])
        .output();
    let output = output.expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("digits").trim().to_owned()
}

/// A person's authenticator app.
pub struct App {
    secret: String,
    pub recovery_codes: Vec<String>,
}

impl App {
    /// Enrols one, with the code of the step before, so that the present one is still good.
    pub async fn enrol(node: &Node, caller: &Caller) -> Self {
        let begun = caller.post("/me/mfa/totp", &json!({})).await.expect(200);
        let secret = begun["secret"].as_str().expect("a secret").to_owned();
        let code = code_at(&secret, node.now() - time::Duration::seconds(30));
        let confirmed = caller
            .post("/me/mfa/totp/confirm", &json!({"code": code}))
            .await
            .expect(200);
        let codes = confirmed["recovery_codes"].as_array().expect("recovery codes");
        Self {
            secret,
            recovery_codes: codes
                .iter()
                .map(|code| code.as_str().expect("text").to_owned())
                .collect(),
        }
    }

    /// What it shows now.
    pub fn shows(&self, node: &Node) -> String {
        code_at(&self.secret, node.now())
    }

    /// A code that is wrong at any time near now.
    pub fn wrong(&self, node: &Node) -> String {
        let near: Vec<String> = [-30, 0, 30]
            .map(|seconds| code_at(&self.secret, node.now() + time::Duration::seconds(seconds)))
            .to_vec();
        (0..10)
            .map(|digit| format!("{digit}{digit}{digit}{digit}{digit}{digit}"))
            .find(|code| !near.contains(code))
            .expect("one of ten is wrong")
    }
}

/// SHA-256 of `localhost`, which is the relying party of these programs.
const RELYING_PARTY: [u8; 32] = [
    0x49, 0x96, 0x0d, 0xe5, 0x88, 0x0e, 0x8c, 0x68, 0x74, 0x34, 0x17, 0x0f, 0x64, 0x76, 0x60, 0x5b, 0x8f, 0xe4, 0xae,
    0xb9, 0xa2, 0x86, 0x32, 0xc7, 0x99, 0x5c, 0xf3, 0xba, 0x83, 0x1d, 0x97, 0x63,
];

/// Registers a passkey that nobody can use: without an attestation nothing is signed yet.
pub async fn register_passkey(caller: &Caller) -> Value {
    let begun = caller.post("/me/passkeys/register/start", &json!({})).await.expect(200);
    let client_data = json!({
        "type": "webauthn.create", "challenge": begun["options"]["challenge"], "origin": "http://localhost:0",
        "crossOrigin": false,
    });
    let credential = [7_u8; 16];
    let mut data = RELYING_PARTY.to_vec();
    data.extend([0x45, 0, 0, 0, 0]);
    data.extend([0; 16]);
    data.extend([0, 16]);
    data.extend(credential);
    // An ES256 key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
    data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32]);
    data.extend([1; 32]);
    data.extend([0x22, 0x58, 32]);
    data.extend([2; 32]);
    let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
    object.push(u8::try_from(data.len()).expect("short"));
    object.extend(data);
    let body = json!({
        "state": begun["state"], "name": "a key",
        "credential": {
            "id": URL_SAFE_NO_PAD.encode(credential), "type": "public-key",
            "response": {
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data.to_string()),
                "attestationObject": URL_SAFE_NO_PAD.encode(object),
            },
        },
    });
    caller.post("/me/passkeys/register/finish", &body).await.expect(201)
}
