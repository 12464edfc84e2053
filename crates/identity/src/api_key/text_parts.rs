//! How every key is spelled: `<prefix>_<mode>_<two ids>_<secret><checksum>`.

use tenantry_kernel::Entropy;

use super::text::KeyPrefix;
use crate::base62;
use crate::crc32::crc32;

/// Characters of a secret of 32 bytes.
const SECRET_CHARS: usize = base62::width(32);
/// Characters of a checksum of 32 bits.
pub(crate) const CHECKSUM_CHARS: usize = base62::width(4);
/// The longest text there is; longer input is refused unread.
const LONGEST: usize = 8 + "_platform_".len() + base62::width(32) + 1 + SECRET_CHARS + CHECKSUM_CHARS;

/// What a text says in the open.
pub(crate) struct Parts<'t> {
    pub prefix: KeyPrefix,
    pub mode: &'t str,
    pub ids: [[u8; 16]; 2],
}

/// A fresh text.
pub(crate) fn write(prefix: &KeyPrefix, mode: &str, ids: [[u8; 16]; 2], entropy: &dyn Entropy) -> String {
    let mut secret = [0; 32];
    entropy.fill(&mut secret);
    let [first, second] = ids;
    let ids = base62::encode_pair(&first, &second);
    let body = format!("{prefix}_{mode}_{ids}_{}", base62::encode(&secret));
    let checksum = base62::encode(&crc32(body.as_bytes()).to_be_bytes());
    body + &checksum
}

/// Reads a text; `None` for anything that [`write`] has not written.
pub(crate) fn read(text: &str) -> Option<Parts<'_>> {
    if text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let (body, checksum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_CHARS)?)?;
    if checksum != base62::encode(&crc32(body.as_bytes()).to_be_bytes()) {
        return None;
    }
    let mut parts = body.split('_');
    let (prefix, mode, ids, secret) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    base62::decode::<32>(secret)?;
    Some(Parts {
        prefix: KeyPrefix::try_from(prefix).ok()?,
        mode,
        ids: base62::decode_pair(ids)?,
    })
}

/// What may be shown of a text later: where it begins and its last four characters.
pub(crate) fn hint(prefix: &KeyPrefix, mode: &str, text: &str) -> String {
    let tail = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
    format!("{prefix}_{mode}_…{tail}")
}
