//! Authenticator data (WebAuthn level 2, section 6.1).

use tenantry_identity::passkey::CeremonyRefused;

use crate::cbor::Cbor;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const CREDENTIAL: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

/// The longest credential id (section 4, "credential ID").
const LONGEST_CREDENTIAL: usize = 1_023;

/// What an authenticator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthenticatorData<'a> {
    pub(crate) rp_id_hash: &'a [u8; 32],
    flags: u8,
    pub(crate) sign_count: u32,
    /// The credential that was made: its id, and its public key as a COSE key.
    pub(crate) credential: Option<(&'a [u8], &'a [u8])>,
}

impl<'a> AuthenticatorData<'a> {
    /// Reads it whole.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, CeremonyRefused> {
        Self::parts(bytes).ok_or(CeremonyRefused("the authenticator's data cannot be read"))
    }

    fn parts(bytes: &'a [u8]) -> Option<Self> {
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut credential = None;
        if flags & CREDENTIAL != 0 {
            let (_aaguid, after) = rest.split_first_chunk::<16>()?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 || length > LONGEST_CREDENTIAL {
                return None;
            }
            let (id, after) = after.split_at_checked(length)?;
            let (_key, left) = Cbor::read(after)?;
            let (key, left) = after.split_at_checked(after.len() - left.len())?;
            credential = Some((id, key));
            rest = left;
        }
        if flags & EXTENSIONS != 0 {
            let (_extensions, left) = Cbor::read(rest)?;
            rest = left;
        }
        rest.is_empty().then_some(Self {
            rp_id_hash,
            flags: *flags,
            sign_count: u32::from_be_bytes(*sign_count),
            credential,
        })
    }

    pub(crate) const fn user_present(&self) -> bool {
        self.flags & USER_PRESENT != 0
    }

    pub(crate) const fn user_verified(&self) -> bool {
        self.flags & USER_VERIFIED != 0
    }

    pub(crate) const fn backup_eligible(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    pub(crate) const fn backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}
