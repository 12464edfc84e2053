//! Invoices that stay unpaid: the charge is tried again, the tenant is suspended, the subscription is cancelled, each on
//! the catalog's day.
//!
//! A step and the note that it was taken are one commit under the account's lock, so that two runs, or a run after a
//! crash, take it once. A retry is noted with the attempt that it begins; an attempt that is cut off is resumed as
//! every other. A run that is late tries once for all the retries it missed.

use std::collections::HashSet;

use tenantry_billing::dunning::DunningCase;
use tenantry_billing::invoice::{Invoice, InvoiceId, InvoiceStatus};
use tenantry_kernel::retry;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Event, Note, StoreError, SystemScope, TenantId, TenantScope};
use tenantry_tenancy::tenant::SuspensionCause;

use super::{BATCH, BillingReport, BillingRunError, BillingRunService, Payment, TRIES};
use crate::dunning;
use crate::store::LifecycleUnit;

/// What a look at one unpaid invoice came to.
enum Retry {
    /// To be charged.
    Begun(Payment),
    /// Not to be charged today, or there is nothing to charge.
    NotNow,
    /// Somebody is paying right now.
    Busy,
}

/// The steps that were taken.
#[derive(Default)]
struct Taken {
    suspended: bool,
    cancelled: bool,
}

impl BillingRunService {
    /// Does for every tenant what its unpaid invoices are due for. Those that failed, and those whose payment is in
    /// flight, stay listed: the list is asked for that much longer, so that they keep nobody else from their turn.
    pub(super) async fn chase_all(
        &self,
        system: &SystemScope,
        now: OffsetDateTime,
        report: &mut BillingReport,
    ) -> Result<(), StoreError> {
        let mut seen: HashSet<TenantId> = report.failed.iter().map(|(tenant, _)| *tenant).collect();
        loop {
            let known = u32::try_from(seen.len()).unwrap_or(u32::MAX);
            let overdue = self.0.overdue.overdue(system, now, BATCH.saturating_add(known)).await?;
            let fresh: Vec<TenantId> = overdue.into_iter().filter(|tenant| seen.insert(*tenant)).collect();
            if fresh.is_empty() {
                return Ok(());
            }
            for tenant in fresh {
                if let Err(cause) = self.chase(tenant, now, report).await {
                    report.failed.push((tenant, cause));
                }
            }
        }
    }

    /// Every unpaid invoice of one tenant, the oldest first.
    async fn chase(
        &self,
        tenant: TenantId,
        now: OffsetDateTime,
        report: &mut BillingReport,
    ) -> Result<(), BillingRunError> {
        let scope = self.0.gate.enter_as_system(tenant, "billing_run").await?;
        let mut unit = self.0.store.read_spanning(&scope).await?;
        let open = unit.invoices().open().await?;
        drop(unit);
        for invoice in open {
            match retry::contended(TRIES, || self.begin_retry(&scope, invoice.id(), now)).await? {
                Retry::Begun(Payment::Begun(begun)) => {
                    report.retried += 1;
                    if self.charge(&scope, &begun).await? {
                        report.paid += 1;
                        continue;
                    }
                }
                Retry::Begun(_) | Retry::NotNow => {}
                Retry::Busy => return Ok(()),
            }
            let taken = retry::contended(TRIES, || self.take_steps(&scope, invoice.id(), now)).await?;
            report.suspended += u64::from(taken.suspended);
            report.cancelled += u64::from(taken.cancelled);
        }
        Ok(())
    }

    /// Begins the retry that is due, if one is.
    async fn begin_retry(
        &self,
        scope: &TenantScope,
        id: InvoiceId,
        now: OffsetDateTime,
    ) -> Result<Retry, BillingRunError> {
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        let Some((invoice, mut case)) = open_case(&mut *unit, id).await? else {
            return Ok(Retry::NotNow);
        };
        if unit.payment_attempts().pending().await?.is_some() {
            return Ok(Retry::Busy);
        }
        let Some(day) = case.retry_due(self.0.catalog.dunning(), now) else {
            return Ok(Retry::NotNow);
        };
        case.retried_days = day;
        self.keep_case(&mut *unit, &case).await?;
        let payment = self.begin_payment(&mut *unit, scope, Some(&invoice)).await?;
        let event = match &payment {
            Payment::Begun(begun) => Event::new("payment.retried", begun.attempt.id),
            // Nothing to charge: the payer is asked for it instead.
            _ => Event::new("invoice.reminded", id),
        };
        let mut event = event
            .set("invoice_id", id.to_string())
            .set("amount", invoice.amount_due().to_string())
            .set("days_overdue", i64::from(day));
        if !matches!(payment, Payment::Begun(_)) {
            let mail = dunning::payment_failed(&mut *unit, &self.0.catalog, &invoice, now).await?;
            event.mails.extend(mail);
        }
        unit.commit(vec![event]).await?;
        Ok(Retry::Begun(payment))
    }

    /// Suspends and cancels what is to be suspended and cancelled today. Writes the case either way: the worker's
    /// look-up is told when to look again.
    async fn take_steps(
        &self,
        scope: &TenantScope,
        id: InvoiceId,
        now: OffsetDateTime,
    ) -> Result<Taken, BillingRunError> {
        let mut taken = Taken::default();
        let mut unit = self.0.store.begin_spanning(scope, None).await?;
        let Some((invoice, mut case)) = open_case(&mut *unit, id).await? else {
            return Ok(taken);
        };
        if unit.payment_attempts().pending().await?.is_some() {
            return Ok(taken);
        }
        let rules = self.0.catalog.dunning();
        let (suspend, cancel) = (case.suspension_due(rules, now), case.cancellation_due(rules, now));
        let mut events = Vec::new();
        if suspend {
            case.suspended_at = Some(now);
            events.extend(self.suspend(&mut *unit, &invoice, !cancel, now).await?);
            taken.suspended = !events.is_empty();
        }
        if cancel {
            case.cancelled_at = Some(now);
            let cancelled = self.cancel(&mut *unit, &invoice, now).await?;
            taken.cancelled = cancelled.is_some();
            events.extend(cancelled);
        }
        self.keep_case(&mut *unit, &case).await?;
        unit.commit(events).await?;
        Ok(taken)
    }

    /// Closes the tenant, unless it is closed. The mail is left out when a graver one follows.
    async fn suspend(
        &self,
        unit: &mut dyn LifecycleUnit,
        invoice: &Invoice,
        tell: bool,
        now: OffsetDateTime,
    ) -> Result<Option<Event>, BillingRunError> {
        let Some(mut tenant) = unit.tenants().find().await? else {
            return Ok(None);
        };
        let number = invoice.number().map(|number| number.to_string()).unwrap_or_default();
        let reason = Note::try_from(format!(
            "the invoice {number} over {} is not paid",
            invoice.amount_due()
        ));
        let reason = reason.map_err(|cause| StoreError::Backend(Box::new(cause)))?;
        let Ok(mut event) = tenant.suspend(&reason, SuspensionCause::Unpaid, now) else {
            return Ok(None);
        };
        unit.tenants().update(&tenant).await?;
        event = event.set("invoice_id", invoice.id().to_string());
        if tell {
            let mail = dunning::mail(unit, &self.0.catalog, "tenant_suspended", invoice).await?;
            event.mails.extend(mail);
        }
        Ok(Some(event))
    }

    /// Ends the subscription that the invoice bills. The invoice stays open: what was used is owed, and can be paid.
    async fn cancel(
        &self,
        unit: &mut dyn LifecycleUnit,
        invoice: &Invoice,
        now: OffsetDateTime,
    ) -> Result<Option<Event>, BillingRunError> {
        let live = unit.subscriptions().live().await?;
        let Some(mut subscription) = live.filter(|live| Some(live.id()) == invoice.subscription()) else {
            return Ok(None);
        };
        let before = subscription.status();
        subscription.cancel(now)?;
        unit.subscriptions().update(&subscription).await?;
        let mut event = Event::new("subscription.cancelled", subscription.id())
            .change("status", before.as_str(), subscription.status().as_str())
            .set("cause", SuspensionCause::Unpaid.as_str())
            .set("invoice_id", invoice.id().to_string());
        let mail = dunning::mail(unit, &self.0.catalog, "subscription_cancelled", invoice).await?;
        event.mails.extend(mail);
        Ok(Some(event))
    }

    /// Writes how far an invoice's dunning has come, and when its next step is to be taken.
    pub(super) async fn keep_case(&self, unit: &mut dyn LifecycleUnit, case: &DunningCase) -> Result<(), StoreError> {
        let next_at = case.next_at(self.0.catalog.dunning());
        unit.dunning_cases().record(case, next_at).await
    }
}

/// Locks the account, and answers the invoice and its case while it is owed.
async fn open_case(
    unit: &mut dyn LifecycleUnit,
    id: InvoiceId,
) -> Result<Option<(Invoice, DunningCase)>, BillingRunError> {
    unit.billing_accounts().lock().await?;
    let found = unit.invoices().find(id).await?;
    let Some(invoice) = found.filter(|invoice| invoice.status() == InvoiceStatus::Open) else {
        return Ok(None);
    };
    let case = dunning::case_of(unit, &invoice).await?;
    Ok(Some((invoice, case)))
}

#[cfg(test)]
mod tests;
