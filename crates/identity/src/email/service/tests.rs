//! Addresses over mocked repositories.

use mockall::Sequence;
use tenantry_kernel::testing::FixedClock;
use tenantry_kernel::{DisplayName, DomainError, ErrorKind, Locale, StoreError};
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::email::UNDO_WITHIN;
use crate::factor::{TotpFactor, TotpId};
use crate::one_time_token::OneTimeTokenId;
use crate::session::{Method, Session, SessionRecord};
use crate::testing::{self, Commits, FakeIdentityStore, Mocks, PlainCipher, person};
use crate::user::PasswordHash;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn address(text: &str) -> EmailAddress {
    EmailAddress::try_from(text).unwrap()
}

fn ada() -> User {
    let name = DisplayName::try_from("Ada").unwrap();
    User::register(person(1).user, address("ada@example.com"), name, Locale::default(), NOW)
}

fn own(number: u128, text: &str, verified: bool) -> OwnedEmail {
    OwnedEmail {
        verified_at: verified.then_some(NOW - Duration::DAY),
        ..OwnedEmail::claim(EmailId::from_uuid(Uuid::from_u128(number)), address(text), NOW)
    }
}

fn service(mocks: Mocks) -> (EmailService, Commits) {
    let store = FakeIdentityStore::over(mocks);
    let commits = store.commits();
    let clock = Arc::new(FixedClock::at(NOW));
    let policy = SessionPolicy::default();
    (
        EmailService::new(Arc::new(store), clock, testing::mint(), policy),
        commits,
    )
}

/// Ada with these addresses, who signed in so long ago.
fn signed_in(ago: Duration, emails: Vec<OwnedEmail>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.users.expect_find().returning(|_| Ok(Some(ada())));
    mocks.sessions.expect_find().returning(move |id| {
        let session = Session::start(id, ada().id(), &Origin::default(), &SessionPolicy::default(), NOW);
        Ok(Some(Session::restore(SessionRecord {
            stepped_up_at: NOW - ago,
            ..session.record().clone()
        })))
    });
    let all = emails.clone();
    mocks.emails.expect_list().returning(move || Ok(all.clone()));
    mocks
        .emails
        .expect_find()
        .returning(move |id| Ok(emails.iter().find(|email| email.id == id).cloned()));
    mocks
}

/// A mailed text about address number `subject`, and mocks that hold its token, Ada and her addresses.
fn mailed(purpose: Purpose, subject: Option<u128>, emails: Vec<OwnedEmail>) -> (String, Mocks) {
    let mint = testing::mint();
    let text = OneTimeText::mint(purpose, ada().id(), None, mint.entropy.as_ref());
    let id = OneTimeTokenId::from_uuid(Uuid::from_u128(40));
    let token = OneTimeToken::issue(id, &text, None, &PlainCipher, NOW).concerning(subject.map(Uuid::from_u128));
    let mut mocks = signed_in(Duration::ZERO, emails);
    let print = text.fingerprint(&PlainCipher);
    mocks
        .one_time_tokens
        .expect_find()
        .returning(move |asked| Ok(Some(token.clone()).filter(|_| asked.matches(&print))));
    mocks.one_time_tokens.expect_use_once().returning(|_, _| Ok(true));
    (text.to_text().into_inner(), mocks)
}

/// Somebody who is signed in as Ada, with her password.
const AS_ADA: Option<(UserId, SessionId)> = Some((
    UserId::from_uuid(Uuid::from_u128(1)),
    SessionId::from_uuid(Uuid::from_u128(501)),
));

/// Mocks that note an address as held, of an account with an authenticator app or without.
fn holding(mocks: &mut Mocks, app: bool) {
    mocks.factors.expect_totp().returning(move || {
        let id = TotpId::from_uuid(Uuid::from_u128(60));
        Ok(app.then(|| TotpFactor {
            id,
            user: ada().id(),
            sealed: vec![7; 20],
            confirmed_at: Some(NOW),
            last_step: 0,
            failures: 0,
            locked_until: None,
            created_at: NOW,
        }))
    });
    mocks.factors.expect_passkeys().returning(|| Ok(Vec::new()));
    mocks.factors.expect_recovery_codes_left().returning(|| Ok(0));
    mocks.emails.expect_hold().returning(|_, _| Ok(true));
}

#[tokio::test]
async fn whoever_follows_a_link_without_the_account_holds_nothing() {
    let emails = || vec![own(1, "ada@example.com", true), own(2, "b@x.example", false)];
    let bob = Some((person(2).user, person(2).session));
    for (purpose, subject) in [(Purpose::VerifyEmail, 2), (Purpose::ChangeEmail, 2)] {
        for somebody in [None, bob] {
            let (token, mut mocks) = mailed(purpose, Some(subject), emails());
            mocks.one_time_tokens.expect_use_once().never();
            let (service, commits) = service(mocks);

            let refused = service.verify(&token, somebody, &Origin::default()).await.unwrap_err();

            assert_eq!((refused.kind(), refused.code()), (ErrorKind::Denied, "email_not_yours"));
            assert!(commits.all().is_empty());
        }
    }
}

#[tokio::test]
async fn a_spent_link_shows_who_reads_its_mail_until_it_expires() {
    let spent_at = |expires_at: OffsetDateTime, verified: bool| {
        let (text, mut mocks) = mailed(Purpose::VerifyEmail, None, vec![own(1, "ada@example.com", verified)]);
        let parsed = OneTimeText::parse(&text).unwrap();
        mocks.one_time_tokens.checkpoint();
        let id = OneTimeTokenId::from_uuid(Uuid::from_u128(40));
        let mut token = OneTimeToken::issue(id, &parsed, None, &PlainCipher, NOW);
        (token.used_at, token.expires_at) = (Some(NOW), expires_at);
        mocks
            .one_time_tokens
            .expect_find()
            .returning(move |_| Ok(Some(token.clone())));
        holding(&mut mocks, false);
        (text, mocks)
    };
    let (text, mocks) = spent_at(NOW + Duration::SECOND, true);
    let (good, commits) = service(mocks);

    let held = good.verify(&text, AS_ADA, &Origin::default()).await.unwrap();
    let nobody = good.verify(&text, None, &Origin::default()).await;

    assert!(held.newly_held && matches!(nobody, Err(EmailError::TokenRefused)));
    assert_eq!(commits.actions(), ["user.email_held"]);
    for (until, verified) in [(NOW, true), (NOW + Duration::SECOND, false)] {
        let (text, mocks) = spent_at(until, verified);
        let refused = service(mocks).0.verify(&text, AS_ADA, &Origin::default()).await;
        assert!(matches!(refused, Err(EmailError::TokenRefused)));
    }
}

#[tokio::test]
async fn what_was_shown_is_as_much_as_the_account_asks_for() {
    let cases = [
        // password, app, shown, held
        (true, false, Methods::default().with(Method::Password), true),
        (true, false, Methods::default().with(Method::MailLink), false),
        (false, false, Methods::default().with(Method::MailLink), true),
        (true, true, Methods::default().with(Method::Password), false),
        (
            true,
            true,
            Methods::default().with(Method::Password).with(Method::Totp),
            true,
        ),
        (false, true, Methods::default().with(Method::MailLink), false),
        (
            false,
            true,
            Methods::default().with(Method::MailLink).with(Method::RememberedDevice),
            true,
        ),
        (true, true, Methods::default().with(Method::SyncedKey), true),
    ];
    for (number, (password, app, shown, held)) in cases.into_iter().enumerate() {
        let mut user = ada();
        if password {
            user.set_password(PasswordHash::from_phc("old"));
        }
        let mut mocks = Mocks::default();
        holding(&mut mocks, app);
        let store = FakeIdentityStore::over(mocks);
        let mut unit = store.begin_person(user.id(), &Origin::default()).await.unwrap();

        let found = note_held(unit.as_mut(), &user, user.email(), shown, NOW).await.unwrap();

        assert_eq!(found, held, "case {number}");
    }
}

#[tokio::test]
async fn nothing_about_addresses_is_changed_by_an_old_log_in() {
    let old = || {
        signed_in(
            Duration::minutes(10),
            vec![own(1, "ada@example.com", true), own(2, "b@x.example", true)],
        )
    };
    let (two, fresh) = (EmailId::from_uuid(Uuid::from_u128(2)), address("new@example.com"));

    let added = service(old()).0.add(&person(1), &fresh).await.unwrap_err();
    let changed = service(old()).0.change(&person(1), &fresh).await.unwrap_err();
    let primary = service(old()).0.make_primary(&person(1), two).await.unwrap_err();
    let removed = service(old()).0.remove(&person(1), two).await.unwrap_err();

    for refused in [added, changed, primary, removed] {
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Denied, "step_up_required")
        );
    }
}

#[tokio::test]
async fn a_claim_is_mailed_a_link_and_proves_nothing() {
    let mut mocks = signed_in(Duration::ZERO, vec![own(1, "ada@example.com", true)]);
    mocks
        .emails
        .expect_insert()
        .times(1)
        .withf(|email| email.verified_at.is_none())
        .returning(|_| Ok(()));
    mocks
        .one_time_tokens
        .expect_insert()
        .times(1)
        .withf(|token| token.subject.is_some())
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    let claimed = service.add(&person(1), &address("New@Example.com")).await.unwrap();

    assert_eq!((claimed.email.as_str(), claimed.verified_at), ("new@example.com", None));
    let event = &commits.all()[0][0];
    assert_eq!((event.action, event.subject), ("user.email_added", Some(ada().id())));
    assert_eq!(
        (event.mails[0].template, event.mails[0].to.as_str()),
        ("verify_email", "new@example.com")
    );
}

#[tokio::test]
async fn ten_addresses_are_enough() {
    let many = (1..=10).map(|number| own(number, &format!("a{number}@x.example"), false));
    let mut mocks = signed_in(Duration::ZERO, many.collect());
    mocks.one_time_tokens.expect_insert().returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    let refused = service.add(&person(1), &address("another@x.example")).await;
    let again = service.add(&person(1), &address("a3@x.example")).await;

    assert!(matches!(refused, Err(EmailError::TooMany)));
    assert!(again.is_ok(), "one that is claimed gets another mail");
    assert_eq!(commits.all().len(), 1);
}

#[tokio::test]
async fn verifying_proves_the_address_that_one_registered_with() {
    let (token, mut mocks) = mailed(Purpose::VerifyEmail, None, vec![own(1, "ada@example.com", false)]);
    mocks.emails.expect_prove().times(1).returning(|_, _| Ok(None));
    mocks
        .users
        .expect_update()
        .times(1)
        .withf(|user| user.email_verified_at() == Some(NOW))
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    let proved = service.verify(&token, None, &Origin::default()).await.unwrap();

    assert_eq!(
        proved,
        Proved {
            user: ada().id(),
            email: address("ada@example.com"),
            from: None,
            newly_held: false,
        }
    );
    assert_eq!(commits.actions(), ["user.email_verified"]);
}

#[tokio::test]
async fn a_user_changed_meanwhile_is_read_and_written_again() {
    let (token, mut mocks) = mailed(Purpose::VerifyEmail, None, vec![own(1, "ada@example.com", false)]);
    mocks.emails.expect_prove().times(2).returning(|_, _| Ok(None));
    let mut order = Sequence::new();
    for answer in [true, false] {
        mocks
            .users
            .expect_update()
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_| if answer { Err(StoreError::Stale) } else { Ok(()) });
    }
    let (service, commits) = service(mocks);

    service.verify(&token, None, &Origin::default()).await.unwrap();

    assert_eq!(commits.all().len(), 1);
}

#[tokio::test]
async fn verifying_another_address_leaves_the_primary_one_alone() {
    let emails = vec![own(1, "ada@example.com", true), own(2, "b@x.example", false)];
    let (token, mut mocks) = mailed(Purpose::VerifyEmail, Some(2), emails);
    mocks
        .emails
        .expect_prove()
        .times(1)
        .withf(|email, _| email.email == address("b@x.example"))
        .returning(|_, _| Ok(Some(person(9).user)));
    holding(&mut mocks, false);
    let (service, commits) = service(mocks);

    let proved = service.verify(&token, AS_ADA, &Origin::default()).await.unwrap();

    assert_eq!((proved.from, proved.newly_held), (Some(person(9).user), true));
    assert_eq!(commits.actions(), ["user.email_verified", "user.email_held"]);
}

#[tokio::test]
async fn who_reads_mail_at_somebody_elses_address_is_told_so() {
    let (token, mut mocks) = mailed(Purpose::VerifyEmail, Some(2), vec![own(2, "b@x.example", false)]);
    mocks
        .emails
        .expect_prove()
        .returning(|_, _| Err(StoreError::Conflict(crate::user::EMAIL_TAKEN)));
    let (service, commits) = service(mocks);

    let refused = service.verify(&token, AS_ADA, &Origin::default()).await.unwrap_err();

    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "email_taken"));
    assert!(commits.all().is_empty());
}

#[tokio::test]
async fn a_confirmed_change_moves_there_and_writes_to_the_former_address() {
    let emails = vec![own(1, "ada@example.com", true), own(2, "b@x.example", false)];
    let (token, mut mocks) = mailed(Purpose::ChangeEmail, Some(2), emails);
    holding(&mut mocks, false);
    mocks.emails.expect_prove().returning(|_, _| Ok(None));
    mocks.emails.expect_replace().times(2).returning(|_, _| Ok(()));
    mocks.one_time_tokens.expect_insert().returning(|_| Ok(()));
    for ended in [Purpose::ResetPassword, Purpose::SetPassword, Purpose::MagicLink] {
        mocks
            .one_time_tokens
            .expect_revoke()
            .times(1)
            .withf(move |_, purpose, _| *purpose == ended)
            .returning(|_, _, _| Ok(0));
    }
    mocks
        .users
        .expect_update()
        .times(1)
        .withf(|user| *user.email() == address("b@x.example") && user.email_verified_at().is_some())
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    service.verify(&token, AS_ADA, &Origin::default()).await.unwrap();

    assert_eq!(
        commits.actions(),
        ["user.email_verified", "user.email_changed", "user.email_held"]
    );
    let mail = &commits.all()[0][1].mails[0];
    assert_eq!((mail.template, mail.to.as_str()), ("email_changed", "ada@example.com"));
}

#[tokio::test]
async fn undoing_brings_the_address_back_and_turns_everybody_out() {
    let mut former = own(1, "b@x.example", true);
    former.replaced_at = Some(NOW - Duration::hours(1));
    let mut thief = own(2, "ada@example.com", true);
    thief.verified_at = Some(NOW - Duration::hours(1));
    let older = own(3, "c@x.example", true);
    let (token, mut mocks) = mailed(Purpose::UndoEmailChange, Some(1), vec![former, thief, older]);
    mocks
        .emails
        .expect_remove()
        .times(1)
        .withf(|email| email.email == address("ada@example.com"))
        .returning(|_| Ok(()));
    mocks.emails.expect_replace().times(1).returning(|_, _| Ok(()));
    mocks.sessions.expect_end_all_except().times(1).returning(|_, _| Ok(3));
    mocks.one_time_tokens.expect_revoke().returning(|_, _, _| Ok(0));
    mocks
        .users
        .expect_update()
        .times(1)
        .withf(|user| *user.email() == address("b@x.example"))
        .returning(|_| Ok(()));
    let (service, commits) = service(mocks);

    service.undo(&token, &Origin::default()).await.unwrap();

    assert_eq!(commits.actions(), ["user.email_change_undone"]);
}

#[tokio::test]
async fn what_must_stay_is_not_removed() {
    let mut recent = own(3, "c@x.example", true);
    recent.replaced_at = Some(NOW - UNDO_WITHIN + Duration::SECOND);
    let emails = vec![own(1, "ada@example.com", false), own(2, "b@x.example", true), recent];
    let (service_of_three, _) = service(signed_in(Duration::ZERO, emails));
    let (service_of_two, _) = service(signed_in(
        Duration::ZERO,
        vec![own(1, "ada@example.com", false), own(2, "b@x.example", true)],
    ));
    let id = |number| EmailId::from_uuid(Uuid::from_u128(number));

    let primary = service_of_three.remove(&person(1), id(1)).await;
    let recent = service_of_three.remove(&person(1), id(3)).await;
    let nobodys = service_of_three.remove(&person(1), id(7)).await;
    let last = service_of_two.remove(&person(1), id(2)).await;

    assert!(matches!(primary, Err(EmailError::Primary)));
    assert!(matches!(recent, Err(EmailError::RecentlyPrimary)));
    assert!(matches!(nobodys, Err(EmailError::NotFound)));
    assert!(matches!(last, Err(EmailError::LastVerified)));
}

#[tokio::test]
async fn junk_never_reaches_the_store() {
    let (service, commits) = service(Mocks::default());

    for junk in ["", "verify", "verify_0_0", "resetpw_0_0"] {
        let verified = service.verify(junk, AS_ADA, &Origin::default()).await;
        let undone = service.undo(junk, &Origin::default()).await;

        assert!(matches!(verified, Err(EmailError::TokenRefused)), "{junk}");
        assert!(matches!(undone, Err(EmailError::TokenRefused)), "{junk}");
    }
    assert!(commits.all().is_empty());
}
