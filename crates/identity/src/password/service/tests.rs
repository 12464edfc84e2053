//! Password use cases over a mocked store and hasher.

use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DisplayName, DomainError, ErrorKind, Locale};
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::email::{EmailId, OwnedEmail};
use crate::one_time_token::OneTimeTokenId;
use crate::password::WeakPassword;
use crate::testing::{self, Commits, FakeIdentityStore, Mocks, PlainCipher, person};
use crate::user::{MockPasswordHasher, Verified};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const GOOD: &str = "kestrel-over-moor";

fn ada() -> User {
    let mut user = User::register(
        person(1).user,
        EmailAddress::try_from("ada@example.com").unwrap(),
        DisplayName::try_from("Ada").unwrap(),
        Locale::default(),
        NOW,
    );
    user.set_password(PasswordHash::from_phc("old"));
    user
}

/// Makes a token worthless.
type Spoil = fn(&mut OneTimeToken);

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn service(mocks: Mocks, hasher: MockPasswordHasher) -> (PasswordService, Commits) {
    let store = FakeIdentityStore::over(mocks).knowing(ada().email(), ada().id());
    let commits = store.commits();
    let clock = Arc::new(FixedClock::at(NOW));
    let service = PasswordService::new(
        Arc::new(store),
        Arc::new(hasher),
        clock,
        testing::mint(),
        testing::judge(),
    );
    (service, commits)
}

fn no_hashing() -> MockPasswordHasher {
    MockPasswordHasher::new()
}

fn hashing() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_hash()
        .times(1)
        .returning(|_| Ok(PasswordHash::from_phc("new")));
    hasher
}

fn verifying(matches: bool) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().times(1).returning(move |_, _| {
        Ok(Verified {
            matches,
            needs_rehash: false,
        })
    });
    hasher
}

/// A mailed text, and mocks that hold its token and Ada.
fn mailed(purpose: Purpose, change: impl FnOnce(&mut OneTimeToken)) -> (String, Mocks) {
    let mint = testing::mint();
    let text = OneTimeText::mint(purpose, ada().id(), None, mint.entropy.as_ref());
    let id = OneTimeTokenId::from_uuid(Uuid::from_u128(40));
    let mut token = OneTimeToken::issue(id, &text, None, &PlainCipher, NOW);
    change(&mut token);
    let mut mocks = Mocks::default();
    let print = text.fingerprint(&PlainCipher);
    mocks
        .one_time_tokens
        .expect_find()
        .returning(move |asked| Ok(Some(token.clone()).filter(|_| asked.matches(&print))));
    mocks.users.expect_find().returning(|_| Ok(Some(ada())));
    (text.to_text().into_inner(), mocks)
}

#[tokio::test]
async fn forgetting_mails_a_link_to_the_address_on_file() {
    let mut mocks = Mocks::default();
    mocks.users.expect_find().return_once(|_| Ok(Some(ada())));
    mocks.emails.expect_list().returning(|| Ok(Vec::new()));
    mocks.one_time_tokens.expect_insert().times(1).returning(|_| Ok(()));
    let (service, commits) = service(mocks, no_hashing());

    service.forgot(ada().email(), &Origin::default()).await.unwrap();

    let commits = commits.all();
    let mail = &commits[0][0].mails[0];
    assert_eq!((mail.template, &mail.to), ("reset_password", ada().email()));
    let text = OneTimeText::parse(mail.token.as_ref().unwrap().expose()).unwrap();
    assert_eq!((text.purpose(), text.user()), (Purpose::ResetPassword, ada().id()));
}

#[tokio::test]
async fn forgetting_with_an_unknown_address_does_the_same_and_mails_nobody() {
    let mut mocks = Mocks::default();
    mocks.users.expect_find().return_once(|_| Ok(None));
    let (service, commits) = service(mocks, no_hashing());

    let unknown = EmailAddress::try_from("eve@example.com").unwrap();
    service.forgot(&unknown, &Origin::default()).await.unwrap();

    let commits = commits.all();
    assert_eq!(commits[0][0].action, "user.password_reset_requested");
    assert!(commits[0][0].mails.is_empty());
}

#[tokio::test]
async fn a_barred_user_gets_no_mail() {
    let mut barred = ada();
    barred.disable(NOW);
    let mut mocks = Mocks::default();
    mocks.users.expect_find().return_once(|_| Ok(Some(barred)));
    let (service, commits) = service(mocks, no_hashing());

    service.forgot(ada().email(), &Origin::default()).await.unwrap();

    assert!(commits.all()[0][0].mails.is_empty());
}

#[tokio::test]
async fn a_reset_sets_the_password_proves_the_address_and_ends_every_session() {
    for purpose in [Purpose::ResetPassword, Purpose::SetPassword] {
        let (token, mut mocks) = mailed(purpose, |_| ());
        mocks
            .one_time_tokens
            .expect_use_once()
            .times(1)
            .returning(|_, _| Ok(true));
        mocks
            .one_time_tokens
            .expect_revoke()
            .times(2)
            .returning(|_, _, _| Ok(0));
        mocks
            .users
            .expect_update()
            .times(1)
            .withf(|user| {
                user.password_hash() == Some(&PasswordHash::from_phc("new")) && user.email_verified_at() == Some(NOW)
            })
            .returning(|_| Ok(()));
        mocks
            .sessions
            .expect_end_all_except()
            .times(1)
            .withf(|keep, _| keep.is_none())
            .returning(|_, _| Ok(1));
        // Nobody had proved the address yet: what was enrolled until then goes.
        mocks.factors.expect_remove_totp().times(1).returning(|| Ok(true));
        mocks.factors.expect_passkeys().times(2).returning(|| Ok(Vec::new()));
        mocks.factors.expect_totp().returning(|| Ok(None));
        mocks.factors.expect_recovery_codes_left().returning(|| Ok(0));
        let own = OwnedEmail::claim(EmailId::from_uuid(Uuid::nil()), ada().email().clone(), NOW);
        mocks.emails.expect_list().returning(move || Ok(vec![own.clone()]));
        mocks.emails.expect_hold().times(1).returning(|_, _| Ok(true));
        mocks
            .factors
            .expect_replace_recovery_codes()
            .times(1)
            .withf(<[_]>::is_empty)
            .returning(|_| Ok(()));
        mocks.pending_sign_ins.expect_remove_all().times(1).returning(|| Ok(1));
        mocks.devices.expect_remove_all().times(1).returning(|| Ok(0));
        let (service, commits) = service(mocks, hashing());

        let reset = service.reset(&token, secret(GOOD), &Origin::default()).await.unwrap();

        assert_eq!(
            (reset.user, reset.newly_held),
            (ada().id(), Some(ada().email().clone()))
        );
        assert_eq!(commits.actions(), ["user.password_reset"]);
        assert!(!format!("{:?}", commits.all()).contains(GOOD));
    }
}

#[tokio::test]
async fn a_token_that_is_spent_expired_or_for_something_else_is_refused_before_any_hashing() {
    let cases: [(Purpose, Spoil); 4] = [
        (Purpose::ResetPassword, |token| token.used_at = Some(NOW)),
        (Purpose::ResetPassword, |token| token.expires_at = NOW),
        (Purpose::ResetPassword, |token| token.purpose = Purpose::VerifyEmail),
        (Purpose::VerifyEmail, |_| ()),
    ];
    for (purpose, change) in cases {
        let (token, mocks) = mailed(purpose, change);
        let (service, commits) = service(mocks, no_hashing());

        let refused = service
            .reset(&token, secret(GOOD), &Origin::default())
            .await
            .unwrap_err();

        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Unauthenticated, "token_invalid")
        );
        assert!(commits.all().is_empty());
    }
}

#[tokio::test]
async fn junk_never_reaches_the_store() {
    let (service, _) = service(Mocks::default(), no_hashing());

    for junk in ["", "resetpw", "resetpw_0_0", "tk_live_x"] {
        let reset = service.reset(junk, secret(GOOD), &Origin::default()).await;

        assert!(matches!(reset, Err(PasswordError::TokenRefused)), "{junk}");
    }
}

#[tokio::test]
async fn the_loser_of_a_race_for_one_token_changes_nothing() {
    let (token, mut mocks) = mailed(Purpose::ResetPassword, |_| ());
    mocks
        .one_time_tokens
        .expect_use_once()
        .times(1)
        .returning(|_, _| Ok(false));
    let (service, commits) = service(mocks, hashing());

    let refused = service.reset(&token, secret(GOOD), &Origin::default()).await;

    assert!(matches!(refused, Err(PasswordError::TokenRefused)));
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn a_weak_password_is_refused_and_leaves_the_token_good() {
    let (token, mocks) = mailed(Purpose::ResetPassword, |_| ());
    let (service, commits) = service(mocks, no_hashing());

    let refused = service
        .reset(&token, secret("ada@example.com"), &Origin::default())
        .await
        .unwrap_err();

    assert_eq!(refused.fields(), [WeakPassword::Personal.at("password")]);
    assert!(commits.all().is_empty());
}

fn change() -> ChangePassword {
    ChangePassword {
        current: secret("what it was"),
        new: secret(GOOD),
    }
}

#[tokio::test]
async fn a_change_ends_every_other_session_and_keeps_this_one() {
    let mut mocks = Mocks::default();
    mocks.users.expect_find().times(2).returning(|_| Ok(Some(ada())));
    mocks.users.expect_update().times(1).returning(|_| Ok(()));
    mocks
        .one_time_tokens
        .expect_revoke()
        .times(1)
        .returning(|_, _, _| Ok(0));
    mocks
        .sessions
        .expect_end_all_except()
        .times(1)
        .withf(|keep, _| *keep == Some(person(1).session))
        .returning(|_, _| Ok(3));
    mocks.devices.expect_remove_all().times(1).returning(|| Ok(2));
    mocks.pending_sign_ins.expect_remove_all().times(1).returning(|| Ok(1));
    let mut hasher = verifying(true);
    hasher
        .expect_hash()
        .times(1)
        .returning(|_| Ok(PasswordHash::from_phc("new")));
    let (service, commits) = service(mocks, hasher);

    service.change(&person(1), change()).await.unwrap();

    assert_eq!(commits.actions(), ["user.password_changed"]);
}

#[tokio::test]
async fn a_wrong_current_password_is_counted_and_changes_nothing() {
    let mut mocks = Mocks::default();
    mocks.users.expect_find().times(2).returning(|_| Ok(Some(ada())));
    mocks
        .users
        .expect_update()
        .times(1)
        .withf(|user| user.record().failed_logins == 1 && user.password_hash() == ada().password_hash())
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks, verifying(false));

    let refused = service.change(&person(1), change()).await.unwrap_err();

    assert_eq!(refused.fields()[0].field, "current_password");
    assert_eq!(commits.actions(), ["user.password_guessed"]);
}

#[tokio::test]
async fn guessing_the_current_password_is_backed_off_before_anything_is_hashed() {
    let mut guessed = ada();
    for _ in 0..User::FREE_FAILURES {
        guessed.failed(NOW);
    }
    let mut mocks = Mocks::default();
    mocks.users.expect_find().return_once(|_| Ok(Some(guessed)));
    let (service, _) = service(mocks, no_hashing());

    let refused = service.change(&person(1), change()).await.unwrap_err();

    assert_eq!(
        (refused.kind(), refused.code()),
        (ErrorKind::Exhausted, "too_many_attempts")
    );
    assert_eq!(refused.retry_after_s(), Some(5));
}

#[tokio::test]
async fn a_password_changed_while_this_change_hashed_is_not_overwritten() {
    let mut meanwhile = ada();
    meanwhile.set_password(PasswordHash::from_phc("someone else's"));
    let mut found = [meanwhile, ada()].to_vec();
    let mut mocks = Mocks::default();
    mocks.users.expect_find().times(2).returning(move |_| Ok(found.pop()));
    let mut hasher = verifying(true);
    hasher.expect_hash().returning(|_| Ok(PasswordHash::from_phc("new")));
    let (service, commits) = service(mocks, hasher);

    let refused = service.change(&person(1), change()).await;

    assert!(matches!(refused, Err(PasswordError::WrongPassword)));
    assert!(commits.actions().is_empty());
}
