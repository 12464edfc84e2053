//! What the store holds.

use std::collections::{BTreeMap, BTreeSet};

use tenantry_identity::api_key::ApiKey;
use tenantry_identity::device::RememberedDevice;
use tenantry_identity::email::OwnedEmail;
use tenantry_identity::factor::{RecoveryCode, TotpFactor};
use tenantry_identity::fingerprint::Fingerprint;
use tenantry_identity::one_time_token::OneTimeToken;
use tenantry_identity::passkey::Passkey;
use tenantry_identity::pending::PendingSignIn;
use tenantry_identity::service_account::ServiceAccount;
use tenantry_identity::session::{RefreshToken, Session};
use tenantry_identity::support::{Consent, Impersonation};
use tenantry_identity::user::User;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, EmailAddress, TenantId, UserId};
use tenantry_quotas::entitlement::Entitlements;
use tenantry_tenancy::branding::Branding;
use tenantry_tenancy::domain::CustomDomain;
use tenantry_tenancy::joining::JoinRequest;
use tenantry_tenancy::mail_domain::MailDomain;
use tenantry_tenancy::membership::Membership;
use tenantry_tenancy::ownership::OwnershipTransfer;
use tenantry_tenancy::role::{OwnRole, RoleAssignment};
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
    /// The roles it defines, oldest first.
    pub roles: Vec<OwnRole>,
    /// Further roles of its members, oldest first.
    pub assignments: Vec<RoleAssignment>,
    /// The offer of its ownership, if one waits.
    pub transfer: Option<OwnershipTransfer>,
    /// Its domains, oldest first.
    pub domains: Vec<CustomDomain>,
    /// Its domains of addresses, oldest first.
    pub mail_domains: Vec<MailDomain>,
    /// Requests to join it, oldest first.
    pub join_requests: Vec<JoinRequest>,
    /// Whom it removed, and when.
    pub removed: BTreeMap<UserId, OffsetDateTime>,
    /// Its API keys, oldest first.
    pub api_keys: Vec<ApiKey>,
    /// Its security policy.
    pub security: StoredPolicy,
    /// Its service accounts, oldest first.
    pub service_accounts: Vec<ServiceAccount>,
    /// Visits of support, oldest first.
    pub visits: Vec<Impersonation>,
    /// Its consents to support access, oldest first.
    pub consents: Vec<Consent>,
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
    /// Their addresses, oldest first.
    pub emails: Vec<OwnedEmail>,
    /// Their sessions, oldest first.
    pub sessions: Vec<Session>,
    /// Their refresh tokens, oldest first.
    pub refresh_tokens: Vec<RefreshToken>,
    /// Their one-time tokens, oldest first.
    pub one_time_tokens: Vec<OneTimeToken>,
    /// Their authenticator app.
    pub totp: Option<TotpFactor>,
    /// Their unused recovery codes.
    pub recovery_codes: Vec<RecoveryCode>,
    /// Their passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// Challenges they used up, and until when that matters.
    pub spent_challenges: Vec<(Fingerprint, OffsetDateTime)>,
    /// Their remembered devices, oldest first.
    pub devices: Vec<RememberedDevice>,
    /// Where they signed in from.
    pub places: Vec<Fingerprint>,
    /// Their sign-ins that are not over.
    pub pending_sign_ins: Vec<PendingSignIn>,
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
        // Who proved it first, then who only claimed it by registering.
        let proved = |rows: &&PersonRows| {
            rows.emails
                .iter()
                .any(|own| own.email == *email && own.verified_at.is_some())
        };
        let mut users = self
            .people
            .values()
            .filter(proved)
            .filter_map(|rows| rows.user.as_ref());
        let proved = users.next().map(User::id);
        let mut users = self.people.values().filter_map(|rows| rows.user.as_ref());
        proved.or_else(|| users.find(|user| user.email() == email).map(User::id))
    }

    pub(super) fn founded(&self) -> impl Iterator<Item = (&Tenant, &TenantRows)> {
        self.tenants
            .values()
            .filter_map(|rows| rows.tenant.as_ref().map(|tenant| (tenant, rows)))
    }
}
