//! Where the answer to a question is remembered.

use std::net::IpAddr;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use smallvec::SmallVec;
use tenantry_kernel::Entropy;
use tenantry_lifecycle::access::{Credential, Question};

/// A family of 128-bit hashes of which this process has picked one at random: AES-GMAC (NIST SP 800-38D).
///
/// Two questions of `n` blocks of 16 bytes share a place with a probability of `n` in 2^128, whoever chose them, as long
/// as nobody is told a place; and nobody is. So one nonce does for all, which would never do for tags that are shown.
pub(super) struct Places(Option<LessSafeKey>);

/// One place. It says nothing about the question to anybody without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place([u8; 16]);

impl Places {
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut key = [0; 16];
        entropy.fill(&mut key);
        // No key of 16 bytes is refused. If one were, nothing would be remembered.
        Self(UnboundKey::new(&AES_128_GCM, &key).ok().map(LessSafeKey::new))
    }

    /// `None` when it cannot be told: then nothing is remembered of it.
    pub fn of(&self, question: &Question<'_>) -> Option<Place> {
        let Self(Some(key)) = self else { return None };
        let mut asked = Text::new();
        write(&mut asked, question);
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::from(&*asked), &mut [])
            .ok()?;
        tag.as_ref().try_into().ok().map(Place)
    }
}

/// Room for nearly every question, so that none of these has to ask for memory.
type Text = SmallVec<[u8; 1024]>;

/// Every part with its length before it, so that no two questions read alike.
fn write(asked: &mut Text, question: &Question<'_>) {
    let (kind, shown) = match question.credential {
        Credential::Bearer(shown) => (b'b', shown.expose()),
        Credential::ApiKey(shown) => (b'k', shown.expose()),
    };
    asked.push(kind);
    push(asked, Some(shown));
    let address = question.address;
    for name in [&address.path, &address.header, &address.host] {
        push(asked, name.as_deref().map(str::as_bytes));
    }
    match question.from {
        None => {}
        Some(IpAddr::V4(address)) => asked.extend_from_slice(&address.octets()),
        Some(IpAddr::V6(address)) => asked.extend_from_slice(&address.octets()),
    }
}

fn push(asked: &mut Text, part: Option<&[u8]>) {
    let length = part.map_or(u32::MAX, |part| u32::try_from(part.len()).unwrap_or(u32::MAX));
    asked.extend_from_slice(&length.to_le_bytes());
    asked.extend_from_slice(part.unwrap_or_default());
}
