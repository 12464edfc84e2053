//! Ranges of addresses: what they contain, and what is none.

use proptest::prelude::*;

use super::*;

fn contains(range: &str, address: &str) -> bool {
    range.parse::<Cidr>().unwrap().contains(address.parse().unwrap())
}

#[test]
fn a_range_contains_its_first_and_last_address_and_not_their_neighbours() {
    for (range, first, last, before, after) in [
        ("10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
        (
            "192.0.2.64/26",
            "192.0.2.64",
            "192.0.2.127",
            "192.0.2.63",
            "192.0.2.128",
        ),
        (
            "203.0.113.7",
            "203.0.113.7",
            "203.0.113.7",
            "203.0.113.6",
            "203.0.113.8",
        ),
        (
            "2001:db8::/32",
            "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db7:ffff::",
            "2001:db9::",
        ),
        (
            "2001:db8::1/128",
            "2001:db8::1",
            "2001:db8::1",
            "2001:db8::",
            "2001:db8::2",
        ),
    ] {
        assert!(contains(range, first), "{range} {first}");
        assert!(contains(range, last), "{range} {last}");
        assert!(!contains(range, before), "{range} {before}");
        assert!(!contains(range, after), "{range} {after}");
    }
}

#[test]
fn everything_of_one_family_is_nothing_of_the_other() {
    assert!(contains("0.0.0.0/0", "255.255.255.255"));
    assert!(contains("::/0", "ffff::"));
    assert!(!contains("0.0.0.0/0", "2001:db8::1"));
    assert!(!contains("::/0", "192.0.2.1"));
}

#[test]
fn a_mapped_address_is_the_ipv4_address_it_maps() {
    assert!(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
    assert!(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
    assert_eq!(
        "::ffff:192.0.2.0/120".parse::<Cidr>().unwrap().to_string(),
        "192.0.2.0/24"
    );
    assert!(!contains("::/0", "::ffff:192.0.2.9"));
}

#[test]
fn what_means_two_things_or_none_is_refused() {
    for bad in [
        "",
        "/",
        "10.0.0.0/",
        "10.0.0.5/8",
        "10.0.0.0/33",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "10.0.0/8",
        "010.0.0.0/8",
        "2001:db8::/129",
        "2001:db8::1/32",
        "::ffff:0.0.0.0/90",
        "fe80::1%eth0",
        "example.com",
        " 10.0.0.0/8",
    ] {
        assert_eq!(bad.parse::<Cidr>(), Err(InvalidCidr), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_range_is_written_as_it_is_read(bits: u128, prefix in 0_u8..=128) {
        let network = masked(IpAddr::V6(bits.into()), prefix);
        prop_assume!(network.to_canonical().is_ipv6());
        let range = Cidr { network, prefix };
        prop_assert_eq!(range.to_string().parse::<Cidr>(), Ok(range));
        prop_assert!(range.contains(network));
    }

    #[test]
    fn no_input_panics(text in "[0-9a-f:./]{0,40}") {
        let _ = text.parse::<Cidr>();
    }
}

#[test]
fn an_ipv6_network_is_one_caller() {
    let of = |text: &str| network_of(text.parse().unwrap()).to_string();

    assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(of("192.0.2.7"), "192.0.2.7");
    assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
}
