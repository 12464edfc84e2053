//! The port to e-mail.

use std::sync::Arc;

use async_trait::async_trait;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Budget, BudgetKeeper, Cipher, Clock, EmailAddress, Secret, StoreError, TenantId, retry};

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

/// Letters that somebody other than their reader can cause, as often as they like: by typing an address into a form, or
/// by inviting it. The others tell people what happened to what is theirs, and always go out.
pub const CAUSED_BY_OTHERS: &[&str] = &[
    "already_registered",
    "change_email",
    "invitation",
    "magic_link",
    "join_requested",
    "merge_accounts",
    "ownership_transfer",
    "reset_password",
    "set_password",
    "verify_email",
    "welcome",
];

/// How many letters others may cause to one address: nobody's mailbox is flooded through us.
#[derive(Clone)]
pub struct MailBudget {
    /// Where letters are counted, for all nodes.
    pub keeper: Arc<dyn BudgetKeeper>,
    /// Keys the hash of the address.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How many.
    pub budget: Budget,
}

impl MailBudget {
    /// True when the letter may go out; counts it then.
    ///
    /// # Errors
    /// The keeper's.
    pub async fn admits(&self, mail: &OutgoingMail) -> Result<bool, StoreError> {
        if !CAUSED_BY_OTHERS.contains(&mail.template.as_str()) {
            return Ok(true);
        }
        let reader = self.cipher.fingerprint("mail budget", mail.to.as_str().as_bytes());
        let now = self.clock.system_now();
        let taken = retry::contended(3, || self.keeper.take(&self.budget, &reader, now)).await?;
        Ok(taken.is_ok())
    }
}
