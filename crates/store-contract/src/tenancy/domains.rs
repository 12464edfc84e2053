//! Custom domains.

use tenantry_kernel::time::Duration;
use tenantry_kernel::uuid::Uuid;
use tenantry_tenancy::domain::{CustomDomain, CustomDomainId, DOMAIN_TAKEN, HostName};
use tenantry_tenancy::testing::{NOW, tenant_id};

use super::{TenancyHarness, begin, found_two, read};
use crate::{next_page, refused_by};

fn domain(number: u128, host: &str) -> CustomDomain {
    let id = CustomDomainId::from_uuid(Uuid::from_u128(number));
    CustomDomain::claim(id, HostName::try_from(host).unwrap(), format!("token{number}"), NOW)
}

async fn claim(store: &impl TenancyHarness, tenant: u128, domain: &CustomDomain) {
    let mut unit = begin(store, tenant).await;
    unit.custom_domains().insert(domain).await.unwrap();
    unit.commit(vec![domain.claimed()]).await.unwrap();
}

async fn verify(
    store: &impl TenancyHarness,
    tenant: u128,
    domain: &mut CustomDomain,
) -> Result<(), tenantry_kernel::StoreError> {
    let event = domain.verify(NOW + Duration::MINUTE).unwrap();
    let mut unit = begin(store, tenant).await;
    unit.custom_domains().update(domain).await?;
    unit.commit(vec![event]).await
}

/// A claim and its verification come back as they went, for their own tenant.
pub async fn a_domain_comes_back_whole_for_its_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut mine = domain(1, "app.acme.com");
    claim(store, 1, &mine).await;
    let claimed = read(store, 1).await.custom_domains().find(mine.id()).await.unwrap();
    assert_eq!(claimed.as_ref(), Some(&mine));

    verify(store, 1, &mut mine).await.unwrap();

    let verified = read(store, 1).await.custom_domains().find(mine.id()).await.unwrap();
    assert_eq!(verified, Some(mine.clone()));
    assert_eq!(
        read(store, 2).await.custom_domains().find(mine.id()).await.unwrap(),
        None
    );
    assert_eq!(read(store, 2).await.custom_domains().count().await.unwrap(), 0);
}

/// A tenant names a host once.
pub async fn a_tenant_names_a_host_once(store: &impl TenancyHarness) {
    found_two(store).await;
    claim(store, 1, &domain(1, "app.acme.com")).await;

    let mut unit = begin(store, 1).await;
    let refused = unit.custom_domains().insert(&domain(2, "app.acme.com")).await;

    assert_eq!(refused_by(refused), DOMAIN_TAKEN);
}

/// Anyone may claim a host; the first to verify it has it.
pub async fn a_verified_host_belongs_to_one_tenant(store: &impl TenancyHarness) {
    found_two(store).await;
    let (mut squatter, mut owner) = (domain(1, "app.acme.com"), domain(2, "app.acme.com"));
    claim(store, 1, &squatter).await;
    claim(store, 2, &owner).await;
    assert_eq!(store.access().tenant_by_host("app.acme.com").await.unwrap(), None);

    verify(store, 2, &mut owner).await.unwrap();

    assert_eq!(refused_by(verify(store, 1, &mut squatter).await), DOMAIN_TAKEN);
    let still_claimed = read(store, 1)
        .await
        .custom_domains()
        .find(squatter.id())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(still_claimed.verified_at(), None);
    assert_eq!(
        store.access().tenant_by_host("app.acme.com").await.unwrap(),
        Some(tenant_id(2))
    );
}

/// A host that another tenant has verified cannot even be claimed.
pub async fn a_verified_host_cannot_be_claimed_by_another(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut taken = domain(1, "app.acme.com");
    claim(store, 1, &taken).await;
    verify(store, 1, &mut taken).await.unwrap();

    let mut unit = begin(store, 2).await;
    let refused = unit.custom_domains().insert(&domain(2, "app.acme.com")).await;

    assert_eq!(refused_by(refused), DOMAIN_TAKEN);
}

/// Removing a domain frees its host, for its own tenant's unit only; removing nothing is no error.
pub async fn removing_a_domain_frees_its_host(store: &impl TenancyHarness) {
    found_two(store).await;
    let mut mine = domain(1, "app.acme.com");
    claim(store, 1, &mine).await;
    verify(store, 1, &mut mine).await.unwrap();
    let mut foreign = begin(store, 2).await;
    foreign.custom_domains().delete(mine.id()).await.unwrap();
    foreign.commit(Vec::new()).await.unwrap();
    assert_eq!(
        store.access().tenant_by_host("app.acme.com").await.unwrap(),
        Some(tenant_id(1))
    );

    let mut unit = begin(store, 1).await;
    unit.custom_domains().delete(mine.id()).await.unwrap();
    unit.commit(vec![mine.removed()]).await.unwrap();

    assert_eq!(store.access().tenant_by_host("app.acme.com").await.unwrap(), None);
    claim(store, 2, &domain(2, "app.acme.com")).await;
}

/// Pages follow each other, oldest first, and the count agrees.
pub async fn domains_are_listed_in_pages_and_counted(store: &impl TenancyHarness) {
    found_two(store).await;
    let mine = [
        domain(1, "a.acme.com"),
        domain(2, "b.acme.com"),
        domain(3, "c.acme.com"),
    ];
    for domain in &mine {
        claim(store, 1, domain).await;
    }
    claim(store, 2, &domain(4, "d.globex.com")).await;
    let mut unit = read(store, 1).await;

    let first = unit.custom_domains().list(next_page::<()>(2, None)).await.unwrap();
    let second = unit.custom_domains().list(next_page(2, Some(&first))).await.unwrap();

    assert_eq!(first.items, mine[..2]);
    assert_eq!((second.items.as_slice(), second.next), (&mine[2..], None));
    assert_eq!(unit.custom_domains().count().await.unwrap(), 3);
}
