//! Reading the `Host` header: which tenant a host name may stand for.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::tenant::Slug;

/// What a `Host` header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// The public host or the bare base domain: the platform, no tenant.
    Platform,
    /// One label beneath the base domain: perhaps a tenant's slug.
    Subdomain(Slug),
    /// A host elsewhere, in lower case without port or trailing dot: perhaps a tenant's own.
    Custom(String),
    /// An IPv4 or IPv6 address: no tenant.
    IpLiteral,
    /// Nothing that could name a host or a tenant.
    Invalid,
}

/// Reads a `Host` header. `base_domain` and `public_host` are host names, with or without a port; an
/// empty one matches nothing.
#[must_use]
pub fn classify(host_header: &str, base_domain: &str, public_host: &str) -> HostKind {
    let Some(host) = without_port(host_header.trim_matches([' ', '\t'])) else {
        return HostKind::Invalid;
    };
    if is_ipv6_literal(host) || host.parse::<Ipv4Addr>().is_ok() {
        return HostKind::IpLiteral;
    }
    let host = folded(host);
    if !is_domain_name(&host) {
        return HostKind::Invalid;
    }
    let names_same = |configured: &str| without_port(configured.trim()).is_some_and(|name| folded(name) == host);
    if names_same(public_host) || names_same(base_domain) {
        return HostKind::Platform;
    }
    let base = without_port(base_domain.trim()).map(folded).unwrap_or_default();
    let Some(label) = label_beneath(&host, &base) else {
        return HostKind::Custom(host);
    };
    // Deeper names beneath the base domain can be nobody's: neither slugs nor custom domains.
    Slug::try_from(label).map_or(HostKind::Invalid, HostKind::Subdomain)
}

/// True for dot-separated labels of letters, digits and inner hyphens whose last is not a number
/// (a number there makes it an address; WHATWG URL, "ends in a number").
#[must_use]
pub(crate) fn is_domain_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
    name.len() <= 253 && !is_number && name.split('.').all(label)
}

fn label_beneath<'h>(host: &'h str, base: &str) -> Option<&'h str> {
    if base.is_empty() {
        return None;
    }
    host.strip_suffix(base)?.strip_suffix('.')
}

fn folded(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// The host without its port; brackets stay. `None` when the port is no port or nothing is left.
fn without_port(text: &str) -> Option<&str> {
    let (host, port) = if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let (literal, rest) = text.split_at_checked(end)?;
        let port = match rest {
            "" => None,
            rest => Some(rest.strip_prefix(':')?),
        };
        (literal, port)
    } else if text.parse::<Ipv6Addr>().is_ok() {
        (text, None)
    } else {
        text.split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port)))
    };
    // RFC 3986 allows an empty port.
    let fine = port.is_none_or(|port| {
        port.is_empty() || (port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok())
    });
    (fine && !host.is_empty()).then_some(host)
}

fn is_ipv6_literal(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    // A zone id (RFC 6874) belongs to the address, not to its value.
    let address = inner.split('%').next().unwrap_or(inner);
    address.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(host: &str) -> HostKind {
        classify(host, "tenants.example", "www.example:8443")
    }

    #[test]
    fn the_platform_is_known_in_every_spelling() {
        for host in [
            "tenants.example",
            "TENANTS.example.",
            "tenants.example:8080",
            "www.example",
            "www.example.:443",
            "www.example:",
        ] {
            assert_eq!(kind(host), HostKind::Platform, "{host}");
        }
    }

    #[test]
    fn one_label_beneath_the_base_domain_is_a_slug() {
        let acme = HostKind::Subdomain(Slug::try_from("acme").unwrap());

        for host in [
            "acme.tenants.example",
            "ACME.Tenants.Example:8080",
            "acme.tenants.example.",
        ] {
            assert_eq!(kind(host), acme, "{host}");
        }
        assert_eq!(classify("acme.localhost:3000", "localhost", ""), acme);
    }

    #[test]
    fn what_lies_deeper_or_is_no_slug_is_nobodys() {
        for host in [
            "a.acme.tenants.example",
            "ab.tenants.example",
            "xn--80ak6aa92e.tenants.example",
            ".tenants.example",
        ] {
            assert_eq!(kind(host), HostKind::Invalid, "{host}");
        }
    }

    #[test]
    fn other_hosts_are_custom_domains() {
        assert_eq!(kind("App.Acme.com:443"), HostKind::Custom("app.acme.com".to_owned()));
        assert_eq!(
            kind("eviltenants.example"),
            HostKind::Custom("eviltenants.example".to_owned())
        );
        assert_eq!(classify("acme.com", "", ""), HostKind::Custom("acme.com".to_owned()));
    }

    #[test]
    fn addresses_name_no_tenant() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:8080",
            "::1",
            "[fe80::1%25eth0]:80",
            "[2001:db8::1]:",
        ] {
            assert_eq!(kind(host), HostKind::IpLiteral, "{host}");
        }
    }

    #[test]
    fn junk_is_invalid() {
        for host in [
            "",
            ":",
            ":80",
            "a b",
            "a..b",
            "acme.com:99999",
            "acme.com:80:80",
            "acme.com:+8",
            "user@acme.com",
            "[::1",
            "[::1]x",
            "[zz]",
            "1.2.3",
            "0x7f.1",
            "127.1",
            "a.com/..",
            "-a.com",
            "日本.example",
            "a.com..",
            "[é]",
        ] {
            assert_eq!(kind(host), HostKind::Invalid, "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(host in "\\PC{0,64}", base in "[a-z.:\\[\\]]{0,12}") {
            let _ = classify(&host, &base, &base);
        }

        #[test]
        fn a_custom_host_is_its_own_spelling(host in "[a-zA-Z0-9.:-]{1,40}") {
            if let HostKind::Custom(name) = kind(&host) {
                prop_assert_eq!(kind(&name), HostKind::Custom(name.clone()));
            }
        }
    }
}
