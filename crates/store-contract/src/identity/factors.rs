//! Second factors, passkeys, devices and pending sign-ins: once is once, and each person has their own.

use futures_util::future::join_all;
use tenantry_identity::device::{Familiarity, KnownPlaceId, RememberedDevice, RememberedDeviceId};
use tenantry_identity::factor::{
    PASSKEY_REGISTERED, PasskeyUse, RecoveryCode, RecoveryCodeId, TOTP_ENROLLED, TotpFactor, TotpId,
};
use tenantry_identity::passkey::Passkey;
use tenantry_identity::pending::{Missing, PendingSignIn, PendingSignInId};
use tenantry_identity::session::Method;
use tenantry_identity::testing::fixtures::{NOW, fingerprint, passkey, tenant_id, user_id};
use tenantry_kernel::StoreError;
use tenantry_kernel::id::{MembershipId, SessionId};
use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;

use super::{IdentityHarness, begin_person, read_person, register_two};

fn app(number: u128, person: u128) -> TotpFactor {
    TotpFactor {
        id: TotpId::from_uuid(Uuid::from_u128(number)),
        user: user_id(person),
        sealed: vec![1, 2, 3],
        confirmed_at: None,
        last_step: 0,
        failures: 0,
        locked_until: None,
        created_at: NOW,
    }
}

/// A confirmed app of person 1.
async fn enrolled(store: &impl IdentityHarness) -> TotpId {
    let app = app(1, 1);
    let mut unit = begin_person(store, 1).await;
    unit.factors().begin_totp(&app).await.unwrap();
    assert!(unit.factors().confirm_totp(app.id, 10, NOW).await.unwrap());
    unit.commit(Vec::new()).await.unwrap();
    app.id
}

/// An app comes back as it went; begun again another one is there; a confirmed one stays.
pub async fn an_app_is_confirmed_once_and_stays(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut unit = begin_person(store, 1).await;
    unit.factors().begin_totp(&app(7, 1)).await.unwrap();
    assert_eq!(unit.factors().totp().await.unwrap(), Some(app(7, 1)));
    unit.commit(Vec::new()).await.unwrap();
    let id = enrolled(store).await;

    let mut unit = begin_person(store, 1).await;
    assert!(!unit.factors().confirm_totp(id, 11, NOW).await.unwrap());
    assert!(matches!(
        unit.factors().begin_totp(&app(8, 1)).await,
        Err(StoreError::Conflict(TOTP_ENROLLED))
    ));
    drop(unit);
    let mut unit = read_person(store, 1).await;
    let stored = unit.factors().totp().await.unwrap().unwrap();
    assert_eq!((stored.id, stored.confirmed_at, stored.last_step), (id, Some(NOW), 10));
    drop(unit);
    assert_eq!(read_person(store, 2).await.factors().totp().await.unwrap(), None);

    let mut unit = begin_person(store, 1).await;
    assert!(unit.factors().remove_totp().await.unwrap());
    assert!(!unit.factors().remove_totp().await.unwrap());
    unit.commit(Vec::new()).await.unwrap();
}

/// A step is spent by one of many, and none at or before it after that; failures are forgotten with it.
pub async fn a_step_is_spent_once_also_under_concurrency(store: &impl IdentityHarness) {
    register_two(store).await;
    let id = enrolled(store).await;
    let mut unit = begin_person(store, 1).await;
    let mut stored = unit.factors().totp().await.unwrap().unwrap();
    stored.failures = 5;
    stored.locked_until = Some(NOW + Duration::MINUTE);
    unit.factors().note_totp_failure(&stored).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let spent = join_all((0..8).map(|_| async {
        let mut unit = begin_person(store, 1).await;
        let spent = unit.factors().spend_step(id, 12).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        spent
    }))
    .await;

    assert_eq!(spent.into_iter().filter(|spent| *spent).count(), 1);
    let mut unit = begin_person(store, 1).await;
    assert!(!unit.factors().spend_step(id, 11).await.unwrap());
    let stored = unit.factors().totp().await.unwrap().unwrap();
    assert_eq!((stored.last_step, stored.failures, stored.locked_until), (12, 0, None));
}

/// A recovery code is spent by one of many; a new set replaces the old one.
pub async fn a_recovery_code_is_spent_once_also_under_concurrency(store: &impl IdentityHarness) {
    register_two(store).await;
    let code = |number: u8| RecoveryCode {
        id: RecoveryCodeId::from_uuid(Uuid::from_u128(u128::from(number))),
        fingerprint: fingerprint(number),
        created_at: NOW,
    };
    for person in [1, 2] {
        let mut unit = begin_person(store, person).await;
        let codes = [code(1), code(2), code(3)];
        unit.factors().replace_recovery_codes(&codes).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }

    let spent = join_all((0..8).map(|_| async {
        let mut unit = begin_person(store, 1).await;
        let spent = unit.factors().spend_recovery_code(&fingerprint(1), NOW).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        spent
    }))
    .await;

    assert_eq!(spent.into_iter().filter(|spent| *spent).count(), 1);
    let mut unit = begin_person(store, 1).await;
    assert_eq!(unit.factors().recovery_codes_left().await.unwrap(), 2);
    assert!(!unit.factors().knows_recovery_code(&fingerprint(1)).await.unwrap());
    assert!(unit.factors().knows_recovery_code(&fingerprint(2)).await.unwrap());
    unit.factors().replace_recovery_codes(&[code(9)]).await.unwrap();
    assert!(!unit.factors().knows_recovery_code(&fingerprint(2)).await.unwrap());
    assert_eq!(unit.factors().recovery_codes_left().await.unwrap(), 1);
    drop(unit);
    let mut other = read_person(store, 2).await;
    assert_eq!(other.factors().recovery_codes_left().await.unwrap(), 3);
}

/// Every field comes back; a credential is registered once; the counter only goes forward.
pub async fn a_passkey_is_registered_once_and_counts_forward(store: &impl IdentityHarness) {
    register_two(store).await;
    let rich = Passkey {
        backup_eligible: true,
        backed_up: true,
        last_used_at: Some(NOW + Duration::MICROSECOND),
        sign_count: u32::MAX,
        ..passkey(2, 1)
    };
    let mut unit = begin_person(store, 1).await;
    unit.factors().add_passkey(&passkey(1, 1)).await.unwrap();
    unit.factors().add_passkey(&rich).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin_person(store, 1).await;
    assert_eq!(unit.factors().passkeys().await.unwrap(), [passkey(1, 1), rich]);
    let found = unit.factors().passkey_of(&[1; 16]).await.unwrap();
    assert_eq!(found, Some(passkey(1, 1)));
    let id = passkey(1, 1).id;
    let used = |sign_count| PasskeyUse {
        sign_count,
        backed_up: false,
        at: NOW,
    };
    for (count, forward) in [
        (0, true),
        (0, true),
        (3, true),
        (3, false),
        (2, false),
        (0, false),
        (4, true),
    ] {
        assert_eq!(
            unit.factors().use_passkey(id, used(count)).await.unwrap(),
            forward,
            "{count}"
        );
    }
    assert!(unit.factors().rename_passkey(id, "ü").await.unwrap());
    let found = unit.factors().passkey_of(&[1; 16]).await.unwrap().unwrap();
    assert_eq!(
        (found.name.as_str(), found.sign_count, found.last_used_at),
        ("ü", 4, Some(NOW))
    );
    unit.commit(Vec::new()).await.unwrap();

    let mut other = begin_person(store, 2).await;
    assert_eq!(other.factors().passkeys().await.unwrap(), []);
    assert!(!other.factors().remove_passkey(id).await.unwrap());
    assert!(!other.factors().rename_passkey(id, "mine").await.unwrap());
    drop(other);
    let mut unit = begin_person(store, 1).await;
    assert!(unit.factors().remove_passkey(id).await.unwrap());
    let twice = Passkey {
        id: passkey(3, 1).id,
        ..passkey(2, 1)
    };
    assert!(matches!(
        unit.factors().add_passkey(&twice).await,
        Err(StoreError::Conflict(PASSKEY_REGISTERED))
    ));
}

/// A challenge is used up by one of many; what is over is forgotten.
pub async fn a_challenge_is_used_up_once_also_under_concurrency(store: &impl IdentityHarness) {
    register_two(store).await;
    let until = NOW + Duration::MINUTE;

    let first = join_all((0..8).map(|_| async {
        let mut unit = begin_person(store, 1).await;
        let first = unit
            .factors()
            .spend_challenge(&fingerprint(1), until, NOW)
            .await
            .unwrap();
        unit.commit(Vec::new()).await.unwrap();
        first
    }))
    .await;

    assert_eq!(first.into_iter().filter(|first| *first).count(), 1);
    let mut other = begin_person(store, 2).await;
    assert!(
        other
            .factors()
            .spend_challenge(&fingerprint(1), until, NOW)
            .await
            .unwrap()
    );
    drop(other);
    let mut unit = begin_person(store, 1).await;
    assert!(
        unit.factors()
            .spend_challenge(&fingerprint(1), until, until)
            .await
            .unwrap()
    );
}

fn device(number: u8, person: u128) -> RememberedDevice {
    RememberedDevice {
        id: RememberedDeviceId::from_uuid(Uuid::from_u128(u128::from(number))),
        user: user_id(person),
        fingerprint: fingerprint(number),
        user_agent: Some("curl/8 \"ü\"".into()),
        address: Some("2001:db8::1".parse().unwrap()),
        created_at: NOW + Duration::seconds(number.into()),
        last_used_at: NOW + Duration::seconds(number.into()),
        expires_at: NOW + Duration::DAY,
        failures: 0,
    }
}

/// Devices come back whole, the youngest first; the one used longest ago makes room; all are forgotten at once.
pub async fn devices_make_room_and_are_forgotten(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut unit = begin_person(store, 1).await;
    for number in [1, 2, 3] {
        unit.devices().add(&device(number, 1), 3).await.unwrap();
    }
    unit.devices()
        .touch(device(1, 1).id, NOW + Duration::HOUR)
        .await
        .unwrap();
    unit.devices().add(&device(4, 1), 3).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = begin_person(store, 1).await;
    let listed = unit.devices().list(NOW).await.unwrap();
    let ids: Vec<u128> = listed.iter().map(|device| device.id.as_uuid().as_u128()).collect();
    assert_eq!(ids, [4, 3, 1]);
    assert!(unit.devices().list(NOW + Duration::DAY).await.unwrap().is_empty());
    let found = unit.devices().find(&fingerprint(3)).await.unwrap().unwrap();
    assert_eq!(
        (found.user_agent, found.address, found.created_at, found.expires_at),
        (
            device(3, 1).user_agent,
            device(3, 1).address,
            device(3, 1).created_at,
            device(3, 1).expires_at
        )
    );
    for _ in 0..2 {
        unit.devices().count_failure(found.id).await.unwrap();
    }
    assert_eq!(unit.devices().find(&fingerprint(3)).await.unwrap().unwrap().failures, 2);
    unit.devices().touch(found.id, NOW).await.unwrap();
    assert_eq!(unit.devices().find(&fingerprint(3)).await.unwrap().unwrap().failures, 0);
    unit.commit(Vec::new()).await.unwrap();

    let mut other = begin_person(store, 2).await;
    assert!(other.devices().find(&fingerprint(3)).await.unwrap().is_none());
    assert!(!other.devices().remove(found.id).await.unwrap());
    drop(other);
    let mut unit = begin_person(store, 1).await;
    assert!(unit.devices().remove(found.id).await.unwrap());
    assert_eq!(unit.devices().remove_all().await.unwrap(), 2);
}

/// The first place is no news, a second one is, and each is known from then on.
pub async fn places_are_known_from_the_second_time_on(store: &impl IdentityHarness) {
    register_two(store).await;
    let mut told = Vec::new();
    for (number, place) in (1_u128..).zip([1, 1, 2, 2, 1]) {
        let mut unit = begin_person(store, 1).await;
        let id = KnownPlaceId::from_uuid(Uuid::from_u128(number));
        told.push(unit.devices().see(id, &fingerprint(place), NOW).await.unwrap());
        unit.commit(Vec::new()).await.unwrap();
    }

    let (first, known, new) = (Familiarity::First, Familiarity::Known, Familiarity::New);
    assert_eq!(told, [first, known, new, known, known]);
    let mut other = begin_person(store, 2).await;
    let id = KnownPlaceId::from_uuid(Uuid::from_u128(9));
    assert_eq!(other.devices().see(id, &fingerprint(1), NOW).await.unwrap(), first);
}

/// A pending sign-in comes back whole, is used by one of many, and goes when it is over.
pub async fn a_pending_sign_in_is_used_once_also_under_concurrency(store: &impl IdentityHarness) {
    register_two(store).await;
    let pending = |number: u8| PendingSignIn {
        id: PendingSignInId::from_uuid(Uuid::from_u128(u128::from(number))),
        user: user_id(1),
        fingerprint: fingerprint(number),
        missing: Missing::Enrolment,
        methods: [Method::Password, Method::MailLink].into_iter().collect(),
        outgrown: Some("password_too_short".to_owned()),
        seat: Some((tenant_id(3), MembershipId::from_uuid(Uuid::from_u128(4)))),
        session: Some(SessionId::from_uuid(Uuid::from_u128(5))),
        expires_at: NOW + Duration::MINUTE,
        used_at: None,
        failures: 0,
    };
    let mut unit = begin_person(store, 1).await;
    unit.pending_sign_ins().insert(&pending(1), NOW).await.unwrap();
    unit.pending_sign_ins().count_failure(pending(1).id).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();

    let mut unit = read_person(store, 1).await;
    let found = unit.pending_sign_ins().find(&fingerprint(1)).await.unwrap().unwrap();
    drop(unit);
    assert_eq!(
        (
            found.missing,
            found.methods,
            found.outgrown,
            found.seat,
            found.session,
            found.expires_at,
            found.failures
        ),
        (
            pending(1).missing,
            pending(1).methods,
            pending(1).outgrown,
            pending(1).seat,
            pending(1).session,
            pending(1).expires_at,
            1
        )
    );
    let used = join_all((0..8).map(|_| async {
        let mut unit = begin_person(store, 1).await;
        let used = unit.pending_sign_ins().use_once(pending(1).id, NOW).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
        used
    }))
    .await;
    assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
    assert!(
        read_person(store, 2)
            .await
            .pending_sign_ins()
            .find(&fingerprint(1))
            .await
            .unwrap()
            .is_none()
    );

    let mut unit = begin_person(store, 1).await;
    let later = NOW + Duration::MINUTE;
    unit.pending_sign_ins().insert(&pending(2), later).await.unwrap();
    assert!(unit.pending_sign_ins().find(&fingerprint(1)).await.unwrap().is_none());
    unit.commit(Vec::new()).await.unwrap();

    let mut stranger = begin_person(store, 2).await;
    assert_eq!(stranger.pending_sign_ins().remove_all().await.unwrap(), 0);
    stranger.commit(Vec::new()).await.unwrap();
    let mut unit = begin_person(store, 1).await;
    assert_eq!(unit.pending_sign_ins().remove_all().await.unwrap(), 1);
    assert!(unit.pending_sign_ins().find(&fingerprint(2)).await.unwrap().is_none());
}
