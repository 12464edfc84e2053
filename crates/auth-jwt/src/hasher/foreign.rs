//! Hashes that people bring along from another system: read once, within bounds, and checked at log-in until they are
//! made again as our own.
//!
//! The bounds are about two things. A hash that costs without end would stall the server at every log-in; one so
//! short that many passwords match would let strangers in.

mod forms;

use std::fmt;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Params, PasswordVerifier as _};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, pbkdf2};
use tenantry_identity::user::UnusableHash;

/// bcrypt's exponent: 2^14 rounds take about a second.
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=14;
/// bcrypt looks at no more of a password (the NUL at its end included).
const BCRYPT_BYTES: usize = 72;
/// Django 6 makes hashes of 1,200,000 rounds.
const PBKDF2_ROUNDS_MAX: u32 = 2_500_000;
/// scrypt's memory, `128 · N · r` bytes: twice what Werkzeug takes.
const SCRYPT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// scrypt's work, `N · r · p`: the same twice over.
const SCRYPT_WORK_MAX: u64 = 1 << 20;
/// Argon2's memory.
const ARGON2_KIB_MAX: u32 = 128 * 1024;
/// Argon2's work, memory times passes.
const ARGON2_WORK_MAX: u64 = 512 * 1024;
const ARGON2_LANES_MAX: u32 = 16;
/// A shorter result matches too many passwords.
const RESULT_BYTES_MIN: usize = 16;
const RESULT_BYTES_MAX: usize = 128;
const SALT_BYTES_MAX: usize = 128;
/// No format writes longer hashes within the bounds above.
const TEXT_BYTES_MAX: usize = 512;

/// A hash of another system, within bounds.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Foreign {
    Bcrypt {
        cost: u32,
        salt: [u8; 16],
        result: Vec<u8>,
        /// Django's `bcrypt_sha256` hashes the password's SHA-256 in hexadecimal.
        of_digest: bool,
    },
    Pbkdf2 {
        digest: Digest,
        rounds: std::num::NonZeroU32,
        salt: Vec<u8>,
        result: Vec<u8>,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
        salt: Vec<u8>,
        result: Vec<u8>,
    },
    /// A PHC string.
    Argon2(String),
}

/// The digest under PBKDF2's HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bcrypt { .. } => "Bcrypt(…)",
            Self::Pbkdf2 { .. } => "Pbkdf2(…)",
            Self::Scrypt { .. } => "Scrypt(…)",
            Self::Argon2(_) => "Argon2(…)",
        })
    }
}

impl Foreign {
    /// Reads a hash in any of the forms of [`forms`].
    pub(super) fn read(text: &str) -> Result<Self, UnusableHash> {
        let text = text.trim();
        if text.len() > TEXT_BYTES_MAX {
            return Err(UnusableHash::Malformed);
        }
        let read = forms::read(text)?;
        read.bounded()?;
        Ok(read)
    }

    /// True for a form that only other systems write: Argon2 is ours too.
    pub(super) const fn is_foreign(&self) -> bool {
        !matches!(self, Self::Argon2(_))
    }

    fn bounded(&self) -> Result<(), UnusableHash> {
        let result = |bytes: &[u8]| {
            if (RESULT_BYTES_MIN..=RESULT_BYTES_MAX).contains(&bytes.len()) {
                Ok(())
            } else {
                Err(UnusableHash::Malformed)
            }
        };
        let salted = |salt: &[u8]| {
            if (1..=SALT_BYTES_MAX).contains(&salt.len()) {
                Ok(())
            } else {
                Err(UnusableHash::Malformed)
            }
        };
        let affordable = |fine: bool| if fine { Ok(()) } else { Err(UnusableHash::TooDear) };
        match self {
            Self::Bcrypt { cost, .. } => affordable(BCRYPT_COST.contains(cost)),
            Self::Pbkdf2 {
                rounds,
                salt,
                result: bytes,
                ..
            } => {
                result(bytes)?;
                salted(salt)?;
                affordable(rounds.get() <= PBKDF2_ROUNDS_MAX)
            }
            Self::Scrypt {
                log_n,
                r,
                p,
                salt,
                result: bytes,
            } => {
                result(bytes)?;
                salted(salt)?;
                let n = 1_u64.checked_shl(u32::from(*log_n)).filter(|_| *log_n < 32);
                let times = |factor: u32| n.and_then(|n| n.checked_mul(u64::from(*r))?.checked_mul(u64::from(factor)));
                let memory = times(128).is_some_and(|bytes| bytes <= SCRYPT_BYTES_MAX);
                let work = times(*p).is_some_and(|work| work <= SCRYPT_WORK_MAX);
                affordable(*log_n > 0 && *r > 0 && *p > 0 && memory && work)
            }
            Self::Argon2(text) => {
                let phc = Phc::new(text).map_err(|_| UnusableHash::Malformed)?;
                let params = Params::try_from(&phc).map_err(|_| UnusableHash::Malformed)?;
                result(phc.hash.as_ref().map_or(&[], |hash| hash.as_bytes()))?;
                let work = u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost()));
                let memory = params.m_cost() <= ARGON2_KIB_MAX && params.p_cost() <= ARGON2_LANES_MAX;
                affordable(memory && work <= ARGON2_WORK_MAX)
            }
        }
    }

    /// Whether it is the hash of this password. Slow on purpose.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt {
                cost,
                salt,
                result,
                of_digest,
            } => {
                let mut key = if *of_digest {
                    sha256_hex(password)
                } else {
                    password.to_vec()
                };
                // As C programs do: what follows a NUL does not count, and the NUL at the end does.
                if let Some(end) = key.iter().position(|byte| *byte == 0) {
                    key.truncate(end);
                }
                key.push(0);
                key.truncate(BCRYPT_BYTES);
                let made = bcrypt::bcrypt(*cost, *salt, &key);
                // The last of its 24 bytes is never written down.
                made.get(..23)
                    .is_some_and(|made| verify_slices_are_equal(made, result).is_ok())
            }
            Self::Pbkdf2 {
                digest,
                rounds,
                salt,
                result,
            } => {
                let algorithm = match digest {
                    Digest::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
                    Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
                    Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
                };
                pbkdf2::verify(algorithm, *rounds, salt, password, result).is_ok()
            }
            Self::Scrypt {
                log_n,
                r,
                p,
                salt,
                result,
            } => {
                let Ok(params) = scrypt::Params::new(*log_n, *r, *p) else {
                    return false;
                };
                let mut made = vec![0; result.len()];
                let done = scrypt::scrypt(password, salt, &params, &mut made);
                done.is_ok() && verify_slices_are_equal(&made, result).is_ok()
            }
            Self::Argon2(text) => {
                let argon2 = argon2::Argon2::default();
                Phc::new(text).is_ok_and(|phc| argon2.verify_password(password, &phc).is_ok())
            }
        }
    }
}

fn sha256_hex(password: &[u8]) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA256, password);
    let hex = |byte: &u8| format!("{byte:02x}").into_bytes();
    digest.as_ref().iter().flat_map(hex).collect()
}

#[cfg(test)]
mod tests;
