//! The adapter behind identity's port for passkeys: the two ceremonies of WebAuthn level 2.
//!
//! Start with [`RelyingParty`]. Attestation is not asked for and proves nothing here: a passkey is worth what its person
//! vouches for while they register it. Signatures are checked by aws-lc-rs.
//!
//! **Invariant:** what a browser sends is bounded, read without recursion beyond a fixed depth, and refused as a whole
//! when any part of it is not what was asked for; nothing here remembers anything.

mod authenticator;
mod cbor;
mod ceremonies;
mod client;
mod cose;

pub use ceremonies::{InvalidRelyingParty, RelyingParty};
