//! Cursors on the wire: opaque, bound to the tenant and the list they were made for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Cipher, Cursor};

const MARK_BYTES: usize = 12;

/// What a cursor belongs to.
pub(crate) struct Binding {
    /// The tenant, or the person; nil for the installation.
    pub owner: Uuid,
    /// The list.
    pub operation: &'static str,
}

fn mark(cipher: &dyn Cipher, binding: &Binding, cursor: Uuid) -> [u8; 32] {
    let mut text = Vec::with_capacity(32 + binding.operation.len());
    text.extend_from_slice(binding.owner.as_bytes());
    text.extend_from_slice(cursor.as_bytes());
    text.extend_from_slice(binding.operation.as_bytes());
    cipher.fingerprint("cursor", &text)
}

/// The text of a cursor.
pub(crate) fn encode(cipher: &dyn Cipher, binding: &Binding, cursor: Cursor) -> String {
    let mark = mark(cipher, binding, cursor.0);
    let mut bytes = Vec::with_capacity(16 + MARK_BYTES);
    bytes.extend_from_slice(cursor.0.as_bytes());
    bytes.extend(mark.iter().take(MARK_BYTES));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The cursor of a text, if it was made for this binding.
pub(crate) fn decode(cipher: &dyn Cipher, binding: &Binding, text: &str) -> Option<Cursor> {
    if text.len() > 64 {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (id, shown) = bytes.split_at_checked(16)?;
    let id = Uuid::from_slice(id).ok()?;
    let expected = mark(cipher, binding, id);
    let expected = expected.get(..MARK_BYTES)?;
    // A cursor is no secret: it only spares a look-up that the tenant's own fence would answer with nothing.
    (shown == expected).then_some(Cursor(id))
}
