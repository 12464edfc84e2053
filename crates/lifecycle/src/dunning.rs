//! What follows when an issued invoice is not collected, and when it is after all: what the payer is told, and the
//! suspension that paying lifts.

use tenantry_billing::dunning::DunningCase;
use tenantry_billing::invoice::{Invoice, InvoiceStatus};
use tenantry_billing::payment::{Settled, Settlement};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Event, Mail, StoreError};
use tenantry_tenancy::tenant::SuspensionCause;

use crate::catalog::Catalog;
use crate::store::LifecycleUnit;

/// The event that a refused charge leaves.
const REFUSED: &str = "payment.failed";

/// How far dunning has come with an invoice; at its beginning when nothing was written yet.
///
/// # Errors
/// The store's.
pub(crate) async fn case_of(unit: &mut dyn LifecycleUnit, invoice: &Invoice) -> Result<DunningCase, StoreError> {
    let known = unit.dunning_cases().find(invoice.id()).await?;
    let due_at = invoice.issue().map_or(invoice.created_at(), |issue| issue.at);
    Ok(known.unwrap_or_else(|| DunningCase::open(invoice.id(), due_at)))
}

/// A mail about an invoice to the billing address; `None` when the unit has no tenant.
///
/// # Errors
/// The store's.
pub(crate) async fn mail(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    template: &'static str,
    invoice: &Invoice,
) -> Result<Option<Mail>, StoreError> {
    let Some(tenant) = unit.tenants().find().await? else {
        return Ok(None);
    };
    let profile = tenant.profile();
    let mut fields = vec![
        ("tenant", tenant.name().to_string()),
        ("product", catalog.display().to_owned()),
        ("amount", invoice.amount_due().to_string()),
    ];
    fields.extend(invoice.number().map(|number| ("invoice", number.to_string())));
    Ok(Some(Mail {
        template,
        to: profile.billing_email.clone(),
        locale: profile.locale.as_str().to_owned(),
        fields,
        token: None,
    }))
}

/// The mail about a failed payment: when it is tried again, and how many days are left until the tenant is suspended.
///
/// # Errors
/// The store's.
pub(crate) async fn payment_failed(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    invoice: &Invoice,
    now: OffsetDateTime,
) -> Result<Option<Mail>, StoreError> {
    let case = case_of(unit, invoice).await?;
    let rules = catalog.dunning();
    let retry_at = case.next_retry(rules, now).map(|at| at.date().to_string());
    let days_left = case.days_left(rules, now).map(|days| days.to_string());
    let mail = mail(unit, catalog, "payment_failed", invoice).await?;
    Ok(mail.map(|mut mail| {
        mail.fields.extend(retry_at.map(|date| ("retry_at", date)));
        mail.fields.extend(days_left.map(|days| ("days_left", days)));
        mail
    }))
}

/// Adds the mail to a settlement that left an issued invoice open. A draft that was given up needs none: whoever
/// asked for it was told at once, and owes nothing.
///
/// # Errors
/// The store's.
pub(crate) async fn tell(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
    settlement: &mut Settlement,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let owed = settlement
        .invoice
        .as_ref()
        .filter(|invoice| invoice.status() == InvoiceStatus::Open);
    let (Settled::Refused { .. }, Some(invoice)) = (&settlement.settled, owed) else {
        return Ok(());
    };
    let mail = payment_failed(unit, catalog, invoice, now).await?;
    if let Some(event) = settlement.events.iter_mut().find(|event| event.action == REFUSED) {
        event.mails.extend(mail);
    }
    Ok(())
}

/// Opens a tenant again that dunning has closed, once no invoice is open that it was closed for. What an operator
/// has closed stays closed. Call it in the unit in which an invoice was settled, under the billing account's lock.
///
/// # Errors
/// The store's.
pub(crate) async fn lift(unit: &mut dyn LifecycleUnit, now: OffsetDateTime) -> Result<Option<Event>, StoreError> {
    let Some(mut tenant) = unit.tenants().find().await? else {
        return Ok(None);
    };
    if tenant.status().suspension() != Some(SuspensionCause::Unpaid) {
        return Ok(None);
    }
    for invoice in unit.invoices().open().await? {
        let case = unit.dunning_cases().find(invoice.id()).await?;
        if case.is_some_and(|case| case.suspended_at.is_some()) {
            return Ok(None);
        }
    }
    let Ok(event) = tenant.reactivate(now) else {
        return Ok(None);
    };
    unit.tenants().update(&tenant).await?;
    Ok(Some(event))
}
