//! One-time tokens never pass for one another.

use tenantry_kernel::testing::CountingEntropy;
use time::macros::datetime;

use super::*;
use crate::testing::PlainCipher;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn user() -> UserId {
    UserId::from_uuid(Uuid::from_u128(u128::MAX / 3))
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(u128::MAX / 7))
}

#[test]
fn a_text_is_read_back_with_purpose_and_ids() {
    let entropy = CountingEntropy::default();
    for purpose in Purpose::ALL {
        for tenant in [None, Some(tenant())] {
            let minted = OneTimeText::mint(purpose, user(), tenant, &entropy);

            let read = OneTimeText::parse(minted.to_text().expose()).unwrap();

            assert_eq!(read, minted);
            assert_eq!((read.purpose(), read.user(), read.tenant()), (purpose, user(), tenant));
        }
    }
}

#[test]
fn anything_else_is_no_one_time_token() {
    let minted = OneTimeText::mint(Purpose::Invitation, user(), Some(tenant()), &CountingEntropy::default());
    let good = minted.to_text().into_inner();
    let others = [
        String::new(),
        "invite__".to_owned(),
        good.replacen("invite", "rt", 1),
        format!("{good}_"),
        good.chars().rev().collect(),
        good[..good.len() - 1].to_owned(),
    ];
    for bad in others {
        assert!(OneTimeText::parse(&bad).is_none(), "{bad}");
    }
}

#[test]
fn a_token_relabelled_for_another_purpose_or_person_has_another_fingerprint() {
    let minted = OneTimeText::mint(Purpose::VerifyEmail, user(), None, &CountingEntropy::default());
    let relabelled = OneTimeText {
        purpose: Purpose::ResetPassword,
        ..minted.clone()
    };
    let redirected = OneTimeText {
        user: UserId::from_uuid(Uuid::from_u128(2)),
        ..minted.clone()
    };

    let print = minted.fingerprint(&PlainCipher);

    assert!(!print.matches(&relabelled.fingerprint(&PlainCipher)));
    assert!(!print.matches(&redirected.fingerprint(&PlainCipher)));
    assert!(print.matches(&minted.clone().fingerprint(&PlainCipher)));
}

#[test]
fn a_token_is_good_until_it_is_used_or_its_time_is_over() {
    let text = OneTimeText::mint(Purpose::ResetPassword, user(), None, &CountingEntropy::default());
    let id = OneTimeTokenId::from_uuid(Uuid::from_u128(1));
    let mut token = OneTimeToken::issue(id, &text, None, &PlainCipher, NOW);

    assert_eq!(token.state(NOW + Duration::minutes(59)), TokenState::Good);
    assert_eq!(token.state(NOW + Duration::hours(1)), TokenState::Expired);
    token.used_at = Some(NOW);
    assert_eq!(token.state(NOW), TokenState::Spent);
}

#[test]
fn purposes_are_known_by_name() {
    for purpose in Purpose::ALL {
        assert_eq!(Purpose::from_name(purpose.as_str()), Some(purpose));
    }
    assert_eq!(Purpose::from_name("login"), None);
}
