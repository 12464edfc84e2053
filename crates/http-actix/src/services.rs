//! The services behind the actions.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use tenantry_activity::audit::service::AuditService;
use tenantry_billing::invoice::InvoiceService;
use tenantry_billing::payment_method::PaymentMethodService;
use tenantry_billing::subscription::SubscriptionService;
use tenantry_identity::api_key::ApiKeyService;
use tenantry_identity::device::DeviceService;
use tenantry_identity::email::EmailService;
use tenantry_identity::factor::FactorService;
use tenantry_identity::passkey::PasskeyService;
use tenantry_identity::password::PasswordService;
use tenantry_identity::platform_key::PlatformKeyService;
use tenantry_identity::profile::ProfileService;
use tenantry_identity::service_account::ServiceAccountService;
use tenantry_identity::session::SessionService;
use tenantry_identity::signing_key::SigningKeyService;
use tenantry_identity::step_up::StepUpService;
use tenantry_kernel::Clock;
use tenantry_lifecycle::catalog::Catalog;
use tenantry_lifecycle::joining::{JoiningService, Newcomers};
use tenantry_lifecycle::key_check::KeyCheckService;
use tenantry_lifecycle::members::{AcceptService, MembersService};
use tenantry_lifecycle::oauth::OAuthService;
use tenantry_lifecycle::operators::OperatorService;
use tenantry_lifecycle::owed::OwedInvoiceService;
use tenantry_lifecycle::ownership::OwnershipService;
use tenantry_lifecycle::people::PeopleService;
use tenantry_lifecycle::plan_change::PlanChangeService;
use tenantry_lifecycle::sign_in::SignInService;
use tenantry_lifecycle::sign_up::SignUpService;
use tenantry_lifecycle::support::SupportService;
use tenantry_quotas::entitlement::EntitlementService;
use tenantry_quotas::usage::{CorrectionService, IngestService, InsightService, ReservationService, UsageService};
use tenantry_tenancy::branding::BrandDirectory;
use tenantry_tenancy::branding::service::BrandingService;
use tenantry_tenancy::directory::AccessDirectory;
use tenantry_tenancy::domain::service::DomainService;
use tenantry_tenancy::mail_domain::service::MailDomainService;
use tenantry_tenancy::membership::service::MemberService;
use tenantry_tenancy::role::access::AccessService;
use tenantry_tenancy::role::service::RoleService;
use tenantry_tenancy::security::service::SecurityService;
use tenantry_tenancy::tenant::service::TenantService;

/// Every service that an action may ask for.
#[derive(Clone)]
pub struct Services {
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// Tenants and memberships, by name.
    pub directory: Arc<dyn AccessDirectory>,
    /// The tenant's profile, and slugs.
    pub tenants: Arc<TenantService>,
    /// Members: reading, roles, details.
    pub members: Arc<MemberService>,
    /// Members: adding, removing, and what else moves seats.
    pub seats: Arc<MembersService>,
    /// The tenant's own roles.
    pub roles: Arc<RoleService>,
    /// Further roles, and what follows from all of them.
    pub access: Arc<AccessService>,
    /// Handing tenants over.
    pub ownership: Arc<OwnershipService>,
    /// Answers to invitations.
    pub acceptance: Arc<AcceptService>,
    /// The security policy.
    pub security: Arc<SecurityService>,
    /// How tenants show themselves to anybody.
    pub brands: Arc<dyn BrandDirectory>,
    /// Changing how a tenant shows itself.
    pub branding: Arc<BrandingService>,
    /// Custom domains.
    pub domains: Arc<DomainService>,
    /// Domains of addresses.
    pub mail_domains: Arc<MailDomainService>,
    /// Joining by an address.
    pub joining: Arc<JoiningService>,
    /// Who is told that an address is held.
    pub newcomers: Arc<dyn Newcomers>,
    /// Founding tenants.
    pub sign_up: Arc<SignUpService>,
    /// Signing in and out.
    pub sign_in: Arc<SignInService>,
    /// Passwords.
    pub passwords: Arc<PasswordService>,
    /// A person's addresses.
    pub emails: Arc<EmailService>,
    /// People across tenants.
    pub people: Arc<PeopleService>,
    /// A person's sessions.
    pub sessions: Arc<SessionService>,
    /// Second factors.
    pub factors: Arc<FactorService>,
    /// Passkeys.
    pub passkeys: Arc<PasskeyService>,
    /// Remembered devices.
    pub devices: Arc<DeviceService>,
    /// Proofs within a session.
    pub step_ups: Arc<StepUpService>,
    /// A person's profile.
    pub profiles: Arc<ProfileService>,
    /// API keys.
    pub api_keys: Arc<ApiKeyService>,
    /// Service accounts.
    pub service_accounts: Arc<ServiceAccountService>,
    /// Tokens for programs, and what tokens are good for.
    pub oauth: Arc<OAuthService>,
    /// Operators on behalf of members.
    pub support: Arc<SupportService>,
    /// Platform keys.
    pub platform_keys: Arc<PlatformKeyService>,
    /// The keys that sign access tokens.
    pub signing_keys: Arc<SigningKeyService>,
    /// The gateways' question about a key.
    pub key_checks: Arc<KeyCheckService>,
    /// Plan changes.
    pub plan_changes: Arc<PlanChangeService>,
    /// The subscription.
    pub subscriptions: Arc<SubscriptionService>,
    /// Invoices.
    pub invoices: Arc<InvoiceService>,
    /// Paying and waiving invoices.
    pub owed_invoices: Arc<OwedInvoiceService>,
    /// Payment methods.
    pub payment_methods: Arc<PaymentMethodService>,
    /// Usage.
    pub usage: Arc<UsageService>,
    /// Reservations.
    pub reservations: Arc<ReservationService>,
    /// Putting usage right.
    pub corrections: Arc<CorrectionService>,
    /// Events in bulk.
    pub ingest: Arc<IngestService>,
    /// What was used over time.
    pub insights: Arc<InsightService>,
    /// Limits and features.
    pub entitlements: Arc<EntitlementService>,
    /// The audit log.
    pub audit: Arc<AuditService>,
    /// The operators' look across tenants.
    pub operators: Arc<OperatorService>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Services {
    /// Makes the services findable by the actions.
    pub fn register(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::from(Arc::clone(&self.catalog)))
            .app_data(Data::from(Arc::clone(&self.directory)))
            .app_data(Data::from(Arc::clone(&self.tenants)))
            .app_data(Data::from(Arc::clone(&self.members)))
            .app_data(Data::from(Arc::clone(&self.seats)))
            .app_data(Data::from(Arc::clone(&self.roles)))
            .app_data(Data::from(Arc::clone(&self.access)))
            .app_data(Data::from(Arc::clone(&self.ownership)))
            .app_data(Data::from(Arc::clone(&self.acceptance)))
            .app_data(Data::from(Arc::clone(&self.security)))
            .app_data(Data::from(Arc::clone(&self.brands)))
            .app_data(Data::from(Arc::clone(&self.branding)))
            .app_data(Data::from(Arc::clone(&self.domains)))
            .app_data(Data::from(Arc::clone(&self.mail_domains)))
            .app_data(Data::from(Arc::clone(&self.joining)))
            .app_data(Data::from(Arc::clone(&self.newcomers)))
            .app_data(Data::from(Arc::clone(&self.sign_up)))
            .app_data(Data::from(Arc::clone(&self.sign_in)))
            .app_data(Data::from(Arc::clone(&self.passwords)))
            .app_data(Data::from(Arc::clone(&self.emails)))
            .app_data(Data::from(Arc::clone(&self.people)))
            .app_data(Data::from(Arc::clone(&self.sessions)))
            .app_data(Data::from(Arc::clone(&self.step_ups)))
            .app_data(Data::from(Arc::clone(&self.factors)))
            .app_data(Data::from(Arc::clone(&self.passkeys)))
            .app_data(Data::from(Arc::clone(&self.devices)))
            .app_data(Data::from(Arc::clone(&self.profiles)))
            .app_data(Data::from(Arc::clone(&self.api_keys)))
            .app_data(Data::from(Arc::clone(&self.service_accounts)))
            .app_data(Data::from(Arc::clone(&self.oauth)))
            .app_data(Data::from(Arc::clone(&self.support)))
            .app_data(Data::from(Arc::clone(&self.platform_keys)))
            .app_data(Data::from(Arc::clone(&self.signing_keys)))
            .app_data(Data::from(Arc::clone(&self.key_checks)))
            .app_data(Data::from(Arc::clone(&self.plan_changes)))
            .app_data(Data::from(Arc::clone(&self.subscriptions)))
            .app_data(Data::from(Arc::clone(&self.invoices)))
            .app_data(Data::from(Arc::clone(&self.owed_invoices)))
            .app_data(Data::from(Arc::clone(&self.payment_methods)))
            .app_data(Data::from(Arc::clone(&self.usage)))
            .app_data(Data::from(Arc::clone(&self.reservations)))
            .app_data(Data::from(Arc::clone(&self.corrections)))
            .app_data(Data::from(Arc::clone(&self.ingest)))
            .app_data(Data::from(Arc::clone(&self.insights)))
            .app_data(Data::from(Arc::clone(&self.clock)))
            .app_data(Data::from(Arc::clone(&self.entitlements)))
            .app_data(Data::from(Arc::clone(&self.audit)))
            .app_data(Data::from(Arc::clone(&self.operators)));
    }
}
