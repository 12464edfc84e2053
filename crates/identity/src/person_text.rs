//! Secret texts of a person: `<prefix>_<user>_<secret>`. The user is open, so that a look-up is pinned first.

use std::marker::PhantomData;

use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, Entropy, Secret};
use uuid::Uuid;

use crate::base62;
use crate::fingerprint::Fingerprint;

/// What a text is for; never for anything else.
pub trait TextKind {
    /// What it begins with.
    const PREFIX: &'static str;
    /// The context of its fingerprint.
    const CONTEXT: &'static str;
}

/// A text of 256 secret bits that one person holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonText<K> {
    user: UserId,
    secret: Secret<[u8; 32]>,
    kind: PhantomData<K>,
}

impl<K: TextKind> PersonText<K> {
    pub(crate) const fn of(user: UserId, secret: [u8; 32]) -> Self {
        Self {
            user,
            secret: Secret::new(secret),
            kind: PhantomData,
        }
    }

    /// A fresh one.
    #[must_use]
    pub fn mint(user: UserId, entropy: &dyn Entropy) -> Self {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        Self::of(user, secret)
    }

    /// Reads a text; `None` when it is not even shaped like one of this kind.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('_');
        let (prefix, user, secret) = (parts.next()?, parts.next()?, parts.next()?);
        if prefix != K::PREFIX || parts.next().is_some() {
            return None;
        }
        let user = UserId::from_uuid(Uuid::from_bytes(base62::decode(user)?));
        Some(Self::of(user, base62::decode(secret)?))
    }

    /// Whose it says it is.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    pub(crate) const fn secret(&self) -> &[u8; 32] {
        self.secret.expose()
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        let user = base62::encode(self.user.as_uuid().as_bytes());
        let secret = base62::encode(self.secret());
        Secret::new(format!("{}_{user}_{secret}", K::PREFIX))
    }

    /// How it is stored and looked up.
    #[must_use]
    pub fn fingerprint(&self, cipher: &dyn Cipher) -> Fingerprint {
        Fingerprint::of(cipher, K::CONTEXT, self.secret())
    }
}
