//! Tokens for programs, over a house in memory.

use tenantry_identity::permissions::{API_KEYS_READ, SERVICE_ACCOUNTS_MANAGE, TOKENS_INTROSPECT};
use tenantry_identity::service_account::{CreateServiceAccount, MintedSecret};
use tenantry_kernel::{Origin, Permission, PermissionSet, Secret, TenantScope};
use tenantry_quotas::permissions::READ_USAGE;

use super::*;
use crate::access::{Address, Caller};
use crate::testing::House;

struct Client {
    house: House,
    scope: TenantScope,
    minted: MintedSecret,
}

async fn client(permissions: &[Permission]) -> Client {
    let house = House::default();
    let owner = house.found("acme", "free").await;
    let scope = house.owner_of(&owner).await;
    let request = CreateServiceAccount {
        name: "import".to_owned(),
        permissions: permissions.iter().map(ToString::to_string).collect(),
    };
    let minted = house.service_accounts().create(&scope, request).await.unwrap();
    Client { house, scope, minted }
}

fn shown(client: &Client, scope: Option<&str>) -> ClientCredentials {
    ClientCredentials {
        client_id: client.minted.account.id().to_string(),
        client_secret: client.minted.text.clone(),
        scope: scope.map(str::to_owned),
    }
}

async fn enters(client: &Client, token: &str) -> Option<PermissionSet> {
    let access = client.house.access();
    let Ok(caller @ Caller::Service(_)) = access.authenticate_token(token).await else {
        return None;
    };
    let entered = access
        .enter(&caller, &Address::default(), Origin::default())
        .await
        .ok()?;
    assert_eq!(entered.principal().kind(), "service_account");
    assert_eq!(entered.tenant_id(), client.scope.tenant_id());
    Some(entered.permissions().clone())
}

#[tokio::test]
async fn a_client_gets_a_token_for_all_it_holds_or_for_what_it_asks() {
    let client = client(&[API_KEYS_READ, READ_USAGE]).await;
    let oauth = client.house.oauth();

    let all = oauth
        .client_credentials(&shown(&client, None), &Origin::default())
        .await
        .unwrap();
    let less = shown(&client, Some("usage.read"));
    let less = oauth.client_credentials(&less, &Origin::default()).await.unwrap();

    let both = PermissionSet::from_iter([API_KEYS_READ, READ_USAGE]);
    let one = PermissionSet::from_iter([READ_USAGE]);
    assert_eq!((&all.permissions, &less.permissions), (&both, &one));
    assert_eq!(enters(&client, all.access.expose()).await, Some(both));
    assert_eq!(enters(&client, less.access.expose()).await, Some(one));
}

#[tokio::test]
async fn a_client_that_is_not_believed_gets_nothing() {
    let client = client(&[READ_USAGE]).await;
    let oauth = client.house.oauth();
    let other_id = ClientCredentials {
        client_id: client.scope.tenant_id().to_string(),
        ..shown(&client, None)
    };
    let other_secret = ClientCredentials {
        client_secret: Secret::new("tk_secret_x".to_owned()),
        ..shown(&client, None)
    };
    let beyond = shown(&client, Some("usage.read billing.manage"));

    for refused in [&other_id, &other_secret] {
        let refused = oauth.client_credentials(refused, &Origin::default()).await;
        assert!(matches!(refused, Err(GrantError::InvalidClient)));
    }
    let refused = oauth.client_credentials(&beyond, &Origin::default()).await;
    assert!(matches!(refused, Err(GrantError::InvalidScope(name)) if name == "billing.manage"));
}

#[tokio::test]
async fn a_deactivated_account_and_a_revoked_token_enter_nothing() {
    let client = client(&[READ_USAGE]).await;
    let oauth = client.house.oauth();
    let issue = async || {
        let issued = oauth
            .client_credentials(&shown(&client, None), &Origin::default())
            .await;
        issued.map(|issued| issued.access)
    };
    let (one, other) = (issue().await.unwrap(), issue().await.unwrap());

    oauth.revoke(one.expose(), &Origin::default()).await.unwrap();
    assert_eq!(enters(&client, one.expose()).await, None);
    assert!(enters(&client, other.expose()).await.is_some());

    let accounts = client.house.service_accounts();
    accounts
        .deactivate(&client.scope, client.minted.account.id(), None)
        .await
        .unwrap();
    assert_eq!(enters(&client, other.expose()).await, None);
    assert!(matches!(issue().await, Err(GrantError::InvalidClient)));
}

#[tokio::test]
async fn an_account_never_does_more_than_an_owner() {
    let client = client(&[READ_USAGE]).await;
    let unknown = Permission::known("platform.manage");
    let mut account = client.minted.account.clone();
    account.allow(PermissionSet::from_iter([READ_USAGE, unknown]));
    client.house.keep_service_account(client.scope.tenant_id(), account);

    let issued = client
        .house
        .oauth()
        .client_credentials(&shown(&client, None), &Origin::default())
        .await;

    let expected = PermissionSet::from_iter([READ_USAGE]);
    let issued = issued.unwrap();
    assert_eq!(issued.permissions, expected);
    assert_eq!(enters(&client, issued.access.expose()).await, Some(expected));
}

#[tokio::test]
async fn a_token_is_told_of_to_its_own_tenant_alone() {
    let client = client(&[READ_USAGE, SERVICE_ACCOUNTS_MANAGE]).await;
    let oauth = client.house.oauth();
    let issued = oauth
        .client_credentials(&shown(&client, None), &Origin::default())
        .await
        .unwrap();
    let other = client.house.found("globex", "free").await;
    let theirs = client.house.owner_of(&other).await;
    assert!(theirs.permissions().holds(&TOKENS_INTROSPECT));

    let told = oauth
        .introspect(&client.scope, issued.access.expose())
        .await
        .unwrap()
        .unwrap();
    let untold = oauth.introspect(&theirs, issued.access.expose()).await.unwrap();

    assert_eq!(
        (told.kind, told.subject),
        (TokenKind::Access, client.minted.account.id().to_string())
    );
    assert_eq!(told.permissions, issued.permissions);
    assert!(untold.is_none());
    for junk in ["", "a.b.c", "rt_x_y", "tk_live_x"] {
        assert!(oauth.introspect(&client.scope, junk).await.unwrap().is_none(), "{junk}");
    }
}
