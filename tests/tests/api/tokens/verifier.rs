//! A verifier of tokens in another language: Node.js with nothing but its standard library.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Finds the key by its name, takes the algorithm from the key, and checks the signature.
const SCRIPT: &str = r"
const crypto = require('node:crypto');
const { jwks, token } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const [head, body, signature] = token.split('.');
const json = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
const header = json(head);
const jwk = jwks.keys.find((key) => key.kid === header.kid && key.use === 'sig');
const digest = jwk && { EdDSA: null, RS256: 'RSA-SHA256' }[jwk.alg];
const verified = jwk !== undefined && digest !== undefined && header.alg === jwk.alg &&
  crypto.verify(digest, Buffer.from(`${head}.${body}`), crypto.createPublicKey({ key: jwk, format: 'jwk' }),
    Buffer.from(signature, 'base64url'));
let claims = null;
try { claims = json(body); } catch { }
process.stdout.write(JSON.stringify({ verified, header, claims }));
";

/// What Node.js says about a token: `{verified, header, claims}`. `None`, said aloud, where there is no Node.js.
pub fn verify(jwks: &Value, token: &str) -> Option<Value> {
    let started = Command::new("node")
        .args(["-e", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let Ok(mut child) = started else {
        let why = "SKIPPED: there is no Node.js in PATH to verify tokens with";
        let required = std::env::var_os("TENANTRY_TEST_REQUIRE_NODE").is_some();
        assert!(!required, "TENANTRY_TEST_REQUIRE_NODE is set. {why}");
        eprintln!("{why}");
        return None;
    };
    let question = json!({"jwks": jwks, "token": token}).to_string();
    child.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "Node.js could not judge {token}");
    Some(serde_json::from_slice(&ended.stdout).unwrap())
}

/// The token with one character of its claims changed.
pub fn with_one_change(token: &str) -> String {
    let middle = token.find('.').unwrap() + 20;
    let other = if token.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let mut changed = token.to_owned();
    changed.replace_range(middle..=middle, other);
    changed
}
