//! Mail to a server, over SMTP.

use std::time::Duration;

use async_trait::async_trait;
use lettre::transport::smtp::{self, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tenantry_activity::mail::{MailError, Mailer, OutgoingMail};
use tenantry_kernel::Secret;
use url::{Host, Url};

use super::compose::{Composer, Wire};

/// How long the server may take for one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long one letter may take altogether.
const WHOLE: Duration = Duration::from_mins(1);
/// How many connections are open at most.
const CONNECTIONS: u32 = 4;

/// Hands letters to a mail server. Keeps a few connections open between letters.
#[derive(Clone, Debug)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    composer: Composer,
}

/// The address of the mail server cannot be used. Never repeats the address: it holds a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSmtpUrl {
    /// Not an address, or of another kind.
    #[error("must look like smtps://user:password@mail.example.com or smtp://mail.example.com:587")]
    Malformed,
    /// A parameter that is not known, or has an unknown value.
    #[error("the only parameter is tls, which is required, opportunistic or none")]
    Parameter,
    /// A password would travel readable.
    #[error("a password needs TLS: use smtps:// or ?tls=required")]
    PasswordInTheClear,
}

impl SmtpMailer {
    /// Connects when the first letter goes out.
    ///
    /// `smtps://` speaks TLS from the start. `smtp://` demands STARTTLS, except from a server on this
    /// machine; `?tls=none` does without and `?tls=opportunistic` may, both only without a password.
    ///
    /// # Errors
    /// [`InvalidSmtpUrl`] saying what is wrong with the address.
    pub fn new(url: &Secret<String>, composer: Composer) -> Result<Self, InvalidSmtpUrl> {
        let url = checked(url.expose())?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|_| InvalidSmtpUrl::Malformed)?
            .timeout(Some(ANSWER))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS))
            .build();
        Ok(Self { transport, composer })
    }
}

/// The address with its `tls` parameter made explicit.
fn checked(raw: &str) -> Result<Url, InvalidSmtpUrl> {
    let mut url = Url::parse(raw).map_err(|_| InvalidSmtpUrl::Malformed)?;
    let asked = match url.query_pairs().collect::<Vec<_>>().as_slice() {
        [] => None,
        [(name, value)] if name == "tls" => Some(value.to_string()),
        _ => return Err(InvalidSmtpUrl::Parameter),
    };
    // `smtp` is no special scheme to the parser: an address stays text until it is looked at.
    let host: Host = url
        .host_str()
        .and_then(|host| Host::parse(host).ok())
        .ok_or(InvalidSmtpUrl::Malformed)?;
    let here = match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let has_password = url.password().is_some();

    let tls = match (url.scheme(), asked.as_deref()) {
        ("smtp", Some("none" | "opportunistic")) if has_password && !here => {
            return Err(InvalidSmtpUrl::PasswordInTheClear);
        }
        ("smtp", Some("opportunistic")) => Some("tls=opportunistic"),
        ("smtp", asked) if asked == Some("required") || (asked.is_none() && !here) => Some("tls=required"),
        // `smtps` is TLS from the start and needs no parameter.
        ("smtp", None | Some("none")) | ("smtps", None | Some("required")) => None,
        ("smtp" | "smtps", Some(_)) => return Err(InvalidSmtpUrl::Parameter),
        _ => return Err(InvalidSmtpUrl::Malformed),
    };
    url.set_query(tls);
    Ok(url)
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message = self.composer.compose(mail, Wire::SevenBit).await?;

        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(refusal(cause)),
            Err(late) => Err(MailError::Unavailable(Box::new(late))),
        }
    }
}

/// A 5xx is about this letter and final, except 53x: those are about our log-in, which an operator mends.
fn refusal(cause: smtp::Error) -> MailError {
    let about_us = cause.status().is_some_and(|code| code.to_string().starts_with("53"));
    if (cause.is_permanent() && !about_us) || cause.is_client() {
        MailError::Refused(cause.to_string())
    } else {
        MailError::Unavailable(Box::new(cause))
    }
}

#[cfg(test)]
mod tests;
