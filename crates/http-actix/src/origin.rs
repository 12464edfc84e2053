//! Where a request really comes from: its address, scheme and host, after trusted proxies are peeled off.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};

use crate::names::{X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO};

/// A network of addresses in CIDR notation; a plain address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address or a network such as 10.0.0.0/8 or fd00::/8")]
pub struct InvalidNetwork;

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) => digits.parse().map_err(|_| InvalidNetwork)?,
        };
        if prefix > longest {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl Network {
    /// True when the address lies within. An IPv4 address in IPv6 clothes counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(net).checked_shr(shift) == u32::from(other).checked_shr(shift)
            }
            (IpAddr::V6(net), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(net).checked_shr(shift) == u128::from(other).checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// What the connection and the headers of trusted proxies say about the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client<'r> {
    pub address: Option<IpAddr>,
    pub https: bool,
    pub host: Option<Cow<'r, str>>,
}

impl<'r> Client<'r> {
    pub fn of(request: &'r HttpRequest, proxies: &[Network]) -> Self {
        let peer = request.peer_addr().map(|socket| socket.ip().to_canonical());
        let headers = request.headers();
        let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
        if !peer.is_some_and(trusted) {
            return Self {
                address: peer,
                https: request.app_config().secure(),
                host: host_of(request).and_then(plain_host),
            };
        }
        let chain = forwarded_for(headers);
        let mut address = peer;
        for hop in chain.iter().rev() {
            // An unreadable hop ends the trust: what stands before it may be made up.
            let Some(hop) = hop else { break };
            address = Some(*hop);
            if !trusted(*hop) {
                break;
            }
        }
        let proto = last_value(headers, &X_FORWARDED_PROTO).or_else(|| forwarded_param(headers, "proto"));
        let host = last_value(headers, &X_FORWARDED_HOST)
            .or_else(|| forwarded_param(headers, "host"))
            .or_else(|| host_of(request));
        Self {
            address,
            https: proto.map_or_else(
                || request.app_config().secure(),
                |proto| proto.eq_ignore_ascii_case("https"),
            ),
            host: host.and_then(plain_host),
        }
    }
}

/// What proxies write. None of it makes a client more trusted, so anybody may claim it.
const TRACES: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// True when the client is on this machine and nobody claims to forward. A trusted proxy on this machine that names
/// no client leaves its own address, and its traces.
pub(crate) fn is_local(address: Option<IpAddr>, headers: &HeaderMap) -> bool {
    address.is_some_and(|address| address.is_loopback()) && !TRACES.iter().any(|trace| headers.contains_key(*trace))
}

/// The host that the request is addressed to. One in the request line counts more than the header (RFC 9112, 3.2.2).
fn host_of(request: &HttpRequest) -> Option<&str> {
    match (request.uri().host(), request.headers().get(header::HOST)) {
        (Some(host), _) => Some(host),
        // An unreadable name is the name of nobody: 404 like any unknown one.
        (None, Some(host)) => Some(host.to_str().unwrap_or(UNREADABLE)),
        (None, None) => None,
    }
}

const UNREADABLE: &str = "\u{fffd}";

/// Lower-case, without the port and a final dot. What is too long to be a host names nobody; `None` names nothing.
fn plain_host(host: &str) -> Option<Cow<'_, str>> {
    let host = host.trim_ascii();
    let without_port = if host.starts_with('[') {
        host.split_once(']')
            .map_or(host, |(literal, _)| literal.trim_start_matches('['))
    } else {
        let colon = host.bytes().position(|byte| byte == b':');
        colon.and_then(|colon| host.get(..colon)).unwrap_or(host)
    };
    let name = without_port.strip_suffix('.').unwrap_or(without_port);
    if name.len() > 253 {
        return Some(Cow::Borrowed(UNREADABLE));
    }
    let is_plain = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let plain = || {
        if is_plain {
            name.into()
        } else {
            name.to_ascii_lowercase().into()
        }
    };
    (!name.is_empty()).then(plain)
}

/// The hops as the proxies noted them, nearest last. `X-Forwarded-For` wins over `Forwarded`: a proxy that
/// writes one passes the client's own spelling of the other through.
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if headers.contains_key(&X_FORWARDED_FOR) {
        let values = headers
            .get_all(&X_FORWARDED_FOR)
            .filter_map(|value| value.to_str().ok());
        return values.flat_map(|value| value.split(',')).map(hop_address).collect();
    }
    let values = headers
        .get_all(header::FORWARDED)
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|element| element_param(element, "for").and_then(hop_address))
        .collect()
}

fn hop_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let address = if let Some(literal) = text.strip_prefix('[') {
        literal.split_once(']').map(|(address, _)| address)?
    } else if text.matches(':').count() == 1 {
        text.split_once(':').map(|(address, _)| address)?
    } else {
        text
    };
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn last_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let value = headers.get_all(name).last()?.to_str().ok()?;
    value.rsplit(',').next().map(str::trim)
}

fn forwarded_param<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let element = last_value(headers, &header::FORWARDED)?;
    element_param(element, name)
}

fn element_param<'h>(element: &'h str, name: &str) -> Option<&'h str> {
    element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> Client<'static> {
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        let proxies = ["10.0.0.0/8".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let request = request.to_http_request();
        let Client { address, https, host } = Client::of(&request, &proxies);
        let host = host.map(|host| host.into_owned().into());
        Client { address, https, host }
    }

    fn ip(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let stranger = client(
            "203.0.113.9:1",
            &[("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https")],
        );
        let proxied = client(
            "10.1.1.1:1",
            &[
                ("x-forwarded-for", "6.6.6.6, 1.2.3.4, 10.2.2.2"),
                ("x-forwarded-proto", "https"),
            ],
        );

        assert_eq!((stranger.address, stranger.https), (ip("203.0.113.9"), false));
        assert_eq!((proxied.address, proxied.https), (ip("1.2.3.4"), true));
    }

    #[test]
    fn an_unreadable_hop_ends_the_trust() {
        let proxied = client("10.1.1.1:1", &[("x-forwarded-for", "1.2.3.4, unknown, 10.2.2.2")]);

        assert_eq!(proxied.address, ip("10.2.2.2"));
    }

    #[test]
    fn the_forwarded_header_is_read_when_it_stands_alone() {
        let proxied = client(
            "10.1.1.1:1",
            &[("forwarded", "for=\"[2001:db8::1]:47\";proto=https;host=Acme.Example")],
        );

        assert_eq!(proxied.address, ip("2001:db8::1"));
        assert_eq!((proxied.https, proxied.host.as_deref()), (true, Some("acme.example")));
    }

    #[test]
    fn a_host_is_compared_without_case_port_and_final_dot() {
        for (text, host) in [
            ("Acme.Localhost:8080", "acme.localhost"),
            ("a.example.", "a.example"),
            ("[::1]:80", "::1"),
        ] {
            assert_eq!(plain_host(text).as_deref(), Some(host), "{text}");
        }
        assert_eq!(plain_host(":80"), None);
        assert_eq!(plain_host(&"a".repeat(254)).as_deref(), Some(UNREADABLE));
    }

    #[test]
    fn the_host_of_the_request_line_wins_and_an_unreadable_one_names_nobody() {
        let host = |request: TestRequest| {
            let request = request.to_http_request();
            Client::of(&request, &[]).host.map(Cow::into_owned)
        };
        let absolute = TestRequest::with_uri("http://globex.localhost/api/v1/plans");
        let unreadable = header::HeaderValue::from_bytes(b"acme\xff.localhost").unwrap();

        let both = host(absolute.insert_header(("host", "acme.localhost")));
        let neither = host(TestRequest::default().insert_header((header::HOST, unreadable)));

        assert_eq!(both.as_deref(), Some("globex.localhost"));
        assert_eq!(neither.as_deref(), Some(UNREADABLE));
    }

    #[test]
    fn a_stranger_cannot_name_another_host_than_the_one_that_was_called() {
        let stranger = client(
            "203.0.113.9:1",
            &[("host", "acme.localhost"), ("x-forwarded-host", "globex.localhost")],
        );

        assert_eq!(stranger.host.as_deref(), Some("acme.localhost"));
    }

    #[test]
    fn being_local_needs_a_loopback_peer_and_no_trace_of_a_proxy() {
        let local = |peer: &str, trace: Option<&'static str>| {
            let mut request = TestRequest::default().peer_addr(peer.parse().unwrap());
            if let Some(trace) = trace {
                request = request.insert_header((trace, "127.0.0.1"));
            }
            let request = request.to_http_request();
            let proxies = ["10.0.0.0/8".parse().unwrap(), "127.0.0.1".parse().unwrap()];
            is_local(Client::of(&request, &proxies).address, request.headers())
        };

        assert!(local("127.0.0.1:1", None));
        for trace in TRACES {
            assert!(!local("127.0.0.1:1", Some(trace)), "{trace}");
            assert!(!local("127.0.0.9:1", Some(trace)), "{trace}");
        }
        assert!(!local("10.1.1.1:1", None));
    }

    #[test]
    fn networks_compare_prefixes() {
        let all: Network = "0.0.0.0/0".parse().unwrap();
        let six: Network = "fd00::/8".parse().unwrap();

        assert!(all.contains("9.9.9.9".parse().unwrap()) && all.contains("::ffff:9.9.9.9".parse().unwrap()));
        assert!(six.contains("fd12::1".parse().unwrap()) && !six.contains("fe80::1".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "a/8", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(bad.parse::<Network>(), Err(InvalidNetwork), "{bad}");
        }
    }
}
