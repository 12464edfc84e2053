//! On which terms a key admits its bearer: the same for tenants' and for platform keys.

use std::net::IpAddr;

use time::OffsetDateTime;

use super::model::KeyRefusal;
use tenantry_kernel::Cidr;

/// What a key asks of its bearer.
pub(crate) struct Terms<'k> {
    /// True when the bearer shows the secret.
    pub fits: bool,
    pub revoked: bool,
    pub expires_at: Option<OffsetDateTime>,
    /// Anywhere when empty.
    pub allowed_ips: &'k [Cidr],
}

impl Terms<'_> {
    /// Without the secret nothing is told about the key.
    pub(crate) fn admit(&self, now: OffsetDateTime, address: Option<IpAddr>) -> Result<(), KeyRefusal> {
        if !self.fits {
            return Err(KeyRefusal::Unknown);
        }
        if self.revoked {
            return Err(KeyRefusal::Revoked);
        }
        if self.expires_at.is_some_and(|end| now >= end) {
            return Err(KeyRefusal::Expired);
        }
        let inside = |address| self.allowed_ips.iter().any(|range| range.contains(address));
        if self.allowed_ips.is_empty() || address.is_some_and(inside) {
            Ok(())
        } else {
            Err(KeyRefusal::AddressNotAllowed)
        }
    }
}
