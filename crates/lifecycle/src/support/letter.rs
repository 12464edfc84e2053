//! The mail that tells a tenant's owners that somebody of the installation acts on behalf of a member.

use tenantry_identity::support::Impersonation;
use tenantry_identity::user::User;
use tenantry_kernel::{Mail, PageRequest, StoreError, TenantScope, UserId};
use tenantry_tenancy::membership::{Membership, MembershipFilter, MembershipState};

use super::SupportParts;
use crate::members::to_the_minute;

/// More owners than this are not written to.
const OWNERS: u16 = 50;

/// One mail for each active owner, in their own language. What they say is read before the visit's unit begins, which
/// then holds nobody up.
pub(super) async fn to_owners(
    parts: &SupportParts,
    inside: &TenantScope,
    visit: &Impersonation,
) -> Result<Vec<Mail>, StoreError> {
    let filter = MembershipFilter {
        state: Some(MembershipState::Active),
        role: Some(parts.catalog.roles().owner().code.clone()),
        ..MembershipFilter::default()
    };
    let page = PageRequest::new(OWNERS, None).unwrap_or_else(|_| PageRequest::first());
    let mut unit = parts.store.read_spanning(inside).await?;
    let tenant = unit.tenants().find().await?;
    let owners = unit.memberships().list(&filter, page).await?.items;
    let member = unit.memberships().find(visit.membership).await?;
    drop(unit);

    let mut fields = vec![
        ("product", parts.catalog.display().to_owned()),
        ("reason", visit.reason.as_str().to_owned()),
    ];
    fields.extend(tenant.as_ref().map(|tenant| ("tenant", tenant.name().to_string())));
    fields.extend(member.as_ref().map(|member| ("member", called(member))));
    let operator = person(parts, visit.operator).await?;
    fields.extend(operator.map(|operator| ("operator", operator.name().to_owned())));
    // Which of the two is there decides what the mail says that may be done.
    let until = if visit.read_only { "looks_until" } else { "acts_until" };
    fields.push((until, to_the_minute(visit.expires_at)));

    let mut mails = Vec::with_capacity(owners.len());
    for owner in &owners {
        let known = person(parts, owner.user()).await?;
        let theirs = known.map(|known| known.locale().to_owned());
        let tenants = || {
            tenant
                .as_ref()
                .map(|tenant| tenant.profile().locale.as_str().to_owned())
        };
        let mut fields = fields.clone();
        fields.extend(owner.name().map(|name| ("name", name.to_string())));
        mails.push(Mail {
            template: "support_access_started",
            to: owner.email().clone(),
            locale: theirs.or_else(tenants).unwrap_or_default(),
            fields,
            token: None,
        });
    }
    Ok(mails)
}

async fn person(parts: &SupportParts, user: UserId) -> Result<Option<User>, StoreError> {
    let mut unit = parts.people.read_person(user).await?;
    unit.users().find(user).await
}

fn called(member: &Membership) -> String {
    member
        .name()
        .map_or_else(|| member.email().to_string(), ToString::to_string)
}
