//! The port to e-mail.

use async_trait::async_trait;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailAddress, Secret, TenantId};

/// A message that is to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The same in every attempt: becomes the `Message-ID`, so that a receiver knows a repetition.
    pub id: Uuid,
    /// On whose behalf; `None` for the platform.
    pub tenant: Option<TenantId>,
    /// Which template.
    pub template: String,
    /// To whom.
    pub to: EmailAddress,
    /// In which language; a BCP 47 tag.
    pub locale: String,
    /// What the template shows.
    pub fields: Vec<(String, String)>,
    /// The one-time token that the link carries, if the mail has one.
    pub token: Option<Secret<String>>,
}

/// Why a message did not go out.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It never will: the address or the message is refused for good.
    #[error("the message is refused: {0}")]
    Refused(String),
    /// It may later.
    #[error("the mail server is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sends mail.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands the message to the next server. Bounded in time.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
}
