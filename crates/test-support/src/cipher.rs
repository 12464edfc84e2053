//! A cipher for tests: keeps the contract of the port, protects nothing.

use tenantry_kernel::secret::CannotOpen;
use tenantry_kernel::{Cipher, Secret};

/// Scrambles, so that a test can see that nothing secret lies in the open, and opens under the same context only.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestCipher;

impl Cipher for TestCipher {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut sealed = self.fingerprint(context, plain).to_vec();
        sealed.extend(plain.iter().map(|byte| byte ^ 0x5A));
        sealed
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CannotOpen> {
        let (mark, scrambled) = sealed.split_at_checked(32).ok_or(CannotOpen)?;
        let plain: Vec<u8> = scrambled.iter().map(|byte| byte ^ 0x5A).collect();
        if mark == self.fingerprint(context, &plain) {
            Ok(Secret::new(plain))
        } else {
            Err(CannotOpen)
        }
    }

    fn fingerprint(&self, context: &str, value: &[u8]) -> [u8; 32] {
        let mut mark = [0; 32];
        for (round, lane) in (1_u64..).zip(mark.chunks_mut(8)) {
            // FNV-1a: distinct for distinct input as far as tests go.
            let mut hash = 0xCBF2_9CE4_8422_2325_u64.wrapping_mul(round);
            for byte in context.bytes().chain([0]).chain(value.iter().copied()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
            lane.copy_from_slice(&hash.to_be_bytes());
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_context_opens_what_was_sealed() {
        let sealed = TestCipher.seal("here", b"secret");

        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(TestCipher.open("here", &sealed).unwrap().expose(), b"secret");
        assert_eq!(TestCipher.open("there", &sealed), Err(CannotOpen));
    }
}
