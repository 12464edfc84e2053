//! Asking a service whether a password stands in a breach, without telling it the password.
//!
//! The protocol is that of Have I Been Pwned's range API: of the SHA-1 of the password the first five hexadecimal digits
//! are asked for, some thousand ends that begin with them come back, and the comparison is made here (k-anonymity). The
//! answer is padded, so that its length tells nothing either; padding has the count 0.

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tenantry_identity::password::{BreachLookup, Sighting};
use tenantry_kernel::Secret;
use url::{Host, Url};

/// How long somebody waits who sets a password.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest answer that is read. Those of today have some ninety kilobytes.
const LONGEST: usize = 1_000_000;
/// How many digits of the hash leave the program.
const TOLD_DIGITS: usize = 5;
/// How many there are.
const DIGITS: usize = 40;
/// How often the service was asked and did not answer.
const MISSED: &str = "password_breach_lookups_missed_total";

/// Why there is no look-up.
#[derive(Debug, thiserror::Error)]
pub enum NoBreachLookup {
    /// No client could be made, for example because the machine has no root certificates.
    #[error("no HTTPS client could be made to look for breached passwords; does the machine have root certificates?")]
    Client(#[source] reqwest::Error),
    /// There is nothing to ask at the URL.
    #[error("the URL for breached passwords names no place to ask")]
    Url,
}

/// [`BreachLookup`] by a range API such as `https://api.pwnedpasswords.com/range/`.
#[derive(Clone, Debug)]
pub struct RangeLookup {
    client: Client,
    url: Url,
    patience: Duration,
}

/// Why the service counts as away. None of it repeats what was asked.
#[derive(Debug, thiserror::Error)]
enum Away {
    #[error("it cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("it did not answer in time")]
    TooSlow,
    #[error("it answered with the status {0}")]
    Status(StatusCode),
    #[error("its answer is too long")]
    TooLong,
    #[error("its answer is no list of hashes")]
    Garbage,
}

impl RangeLookup {
    /// Asks at this URL; the digits are its last segment.
    ///
    /// # Errors
    /// [`NoBreachLookup`].
    pub fn new(url: &Url) -> Result<Self, NoBreachLookup> {
        let mut url = url.clone();
        // An empty last segment, so that another one takes its place.
        url.path_segments_mut()
            .map_err(|()| NoBreachLookup::Url)?
            .pop_if_empty()
            .push("");
        let builder = Client::builder()
            .user_agent("tenantry")
            .redirect(Policy::none())
            .referer(false)
            .pool_max_idle_per_host(1);
        // A proxy of the environment leads to the outside, not to ourselves.
        let builder = if is_loopback(&url) { builder.no_proxy() } else { builder };
        Ok(Self {
            client: builder.build().map_err(NoBreachLookup::Client)?,
            url,
            patience: PATIENCE,
        })
    }

    /// True when the service answers as it should. For checks before the program is started.
    pub async fn answers(&self) -> bool {
        self.ask(&sha1_hex("")).await.is_ok()
    }

    /// True when the service knows the hash.
    async fn ask(&self, hash: &str) -> Result<bool, Away> {
        tokio::time::timeout(self.patience, self.compare(hash))
            .await
            .map_err(|_| Away::TooSlow)?
    }

    async fn compare(&self, hash: &str) -> Result<bool, Away> {
        let (told, kept) = hash.split_at_checked(TOLD_DIGITS).ok_or(Away::Garbage)?;
        let url = self.url.join(told).map_err(|_| Away::Garbage)?;
        let asked = self.client.get(url).header("Add-Padding", "true");
        let mut answer = asked.send().await.map_err(unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(Away::Status(answer.status()));
        }
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if text.len() + chunk.len() > LONGEST {
                return Err(Away::TooLong);
            }
            text.extend_from_slice(&chunk);
        }
        let text = std::str::from_utf8(&text).map_err(|_| Away::Garbage)?;
        stands_in(text, kept)
    }
}

/// The address that was asked for ends with the digits: it is left out of what is told.
fn unreachable(cause: reqwest::Error) -> Away {
    Away::Unreachable(cause.without_url())
}

/// Looks for the end of a hash. An answer of which any line is something else is believed in nothing.
fn stands_in(answer: &str, end: &str) -> Result<bool, Away> {
    let mut lines = 0_usize;
    let mut found = false;
    for line in answer.lines().filter(|line| !line.is_empty()) {
        let (known, count) = line.split_once(':').ok_or(Away::Garbage)?;
        let whole = known.len() == DIGITS - TOLD_DIGITS && known.bytes().all(|digit| digit.is_ascii_hexdigit());
        let count: u64 = count.trim().parse().map_err(|_| Away::Garbage)?;
        if !whole {
            return Err(Away::Garbage);
        }
        found |= count > 0 && known.eq_ignore_ascii_case(end);
        lines += 1;
    }
    if lines == 0 { Err(Away::Garbage) } else { Ok(found) }
}

/// The protocol's hash. It protects nothing here: it is how the lists are written.
fn sha1_hex(password: &str) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    hash.as_ref()
        .iter()
        .fold(String::with_capacity(DIGITS), |hex, byte| format!("{hex}{byte:02X}"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[async_trait]
impl BreachLookup for RangeLookup {
    async fn look(&self, password: &Secret<String>) -> Sighting {
        match self.ask(&sha1_hex(password.expose())).await {
            Ok(true) => Sighting::Breached,
            Ok(false) => Sighting::Unknown,
            Err(cause) => {
                metrics::counter!(MISSED).increment(1);
                let reason = std::error::Error::source(&cause).map(ToString::to_string);
                tracing::warn!(
                    error = %cause,
                    reason,
                    "the service for breached passwords is away: the list in the program decides"
                );
                Sighting::NoAnswer
            }
        }
    }
}

#[cfg(test)]
mod tests;
