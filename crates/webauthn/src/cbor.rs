//! The CBOR that authenticators write (CTAP2 canonical form: definite lengths, small depth), read without copying.

/// How deep values may be nested: an attestation statement has three levels.
const DEPTH: u8 = 8;
/// How many entries an array or a map may have.
const ENTRIES: u64 = 64;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cbor<'a> {
    /// A whole number.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// Several.
    List(Vec<Cbor<'a>>),
    /// Keys and values, in their order.
    Map(Vec<(Cbor<'a>, Cbor<'a>)>),
    /// `true`, `false`, `null` and the like, and floats: read, and of no interest.
    Other,
}

impl<'a> Cbor<'a> {
    /// Reads one value, and answers what follows it.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::at(bytes, DEPTH)
    }

    /// Reads one value that nothing follows.
    pub(crate) fn whole(bytes: &'a [u8]) -> Option<Self> {
        let (value, rest) = Self::read(bytes)?;
        rest.is_empty().then_some(value)
    }

    /// The value at a text key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.find(|known| matches!(known, Cbor::Text(text) if *text == key))
    }

    /// The value at a number of a map.
    pub(crate) fn at_number(&self, key: i64) -> Option<&Self> {
        self.find(|known| *known == Cbor::Int(key))
    }

    fn find(&self, is: impl Fn(&Self) -> bool) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
    }

    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn at(bytes: &'a [u8], depth: u8) -> Option<(Self, &'a [u8])> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = bytes.split_first()?;
        let (major, small) = (first >> 5, first & 0x1f);
        let (argument, rest) = argument(small, rest)?;
        match major {
            0 => Some((Self::Int(i64::try_from(argument).ok()?), rest)),
            1 => Some((Self::Int(-1 - i64::try_from(argument).ok()?), rest)),
            2 => {
                let (taken, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
                Some((Self::Bytes(taken), rest))
            }
            3 => {
                let (taken, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
                Some((Self::Text(std::str::from_utf8(taken).ok()?), rest))
            }
            4 if argument <= ENTRIES => {
                let (mut list, mut rest) = (Vec::new(), rest);
                for _ in 0..argument {
                    let (value, after) = Self::at(rest, depth)?;
                    list.push(value);
                    rest = after;
                }
                Some((Self::List(list), rest))
            }
            5 if argument <= ENTRIES => {
                let (mut map, mut rest) = (Vec::new(), rest);
                for _ in 0..argument {
                    let (key, after) = Self::at(rest, depth)?;
                    let (value, after) = Self::at(after, depth)?;
                    // A key that stands twice could be read in two ways.
                    if map.iter().any(|(known, _)| *known == key) {
                        return None;
                    }
                    map.push((key, value));
                    rest = after;
                }
                Some((Self::Map(map), rest))
            }
            7 => Some((Self::Other, rest)),
            _ => None,
        }
    }
}

/// The number in a head, from its five bits or the bytes that follow. Indefinite lengths are refused.
fn argument(small: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let following = match small {
        0..=23 => return Some((u64::from(small), rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (bytes, rest) = rest.split_at_checked(following)?;
    Some((
        bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        rest,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_reads_the_examples_of_the_rfc() {
        // RFC 8949, appendix A.
        for (bytes, value) in [
            (&[0x17][..], Cbor::Int(23)),
            (&[0x18, 0x18], Cbor::Int(24)),
            (&[0x19, 0x03, 0xe8], Cbor::Int(1000)),
            (&[0x20], Cbor::Int(-1)),
            (&[0x39, 0x03, 0xe7], Cbor::Int(-1000)),
            (&[0x44, 1, 2, 3, 4], Cbor::Bytes(&[1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], Cbor::Text("ü")),
            (
                &[0x83, 1, 2, 3],
                Cbor::List(vec![Cbor::Int(1), Cbor::Int(2), Cbor::Int(3)]),
            ),
            (&[0xa1, 0x61, 0x61, 1], Cbor::Map(vec![(Cbor::Text("a"), Cbor::Int(1))])),
            (&[0xf5], Cbor::Other),
        ] {
            assert_eq!(Cbor::whole(bytes), Some(value), "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_cut_off_endless_too_deep_or_doubled_is_refused() {
        let deep = [[0x81; 20].as_slice(), &[0]].concat();
        for bytes in [
            &[][..],
            &[0x44, 1, 2],
            &[0x19, 1],
            &[0x5f, 0x41, 1, 0xff],
            &[0x9f, 1, 0xff],
            &[0xa2, 1, 1, 1, 2],
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xc0, 0],
            &[1, 2],
            &deep,
        ] {
            assert_eq!(Cbor::whole(bytes), None, "{bytes:x?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Cbor::read(&bytes);
        }
    }
}
