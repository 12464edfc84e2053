//! Whom a key admits.

use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const SECRET: Fingerprint = Fingerprint::from_bytes([7; 32]);

fn record() -> ApiKeyRecord {
    ApiKeyRecord {
        id: ApiKeyId::from_uuid(Uuid::from_u128(1)),
        name: KeyName::try_from("ci").unwrap(),
        live: true,
        permissions: PermissionSet::default(),
        rate_limit: None,
        allowed_ips: vec![],
        fingerprint: SECRET,
        hint: "tk_live_…0000".to_owned(),
        previous: None,
        owner: KeyOwner::Personal,
        created_by: None,
        created_at: NOW,
        expires_at: None,
        revoked_at: None,
        rotated_at: None,
        last_used_at: None,
        version: 1,
    }
}

#[test]
fn a_plain_key_admits_its_secret_from_anywhere() {
    let key = ApiKey::restore(record());

    assert_eq!(key.admits(&SECRET, NOW, None), Ok(()));
    assert_eq!(key.admits(&SECRET, NOW, Some([192, 0, 2, 1].into())), Ok(()));
}

#[test]
fn without_the_secret_nothing_is_told_about_the_key() {
    let mut key = ApiKey::restore(ApiKeyRecord {
        expires_at: Some(NOW),
        ..record()
    });
    key.revoke(NOW);

    let wrong = Fingerprint::from_bytes([8; 32]);

    assert_eq!(key.admits(&wrong, NOW, None), Err(KeyRefusal::Unknown));
    assert_eq!(key.admits(&SECRET, NOW, None), Err(KeyRefusal::Revoked));
}

#[test]
fn a_key_is_worth_nothing_from_the_moment_it_expires() {
    let key = ApiKey::restore(ApiKeyRecord {
        expires_at: Some(NOW),
        ..record()
    });

    assert_eq!(key.admits(&SECRET, NOW - Duration::MICROSECOND, None), Ok(()));
    assert_eq!(key.admits(&SECRET, NOW, None), Err(KeyRefusal::Expired));
}

#[test]
fn a_key_with_ranges_admits_no_other_address_and_no_unknown_one() {
    let key = ApiKey::restore(ApiKeyRecord {
        allowed_ips: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        ..record()
    });

    for (address, verdict) in [
        (Some("10.1.2.3"), Ok(())),
        (Some("2001:db8::1"), Ok(())),
        (Some("::ffff:10.1.2.3"), Ok(())),
        (Some("192.0.2.1"), Err(KeyRefusal::AddressNotAllowed)),
        (None, Err(KeyRefusal::AddressNotAllowed)),
    ] {
        let address = address.map(|text| text.parse().unwrap());
        assert_eq!(key.admits(&SECRET, NOW, address), verdict, "{address:?}");
    }
}

#[test]
fn a_rotation_kills_the_old_secret_at_once() {
    let mut key = ApiKey::restore(record());
    let fresh = Fingerprint::from_bytes([9; 32]);

    key.rotate(fresh, "tk_live_…1111".to_owned(), Duration::ZERO, NOW);

    assert_eq!(key.admits(&SECRET, NOW, None), Err(KeyRefusal::Unknown));
    assert_eq!(key.admits(&fresh, NOW, None), Ok(()));
}

#[test]
fn an_expected_version_is_compared() {
    let key = ApiKey::restore(record());

    assert!(key.require_version(None).is_ok());
    assert!(key.require_version(Some(1)).is_ok());
    assert!(matches!(key.require_version(Some(2)), Err(StoreError::Stale)));
}

#[test]
fn with_an_overlap_both_secrets_are_good_for_a_while() {
    let mut key = ApiKey::restore(record());
    let (second, third) = (Fingerprint::from_bytes([9; 32]), Fingerprint::from_bytes([11; 32]));
    let until = NOW + Duration::HOUR;

    key.rotate(second, "tk_live_…1111".to_owned(), Duration::HOUR, NOW);

    assert_eq!(key.previous(NOW).unwrap().hint, "tk_live_…0000");
    for (secret, now, verdict) in [
        (SECRET, until - Duration::SECOND, Ok(())),
        (SECRET, until, Err(KeyRefusal::Unknown)),
        (second, until, Ok(())),
        (third, NOW, Err(KeyRefusal::Unknown)),
    ] {
        assert_eq!(key.admits(&secret, now, None), verdict, "{now}");
    }
    // Only the one before the current one is kept.
    key.rotate(third, "tk_live_…2222".to_owned(), Duration::DAY, NOW);
    assert_eq!(key.admits(&SECRET, NOW, None), Err(KeyRefusal::Unknown));
    assert_eq!(key.admits(&second, NOW, None), Ok(()));
    assert!(key.drop_previous(NOW) && !key.drop_previous(NOW));
    assert_eq!(key.admits(&second, NOW, None), Err(KeyRefusal::Unknown));
    // An end is an end for both.
    key.rotate(SECRET, String::new(), Duration::DAY, NOW);
    key.revoke(NOW);
    for secret in [SECRET, third] {
        assert_eq!(key.admits(&secret, NOW, None), Err(KeyRefusal::Revoked));
    }
}
