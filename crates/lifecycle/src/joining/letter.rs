//! The mails about requests: to those who decide, and to who asked.

use tenantry_identity::user::User;
use tenantry_kernel::{Mail, PageRequest, StoreError};
use tenantry_tenancy::joining::JoinRequest;
use tenantry_tenancy::membership::{Membership, MembershipFilter, MembershipState};
use tenantry_tenancy::role::SystemRole;
use tenantry_tenancy::security::{SecurityPolicy, WhoMayInvite};

use crate::catalog::Catalog;
use crate::store::LifecycleUnit;

/// The most people who are told of a request: a tenant with many admins needs no more to have it decided.
const MOST: u16 = 10;

/// To owners, and to admins where these may decide, in the language of the tenant.
pub(super) async fn to_deciders(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    policy: &SecurityPolicy,
    request: &JoinRequest,
) -> Result<Vec<Mail>, StoreError> {
    let Some(tenant) = unit.tenants().find().await? else {
        return Ok(Vec::new());
    };
    let bases: &[SystemRole] = match policy.who_may_invite {
        WhoMayInvite::Owners => &[SystemRole::Owner],
        WhoMayInvite::Managers | WhoMayInvite::Admins => &[SystemRole::Owner, SystemRole::Admin],
    };
    let mut deciders: Vec<Membership> = Vec::new();
    for role in bases.iter().filter_map(|base| catalog.roles().by_base(*base)) {
        let filter = MembershipFilter {
            state: Some(MembershipState::Active),
            role: Some(role.code.clone()),
            ..MembershipFilter::default()
        };
        deciders.extend(unit.memberships().list(&filter, PageRequest::first()).await?.items);
    }
    deciders.truncate(usize::from(MOST));
    let asker = format!("{} ({})", request.record().name, request.email());
    let letters = deciders.into_iter().map(|decider| {
        let mut fields = vec![
            ("tenant", tenant.name().to_string()),
            ("product", catalog.display().to_owned()),
            ("asker", asker.clone()),
        ];
        fields.extend(decider.name().map(|name| ("name", name.to_string())));
        Mail {
            template: "join_requested",
            to: decider.email().clone(),
            locale: tenant.profile().locale.as_str().to_owned(),
            fields,
            token: None,
        }
    });
    Ok(letters.collect())
}

/// To who asked and was let in, in their own language.
pub(super) async fn to_newcomer(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    user: &User,
    member: &Membership,
) -> Result<Option<Mail>, StoreError> {
    let Some(tenant) = unit.tenants().find().await? else {
        return Ok(None);
    };
    Ok(Some(Mail {
        template: "join_approved",
        to: member.email().clone(),
        locale: user.locale().to_owned(),
        fields: vec![
            ("tenant", tenant.name().to_string()),
            ("product", catalog.display().to_owned()),
            ("role", member.role().as_str().replace('_', " ")),
            ("name", user.name().to_owned()),
        ],
        token: None,
    }))
}
