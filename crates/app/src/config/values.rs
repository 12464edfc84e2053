//! Texts into values. Each function says in its error what it would have liked.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use tenantry_identity::api_key::Cidr;
use url::{Host, Url};

use crate::nearest::hint;
use crate::size;

/// An address to listen on; `localhost` is spelled out.
pub(super) fn socket(text: &str) -> Result<SocketAddr, String> {
    let spelled = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    spelled
        .parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".to_owned())
}

/// The root of a web site.
pub(super) fn web_root(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "must be a URL such as https://app.example.com".to_owned())?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    if !web {
        return Err("must begin with http:// or https:// and name a host".to_owned());
    }
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return Err("must have nothing after the host and port, and no user before them".to_owned());
    }
    Ok(url)
}

/// Where a service of others answers; whatever stands in the path is part of it.
pub(super) fn service(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.filter(|url| url.host().is_some() && url.query().is_none() && url.fragment().is_none());
    url.filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| {
            "must be a URL such as https://api.example.com/range/, without user, query and fragment".to_owned()
        })
}

/// True when the URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A web origin as browsers send it: no slash at the end.
pub(super) fn origin(text: &str) -> Result<String, String> {
    Ok(web_root(text)?.origin().ascii_serialization())
}

/// A host name in lower case, without a port.
pub(super) fn domain(text: &str) -> Result<String, String> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !name.ends_with('.') => Ok(name),
        _ => Err("must be a domain name without a port, such as example.com".to_owned()),
    }
}

/// A URL with one of these schemes. The text is kept as written.
pub(super) fn url_of(text: &str, schemes: &[&str], example: &str) -> Result<String, String> {
    let known = Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()));
    if known {
        Ok(text.to_owned())
    } else {
        Err(format!("must be a URL such as {example}"))
    }
}

/// A whole number within bounds.
pub(super) fn number(text: &str, bounds: &RangeInclusive<u64>) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", bounds.start(), bounds.end()))
}

/// Whole seconds within bounds.
pub(super) fn seconds(text: &str, bounds: &RangeInclusive<u64>) -> Result<Duration, String> {
    number(text, bounds).map(Duration::from_secs)
}

/// Calls per minute, or `off`.
pub(super) fn pace(text: &str) -> Result<Option<NonZeroU32>, String> {
    if text == "off" {
        return Ok(None);
    }
    let pace: Option<NonZeroU32> = text.parse().ok();
    pace.map(Some)
        .ok_or_else(|| "must be a number above zero, or off".to_owned())
}

/// A size such as `1 MB`, or a number of bytes, within bounds.
pub(super) fn byte_count(text: &str, bounds: &RangeInclusive<i64>) -> Result<usize, String> {
    let bytes = match text.parse::<i64>() {
        Ok(bytes) => bytes,
        Err(_) => size::bytes(text).map_err(|cause| cause.to_string())?,
    };
    let fitting = Some(bytes).filter(|bytes| bounds.contains(bytes));
    fitting.and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(|| {
        let (least, most) = (size::describe(*bounds.start()), size::describe(*bounds.end()));
        format!("must be between {least} and {most}")
    })
}

/// One of a few words.
pub(super) fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(name, _)| *name == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        format!("must be {}{}", names.join(" or "), hint(text, names.iter().copied()))
    })
}

/// A list with commas between.
pub(super) fn list<T>(text: &str, one: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let read = |part: &str| one(part).map_err(|cause| format!("{cause} (\"{part}\")"));
    parts.map(read).collect()
}

/// An address or a network.
pub(super) fn network(text: &str) -> Result<Cidr, String> {
    text.parse()
        .map_err(|cause: tenantry_identity::api_key::InvalidCidr| cause.to_string())
}

/// The address of a name server; port 53 unless said.
pub(super) fn name_server(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse::<SocketAddr>().ok();
    let alone = || text.parse().ok().map(|address| SocketAddr::new(address, 53));
    with_port
        .or_else(alone)
        .ok_or_else(|| "must be an address such as 192.0.2.1 or 192.0.2.1:53".to_owned())
}

/// 32 bytes in hexadecimal or base64, of either alphabet, padded or not.
pub(super) fn key_bytes(text: &str) -> Result<[u8; 32], String> {
    let wanted = || "must be 32 bytes in base64 or hexadecimal; `openssl rand -base64 32` prints such a key".to_owned();
    let bytes = if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        from_hex(text).ok_or_else(wanted)?
    } else {
        let standard = text.replace('-', "+").replace('_', "/");
        let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
        engine.decode(standard).map_err(|_| wanted())?
    };
    bytes.try_into().map_err(|_| wanted())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|start| u8::from_str_radix(text.get(start..start + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_to_listen_on() {
        assert_eq!(socket("localhost:80").unwrap().to_string(), "127.0.0.1:80");
        assert_eq!(socket("[::1]:8080").unwrap().to_string(), "[::1]:8080");
        assert!(socket("8080").is_err() && socket("example.com:80").is_err());
    }

    #[test]
    fn a_web_root_is_scheme_host_and_port() {
        assert_eq!(
            web_root("HTTPS://App.Example.com").unwrap().as_str(),
            "https://app.example.com/"
        );
        assert_eq!(origin("http://localhost:3000/").unwrap(), "http://localhost:3000");
        assert_eq!(origin("https://a.example:443").unwrap(), "https://a.example");
        for bad in [
            "app.example.com",
            "ftp://a",
            "https://a/b",
            "https://a?x",
            "https://u:p@a",
            "mailto:x",
            "*",
        ] {
            assert!(web_root(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn services_are_called_by_web_addresses_with_a_path() {
        assert_eq!(service("https://a.example/range/").unwrap().path(), "/range/");
        for bad in [
            "a.example",
            "ftp://a",
            "https://a/?x",
            "https://a/#x",
            "https://u@a/",
            "https://:p@a/",
        ] {
            assert!(service(bad).is_err(), "{bad}");
        }
        for (text, here) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]/", true),
            ("http://a.example/", false),
        ] {
            assert_eq!(is_loopback(&service(text).unwrap()), here, "{text}");
        }
    }

    #[test]
    fn domains_are_names_without_ports() {
        assert_eq!(domain("Example.COM").unwrap(), "example.com");
        for bad in ["", "localhost:8080", "10.0.0.1", "example.com.", "[::1]"] {
            assert!(domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paces_can_be_switched_off() {
        assert_eq!(pace("off"), Ok(None));
        assert_eq!(pace("60"), Ok(NonZeroU32::new(60)));
        assert!(pace("0").is_err() && pace("-1").is_err() && pace("none").is_err());
    }

    #[test]
    fn bodies_are_measured_in_bytes_or_sizes() {
        assert_eq!(byte_count("1 MB", &(1_000..=1_000_000_000)), Ok(1_000_000));
        assert_eq!(byte_count("2048", &(1_000..=1_000_000_000)), Ok(2_048));
        assert_eq!(
            byte_count("1 B", &(1_000..=1_000_000_000)),
            Err("must be between 1 KB and 1 GB".to_owned())
        );
    }

    #[test]
    fn lists_name_the_entry_that_is_wrong() {
        assert_eq!(list("10.0.0.0/8, ::1,", network).unwrap().len(), 2);
        assert!(
            list("10.0.0.0/8,10.0.0.5/8", network)
                .unwrap_err()
                .ends_with("(\"10.0.0.5/8\")")
        );
        assert_eq!(list("192.0.2.1", name_server).unwrap()[0].port(), 53);
    }

    #[test]
    fn keys_are_32_bytes_in_any_common_spelling() {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 7 % 256).unwrap() ^ 0xF8);
        let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02X}"));
        let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);

        for text in [&hex, &base64, &url_safe] {
            assert_eq!(key_bytes(text), Ok(bytes), "{text}");
        }
        for bad in ["", "secret", &hex[2..], &base64[4..], "é"] {
            assert!(key_bytes(bad).is_err(), "{bad}");
        }
    }
}
