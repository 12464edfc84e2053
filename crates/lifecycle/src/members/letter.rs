//! The mail that invites, and the token that it carries.

use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Cipher, Entropy, IdSource, Locale, Mail, Note, Secret, StoreError, TenantId};
use tenantry_tenancy::membership::{Membership, MembershipStatus};

use crate::store::LifecycleUnit;

/// What all invitations of one unit have in common.
pub(super) struct Letterhead {
    tenant: TenantId,
    name: String,
    /// The tenant's language, for people whose own nobody told.
    pub(super) locale: Locale,
    product: String,
    inviter: Option<String>,
}

/// What mints tokens.
#[derive(Clone, Copy)]
pub(super) struct Minting<'a> {
    pub(super) cipher: &'a dyn Cipher,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) ids: &'a dyn IdSource,
}

impl Letterhead {
    /// Reads what the tenant is called, what it speaks, and who `by` is.
    pub(super) async fn read(
        unit: &mut dyn LifecycleUnit,
        tenant: TenantId,
        product: &str,
        by: Option<tenantry_kernel::MembershipId>,
    ) -> Result<Self, StoreError> {
        let found = unit.tenants().find().await?;
        let inviter = match by {
            Some(by) => unit.memberships().find(by).await?,
            None => None,
        };
        let (name, locale) = found.map_or_else(
            || (String::new(), Locale::default()),
            |tenant| (tenant.name().to_string(), tenant.profile().locale.clone()),
        );
        Ok(Self {
            tenant,
            name,
            locale,
            product: product.to_owned(),
            inviter: inviter.and_then(|member| member.name().map(ToString::to_string)),
        })
    }

    /// A fresh token for an invitation, and the text that the mail carries. It lives as long as the invitation.
    pub(super) fn token(
        &self,
        member: &Membership,
        mint: Minting<'_>,
        now: OffsetDateTime,
    ) -> (OneTimeToken, Secret<String>) {
        let text = OneTimeText::mint(Purpose::Invitation, member.user(), Some(self.tenant), mint.entropy);
        let id = OneTimeTokenId::from_uuid(mint.ids.next());
        let mut token = OneTimeToken::issue(id, &text, Some(member.id()), mint.cipher, now);
        if let MembershipStatus::Invited { expires_at } = member.status() {
            token.expires_at = *expires_at;
        }
        (token, text.to_text())
    }

    /// The mail itself.
    pub(super) fn mail(
        &self,
        member: &Membership,
        message: Option<&Note>,
        locale: Option<&Locale>,
        token: Secret<String>,
    ) -> Mail {
        let mut fields = vec![
            ("tenant", self.name.clone()),
            ("product", self.product.clone()),
            ("role", member.role().as_str().replace('_', " ")),
        ];
        fields.extend(member.name().map(|name| ("name", name.to_string())));
        fields.extend(self.inviter.clone().map(|inviter| ("inviter", inviter)));
        fields.extend(message.map(|message| ("message", message.to_string())));
        if let MembershipStatus::Invited { expires_at } = member.status() {
            fields.push(("expires_at", to_the_minute(*expires_at)));
        }
        Mail {
            template: "invitation",
            to: member.email().clone(),
            locale: locale.unwrap_or(&self.locale).as_str().to_owned(),
            fields,
            token: Some(token),
        }
    }
}

/// `2026-03-08 12:00 UTC`.
pub(crate) fn to_the_minute(at: OffsetDateTime) -> String {
    let at = at.to_offset(tenantry_kernel::time::UtcOffset::UTC);
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}
