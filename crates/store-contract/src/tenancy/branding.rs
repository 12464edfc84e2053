//! How tenants show themselves.

use tenantry_kernel::time::Duration;
use tenantry_kernel::{EmailAddress, StoreError};
use tenantry_tenancy::branding::{Branding, Color, Look, WebAddress};
use tenantry_tenancy::testing::{NOW, tenant_id};
use tenantry_tenancy::text::{DisplayName, Note};

use super::{TenancyHarness, begin, found_two, read};

fn look(color: &str) -> Look {
    Look {
        display_name: Some(DisplayName::try_from("Acme 株式会社").unwrap()),
        logo_url: Some(WebAddress::try_from("https://cdn.acme.example/logo.png").unwrap()),
        primary_color: Some(Color::try_from(color).unwrap()),
        support_email: Some(EmailAddress::try_from("help@acme.example").unwrap()),
        support_url: Some(WebAddress::try_from("https://acme.example/help").unwrap()),
        footer: Some(Note::try_from("1 High Street").unwrap()),
    }
}

/// Writes looks over what is there.
async fn wear(store: &impl TenancyHarness, tenant: u128, look: Look) -> Result<(), StoreError> {
    let mut unit = begin(store, tenant).await;
    let mut branding = unit.branding().find().await?;
    let event = branding
        .redesign(tenant_id(tenant), look, NOW + Duration::MINUTE)
        .unwrap();
    unit.branding().put(&branding).await?;
    unit.commit(vec![event]).await
}

async fn worn(store: &impl TenancyHarness, tenant: u128) -> Branding {
    read(store, tenant).await.branding().find().await.unwrap()
}

/// Looks come back as they went, for their own tenant and to whoever asks for that tenant's brand.
pub async fn looks_come_back_whole_for_their_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    assert_eq!(worn(store, 1).await, Branding::default());

    wear(store, 1, look("#112233")).await.unwrap();
    wear(store, 1, look("#445566")).await.unwrap();
    let emptied = Look::default();
    wear(store, 2, look("#778899")).await.unwrap();
    wear(store, 2, emptied.clone()).await.unwrap();

    let mine = worn(store, 1).await;
    assert_eq!((mine.look(), mine.version()), (&look("#445566"), 2));
    assert_eq!(mine.updated_at(), Some(NOW + Duration::MINUTE));
    assert_eq!(worn(store, 2).await.look(), &emptied);
    let brand = store.brands().brand(tenant_id(1)).await.unwrap().unwrap();
    assert_eq!((brand.name.as_str(), brand.branding), ("acme", mine));
    assert_eq!(store.brands().brand(tenant_id(3)).await.unwrap(), None);
}

/// Looks that changed since they were read are stale, and stay as they are.
pub async fn looks_that_changed_since_they_were_read_are_stale(store: &impl TenancyHarness) {
    found_two(store).await;
    wear(store, 1, look("#112233")).await.unwrap();
    let mut old = worn(store, 1).await;
    wear(store, 1, look("#445566")).await.unwrap();

    old.redesign(tenant_id(1), look("#778899"), NOW);
    let mut unit = begin(store, 1).await;
    let refused = unit.branding().put(&old).await;

    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    drop(unit);
    assert_eq!(worn(store, 1).await.look(), &look("#445566"));
}

/// Of two who set looks where there were none, the second is stale.
pub async fn of_two_who_set_looks_first_one_wins(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut late = worn(store, 1).await;
    wear(store, 1, look("#112233")).await.unwrap();

    late.redesign(tenant_id(1), look("#445566"), NOW);
    let mut unit = begin(store, 1).await;
    let refused = unit.branding().put(&late).await;

    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    drop(unit);
    assert_eq!(worn(store, 1).await.look(), &look("#112233"));
}
