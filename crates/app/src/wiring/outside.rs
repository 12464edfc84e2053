//! Services outside: mail, name servers, breached passwords.

use std::sync::Arc;

use tenantry_activity::mail::Mailer;
use tenantry_delivery::{Composer, DnsTxtResolver, OutboxMailer, RangeLookup, SmtpMailer};
use tenantry_identity::password::{PasswordDemands, PasswordJudge, StrengthMeter};
use tenantry_lifecycle::catalog::Catalog;
use tenantry_store_seaorm::SeaOrmStore;
use tenantry_webauthn::RelyingParty;

use super::Sources;
use super::error::StartError;
use crate::config::Config;

pub(super) fn resolver(config: &Config) -> DnsTxtResolver {
    if config.dns_servers.is_empty() {
        DnsTxtResolver::system()
    } else {
        DnsTxtResolver::with_servers(config.dns_servers.clone())
    }
}

/// Letters go to the mail server, or into files where none is configured.
pub(super) fn mailer(
    config: &Config,
    catalog: &Catalog,
    store: &Arc<SeaOrmStore>,
    sources: &Sources,
) -> Result<Arc<dyn Mailer>, StartError> {
    let url = config.public_url.as_str();
    let composer = Composer::new(&config.mail_from, url, catalog.display(), sources.clock.clone())?
        .answered_at(config.mail_reply_to.clone())
        .dressed_by(store.clone());
    Ok(match &config.smtp_url {
        Some(url) => Arc::new(SmtpMailer::new(url, composer)?),
        None => Arc::new(OutboxMailer::new(config.outbox.clone(), composer)),
    })
}

/// Whether passwords will do; asks the configured service about each that is set.
pub(super) fn judge(
    config: &Config,
    demands: Arc<dyn PasswordDemands>,
    meter: Arc<dyn StrengthMeter>,
) -> Result<Arc<PasswordJudge>, StartError> {
    let judge = PasswordJudge::new(config.password_lengths, demands, meter);
    Ok(Arc::new(match &config.password_breach_url {
        Some(url) => judge.asking(Arc::new(RangeLookup::new(url)?)),
        None => judge,
    }))
}

/// We, as passkeys know us: the public URL, and pages beneath its host that may call us.
pub(super) fn relying_party(config: &Config, catalog: &Catalog) -> Result<RelyingParty, StartError> {
    let pages = config.cors_origins.iter().map(String::as_str);
    Ok(RelyingParty::new(&config.public_url, catalog.display(), pages)?)
}
