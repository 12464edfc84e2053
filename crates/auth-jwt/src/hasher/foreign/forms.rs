//! How other systems write hashes down.
//!
//! - bcrypt: `$2a$`, `$2b$`, `$2y$` (PHP), Django's `bcrypt$$2b$…` and `bcrypt_sha256$$2b$…`;
//! - PBKDF2: PHC strings and passlib's (`$pbkdf2-sha256$…`), Django's `pbkdf2_sha256$…`, Werkzeug's `pbkdf2:sha256:…`;
//! - scrypt: PHC strings (`$scrypt$ln=…`), Werkzeug's `scrypt:N:r:p$…`, Django's `scrypt$…`;
//! - Argon2: PHC strings, and Django's, which put `argon2` before them.

use std::num::NonZeroU32;

use base64::alphabet::{self, Alphabet};
use base64::engine::{DecodePaddingMode, Engine as _, GeneralPurpose, GeneralPurposeConfig};
use tenantry_identity::user::UnusableHash;

use super::{Digest, Foreign};

type Read = Result<Foreign, UnusableHash>;

const MALFORMED: UnusableHash = UnusableHash::Malformed;

/// Lenient about padding and the bits behind the last byte: old programs are.
const fn engine(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

const STANDARD: GeneralPurpose = engine(&alphabet::STANDARD);
const BCRYPT: GeneralPurpose = engine(&alphabet::BCRYPT);

/// Reads a hash in any form, without a look at what it costs.
pub(super) fn read(text: &str) -> Read {
    let (name, rest) = text.split_once('$').ok_or(UnusableHash::Unknown)?;
    match name {
        "" => modular(text, rest),
        "bcrypt" => bcrypt(rest, false),
        "bcrypt_sha256" => bcrypt(rest, true),
        "pbkdf2_sha1" => django_pbkdf2(Digest::Sha1, rest),
        "pbkdf2_sha256" => django_pbkdf2(Digest::Sha256, rest),
        "scrypt" => django_scrypt(rest),
        "argon2" => modular(&format!("${rest}"), rest),
        _ => werkzeug(name, rest),
    }
}

/// `$name$…`
fn modular(text: &str, rest: &str) -> Read {
    let (name, rest) = rest.split_once('$').ok_or(UnusableHash::Unknown)?;
    match name {
        "2a" | "2b" | "2y" => bcrypt(text, false),
        "pbkdf2" | "pbkdf2-sha1" => pbkdf2(Digest::Sha1, rest),
        "pbkdf2-sha256" => pbkdf2(Digest::Sha256, rest),
        "pbkdf2-sha512" => pbkdf2(Digest::Sha512, rest),
        "scrypt" => scrypt(rest),
        "argon2i" | "argon2d" | "argon2id" => Ok(Foreign::Argon2(text.to_owned())),
        _ => Err(UnusableHash::Unknown),
    }
}

/// `$2b$12$` and 22 letters of salt and 31 of result.
fn bcrypt(text: &str, of_digest: bool) -> Read {
    let mut parts = text.split('$');
    let (Some(""), Some("2a" | "2b" | "2y"), Some(cost), Some(rest), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(MALFORMED);
    };
    let two_digits = cost.len() == 2 && cost.bytes().all(|digit| digit.is_ascii_digit());
    let (Some(salt), Some(result), true) = (rest.get(..22), rest.get(22..), two_digits) else {
        return Err(MALFORMED);
    };
    let result = BCRYPT.decode(result).map_err(|_| MALFORMED)?;
    if result.len() != 23 {
        return Err(MALFORMED);
    }
    Ok(Foreign::Bcrypt {
        cost: cost.parse().map_err(|_| MALFORMED)?,
        salt: BCRYPT
            .decode(salt)
            .ok()
            .and_then(|salt| salt.try_into().ok())
            .ok_or(MALFORMED)?,
        result,
        of_digest,
    })
}

/// `i=…,l=…$salt$result` (PHC), or `…$salt$result` (passlib, which writes `.` for `+`).
fn pbkdf2(digest: Digest, rest: &str) -> Read {
    let [settings, salt, result] = three(rest)?;
    let mut rounds = None;
    for setting in settings.split(',') {
        match setting.split_once('=') {
            None | Some(("i", _)) if rounds.is_none() => {
                rounds = Some(number(setting.strip_prefix("i=").unwrap_or(setting))?);
            }
            Some(("l", _)) => {}
            _ => return Err(MALFORMED),
        }
    }
    Ok(Foreign::Pbkdf2 {
        digest,
        rounds: rounds.and_then(NonZeroU32::new).ok_or(MALFORMED)?,
        salt: standard(&salt.replace('.', "+"))?,
        result: standard(&result.replace('.', "+"))?,
    })
}

/// `rounds$salt$result`; the salt is its own letters.
fn django_pbkdf2(digest: Digest, rest: &str) -> Read {
    let [rounds, salt, result] = three(rest)?;
    Ok(Foreign::Pbkdf2 {
        digest,
        rounds: NonZeroU32::new(number(rounds)?).ok_or(MALFORMED)?,
        salt: salt.as_bytes().to_vec(),
        result: standard(result)?,
    })
}

/// `ln=15,r=8,p=1$salt$result`
fn scrypt(rest: &str) -> Read {
    let [settings, salt, result] = three(rest)?;
    let (mut log_n, mut r, mut p) = (None, None, None);
    for setting in settings.split(',') {
        let (name, value) = setting.split_once('=').ok_or(MALFORMED)?;
        let place = match name {
            "ln" => &mut log_n,
            "r" => &mut r,
            "p" => &mut p,
            _ => return Err(MALFORMED),
        };
        if place.replace(number(value)?).is_some() {
            return Err(MALFORMED);
        }
    }
    let (Some(log_n), Some(r), Some(p)) = (log_n, r, p) else {
        return Err(MALFORMED);
    };
    Ok(Foreign::Scrypt {
        log_n: u8::try_from(log_n).map_err(|_| UnusableHash::TooDear)?,
        r,
        p,
        salt: standard(salt)?,
        result: standard(result)?,
    })
}

/// `N$salt$r$p$result`; the salt is its own letters.
fn django_scrypt(rest: &str) -> Read {
    let mut parts = rest.split('$');
    let (Some(n), Some(salt), Some(r), Some(p), Some(result), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return Err(MALFORMED);
    };
    Ok(Foreign::Scrypt {
        log_n: log_2(number(n)?)?,
        r: number(r)?,
        p: number(p)?,
        salt: salt.as_bytes().to_vec(),
        result: standard(result)?,
    })
}

/// `method:settings$salt$result`; the salt is its own letters, the result hexadecimal.
fn werkzeug(method: &str, rest: &str) -> Read {
    let (salt, result) = rest.split_once('$').ok_or(UnusableHash::Unknown)?;
    let parts: Vec<&str> = method.split(':').collect();
    let pbkdf2 = |digest: Digest, rounds: &str| -> Read {
        Ok(Foreign::Pbkdf2 {
            digest,
            rounds: NonZeroU32::new(number(rounds)?).ok_or(MALFORMED)?,
            salt: salt.as_bytes().to_vec(),
            result: hexadecimal(result)?,
        })
    };
    match parts.as_slice() {
        ["pbkdf2", "sha1", rounds] => pbkdf2(Digest::Sha1, rounds),
        ["pbkdf2", "sha256", rounds] => pbkdf2(Digest::Sha256, rounds),
        ["pbkdf2", "sha512", rounds] => pbkdf2(Digest::Sha512, rounds),
        ["scrypt", n, r, p] => Ok(Foreign::Scrypt {
            log_n: log_2(number(n)?)?,
            r: number(r)?,
            p: number(p)?,
            salt: salt.as_bytes().to_vec(),
            result: hexadecimal(result)?,
        }),
        _ => Err(UnusableHash::Unknown),
    }
}

fn three(text: &str) -> Result<[&str; 3], UnusableHash> {
    let mut parts = text.split('$');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(one), Some(two), Some(three), None) => Ok([one, two, three]),
        _ => Err(MALFORMED),
    }
}

/// Digits alone; a number that no machine has is too dear, not malformed.
fn number(text: &str) -> Result<u32, UnusableHash> {
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(MALFORMED);
    }
    text.parse().map_err(|_| UnusableHash::TooDear)
}

fn log_2(n: u32) -> Result<u8, UnusableHash> {
    if !n.is_power_of_two() {
        return Err(MALFORMED);
    }
    u8::try_from(n.trailing_zeros()).map_err(|_| MALFORMED)
}

fn standard(text: &str) -> Result<Vec<u8>, UnusableHash> {
    STANDARD.decode(text).map_err(|_| MALFORMED)
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, UnusableHash> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(MALFORMED);
    }
    let pairs = (0..text.len()).step_by(2).filter_map(|at| text.get(at..at + 2));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).map_err(|_| MALFORMED))
        .collect()
}
