//! A policy as it is written down, by people and by stores, and how it is read.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use tenantry_kernel::{Cidr, Code, EmailDomain, FieldError};

use super::model::{DomainJoin, PasswordRules, SecurityPolicy, SessionLimits};
use super::words::{JoinMode, SignInMethod, SupportAccess, WhoMayInvite};

/// Ranges in an allowlist at most: each request is compared with all of them.
pub const MAX_RANGES: usize = 100;
/// Domains in a list at most.
pub const MAX_EMAIL_DOMAINS: usize = 100;
/// Hours that a session may be made to last: a year at most.
pub const ABSOLUTE_HOURS: (i64, i64) = (1, 8_760);
/// Minutes without use: an access token is good for ten, and only what refreshes it counts as use.
pub const IDLE_MINUTES: (i64, i64) = (15, 525_600);
/// Characters of a password: nobody may be made to have more than the 64 that every verifier takes (NIST SP
/// 800-63B-4, 3.1.1.2).
pub const MIN_LENGTH: (i64, i64) = (8, 64);
/// The scale of zxcvbn.
pub const MIN_STRENGTH: (i64, i64) = (0, 4);

/// What somebody writes down as a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDraft {
    /// Everybody signs in with a second factor.
    pub mfa_required: bool,
    /// Addresses and ranges.
    pub ip_allowlist: Vec<String>,
    /// Hours from signing in.
    pub session_absolute_hours: Option<i64>,
    /// Minutes without use.
    pub session_idle_minutes: Option<i64>,
    /// Characters at least.
    pub password_min_length: Option<i64>,
    /// From 0 to 4.
    pub password_min_strength: Option<i64>,
    /// It must not be known from a breach.
    pub password_forbid_breached: bool,
    /// Domains.
    pub allowed_email_domains: Vec<String>,
    /// A name of [`WhoMayInvite`].
    pub who_may_invite: String,
    /// A name of [`SupportAccess`].
    pub support_access: String,
    /// A device may be remembered.
    pub remember_devices: bool,
    /// Names of [`SignInMethod`].
    pub sign_in_methods: Vec<String>,
    /// A name of [`JoinMode`].
    pub domain_join_mode: String,
    /// The role of who joins.
    pub domain_join_role: Option<String>,
}

impl Default for PolicyDraft {
    fn default() -> Self {
        Self::from(&SecurityPolicy::default())
    }
}

impl From<&SecurityPolicy> for PolicyDraft {
    fn from(policy: &SecurityPolicy) -> Self {
        Self {
            mfa_required: policy.mfa_required,
            ip_allowlist: policy.ip_allowlist.iter().map(Cidr::to_string).collect(),
            session_absolute_hours: policy.session.absolute_hours.map(i64::from),
            session_idle_minutes: policy.session.idle_minutes.map(i64::from),
            password_min_length: policy.password.min_length.map(i64::from),
            password_min_strength: policy.password.min_strength.map(i64::from),
            password_forbid_breached: policy.password.forbid_breached,
            allowed_email_domains: policy
                .allowed_email_domains
                .iter()
                .map(EmailDomain::to_string)
                .collect(),
            who_may_invite: policy.who_may_invite.as_str().to_owned(),
            support_access: policy.support_access.as_str().to_owned(),
            remember_devices: policy.remember_devices,
            sign_in_methods: policy
                .sign_in_methods
                .iter()
                .map(|method| method.as_str().to_owned())
                .collect(),
            domain_join_mode: policy.domain_join.mode.as_str().to_owned(),
            domain_join_role: policy.domain_join.role.as_ref().map(Code::to_string),
        }
    }
}

impl PolicyDraft {
    /// Reads it. Whether a role is one is for those to say who know the roles.
    ///
    /// # Errors
    /// Every field that breaks a rule, under the name that the API gives it.
    pub fn check(&self) -> Result<SecurityPolicy, Vec<FieldError>> {
        let mut faults = Faults::default();
        let ranges = |text: &String| Cidr::from_str(text.trim());
        let domains = |text: &String| EmailDomain::try_from(text.as_str());
        let policy = SecurityPolicy {
            mfa_required: self.mfa_required,
            ip_allowlist: faults.list("ip_allowlist", &self.ip_allowlist, MAX_RANGES, ranges),
            session: SessionLimits {
                absolute_hours: faults.number("session.absolute_hours", self.session_absolute_hours, ABSOLUTE_HOURS),
                idle_minutes: faults.number("session.idle_minutes", self.session_idle_minutes, IDLE_MINUTES),
            },
            password: PasswordRules {
                min_length: faults.number("password.min_length", self.password_min_length, MIN_LENGTH),
                min_strength: faults.number("password.min_strength", self.password_min_strength, MIN_STRENGTH),
                forbid_breached: self.password_forbid_breached,
            },
            allowed_email_domains: faults.list(
                "allowed_email_domains",
                &self.allowed_email_domains,
                MAX_EMAIL_DOMAINS,
                domains,
            ),
            who_may_invite: faults.word("who_may_invite", &self.who_may_invite, WhoMayInvite::from_name, || {
                names(WhoMayInvite::ALL, WhoMayInvite::as_str)
            }),
            support_access: faults.word("support_access", &self.support_access, SupportAccess::from_name, || {
                names(SupportAccess::ALL, SupportAccess::as_str)
            }),
            remember_devices: self.remember_devices,
            sign_in_methods: self.methods(&mut faults),
            domain_join: DomainJoin {
                mode: faults.word("domain_join.mode", &self.domain_join_mode, JoinMode::from_name, || {
                    names(JoinMode::ALL, JoinMode::as_str)
                }),
                role: self.role(&mut faults),
            },
        };
        if faults.0.is_empty() { Ok(policy) } else { Err(faults.0) }
    }

    fn methods(&self, faults: &mut Faults) -> Vec<SignInMethod> {
        let mut methods = BTreeSet::new();
        for (position, name) in self.sign_in_methods.iter().enumerate().take(MAX_RANGES) {
            if let Some(method) = SignInMethod::from_name(name) {
                methods.insert(method);
            } else {
                let expected = names(SignInMethod::ALL, SignInMethod::as_str);
                faults.note(
                    format!("sign_in_methods[{position}]"),
                    "invalid_value",
                    format_args!("must be {expected}"),
                );
            }
        }
        if self.sign_in_methods.is_empty() {
            faults.note("sign_in_methods", "too_few", "at least one way to sign in is needed");
        }
        methods.into_iter().collect()
    }

    fn role(&self, faults: &mut Faults) -> Option<Code> {
        // In any spelling: whoever knows the roles gives it its own name.
        let parsed = Code::try_from(Code::fold(self.domain_join_role.as_deref()?).as_str());
        parsed
            .map_err(|refused| faults.note("domain_join.role", "unknown_role", refused))
            .ok()
    }
}

/// What is wrong, field by field.
#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn note(&mut self, field: impl Into<String>, code: &'static str, detail: impl Display) {
        self.0.push(FieldError::new(field, code, detail));
    }

    /// Every item read, doubles left out.
    fn list<T: PartialEq, E: Display>(
        &mut self,
        field: &str,
        texts: &[String],
        most: usize,
        read: impl Fn(&String) -> Result<T, E>,
    ) -> Vec<T> {
        if texts.len() > most {
            self.note(field, "too_many", format_args!("{most} at most"));
            return Vec::new();
        }
        let mut items = Vec::with_capacity(texts.len());
        for (position, text) in texts.iter().enumerate() {
            match read(text) {
                Ok(item) if items.contains(&item) => {}
                Ok(item) => items.push(item),
                Err(refused) => self.note(format!("{field}[{position}]"), "invalid_value", refused),
            }
        }
        items
    }

    fn number<N: TryFrom<i64>>(&mut self, field: &str, given: Option<i64>, (least, most): (i64, i64)) -> Option<N> {
        let number = given?;
        let kept = Some(number).filter(|number| (least..=most).contains(number));
        let kept = kept.and_then(|number| N::try_from(number).ok());
        if kept.is_none() {
            self.note(field, "out_of_range", format_args!("must be from {least} to {most}"));
        }
        kept
    }

    fn word<W: Default>(
        &mut self,
        field: &str,
        name: &str,
        read: impl Fn(&str) -> Option<W>,
        expected: impl Fn() -> String,
    ) -> W {
        read(name).unwrap_or_else(|| {
            self.note(field, "invalid_value", format_args!("must be {}", expected()));
            W::default()
        })
    }
}

fn names<W: Copy>(all: &[W], name: impl Fn(W) -> &'static str) -> String {
    all.iter().map(|word| name(*word)).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests;
