//! The adapter behind identity's ports that need cryptography, and the system's own sources.
//!
//! Access tokens are JWTs (RFC 9068), signed with EdDSA or RS256 by a ring of keys that rotate with overlap; passwords are
//! Argon2id, measured by zxcvbn; secrets at rest are sealed and fingerprinted under the installation's master key. One
//! cryptographic library (aws-lc-rs) does all but Argon2.
//!
//! **Invariant:** exactly one algorithm is accepted, chosen by the key and never by the token; nothing here
//! decides who may do what. Start with [`jwt`].

pub mod cipher;
pub mod hasher;
pub mod jwt;
pub mod keys;
pub mod strength;
pub mod system;
pub mod totp;
