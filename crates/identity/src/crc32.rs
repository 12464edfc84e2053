//! CRC-32 (ISO-HDLC, as in gzip and PNG): tells typing errors from keys. Not a secret, not a signature.

use std::sync::LazyLock;

/// What each byte adds, so that a key costs a look-up per character and not eight steps.
static TABLE: LazyLock<[u32; 256]> = LazyLock::new(|| {
    let mut next = 0_u32..;
    std::array::from_fn(|_| {
        (0..8).fold(next.next().unwrap_or_default(), |crc, _| {
            let carry = (crc & 1).wrapping_neg();
            (crc >> 1) ^ (0xEDB8_8320 & carry)
        })
    })
});

/// The checksum of the bytes.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let table = &*TABLE;
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        let [low, ..] = crc.to_le_bytes();
        crc >> 8 ^ table.get(usize::from(low ^ byte)).copied().unwrap_or_default()
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_the_catalogue_are_met() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"a"), 0xE8B7_BE43);
        assert_eq!(crc32(b"The quick brown fox jumps over the lazy dog"), 0x414F_A339);
    }
}
