//! Which limits an operation touches: the tenant's, those of its user and its key, and those of the pool it is in.

use std::sync::Arc;

use tenantry_kernel::{ApiKeyId, Principal, TenantId};
use time::OffsetDateTime;

use crate::account::{AccountKey, Subject, TenantAccount};
use crate::entitlement::{Allowance, Entitlements, Share};
use crate::meter::{Aggregation, Meter};

/// Under whose limits a tenant uses something: its own, and those of the tenant that pools it.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The tenant.
    pub tenant: TenantId,
    /// What it may use.
    pub entitlements: Arc<Entitlements>,
    /// The tenant whose pool it is in, and what that one may use.
    pub pool: Option<(TenantId, Arc<Entitlements>)>,
}

/// Who within the tenant uses something: what sub-limits look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The user: whom the caller named, else the membership that called.
    pub name: Option<Arc<str>>,
    /// The API key that called.
    pub key: Option<ApiKeyId>,
}

impl User {
    /// Who uses something when `principal` calls and says that it is about `named`.
    #[must_use]
    pub fn of(principal: &Principal, named: Option<&str>) -> Self {
        let (caller, key) = match principal {
            // Support uses the member's share.
            Principal::Member { membership, .. } | Principal::Support { membership, .. } => {
                (Some(membership.to_string().into()), None)
            }
            // A program of the tenant's own has the share of one user.
            Principal::ServiceAccount { account } => (Some(account.to_string().into()), None),
            Principal::ApiKey { key, .. } => (None, Some(*key)),
            _ => (None, None),
        };
        Self {
            name: named.map(Into::into).or(caller),
            key,
        }
    }

    /// The subject whose account an allowance of this share counts on; `None` when there is nobody to count.
    #[must_use]
    pub fn subject(&self, share: Share) -> Option<Subject> {
        match share {
            Share::Tenant => Some(Subject::Tenant),
            Share::User => self.name.clone().map(Subject::User),
            Share::Key => self.key.map(Subject::Key),
        }
    }
}

/// One limit at one time: its account and its allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The account it counts on.
    pub account: TenantAccount,
    /// The allowance.
    pub allowance: Allowance,
    /// When the period ends.
    pub resets_at: Option<OffsetDateTime>,
    /// What the account holds of the reported values.
    pub aggregation: Aggregation,
    /// The revision of the entitlements that it follows from.
    pub revision: i64,
    /// The account of the period before, when what it leaves over counts in this one.
    pub rolls_over_from: Option<TenantAccount>,
}

impl Limit {
    /// The limits of a meter at a time. Never empty; the first one is the tenant's own, which answers show.
    #[must_use]
    pub fn all_of(reach: &Reach, meter: &Meter, user: &User, live: bool, at: OffsetDateTime) -> Vec<Self> {
        let mut limits = within(reach.tenant, &reach.entitlements, meter, user, live, at);
        if let Some((tenant, entitlements)) = &reach.pool {
            // Users and keys are the tenant's own: the pool knows none of them.
            limits.extend(within(*tenant, entitlements, meter, &User::default(), live, at));
        }
        limits
    }

    /// The tenant's own limit of a meter at a time: what answers show.
    #[must_use]
    pub fn leading(reach: &Reach, meter: &Meter, live: bool, at: OffsetDateTime) -> Self {
        let allowance = reach.entitlements.allowance(meter, at);
        limit(
            reach.tenant,
            &reach.entitlements,
            meter,
            Subject::Tenant,
            allowance,
            live,
            at,
        )
    }

    /// What nothing passes, before what was granted on top.
    #[must_use]
    pub fn hard(&self) -> Option<i64> {
        self.allowance.hard_limit()
    }
}

fn within(
    tenant: TenantId,
    entitlements: &Entitlements,
    meter: &Meter,
    user: &User,
    live: bool,
    at: OffsetDateTime,
) -> Vec<Limit> {
    let mut limits = Vec::new();
    for mut allowance in entitlements.allowances_of(meter, at) {
        let Some(subject) = user.subject(allowance.share) else {
            continue;
        };
        if subject != Subject::Tenant
            && let Some(change) = entitlements.overriding(&meter.code, &subject, at)
        {
            allowance.limit = change.limit;
        }
        limits.push(limit(tenant, entitlements, meter, subject, allowance, live, at));
    }
    // A user or key may have a limit of their own where the plan has none for all of them.
    for share in [Share::User, Share::Key] {
        let Some(subject) = user.subject(share) else { continue };
        let named = limits.iter().any(|limit| limit.allowance.share == share);
        let change = entitlements.overriding(&meter.code, &subject, at).filter(|_| !named);
        if let Some(change) = change {
            let allowance = Allowance {
                share,
                limit: change.limit,
                ..entitlements.allowance(meter, at)
            };
            limits.push(limit(tenant, entitlements, meter, subject, allowance, live, at));
        }
    }
    limits
}

fn limit(
    tenant: TenantId,
    entitlements: &Entitlements,
    meter: &Meter,
    subject: Subject,
    allowance: Allowance,
    live: bool,
    at: OffsetDateTime,
) -> Limit {
    let (anchor, zone) = (entitlements.anchor, &entitlements.zone);
    let window = allowance.period.window(at, anchor, zone);
    let account = |subject, period_start| TenantAccount {
        tenant,
        key: AccountKey {
            meter: meter.code.clone(),
            live,
            subject,
            period: allowance.period,
            period_start,
        },
    };
    // A tenant that did not have the plan yet left nothing over.
    let rolls_over_from = allowance
        .rollover
        .and_then(|_| allowance.period.before(window.start, anchor, zone))
        .filter(|before| before.start >= anchor || before.resets_at.is_some_and(|end| end > anchor))
        .map(|before| account(subject.clone(), before.start));
    Limit {
        account: account(subject, window.start),
        resets_at: window.resets_at,
        aggregation: meter.aggregation,
        revision: entitlements.revision,
        rolls_over_from,
        allowance,
    }
}

#[cfg(test)]
mod tests;
