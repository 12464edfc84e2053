//! What keeps people from founding tenants by the hundred.

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_kernel::cidr::network_of;
use tenantry_kernel::retry;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{Budget, BudgetKeeper, Cipher, EmailAddress, FieldError, mail_providers};

use super::error::SignUpError;
use super::request::Founder;

/// How many tenants one network, or one signed-in person, may found, and with which addresses. Operators are not held
/// to it.
#[derive(Clone)]
pub struct SignUpLimits {
    /// Where what was founded is counted.
    pub keeper: Arc<dyn BudgetKeeper>,
    /// Keys the hashes that it counts by.
    pub cipher: Arc<dyn Cipher>,
    /// How many; any number when absent.
    pub budget: Option<Budget>,
    /// Refuse addresses at providers of throw-away mailboxes.
    pub refuse_disposable: bool,
}

impl SignUpLimits {
    /// Passes when the owner may have this address. Says nothing about whether anybody has it.
    ///
    /// # Errors
    /// A fault of `owner_email`.
    pub(super) fn check(&self, founder: &Founder, owner: &EmailAddress) -> Result<(), SignUpError> {
        let held = self.refuse_disposable && !matches!(founder, Founder::Operator(_));
        if held && mail_providers::is_disposable(owner.domain()) {
            let detail = "must be an address that lasts: mailboxes of this provider are thrown away";
            let refused = FieldError::new("owner_email", "disposable_mail_domain", detail);
            return Err(SignUpError::Invalid(vec![refused]));
        }
        Ok(())
    }

    /// Counts one sign-up, however it ends: trying costs as much as succeeding.
    ///
    /// # Errors
    /// [`SignUpError::TooMany`], and the store's.
    pub(super) async fn count(&self, founder: &Founder, now: OffsetDateTime) -> Result<(), SignUpError> {
        let (Some(budget), Some(subject)) = (&self.budget, subject(founder)) else {
            return Ok(());
        };
        let subject = self.cipher.fingerprint("sign-up budget", &subject);
        let taken = retry::contended(3, || self.keeper.take(budget, &subject, now)).await?;
        taken.map_err(|wait| SignUpError::TooMany {
            retry_after_s: seconds_up(wait),
        })
    }
}

fn subject(founder: &Founder) -> Option<Vec<u8>> {
    match founder {
        Founder::Operator(_) => None,
        Founder::Person(person, _) => Some(person.user.as_uuid().as_bytes().to_vec()),
        Founder::Public(origin) => origin.address.map(|address| match network_of(address) {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        }),
    }
}

fn seconds_up(wait: Duration) -> u64 {
    let whole = u64::try_from(wait.whole_seconds()).unwrap_or(0);
    whole + u64::from(wait.subsec_nanoseconds() > 0)
}
