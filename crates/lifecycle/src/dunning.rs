//! What the payer is told when an issued invoice could not be collected.

use tenantry_billing::invoice::{Invoice, InvoiceStatus};
use tenantry_billing::payment::{Settled, Settlement};
use tenantry_kernel::{Mail, StoreError};

use crate::catalog::Catalog;
use crate::store::LifecycleUnit;

/// The event that a refused charge leaves.
const REFUSED: &str = "payment.failed";

/// The mail to the billing address; `None` when the unit has no tenant.
///
/// # Errors
/// The store's.
pub(crate) async fn payment_failed(
    unit: &mut dyn LifecycleUnit,
    catalog: &Catalog,
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
        template: "payment_failed",
        to: profile.billing_email.clone(),
        locale: profile.locale.as_str().to_owned(),
        fields,
        token: None,
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
) -> Result<(), StoreError> {
    let owed = settlement
        .invoice
        .as_ref()
        .filter(|invoice| invoice.status() == InvoiceStatus::Open);
    let (Settled::Refused { .. }, Some(invoice)) = (&settlement.settled, owed) else {
        return Ok(());
    };
    let mail = payment_failed(unit, catalog, invoice).await?;
    if let Some(event) = settlement.events.iter_mut().find(|event| event.action == REFUSED) {
        event.mails.extend(mail);
    }
    Ok(())
}
