//! Ranges of addresses in CIDR notation.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A range such as `10.0.0.0/8` or `2001:db8::/32`; a bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

/// The text is no range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an IP address or a range such as 10.0.0.0/8, whose address ends where the prefix does")]
pub struct InvalidCidr;

impl Cidr {
    /// True when the address lies in the range. An IPv4 address mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4() && masked(address, self.prefix) == self.network
    }
}

/// The network that counts as one caller: whoever has one IPv6 address has a /64 of them (RFC 6177). An IPv4 address
/// stands for itself, also mapped into IPv6.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    masked(address.to_canonical(), 64)
}

/// The address with every bit after the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    /// Refuses `10.0.0.5/8`: whoever writes it means either the host or the network.
    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| InvalidCidr)?;
        let widest = if written.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => widest,
            Some(digits) => number(digits).filter(|bits| *bits <= widest).ok_or(InvalidCidr)?,
        };
        if masked(written, prefix) != written {
            return Err(InvalidCidr);
        }
        let network = written.to_canonical();
        if network.is_ipv4() == written.is_ipv4() {
            return Ok(Self { network, prefix });
        }
        // `::ffff:10.0.0.0/104` is `10.0.0.0/8`; a shorter prefix would reach beyond IPv4.
        let prefix = prefix.checked_sub(96).ok_or(InvalidCidr)?;
        Ok(Self { network, prefix })
    }
}

/// A prefix length: digits only, no sign, no leading zero.
fn number(digits: &str) -> Option<u8> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    if plain && !padded { digits.parse().ok() } else { None }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

#[cfg(test)]
mod tests;
