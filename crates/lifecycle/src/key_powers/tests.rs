//! Tests of what keys may do when their makers change.

use tenantry_billing::permissions::BILLING_READ;
use tenantry_identity::api_key::{CreateApiKey, MintedKey};
use tenantry_identity::permissions::API_KEYS_MANAGE;
use tenantry_identity::store::IdentityStore as _;
use tenantry_identity::user::User;
use tenantry_kernel::{Origin, TenantScope};
use tenantry_tenancy::permissions::TENANT_READ;

use super::*;
use crate::access::{AccessError, Caller};
use crate::sign_up::SignedUp;
use crate::testing::House;
use crate::testing::fixture::{NOW, code};

async fn key_of(house: &House, scope: &TenantScope, permissions: &[&str], live: bool) -> MintedKey {
    let request = CreateApiKey {
        name: "ci".to_owned(),
        permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
        rate_limit: None,
        expires_in_days: None,
        allowed_ips: Vec::new(),
        live,
        ..CreateApiKey::default()
    };
    house.api_keys().create(scope, request).await.unwrap()
}

async fn powers(house: &House, key: &MintedKey) -> Result<PermissionSet, AccessError> {
    let caller = house
        .access()
        .authenticate_key(key.text.expose(), &Origin::default())
        .await?;
    match caller {
        Caller::Key(key) => Ok(key.permissions),
        Caller::Person(_) | Caller::Platform(_) | Caller::Service(_) | Caller::Support(_) => {
            panic!("a key is no person")
        }
    }
}

/// The owner becomes something less behind everybody's back.
async fn change_owner(
    house: &House,
    made: &SignedUp,
    change: impl FnOnce(&mut tenantry_tenancy::membership::Membership),
) {
    let scope = house.owner_of(made).await;
    let mut unit = crate::store::LifecycleStore::begin_spanning(&house.store, &scope, None)
        .await
        .unwrap();
    let mut owner = unit.memberships().find(made.owner.id()).await.unwrap().unwrap();
    change(&mut owner);
    unit.memberships().update(&owner).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
}

#[tokio::test]
async fn a_key_never_does_more_than_its_maker_may_now() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let scope = house.owner_of(&made).await;
    let key = key_of(
        &house,
        &scope,
        &["tenant.read", "billing.read", "api_keys.manage"],
        true,
    )
    .await;
    let all = PermissionSet::from_iter([TENANT_READ, BILLING_READ, API_KEYS_MANAGE]);
    assert_eq!(powers(&house, &key).await.unwrap(), all);

    change_owner(&house, &made, |owner| {
        owner.change_role(code("viewer"), PermissionSet::default(), NOW);
    })
    .await;

    assert_eq!(
        powers(&house, &key).await.unwrap(),
        PermissionSet::from_iter([TENANT_READ])
    );
}

#[tokio::test]
async fn a_key_and_the_keys_it_made_end_with_their_makers_membership() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let owner = house.owner_of(&made).await;
    let key = key_of(&house, &owner, &["*"], true).await;
    let held = powers(&house, &key).await.unwrap();
    let gate = house.gate();
    let by_key = gate.enter_key(made.tenant.id(), key.key.id(), true, held, Origin::default());
    let grandchild = key_of(&house, &by_key.await.unwrap(), &["tenant.read"], true).await;
    assert!(powers(&house, &grandchild).await.is_ok());

    change_owner(&house, &made, |owner| {
        owner.deactivate(NOW).unwrap();
    })
    .await;

    for key in [&key, &grandchild] {
        let refused = powers(&house, key).await;
        assert!(matches!(refused, Err(AccessError::NotAuthenticated)));
    }
}

#[tokio::test]
async fn a_persons_key_is_worth_nothing_while_an_operator_bars_them() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let owner = house.owner_of(&made).await;
    let user = made.owner.details().user;
    let key = key_of(&house, &owner, &["tenant.read"], true).await;
    let change = async |change: fn(&mut User)| {
        let mut unit = house.store.begin_person(user, &Origin::default()).await.unwrap();
        let mut person = unit.users().find(user).await.unwrap().unwrap();
        change(&mut person);
        unit.users().update(&person).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    };

    change(|person| person.disable(NOW)).await;
    let refused = powers(&house, &key).await;
    change(User::enable).await;

    assert!(matches!(refused, Err(AccessError::NotAuthenticated)));
    assert!(powers(&house, &key).await.is_ok());
}

#[tokio::test]
async fn a_test_key_moves_no_money_and_does_all_else_that_it_was_given() {
    let house = House::default();
    let made = house.found("acme", "free").await;
    let owner = house.owner_of(&made).await;

    let live = key_of(&house, &owner, &["billing.manage", "billing.read"], true).await;
    let test = key_of(&house, &owner, &["billing.manage", "billing.read"], false).await;

    let both = PermissionSet::from_iter([BILLING_MANAGE, BILLING_READ]);
    assert_eq!(powers(&house, &live).await.unwrap(), both);
    assert_eq!(
        powers(&house, &test).await.unwrap(),
        PermissionSet::from_iter([BILLING_READ])
    );
}
