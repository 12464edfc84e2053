//! How many wrong guesses one address and one tenant have, beside what each person has.
//!
//! Whoever shows a remembered device is not held to it, nor is who signs in with a passkey: a stranger who uses a budget
//! up keeps out nobody who was here before.

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_kernel::cidr::network_of;
use tenantry_kernel::{Code, TenantId};
use tenantry_quotas::rate::{PerMinute, RateLimit, RateLimiter, RateSubject};

use super::error::SignInError;

/// Wrong guesses that one address may make in a minute.
const PER_ADDRESS: u32 = 30;
/// Wrong guesses at people of one tenant in a minute.
const PER_TENANT: u32 = 300;

/// Counts wrong guesses, and says when there were too many. Memory is bounded by the keeper of the rates.
#[derive(Clone)]
pub struct GuessBudget(Option<Arc<dyn RateLimiter>>);

impl GuessBudget {
    /// Budgets that `rates` keeps.
    #[must_use]
    pub fn kept_by(rates: Arc<dyn RateLimiter>) -> Self {
        Self(Some(rates))
    }

    /// None: for installations that hold addresses to no rate.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self(None)
    }

    /// Passes while there is something left to guess with. When the shared rates cannot be asked, the back-off of each
    /// person still holds.
    ///
    /// # Errors
    /// [`SignInError::TooManyAttempts`].
    pub(super) async fn admit(&self, address: Option<IpAddr>, tenant: Option<TenantId>) -> Result<(), SignInError> {
        let limits = limits(address, tenant);
        let Some(rates) = self.0.as_ref().filter(|_| !limits.is_empty()) else {
            return Ok(());
        };
        let Ok(stands) = rates.peek(&limits).get().await else {
            return Ok(());
        };
        match stands
            .iter()
            .filter(|stand| !stand.allowed)
            .map(|stand| stand.retry_after)
            .max()
        {
            Some(wait) => Err(SignInError::TooManyAttempts {
                retry_after_s: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
            }),
            None => Ok(()),
        }
    }

    /// One wrong guess.
    pub(super) async fn count(&self, address: Option<IpAddr>, tenant: Option<TenantId>) {
        if let Some(rates) = &self.0 {
            // Each for itself: a guess counts on the tenant also when its address has nothing left.
            for limit in limits(address, tenant) {
                let _ = rates.call(&[limit]).get().await;
            }
        }
    }
}

fn limits(address: Option<IpAddr>, tenant: Option<TenantId>) -> Vec<RateLimit> {
    let address = address.and_then(|address| {
        Some(RateLimit {
            policy: "sign-in failures",
            subject: RateSubject::AddressIn(network_of(address), "sign_in_failures"),
            pace: PerMinute::new(PER_ADDRESS)?,
        })
    });
    let tenant = tenant.and_then(|tenant| {
        Some(RateLimit {
            policy: "sign-in failures of the tenant",
            subject: RateSubject::Tenant(tenant, Code::try_from("sign_in_failures").ok()?, true),
            pace: PerMinute::new(PER_TENANT)?,
        })
    });
    address.into_iter().chain(tenant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_named_tenant_are_counted() {
        let tenant = TenantId::from_uuid(tenantry_kernel::uuid::Uuid::from_u128(1));
        let address = "192.0.2.7".parse().ok();

        assert_eq!(limits(address, Some(tenant)).len(), 2);
        assert_eq!(limits(None, Some(tenant)).len(), 1);
        assert!(limits(None, None).is_empty());
    }
}
