//! Keys of the platform.

use super::*;

#[tokio::test]
async fn a_platform_key_enters_no_tenant_and_no_operators_room() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let id = PlatformKeyId::from_uuid(Uuid::from_u128(5));
    let prefix = house.catalog.api_key_prefix();
    let text = PlatformKeyText::mint(prefix, id, &CountingEntropy::default());
    let mut key = fixtures::platform_key(5).record().clone();
    key.fingerprint = text.fingerprint(&PlainCipher);
    house.platform_keys.keep(PlatformKey::restore(key.clone()));
    let text = text.to_text();
    let access = house.access();

    let caller = access
        .authenticate_key(text.expose(), &Origin::default())
        .await
        .unwrap();

    for address in [Address::default(), path("acme"), header(&made.tenant.id().to_string())] {
        let refused = enter(&house, &caller, &address).await;
        assert!(matches!(refused, Err(AccessError::NoSuchTenant)), "{address:?}");
    }
    let system = access.enter_system(&caller, Origin::default());
    assert!(matches!(system, Err(AccessError::NotAnOperator)));
    let own = access.enter_platform(&caller, Origin::default()).unwrap();
    assert_eq!(own.permissions(), &key.permissions);
    assert_eq!(own.principal(), &Principal::PlatformKey { key: id });
    let operators = access.enter_platform(&operator(PlatformRole::Operator), Origin::default());
    assert!(matches!(operators, Err(AccessError::NotAnOperator)));

    let mut revoked = PlatformKey::restore(key);
    revoked.revoke(NOW);
    house.platform_keys.keep(revoked);
    let refused = access.authenticate_key(text.expose(), &Origin::default()).await;
    assert!(matches!(refused, Err(AccessError::NotAuthenticated)));
}
