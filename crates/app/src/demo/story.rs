//! The year, month by month.

use std::sync::Arc;

use tenantry_billing::change::When;
use tenantry_billing::gateway::MethodToken;
use tenantry_billing::invoice::InvoiceStatus;
use tenantry_billing::payment_method::AddPaymentMethod;
use tenantry_billing::subscription::{CancelSubscription, CancelWhen};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::time::{Duration, OffsetDateTime};
use tenantry_kernel::{
    DisplayName, DomainError, EmailAddress, ErrorKind, Origin, PageRequest, Secret, TenantId, TenantScope,
};
use tenantry_lifecycle::appoint::AppointService;
use tenantry_lifecycle::members::AddMember;
use tenantry_lifecycle::owed::PayInvoice;
use tenantry_lifecycle::plan_change::ChangePlan;
use tenantry_lifecycle::sign_up::{Founder, OwnerRequest, SignUp};
use tenantry_quotas::meter::{MeterKind, MeterSource};
use tenantry_quotas::usage::Consume;
use tenantry_tenancy::tenant::Slug;

use super::clock::DemoClock;
use super::company::{COMPANIES, Company, Fate};
use crate::wiring::Installation;

/// The password of everybody in the demo.
pub(crate) const PASSWORD: &str = "tenantry-demo";
/// The operator of the demo.
pub(crate) const OPERATOR: &str = "operator@example.com";
/// How long a month of the demo is.
const MONTH: Duration = Duration::days(30);

/// Something in the story went wrong: a mistake in the story or in the catalog.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {cause}")]
pub(crate) struct Interrupted {
    what: String,
    cause: String,
}

fn at<E: DomainError>(what: &str) -> impl FnOnce(E) -> Interrupted {
    let what = what.to_owned();
    move |error| Interrupted {
        what,
        cause: format!("{error} ({})", error.code()),
    }
}

fn broken<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Interrupted {
    let what = what.to_owned();
    move |error| Interrupted {
        what,
        cause: error.to_string(),
    }
}

/// When the story begins.
pub(crate) fn beginning(today: OffsetDateTime) -> OffsetDateTime {
    today - MONTH * 12
}

/// Lives the twelve months before `today`, then lets the clock go.
pub(crate) async fn tell(node: &Installation, clock: &DemoClock, today: OffsetDateTime) -> Result<(), Interrupted> {
    let start = beginning(today);
    appoint_operator(node).await?;
    let mut tenants: Vec<(&Company, TenantId)> = Vec::new();
    for month in 0..12_u8 {
        clock.set(start + MONTH * i32::from(month));
        bill(node).await?;
        for company in COMPANIES.iter().filter(|company| company.joins == month) {
            tenants.push((company, found(node, company).await?));
        }
        clock.set(start + MONTH * i32::from(month) + Duration::days(12));
        bill(node).await?;
        for (company, tenant) in &tenants {
            live(node, company, *tenant, month).await?;
        }
        keep_up(node).await?;
    }
    clock.set(today);
    bill(node).await?;
    for (company, tenant) in &tenants {
        use_up(node, &enter(node, *tenant).await?, company.use_percent).await?;
    }
    keep_up(node).await?;
    clock.let_go();
    Ok(())
}

async fn appoint_operator(node: &Installation) -> Result<(), Interrupted> {
    let service = AppointService::new(
        Arc::new(node.store.clone()),
        Arc::clone(&node.hasher),
        Arc::clone(&node.judge),
        node.sources.clock.clone(),
        node.sources.ids.clone(),
    );
    let email = EmailAddress::try_from(OPERATOR).map_err(broken("the operator's address"))?;
    let name = DisplayName::try_from("Olu Operator").map_err(broken("the operator's name"))?;
    let role = PlatformRole::Operator;
    service
        .appoint(&email, name, Secret::new(PASSWORD.to_owned()), role)
        .await
        .map_err(broken("the operator"))?;
    Ok(())
}

async fn bill(node: &Installation) -> Result<(), Interrupted> {
    let report = node
        .billing
        .run(&node.system_scope("demo"), None)
        .await
        .map_err(at("the billing run"))?;
    match report.failed.first() {
        None => Ok(()),
        Some((tenant, cause)) => Err(Interrupted {
            what: format!("billing {tenant}"),
            cause: cause.to_string(),
        }),
    }
}

/// Thresholds are told in the month that they were reached in.
async fn keep_up(node: &Installation) -> Result<(), Interrupted> {
    let report = node.upkeep.round().await.map_err(broken("telling thresholds"))?;
    match report.failed.first() {
        None => Ok(()),
        Some((tenant, cause)) => Err(Interrupted {
            what: format!("telling thresholds of {tenant}"),
            cause: cause.to_string(),
        }),
    }
}

async fn enter(node: &Installation, tenant: TenantId) -> Result<TenantScope, Interrupted> {
    node.enter_as_system(tenant, "demo")
        .await
        .map_err(at("entering a tenant"))
}

/// Signs a company up, gives it a card, colleagues and a key.
async fn found(node: &Installation, company: &Company) -> Result<TenantId, Interrupted> {
    let catalog = &node.catalog;
    let offers: Vec<_> = catalog.public_offers().collect();
    let currencies = catalog.currencies();
    let place = |len: usize| company.plan.checked_rem(len).unwrap_or(0);
    let plan = offers.get(place(offers.len())).map(|offer| offer.code().to_string());
    let request = SignUp {
        name: DisplayName::try_from(company.name).map_err(broken(company.name))?,
        slug: Some(Slug::try_from(company.slug).map_err(broken(company.slug))?),
        plan,
        cycle: None,
        currency: currencies
            .get(usize::from(company.joins).checked_rem(currencies.len()).unwrap_or(0))
            .copied(),
        owner: OwnerRequest {
            email: address(company.owner, company)?,
            name: DisplayName::try_from(company.owner).map_err(broken(company.owner))?,
            password: Some(Secret::new(PASSWORD.to_owned())),
        },
        billing_email: None,
        phone: None,
        timezone: None,
        locale: None,
        company_size: None,
        use_case: None,
        region: None,
    };
    let founder = if catalog.self_signup() {
        Founder::Public(Origin::default())
    } else {
        Founder::Operator(node.system_scope("demo"))
    };
    let made = node
        .services
        .sign_up
        .found(&founder, &request, None)
        .await
        .map_err(at(company.name))?;
    let scope = enter(node, made.tenant.id()).await?;
    pay_with(node, &scope, "card_ok").await?;
    pay_what_is_owed(node, &scope).await?;
    for (colleague, role) in [
        ("Mira Holt", "member"),
        ("Noor Aziz", "viewer"),
        ("Omar Reyes", "member"),
    ] {
        add(node, &scope, company, colleague, role).await?;
    }
    Ok(made.tenant.id())
}

/// Adds a colleague, where the plan has a seat and the catalog the role.
async fn add(
    node: &Installation,
    scope: &TenantScope,
    company: &Company,
    name: &str,
    role: &str,
) -> Result<(), Interrupted> {
    if node.catalog.roles().find(role).is_none() {
        return Ok(());
    }
    let wish = AddMember {
        email: address(name, company)?,
        name: DisplayName::try_from(name).ok(),
        role: role.to_owned(),
        permissions: Vec::new(),
        department: None,
        position: None,
        message: None,
        locale: None,
        expires_in: None,
        invite: role == "viewer",
    };
    match node.services.seats.add(scope, wish).await {
        Err(refused) if refused.kind() == ErrorKind::Exhausted => Ok(()),
        Err(refused) => Err(at(name)(refused)),
        Ok(_) => Ok(()),
    }
}

async fn pay_with(node: &Installation, scope: &TenantScope, card: &str) -> Result<(), Interrupted> {
    let token = MethodToken::try_from(card).map_err(broken(card))?;
    let wish = AddPaymentMethod {
        token,
        make_default: true,
    };
    node.services
        .payment_methods
        .add(scope, wish)
        .await
        .map_err(at("a payment method"))?;
    Ok(())
}

/// Pays the first period of a plan without a trial.
async fn pay_what_is_owed(node: &Installation, scope: &TenantScope) -> Result<(), Interrupted> {
    let invoices = &node.services.invoices;
    let page = invoices
        .list(scope, PageRequest::first())
        .await
        .map_err(at("invoices"))?;
    for invoice in page
        .items
        .iter()
        .filter(|invoice| invoice.status() == InvoiceStatus::Open)
    {
        let wish = PayInvoice {
            invoice: invoice.id(),
            payment_method: None,
        };
        let owed = &node.services.owed_invoices;
        owed.pay(scope, wish).await.map_err(at("a payment"))?;
    }
    Ok(())
}

/// One month of a company.
async fn live(node: &Installation, company: &Company, tenant: TenantId, month: u8) -> Result<(), Interrupted> {
    let scope = enter(node, tenant).await?;
    use_up(node, &scope, company.use_percent).await?;
    match company.fate {
        Fate::Grows(when) if when == month => grow(node, &scope).await,
        Fate::Leaves(when) if when == month => {
            let wish = CancelSubscription {
                when: CancelWhen::PeriodEnd,
            };
            node.services
                .subscriptions
                .cancel(&scope, wish)
                .await
                .map_err(at("a cancellation"))?;
            Ok(())
        }
        Fate::Fails(when) if when == month => pay_with(node, &scope, "card_insufficient_funds").await,
        _ => Ok(()),
    }
}

/// Moves to the next public plan that is sold in the tenant's currency and cycle.
async fn grow(node: &Installation, scope: &TenantScope) -> Result<(), Interrupted> {
    let billing = node
        .services
        .plan_changes
        .overview(scope)
        .await
        .map_err(at("a subscription"))?;
    let (cycle, currency) = (billing.subscription.cycle(), billing.account.currency());
    let next = node
        .catalog
        .public_offers()
        .find(|offer| offer.plan.rank > billing.plan.rank && offer.plan.is_offered(cycle, currency));
    let Some(next) = next else { return Ok(()) };
    let wish = ChangePlan {
        plan: next.code().to_string(),
        cycle: None,
        quantity: None,
        when: Some(When::Now),
        payment_method: None,
    };
    node.services
        .plan_changes
        .change(scope, &wish)
        .await
        .map_err(at("an upgrade"))?;
    Ok(())
}

/// Uses `percent` of every limit that the application reports, or a thousand where there is none.
async fn use_up(node: &Installation, scope: &TenantScope, percent: i64) -> Result<(), Interrupted> {
    let rows = node.services.usage.rows(scope).await.map_err(at("usage"))?;
    for row in rows {
        let wanted = row.limit().map_or(1_000, |limit| limit.saturating_mul(percent) / 100);
        // A gauge stays where it is once it is filled; a counter starts anew each period.
        let amount = (wanted - row.used).max(0);
        let reported = row.meter.source == MeterSource::Reported && row.meter.kind != MeterKind::Rate;
        if !reported || amount == 0 {
            continue;
        }
        let wish = Consume::one(row.meter.code.to_string(), amount, None);
        node.services.usage.consume(scope, wish).await.map_err(at("usage"))?;
    }
    Ok(())
}

/// `ada.marlow@acme.example.com`
pub(crate) fn address(name: &str, company: &Company) -> Result<EmailAddress, Interrupted> {
    let local = name.to_lowercase().replace(' ', ".");
    EmailAddress::try_from(format!("{local}@{}.example.com", company.slug)).map_err(broken(name))
}
