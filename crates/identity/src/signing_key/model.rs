//! Signing keys over time: which one signs, which are published, and which have no say any more.

use time::{Duration, OffsetDateTime};

use crate::token::LONGEST_LIFE;

/// How long a key is published before it signs: longer than anyone should cache the key set.
pub const PUBLISHED_AHEAD: Duration = Duration::hours(24);
/// How long a former key is kept after its successor began: the longest life of a token, and room for clocks that
/// differ.
pub const KEPT_AFTER: Duration = LONGEST_LIFE.saturating_add(Duration::minutes(10));

/// How tokens are signed. A key has one algorithm for life; a token never chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// Ed25519 (RFC 8037): short and fast.
    #[default]
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3), for verifiers that know nothing else.
    Rs256,
}

impl TokenAlgorithm {
    /// The name in the header of tokens and in key sets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Rs256]
            .into_iter()
            .find(|known| known.as_str() == name)
    }
}

/// A key as it is stored. Only the installation's cipher opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// 1 for the first key of the installation, then upwards without gap.
    pub sequence: i64,
    /// The name that tokens and the published key set carry.
    pub kid: String,
    /// What it signs with.
    pub algorithm: TokenAlgorithm,
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// Since when it is published.
    pub created_at: OffsetDateTime,
    /// From when it signs; published before, so that every verifier knows it in time.
    pub signs_from: OffsetDateTime,
    /// When it was revoked: from then on nothing that it signed is believed.
    pub revoked_at: Option<OffsetDateTime>,
}

impl SigningKey {
    /// True when it was ever its turn to sign.
    fn came_into_use(&self) -> bool {
        self.revoked_at.is_none_or(|revoked| self.signs_from <= revoked)
    }
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Published; signs later.
    Next,
    /// Signs now.
    Current,
    /// Has signed; tokens of it may still be about.
    Former,
    /// No token of it can be good any more. It is not published.
    Retired,
    /// Nothing it signed is believed. It is not published.
    Revoked,
}

impl KeyStatus {
    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Former => "former",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

/// A key among the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLife {
    /// The key.
    pub key: SigningKey,
    /// When it has no say any more; `None` while no successor is known.
    pub gone_at: Option<OffsetDateTime>,
    /// True for the key that signs at the moment that was asked about.
    pub signs: bool,
}

impl KeyLife {
    /// True while a token of it may be good at `now`: it is published, and it is believed.
    #[must_use]
    pub fn is_known(&self, now: OffsetDateTime) -> bool {
        self.key.revoked_at.is_none() && self.gone_at.is_none_or(|gone| now < gone)
    }

    /// Where it stands at `now`, the moment that was asked about.
    #[must_use]
    pub fn status(&self, now: OffsetDateTime) -> KeyStatus {
        if self.key.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if !self.is_known(now) {
            KeyStatus::Retired
        } else if self.signs {
            KeyStatus::Current
        } else if now < self.key.signs_from {
            KeyStatus::Next
        } else {
            KeyStatus::Former
        }
    }
}

/// The keys, which come by sequence, as they stand at `now`: the youngest signs whose time has come. A key goes when
/// the tokens have that it signed before its successor's turn.
#[must_use]
pub fn lives(keys: &[SigningKey], now: OffsetDateTime) -> Vec<KeyLife> {
    let in_turn = |key: &&SigningKey| key.revoked_at.is_none() && key.signs_from <= now;
    let current = keys.iter().rfind(in_turn).map(|key| key.sequence);
    let life = |key: &SigningKey| {
        let later = keys.iter().filter(|other| other.sequence > key.sequence);
        let succeeded_at = later
            .filter(|later| later.came_into_use())
            .map(|later| later.signs_from)
            .min();
        KeyLife {
            key: key.clone(),
            gone_at: key.revoked_at.or_else(|| succeeded_at.map(|at| at + KEPT_AFTER)),
            signs: current == Some(key.sequence),
        }
    };
    keys.iter().map(life).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn key(sequence: i64, signs_from: OffsetDateTime) -> SigningKey {
        SigningKey {
            sequence,
            kid: format!("k{sequence}"),
            algorithm: TokenAlgorithm::EdDsa,
            sealed: Vec::new(),
            created_at: NOW,
            signs_from,
            revoked_at: None,
        }
    }

    fn statuses(keys: &[SigningKey], now: OffsetDateTime) -> Vec<&'static str> {
        lives(keys, now).iter().map(|life| life.status(now).as_str()).collect()
    }

    #[test]
    fn a_key_is_next_then_current_then_former_then_retired() {
        let turn = NOW + PUBLISHED_AHEAD;
        let keys = [key(1, NOW), key(2, turn)];

        assert_eq!(statuses(&keys, NOW), ["current", "next"]);
        assert_eq!(statuses(&keys, turn - Duration::SECOND), ["current", "next"]);
        assert_eq!(statuses(&keys, turn), ["former", "current"]);
        assert_eq!(
            statuses(&keys, turn + KEPT_AFTER - Duration::SECOND),
            ["former", "current"]
        );
        assert_eq!(statuses(&keys, turn + KEPT_AFTER), ["retired", "current"]);
    }

    #[test]
    fn a_revoked_key_is_gone_at_once_and_its_predecessor_stays_gone() {
        let turn = NOW + PUBLISHED_AHEAD;
        let late = turn + KEPT_AFTER + Duration::HOUR;
        let mut keys = vec![key(1, NOW), key(2, turn), key(3, late)];
        keys[1].revoked_at = Some(late);

        assert_eq!(statuses(&keys, late), ["retired", "revoked", "current"]);
        assert_eq!(lives(&keys, late)[1].gone_at, Some(late));
    }

    #[test]
    fn a_key_that_never_came_into_use_succeeds_nobody() {
        let turn = NOW + PUBLISHED_AHEAD;
        let mut keys = vec![key(1, NOW), key(2, turn)];
        keys[1].revoked_at = Some(NOW + Duration::HOUR);

        assert_eq!(statuses(&keys, turn + KEPT_AFTER), ["current", "revoked"]);
    }

    #[test]
    fn algorithms_have_the_names_that_headers_carry() {
        for algorithm in [TokenAlgorithm::EdDsa, TokenAlgorithm::Rs256] {
            assert_eq!(TokenAlgorithm::from_name(algorithm.as_str()), Some(algorithm));
        }
        for other in ["none", "HS256", "eddsa", "ES256", ""] {
            assert_eq!(TokenAlgorithm::from_name(other), None);
        }
    }
}
