//! Adapter: messages that leave the installation, and questions to the outside.
//!
//! [`OutboxMailer`] and [`SmtpMailer`] implement activity's port `Mailer`; both write the same letters,
//! made by [`Composer`] from the templates in `mail::words`. [`DnsTxtResolver`] implements tenancy's
//! port `TxtResolver`, [`RangeLookup`] identity's port `BreachLookup`. Nothing here decides whether a message is sent: the dispatcher does.
//!
//! **Invariant:** every link begins with the configured public URL; no request can change where it leads.

mod breach;
mod dns;
mod mail;

pub use breach::{NoBreachLookup, RangeLookup};
pub use dns::DnsTxtResolver;
pub use mail::compose::{Composer, InvalidMailSettings};
pub use mail::outbox::OutboxMailer;
pub use mail::smtp::{InvalidSmtpUrl, SmtpMailer};
