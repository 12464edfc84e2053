//! What the store holds.

use std::collections::{BTreeMap, BTreeSet};

use tenantry_identity::api_key::ApiKey;
use tenantry_identity::one_time_token::OneTimeToken;
use tenantry_identity::session::{RefreshToken, Session};
use tenantry_identity::user::User;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, EmailAddress, TenantId, UserId};
use tenantry_quotas::entitlement::Entitlements;
use tenantry_tenancy::branding::Branding;
use tenantry_tenancy::domain::CustomDomain;
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::security::StoredPolicy;
use tenantry_tenancy::tenant::Tenant;

/// Rows of one tenant. What it is billed is in billing's own book.
#[derive(Clone, Debug, Default)]
pub struct TenantRows {
    /// The tenant itself.
    pub tenant: Option<Tenant>,
    /// How it shows itself.
    pub branding: Branding,
    /// Its members, oldest first.
    pub memberships: Vec<Membership>,
    /// Its domains, oldest first.
    pub domains: Vec<CustomDomain>,
    /// Its API keys, oldest first.
    pub api_keys: Vec<ApiKey>,
    /// Its security policy.
    pub security: StoredPolicy,
    /// What it may use.
    pub entitlements: Option<Entitlements>,
    /// Its gauges.
    pub gauges: BTreeMap<Code, i64>,
    /// What it used: meter, when, how much.
    pub usage: Vec<(Code, OffsetDateTime, i64)>,
}

/// Rows of one person.
#[derive(Clone, Debug, Default)]
pub struct PersonRows {
    /// The person.
    pub user: Option<User>,
    /// Their sessions, oldest first.
    pub sessions: Vec<Session>,
    /// Their refresh tokens, oldest first.
    pub refresh_tokens: Vec<RefreshToken>,
    /// Their one-time tokens, oldest first.
    pub one_time_tokens: Vec<OneTimeToken>,
}

/// Everything, and how often it was committed.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub version: u64,
    pub tenants: BTreeMap<TenantId, TenantRows>,
    pub people: BTreeMap<UserId, PersonRows>,
    /// Operation and key of every receipt.
    pub receipts: BTreeSet<(String, String)>,
}

impl State {
    pub(super) fn user_by_email(&self, email: &EmailAddress) -> Option<UserId> {
        let mut users = self.people.values().filter_map(|rows| rows.user.as_ref());
        users.find(|user| user.email() == email).map(User::id)
    }

    pub(super) fn founded(&self) -> impl Iterator<Item = (&Tenant, &TenantRows)> {
        self.tenants
            .values()
            .filter_map(|rows| rows.tenant.as_ref().map(|tenant| (tenant, rows)))
    }
}
