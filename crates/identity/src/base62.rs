//! Base 62: bytes as digits and letters, in a fixed width that sorts as the bytes do.
//!
//! Only canonical text decodes: exactly the width of the bytes, and no value beyond them.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters so many bytes take.
#[must_use]
pub const fn width(bytes: usize) -> usize {
    // log 256 / log 62 = 1.34359…, rounded up to the next whole character.
    (bytes * 134_360).div_ceil(100_000)
}

/// How many digits are worked on at once: 62^5 is the largest power of 62 below 2^32.
const AT_ONCE: usize = 5;

/// The bytes as text of [`width`] characters.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    // The number in words of 32 bits, the most significant first.
    let word = |bytes: &[u8]| bytes.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    let mut number: Vec<u32> = bytes.rchunks(4).rev().map(word).collect();
    let mut text = vec![b'0'; width(bytes.len())];
    for places in text.rchunks_mut(AT_ONCE) {
        let base = places.iter().fold(1_u64, |base, _| base * 62);
        let mut remainder = 0_u64;
        for word in &mut number {
            let value = remainder << 32 | u64::from(*word);
            *word = u32::try_from(value / base).unwrap_or(u32::MAX);
            remainder = value % base;
        }
        for place in places.iter_mut().rev() {
            let digit = usize::try_from(remainder % 62).ok();
            *place = digit.and_then(|digit| DIGITS.get(digit).copied()).unwrap_or(b'0');
            remainder /= 62;
        }
    }
    text.into_iter().map(char::from).collect()
}

/// The bytes that text stands for; `None` when it was not written by [`encode`] from `N` bytes.
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != width(N) {
        return None;
    }
    let mut number = vec![0_u32; N.div_ceil(4)];
    for digits in text.as_bytes().chunks(AT_ONCE) {
        let (mut base, mut carry) = (1_u64, 0_u64);
        for character in digits {
            base *= 62;
            carry = carry * 62 + digit(*character)?;
        }
        for word in number.iter_mut().rev() {
            let value = u64::from(*word) * base + carry;
            *word = u32::try_from(value & u64::from(u32::MAX)).ok()?;
            carry = value >> 32;
        }
        if carry != 0 {
            return None;
        }
    }
    let mut spelled = number.iter().rev().flat_map(|word| word.to_le_bytes());
    let mut bytes = [0_u8; N];
    for place in bytes.iter_mut().rev() {
        *place = spelled.next()?;
    }
    // Where the bytes do not fill the highest word, the number may be larger than they can hold.
    spelled.all(|byte| byte == 0).then_some(bytes)
}

/// Two ids as one text.
#[must_use]
pub fn encode_pair(first: &[u8; 16], second: &[u8; 16]) -> String {
    let mut both = [0; 32];
    for (place, byte) in both.iter_mut().zip(first.iter().chain(second)) {
        *place = *byte;
    }
    encode(&both)
}

/// The two ids of [`encode_pair`].
#[must_use]
pub fn decode_pair(text: &str) -> Option<[[u8; 16]; 2]> {
    let both: [u8; 32] = decode(text)?;
    let (first, second) = both.split_at(16);
    Some([first.try_into().ok()?, second.try_into().ok()?])
}

fn digit(character: u8) -> Option<u64> {
    let value = match character {
        b'0'..=b'9' => character - b'0',
        b'A'..=b'Z' => character - b'A' + 10,
        b'a'..=b'z' => character - b'a' + 36,
        _ => return None,
    };
    Some(u64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values_are_written_as_others_write_them() {
        for (bytes, text) in [
            ([0, 0, 0, 0], "000000"),
            ([0, 0, 0, 61], "00000z"),
            ([0, 0, 0, 62], "000010"),
            ([0, 0, 0x0F, 0x04], "000100"),
            ([0xFF, 0xFF, 0xFF, 0xFF], "4gfFC3"),
        ] {
            assert_eq!(encode(&bytes), text);
            assert_eq!(decode::<4>(text), Some(bytes));
        }
    }

    #[test]
    fn widths_are_the_least_that_hold_every_value() {
        assert_eq!([width(4), width(16), width(32)], [6, 22, 43]);
        assert_eq!(encode(&[0xFF; 32]).len(), 43);
        assert_eq!(decode::<32>(&encode(&[0xFF; 32])), Some([0xFF; 32]));
        assert_eq!(decode::<16>(&encode(&[0xFF; 16])), Some([0xFF; 16]));
    }

    #[test]
    fn text_that_was_never_written_is_refused() {
        for bad in ["", "00000", "0000000", "4gfFC4", "zzzzzz", "00-000", "0000é", "00000 "] {
            assert_eq!(decode::<4>(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_and_sorts_alike(left: [u8; 16], right: [u8; 16]) {
            prop_assert_eq!(decode::<16>(&encode(&left)), Some(left));
            prop_assert_eq!(left.cmp(&right), encode(&left).cmp(&encode(&right)));
            prop_assert_eq!(decode_pair(&encode_pair(&left, &right)), Some([left, right]));
        }

        #[test]
        fn no_input_panics_and_every_accepted_text_is_canonical(text in ".{0,50}") {
            if let Some(bytes) = decode::<16>(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
