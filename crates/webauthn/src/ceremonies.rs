//! The two ceremonies (WebAuthn level 2, sections 7.1 and 7.2).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use tenantry_identity::passkey::{
    Assertion, AssertionHead, Ceremonies, CeremonyRefused, Challenge, NewCredential, Passkey, PasskeyOwner,
};
use tenantry_kernel::UserId;
use url::Url;

use crate::authenticator::AuthenticatorData;
use crate::cbor::Cbor;
use crate::client::{self, Deed};
use crate::cose::{ALGORITHMS, PublicKey};

/// How long a browser may take, in milliseconds; as long as a challenge lives.
const TIMEOUT_MS: u32 = 300_000;
/// The longest answer that is read.
const LONGEST: usize = 64 * 1_024;
/// What transports are called; others are left out.
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// The settings name no relying party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("passkeys need a public URL with a host name")]
pub struct InvalidRelyingParty;

/// Us, as authenticators know us.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    id: String,
    name: String,
    origins: Vec<String>,
}

impl RelyingParty {
    /// The relying party at a public URL: its host is the id. Pages on `origins` whose host is that one, or lies beneath
    /// it, may ask too.
    ///
    /// # Errors
    /// [`InvalidRelyingParty`] when the URL has no host.
    pub fn new<'o>(
        public_url: &Url,
        name: &str,
        origins: impl IntoIterator<Item = &'o str>,
    ) -> Result<Self, InvalidRelyingParty> {
        let id = public_url.host_str().ok_or(InvalidRelyingParty)?.to_owned();
        let mut all = vec![public_url.origin().ascii_serialization()];
        for origin in origins {
            let Ok(url) = Url::parse(origin) else { continue };
            let host = url.host_str().unwrap_or_default();
            let beneath = host
                .strip_suffix(&id)
                .is_some_and(|label| label.is_empty() || label.ends_with('.'));
            let origin = url.origin().ascii_serialization();
            if beneath && !all.contains(&origin) {
                all.push(origin);
            }
        }
        Ok(Self {
            id,
            name: name.to_owned(),
            origins: all,
        })
    }

    /// Checks what registration and sign-in have in common.
    fn check_common(&self, said: &AuthenticatorData<'_>) -> Result<(), CeremonyRefused> {
        if said.rp_id_hash.as_slice() != digest(&SHA256, self.id.as_bytes()).as_ref() {
            return Err(CeremonyRefused("it is for another relying party"));
        }
        if !said.user_present() {
            return Err(CeremonyRefused("nobody was there"));
        }
        if said.backed_up() && !said.backup_eligible() {
            return Err(CeremonyRefused("it is backed up and must not be"));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<R> {
    id: String,
    #[serde(default)]
    raw_id: Option<String>,
    r#type: String,
    response: R,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attested {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asserted {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    user_handle: Option<String>,
}

impl<'a, R: Deserialize<'a>> Answer<R> {
    /// Reads an answer, and the id of its credential.
    fn read(json: &'a str) -> Result<(Self, Vec<u8>), CeremonyRefused> {
        if json.len() > LONGEST {
            return Err(CeremonyRefused("the answer is too long"));
        }
        let answer: Self = serde_json::from_str(json).map_err(|_| CeremonyRefused("the answer has another shape"))?;
        if answer.r#type != "public-key" || answer.raw_id.as_ref().is_some_and(|raw| *raw != answer.id) {
            return Err(CeremonyRefused("the answer is of another kind"));
        }
        let id = decoded(&answer.id)?;
        Ok((answer, id))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, CeremonyRefused> {
    // Some browsers' helpers leave the padding.
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| CeremonyRefused("a part of the answer is not base 64"))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn descriptor(passkey: &Passkey) -> Value {
    json!({ "type": "public-key", "id": encoded(&passkey.credential), "transports": passkey.transports })
}

/// What is signed: what the authenticator said, and the digest of what the browser said.
fn signed(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, digest(&SHA256, client_data).as_ref()].concat()
}

impl Ceremonies for RelyingParty {
    fn creation_options(&self, owner: &PasskeyOwner, known: &[Passkey], challenge: &Challenge) -> String {
        let kinds: Vec<Value> = ALGORITHMS
            .iter()
            .map(|alg| json!({ "type": "public-key", "alg": alg }))
            .collect();
        json!({
            "rp": { "id": self.id, "name": self.name },
            "user": { "id": encoded(owner.user.as_uuid()), "name": owner.email, "displayName": owner.name },
            "challenge": encoded(challenge.as_bytes()),
            "pubKeyCredParams": kinds,
            "timeout": TIMEOUT_MS,
            "excludeCredentials": known.iter().map(descriptor).collect::<Vec<_>>(),
            // Found without an address at a sign-in.
            "authenticatorSelection": {
                "residentKey": "required", "requireResidentKey": true, "userVerification": "preferred",
            },
            "attestation": "none",
        })
        .to_string()
    }

    fn request_options(&self, allowed: &[Passkey], challenge: &Challenge) -> String {
        // Alone it must prove both: that the key is here, and that its person is.
        let verification = if allowed.is_empty() { "required" } else { "preferred" };
        json!({
            "rpId": self.id,
            "challenge": encoded(challenge.as_bytes()),
            "timeout": TIMEOUT_MS,
            "allowCredentials": allowed.iter().map(descriptor).collect::<Vec<_>>(),
            "userVerification": verification,
        })
        .to_string()
    }

    fn check_registration(&self, answer: &str, challenge: &Challenge) -> Result<NewCredential, CeremonyRefused> {
        let (answer, id) = Answer::<Attested>::read(answer)?;
        let client_data = decoded(&answer.response.client_data)?;
        client::check(&client_data, Deed::Create, challenge, &self.origins)?;
        let object = decoded(&answer.response.attestation_object)?;
        let object = Cbor::whole(&object).ok_or(CeremonyRefused("the attestation cannot be read"))?;
        let data = object.get("authData").and_then(Cbor::bytes);
        let data = data.ok_or(CeremonyRefused("the attestation says nothing"))?;
        let said = AuthenticatorData::read(data)?;
        self.check_common(&said)?;
        let (credential, key) = said.credential.ok_or(CeremonyRefused("no credential was made"))?;
        if credential != id {
            return Err(CeremonyRefused("it is about another credential"));
        }
        let public_key = PublicKey::read(key)?;
        check_self_attestation(&object, &public_key, &signed(data, &client_data))?;
        let mut transports: Vec<String> = answer.response.transports;
        transports.retain(|known| TRANSPORTS.contains(&known.as_str()));
        transports.sort_unstable();
        transports.dedup();
        Ok(NewCredential {
            credential: credential.to_vec(),
            public_key: key.to_vec(),
            sign_count: said.sign_count,
            user_verified: said.user_verified(),
            backup_eligible: said.backup_eligible(),
            backed_up: said.backed_up(),
            transports,
        })
    }

    fn read_assertion(&self, answer: &str) -> Result<AssertionHead, CeremonyRefused> {
        let (answer, credential) = Answer::<Asserted>::read(answer)?;
        let user = match answer.response.user_handle.as_deref() {
            None | Some("") => None,
            Some(handle) => {
                let bytes: [u8; 16] = decoded(handle)?
                    .try_into()
                    .map_err(|_| CeremonyRefused("the user handle is none of ours"))?;
                Some(UserId::from_uuid(tenantry_kernel::uuid::Uuid::from_bytes(bytes)))
            }
        };
        Ok(AssertionHead { credential, user })
    }

    fn check_assertion(
        &self,
        answer: &str,
        challenge: &Challenge,
        passkey: &Passkey,
    ) -> Result<Assertion, CeremonyRefused> {
        let (answer, credential) = Answer::<Asserted>::read(answer)?;
        if credential != passkey.credential {
            return Err(CeremonyRefused("it is about another credential"));
        }
        let client_data = decoded(&answer.response.client_data)?;
        client::check(&client_data, Deed::Get, challenge, &self.origins)?;
        let data = decoded(&answer.response.authenticator_data)?;
        let said = AuthenticatorData::read(&data)?;
        self.check_common(&said)?;
        if said.backup_eligible() != passkey.backup_eligible {
            return Err(CeremonyRefused("it is another kind of credential by now"));
        }
        let signature = decoded(&answer.response.signature)?;
        PublicKey::read(&passkey.public_key)?.check(&signed(&data, &client_data), &signature)?;
        Ok(Assertion {
            sign_count: said.sign_count,
            user_verified: said.user_verified(),
            backed_up: said.backed_up(),
        })
    }
}

/// An authenticator may sign its own credential although nobody asked (section 8.2, without `x5c`): then it must be
/// right. Statements of other kinds speak of makers whom we did not ask for, and are passed over.
fn check_self_attestation(object: &Cbor<'_>, key: &PublicKey, signed: &[u8]) -> Result<(), CeremonyRefused> {
    let kind = object.get("fmt").and_then(Cbor::text);
    let statement = object.get("attStmt");
    let (Some(kind), Some(statement)) = (kind, statement) else {
        return Err(CeremonyRefused("the attestation has another shape"));
    };
    if kind != "packed" || statement.get("x5c").is_some() {
        return Ok(());
    }
    let signature = statement.get("sig").and_then(Cbor::bytes);
    let signature = signature.ok_or(CeremonyRefused("the attestation is not signed"))?;
    if statement.get("alg").and_then(Cbor::int) != Some(key.algorithm()) {
        return Err(CeremonyRefused("the attestation is signed in another way"));
    }
    key.check(signed, signature)
}

#[cfg(test)]
mod tests;
