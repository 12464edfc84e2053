//! Numbers as text, for what every request writes: the general formatter costs several times as much.

use std::fmt;
use std::net::IpAddr;

/// Adds a whole number.
pub(crate) fn push(text: &mut String, mut value: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
        first = place;
        if value == 0 {
            break;
        }
    }
    let digits = digits.get(first..).unwrap_or_default();
    text.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

/// An address as it prints itself.
pub(crate) struct Address(pub IpAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IpAddr::V4(address) = self.0 else {
            return self.0.fmt(f);
        };
        let mut text = [b'.'; 15];
        let mut end = 0;
        for (place, octet) in address.octets().into_iter().enumerate() {
            end += usize::from(place > 0);
            for (from, digit) in [(100, octet / 100), (10, octet / 10 % 10), (0, octet % 10)] {
                if octet >= from
                    && let Some(place) = text.get_mut(end)
                {
                    *place = b'0' + digit;
                    end += 1;
                }
            }
        }
        f.write_str(
            text.get(..end)
                .and_then(|text| std::str::from_utf8(text).ok())
                .unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full() {
        for value in [0, 7, 10, 1_625, u64::MAX] {
            let mut text = String::new();
            push(&mut text, value);
            assert_eq!(text, value.to_string());
        }
    }

    #[test]
    fn addresses_are_written_as_they_print_themselves() {
        for text in [
            "0.0.0.0",
            "127.0.0.1",
            "10.20.99.100",
            "255.255.255.255",
            "2001:db8::1",
            "::ffff:1.2.3.4",
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Address(address).to_string(), address.to_string());
        }
        for octet in 0..=u8::MAX {
            let address = IpAddr::from([octet, 0, octet, octet]);
            assert_eq!(Address(address).to_string(), address.to_string());
        }
    }
}
