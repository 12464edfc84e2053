//! What two memberships of one human come to.

use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{MembershipId, Permission, PermissionSet};
use tenantry_tenancy::membership::{Membership, MembershipDetails};
use tenantry_tenancy::role::{RoleDefinition, SystemRole};

use super::UserId;
use super::absorb::both;
use crate::testing::fixture::{self, NOW, email};

fn member(number: u128, role: &RoleDefinition, extra: &[Permission]) -> Membership {
    let details = MembershipDetails {
        user: UserId::from_uuid(Uuid::from_u128(number)),
        email: email("mia@acme.example"),
        name: None,
        role: role.code.clone(),
        extra: extra.iter().cloned().collect::<PermissionSet>(),
        department: None,
        position: None,
    };
    Membership::join(MembershipId::from_uuid(Uuid::from_u128(number)), details, NOW)
}

#[test]
fn one_membership_allows_what_both_did() {
    let catalog = fixture::catalog();
    let roles = catalog.roles();
    let all = |member: &Membership| roles.permissions_of(member.role(), member.extra());
    for one in roles.all() {
        for other in roles.all() {
            let mut kept = member(1, one, &[]);
            let given_up = member(2, other, &[Permission::known("usage.consume")]);
            let before = all(&kept).union(&all(&given_up));

            let (role, extra) = both(roles, &kept, &given_up);
            kept.change_role(role, extra, NOW);

            assert_eq!(all(&kept), before, "{} and {}", one.code, other.code);
            let owner = [one, other].iter().any(|role| role.base() == Some(SystemRole::Owner));
            assert_eq!(
                *kept.role() == roles.owner().code,
                owner,
                "{} and {}",
                one.code,
                other.code
            );
        }
    }
}
