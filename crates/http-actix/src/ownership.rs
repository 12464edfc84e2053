//! Handing a tenant over to another member.

mod accept;
mod cancel;
mod offer;
mod redeem;
mod show;

use serde::Serialize;
use tenantry_lifecycle::ownership::Handed;
use tenantry_tenancy::ownership::OwnershipTransfer;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::routes::Row;
use crate::views::member::MemberView;

pub(crate) fn rows() -> Vec<Row> {
    vec![offer::row(), show::row(), cancel::row(), accept::row(), redeem::row()]
}

/// An offer of ownership that waits for its answer.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnershipTransfer)]
struct TransferView {
    /// Its id.
    id: String,
    /// The membership of the owner who offers.
    from: String,
    /// The membership it is offered to.
    to: String,
    /// The role that the owner carries afterwards.
    #[schema(example = "admin")]
    keep_role: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Until when it can be taken.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl From<&OwnershipTransfer> for TransferView {
    fn from(transfer: &OwnershipTransfer) -> Self {
        Self {
            id: transfer.id.to_string(),
            from: transfer.from.to_string(),
            to: transfer.to.to_string(),
            keep_role: transfer.keep_role.to_string(),
            created_at: transfer.created_at,
            expires_at: transfer.expires_at,
        }
    }
}

/// A tenant has another owner.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnershipHanded)]
struct HandedView {
    /// The tenant.
    tenant_id: String,
    /// The new owner.
    owner: MemberView,
    /// Who was it before.
    former_owner: MemberView,
}

impl From<&Handed> for HandedView {
    fn from(handed: &Handed) -> Self {
        Self {
            tenant_id: handed.tenant.to_string(),
            owner: MemberView::from(&handed.owner),
            former_owner: MemberView::from(&handed.former),
        }
    }
}
