//! From a wish to write to a finished RFC 5322 message.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, address::AddressError};
use tenantry_activity::mail::{MailError, OutgoingMail};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Clock, EmailAddress, StoreError};
use tenantry_tenancy::branding::BrandDirectory;
use url::Url;

use super::letterhead::{self, Letterhead};
use super::template;
use super::words::Template;

/// The longest line that travels unencoded (RFC 5322, section 2.1.1, less the line end).
const LINE_MAX_BYTES: usize = 990;

/// What every letter has in common: who writes, and where its links lead.
#[derive(Clone)]
pub struct Composer {
    from: Mailbox,
    public_url: Url,
    product: String,
    reply_to: Option<EmailAddress>,
    brands: Option<Arc<dyn BrandDirectory>>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Composer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Composer({} for {})", self.from, self.public_url)
    }
}

/// The settings for mail cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMailSettings {
    /// The sender is no address.
    #[error("the sender must be an address such as no-reply@example.com or Example <no-reply@example.com>")]
    From,
    /// The public URL is none that a link can begin with.
    #[error("the public URL must be an http or https address without query and fragment")]
    PublicUrl,
}

/// Why a mail could not become a message. Only an unknown template heals by trying again: in a rolling deploy a newer
/// node, which knows it, may take the mail.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComposeError {
    #[error("there is no template named {0}")]
    UnknownTemplate(String),
    #[error("the recipient's address cannot be written to")]
    Recipient(#[source] AddressError),
    #[error("the address for answers cannot be written to")]
    ReplyTo(#[source] AddressError),
    #[error("the message cannot be built")]
    Build(#[source] lettre::error::Error),
    #[error("the tenant's looks could not be read")]
    Brand(#[source] StoreError),
}

impl From<ComposeError> for MailError {
    fn from(cause: ComposeError) -> Self {
        match cause {
            ComposeError::UnknownTemplate(_) | ComposeError::Brand(_) => Self::Unavailable(Box::new(cause)),
            ComposeError::Recipient(_) | ComposeError::ReplyTo(_) | ComposeError::Build(_) => {
                Self::Refused(cause.to_string())
            }
        }
    }
}

/// How bytes beyond ASCII may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// As they are: a file, which people and tests read.
    EightBit,
    /// Encoded: some servers still pass on seven bits only.
    SevenBit,
}

impl Composer {
    /// Writes as `from`, links to `public_url`, and signs with the name of the product.
    ///
    /// # Errors
    /// [`InvalidMailSettings`] naming the setting at fault.
    pub fn new(
        from: &str,
        public_url: &str,
        product: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidMailSettings> {
        let from: Mailbox = from.parse().map_err(|_| InvalidMailSettings::From)?;
        let mut public_url = Url::parse(public_url).map_err(|_| InvalidMailSettings::PublicUrl)?;
        let plain = matches!(public_url.scheme(), "http" | "https")
            && public_url.has_host()
            && public_url.username().is_empty()
            && public_url.password().is_none()
            && public_url.query().is_none()
            && public_url.fragment().is_none();
        if !plain {
            return Err(InvalidMailSettings::PublicUrl);
        }
        if !public_url.path().ends_with('/') {
            let folder = format!("{}/", public_url.path());
            public_url.set_path(&folder);
        }
        Ok(Self {
            from,
            public_url,
            product: product.to_owned(),
            reply_to: None,
            brands: None,
            clock,
        })
    }

    /// Sends answers to the product's own mails there.
    #[must_use]
    pub fn answered_at(mut self, address: Option<EmailAddress>) -> Self {
        self.reply_to = address;
        self
    }

    /// Dresses mails that speak for a tenant in its looks, as they are when the mail goes out.
    #[must_use]
    pub fn dressed_by(mut self, brands: Arc<dyn BrandDirectory>) -> Self {
        self.brands = Some(brands);
        self
    }

    /// In whose name `mail` is written.
    pub(super) async fn letterhead(&self, mail: &OutgoingMail) -> Result<Letterhead, ComposeError> {
        let speaks_for = Template::named(&mail.template)
            .filter(|template| letterhead::is_tenants(template.speaker()))
            .and(mail.tenant);
        if let (Some(tenant), Some(brands)) = (speaks_for, &self.brands) {
            // A tenant that is gone by now has no looks: the mail still says what it has to.
            if let Some(brand) = brands.brand(tenant).await.map_err(ComposeError::Brand)? {
                return Ok(Letterhead::of_tenant(&brand, &self.product));
            }
        }
        Ok(Letterhead::of_product(&self.product, self.reply_to.clone()))
    }

    /// When the letter was written: the time in its id, which is the same in every attempt.
    pub(super) fn written_at(&self, mail: &OutgoingMail) -> OffsetDateTime {
        let in_id = mail.id.get_timestamp().filter(|_| mail.id.get_version_num() == 7);
        in_id
            .and_then(|stamp| {
                let (seconds, nanoseconds) = stamp.to_unix();
                let nanoseconds = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
                OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()
            })
            .unwrap_or_else(|| self.clock.system_now())
    }

    /// The message for `mail`. Every attempt gives the same headers, so that a letter that goes out twice
    /// after a crash is recognised as one.
    pub(super) async fn compose(&self, mail: &OutgoingMail, wire: Wire) -> Result<Message, ComposeError> {
        let head = self.letterhead(mail).await?;
        self.write(mail, &head, wire)
    }

    fn write(&self, mail: &OutgoingMail, head: &Letterhead, wire: Wire) -> Result<Message, ComposeError> {
        let template =
            Template::named(&mail.template).ok_or_else(|| ComposeError::UnknownTemplate(mail.template.clone()))?;
        let to: Address = mail.to.as_str().parse().map_err(ComposeError::Recipient)?;
        let token = mail.token.as_ref().map(|secret| secret.expose().as_str());
        let letter = template::render(template, mail, head, self.link(template, token).as_str());
        let mut from = self.from.clone();
        if let Some(name) = head.sender() {
            from.name = Some(template::harmless(&name));
        }

        let mut message = Message::builder().from(from).to(Mailbox::new(None, to));
        if let Some(address) = &head.support_email {
            let address = address.as_str().parse().map_err(ComposeError::ReplyTo)?;
            message = message.reply_to(Mailbox::new(None, address));
        }
        message
            .subject(letter.subject)
            .date(SystemTime::from(self.written_at(mail)))
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(ContentLanguage(letter.language.to_owned()))
            .header(AutoSubmitted)
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(letter.text, ContentType::TEXT_PLAIN, wire))
                    .singlepart(part(letter.html, ContentType::TEXT_HTML, wire)),
            )
            .map_err(ComposeError::Build)
    }

    fn link(&self, template: Template, token: Option<&str>) -> Url {
        let mut link = self.public_url.clone();
        link.set_path(&format!("{}{}", self.public_url.path(), template.path(token.is_some())));
        if let Some(token) = token {
            link.query_pairs_mut().append_pair("token", token);
        }
        link
    }
}

/// Lines travel as they are where the wire allows: a link must stay in one piece for whoever reads the source.
fn part(text: String, kind: ContentType, wire: Wire) -> SinglePart {
    let crlf = text.replace('\n', "\r\n");
    let short = crlf.lines().all(|line| line.len() <= LINE_MAX_BYTES);
    let body = match wire {
        _ if short && crlf.is_ascii() => {
            Body::dangerous_pre_encoded(crlf.into_bytes(), ContentTransferEncoding::SevenBit)
        }
        Wire::EightBit if short => Body::dangerous_pre_encoded(crlf.into_bytes(), ContentTransferEncoding::EightBit),
        Wire::EightBit | Wire::SevenBit => Body::new(text),
    };
    SinglePart::builder().header(kind).body(body)
}

/// RFC 3282.
#[derive(Clone)]
struct ContentLanguage(String);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// RFC 3834: keeps vacation responders quiet.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests;
