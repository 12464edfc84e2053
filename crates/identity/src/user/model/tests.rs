//! The rules of guessing, and of who a user is.

use time::macros::datetime;
use uuid::Uuid;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn ada() -> User {
    User::register(
        UserId::from_uuid(Uuid::from_u128(1)),
        EmailAddress::try_from("ada@example.com").unwrap(),
        DisplayName::try_from("Ada").unwrap(),
        Locale::default(),
        NOW,
    )
}

/// Ada after five wrong passwords at `NOW`.
fn guessed() -> User {
    let mut user = ada();
    for _ in 0..User::FREE_FAILURES {
        user.failed(NOW);
    }
    user
}

#[test]
fn five_failures_are_free_and_then_each_wait_is_twice_the_last() {
    let mut user = ada();
    for _ in 1..User::FREE_FAILURES {
        user.failed(NOW);
        assert_eq!(user.attempt(NOW), Ok(()));
    }

    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..10 {
        user.failed(now);
        let until = user.record().locked_until.unwrap();
        waits.push((until - now).whole_seconds());
        now = until;
        assert_eq!(user.attempt(now), Ok(()));
    }

    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
}

#[test]
fn a_stranger_cannot_make_the_wait_longer_by_trying_during_it() {
    let mut user = guessed();
    let later = NOW + Duration::milliseconds(4_500);
    let before = user.clone();

    user.failed(later);

    assert_eq!(user, before);
    let until = NOW + Duration::seconds(5);
    assert_eq!(
        user.attempt(later),
        Err(BackOff {
            until,
            retry_after_s: 1
        })
    );
    assert_eq!(
        user.attempt(NOW),
        Err(BackOff {
            until,
            retry_after_s: 5
        })
    );
}

#[test]
fn a_success_ends_the_count() {
    let mut user = ada();
    user.failed(NOW);

    assert_eq!(user.signed_in(NOW), Ok(()));

    assert_eq!(user.record().failed_logins, 0);
    assert_eq!(user.last_login_at(), Some(NOW));
}

#[test]
fn a_right_guess_among_many_made_at_once_is_worth_nothing() {
    let mut user = guessed();
    let before = user.clone();

    let judged_late = user.signed_in(NOW);

    assert!(judged_late.is_err());
    assert_eq!(user, before);
}

#[test]
fn any_number_of_failures_is_counted_without_overflow() {
    let mut record = ada().record().clone();
    record.failed_logins = u32::MAX;
    let mut user = User::restore(record);

    user.failed(NOW);

    assert_eq!(user.record().locked_until, Some(NOW + User::LONGEST_DELAY));
}

#[test]
fn the_first_proof_of_the_address_is_the_one_that_counts() {
    let mut user = ada();

    user.verify_email(NOW);
    user.verify_email(NOW + Duration::days(1));

    assert_eq!(user.email_verified_at(), Some(NOW));
}

#[test]
fn being_barred_has_a_beginning_and_an_end() {
    let mut user = ada();

    user.disable(NOW);
    user.disable(NOW + Duration::days(1));

    assert_eq!(user.record().status, UserStatus::Disabled { at: NOW });
    assert!(!user.is_active());
    user.enable();
    assert!(user.is_active());
}

#[test]
fn platform_roles_are_known_by_name() {
    for role in [PlatformRole::Operator, PlatformRole::Support] {
        assert_eq!(PlatformRole::from_name(role.as_str()), Some(role));
    }
    assert_eq!(PlatformRole::from_name("root"), None);
}

#[test]
fn a_hash_is_never_printed() {
    let mut user = ada();
    user.set_password(PasswordHash::from_phc("$argon2id$secret"));

    assert!(!format!("{user:?}").contains("argon2id"));
}
