//! The offer of a tenant's ownership.

use tenantry_kernel::Code;
use tenantry_kernel::uuid::Uuid;
use tenantry_tenancy::ownership::{OwnershipTransfer, OwnershipTransferId, TRANSFER_PENDING};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::testing::{NOW, member, membership_id};

use super::{TenancyHarness, add_members, begin, found_two, read};
use crate::refused_by;

fn offer(number: u128) -> OwnershipTransfer {
    let id = OwnershipTransferId::from_uuid(Uuid::from_u128(number));
    let keep = Code::try_from("admin").unwrap();
    OwnershipTransfer::offer(id, membership_id(10), membership_id(11), keep, NOW)
}

async fn offered(store: &impl TenancyHarness, tenant: u128, offer: &OwnershipTransfer) {
    let mut unit = begin(store, tenant).await;
    unit.ownership().offer(offer).await.unwrap();
    unit.commit(vec![offer.offered()]).await.unwrap();
}

async fn pending(store: &impl TenancyHarness, tenant: u128) -> Option<OwnershipTransfer> {
    read(store, tenant).await.ownership().pending().await.unwrap()
}

async fn two_members_each(store: &impl TenancyHarness) {
    found_two(store).await;
    for tenant in [1, 2] {
        add_members(
            store,
            tenant,
            &[member(10, SystemRole::Owner), member(11, SystemRole::Viewer)],
        )
        .await;
    }
}

/// An offer comes back as it went, for its tenant; while it waits there is no other.
pub async fn one_offer_waits_in_a_tenant(store: &impl TenancyHarness) {
    two_members_each(store).await;

    offered(store, 1, &offer(1)).await;

    assert_eq!(pending(store, 1).await, Some(offer(1)));
    assert_eq!(pending(store, 2).await, None);
    let mut unit = begin(store, 1).await;
    assert_eq!(refused_by(unit.ownership().offer(&offer(2)).await), TRANSFER_PENDING);
    drop(unit);
    offered(store, 2, &offer(1)).await;
}

/// Of many who end an offer at once one does.
pub async fn an_offer_ends_once_also_under_concurrency(store: &impl TenancyHarness) {
    two_members_each(store).await;
    offered(store, 1, &offer(1)).await;
    let mut other = begin(store, 2).await;
    assert!(!other.ownership().end(offer(1).id).await.unwrap());
    drop(other);
    let end = async || {
        let mut unit = begin(store, 1).await;
        let ended = unit.ownership().end(offer(1).id).await.unwrap();
        tokio::task::yield_now().await;
        unit.commit(vec![offer(1).cancelled()]).await.unwrap();
        ended
    };

    let ended: [bool; 4] = tokio::join!(end(), end(), end(), end()).into();

    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1, "{ended:?}");
    assert_eq!(pending(store, 1).await, None);
}

/// An offer goes with the membership of either side.
pub async fn an_offer_goes_with_either_member(store: &impl TenancyHarness) {
    two_members_each(store).await;
    for (tenant, leaves) in [(1, 10), (2, 11)] {
        offered(store, tenant, &offer(1)).await;

        let mut unit = begin(store, tenant).await;
        unit.memberships().delete(membership_id(leaves), 1).await.unwrap();
        unit.commit(vec![member(leaves, SystemRole::Owner).removed()])
            .await
            .unwrap();

        assert_eq!(pending(store, tenant).await, None, "{leaves}");
    }
}
