//! What a security policy says, and what follows from it.

use std::net::IpAddr;

use tenantry_kernel::time::Duration;
use tenantry_kernel::{Cidr, Code, Denied, EmailAddress, EmailDomain, Event, PermissionSet, TenantId, Value};

use crate::permissions::MEMBERS_MANAGE;

use super::words::{JoinMode, SignInMethod, SupportAccess, WhoMayInvite};

/// What a tenant asks of those who enter it. The default asks nothing beyond what the installation asks.
///
/// Made by [`PolicyDraft::check`](super::PolicyDraft::check), which keeps each value in its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityPolicy {
    /// Everybody signs in with a second factor.
    pub mfa_required: bool,
    /// Where members and programs may call from; everywhere when empty.
    pub ip_allowlist: Vec<Cidr>,
    /// How long sessions last.
    pub session: SessionLimits,
    /// What a password must be like.
    pub password: PasswordRules,
    /// At which domains members have their addresses; anywhere when empty.
    pub allowed_email_domains: Vec<EmailDomain>,
    /// Who may invite, of those who hold the permission.
    pub who_may_invite: WhoMayInvite,
    /// Whether the installation's people may act in the place of a member.
    pub support_access: SupportAccess,
    /// A device may be remembered, so that the second factor is asked for less often.
    pub remember_devices: bool,
    /// How one may sign in; never empty.
    pub sign_in_methods: Vec<SignInMethod>,
    /// How people with an address at a proved domain come in.
    pub domain_join: DomainJoin,
}

/// How long sessions in the tenant last. They can only be shorter than the installation's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionLimits {
    /// Hours from signing in.
    pub absolute_hours: Option<u32>,
    /// Minutes without use.
    pub idle_minutes: Option<u32>,
}

impl SessionLimits {
    /// From signing in.
    #[must_use]
    pub fn absolute(&self) -> Option<Duration> {
        self.absolute_hours.map(|hours| Duration::hours(hours.into()))
    }

    /// Without use.
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        self.idle_minutes.map(|minutes| Duration::minutes(minutes.into()))
    }
}

/// What the password of a member must be like. It can only ask for more than the installation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasswordRules {
    /// Characters at least.
    pub min_length: Option<u32>,
    /// How hard to guess, from 0 to 4 on the scale of zxcvbn.
    pub min_strength: Option<u8>,
    /// It must not be known from a breach.
    pub forbid_breached: bool,
}

/// How people with an address at a proved domain come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainJoin {
    /// By themselves, on request, or not.
    pub mode: JoinMode,
    /// With which role; the catalog's member when none is given.
    pub role: Option<Code>,
}

impl Default for SecurityPolicy {
    fn default() -> Self {
        Self {
            mfa_required: false,
            ip_allowlist: Vec::new(),
            session: SessionLimits::default(),
            password: PasswordRules::default(),
            allowed_email_domains: Vec::new(),
            who_may_invite: WhoMayInvite::default(),
            support_access: SupportAccess::default(),
            remember_devices: true,
            sign_in_methods: SignInMethod::ALL.to_vec(),
            domain_join: DomainJoin::default(),
        }
    }
}

impl SecurityPolicy {
    /// True when one may call from the address. Where the address is not known, only a policy without a list allows it.
    #[must_use]
    pub fn allows_address(&self, address: Option<IpAddr>) -> bool {
        self.ip_allowlist.is_empty()
            || address.is_some_and(|address| self.ip_allowlist.iter().any(|range| range.contains(address)))
    }

    /// True when somebody with this address may become a member.
    #[must_use]
    pub fn allows_email(&self, address: &EmailAddress) -> bool {
        let domains = &self.allowed_email_domains;
        domains.is_empty() || domains.iter().any(|domain| domain.has(address))
    }

    /// Passes when `actor`, who holds `members.invite`, may invite under this policy.
    ///
    /// # Errors
    /// [`Denied`] naming the permission that is lacking.
    pub fn may_invite(&self, actor: &PermissionSet, owner: &PermissionSet) -> Result<(), Denied> {
        let lacking = match self.who_may_invite {
            WhoMayInvite::Managers => None,
            WhoMayInvite::Admins => (!actor.holds(&MEMBERS_MANAGE)).then_some(MEMBERS_MANAGE),
            WhoMayInvite::Owners => owner.difference(actor).iter().next().cloned(),
        };
        lacking.map_or(Ok(()), |permission| Err(Denied::new(permission)))
    }

    /// True when one may sign in this way.
    #[must_use]
    pub fn allows_method(&self, method: SignInMethod) -> bool {
        self.sign_in_methods.contains(&method)
    }

    /// The event of a change from this policy to `after`; `None` when nothing differs.
    #[must_use]
    pub fn changed_to(&self, after: &Self, tenant: TenantId) -> Option<Event> {
        let mut event = Event::new("security_policy.changed", tenant);
        for ((field, before), (_, after)) in self.told().into_iter().zip(after.told()) {
            event = event.change(field, before, after);
        }
        (!event.changes.is_empty()).then_some(event)
    }

    /// Every field as the log tells it.
    fn told(&self) -> Vec<(&'static str, Value)> {
        let number = |number: Option<u32>| number.map(i64::from).into();
        vec![
            ("mfa_required", self.mfa_required.into()),
            ("ip_allowlist", texts(&self.ip_allowlist)),
            ("session.absolute_hours", number(self.session.absolute_hours)),
            ("session.idle_minutes", number(self.session.idle_minutes)),
            ("password.min_length", number(self.password.min_length)),
            (
                "password.min_strength",
                self.password.min_strength.map(i64::from).into(),
            ),
            ("password.forbid_breached", self.password.forbid_breached.into()),
            ("allowed_email_domains", texts(&self.allowed_email_domains)),
            ("who_may_invite", self.who_may_invite.as_str().into()),
            ("support_access", self.support_access.as_str().into()),
            ("remember_devices", self.remember_devices.into()),
            (
                "sign_in_methods",
                self.sign_in_methods
                    .iter()
                    .map(|method| method.as_str())
                    .collect::<Vec<_>>()
                    .into(),
            ),
            ("domain_join.mode", self.domain_join.mode.as_str().into()),
            (
                "domain_join.role",
                self.domain_join.role.as_ref().map(Code::as_str).into(),
            ),
        ]
    }
}

fn texts<T: ToString>(items: &[T]) -> Value {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests;
