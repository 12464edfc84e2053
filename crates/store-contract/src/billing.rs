//! What billing's ports promise.

pub mod accounts;
pub mod collection;
pub mod directories;
pub mod dunning;
pub mod invoices;
pub mod numbers;
pub mod payments;
pub mod subscriptions;

use tenantry_billing::account::BillingAccount;
use tenantry_billing::directory::{DueSubscriptions, OverdueInvoices, PendingPayments};
use tenantry_billing::invoice::{Basis, Invoice, InvoiceId, Line, LineId, LineKind, Purpose};
use tenantry_billing::period::Period;
use tenantry_billing::plan::{Cycle, Plan};
use tenantry_billing::store::{BillingStore, BillingUnit};
use tenantry_billing::subscription::{Subscription, SubscriptionId};
use tenantry_billing::testing::{flat_plan, terms};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Currency, Money, Ratio};
use time::macros::datetime;

use crate::tenancy::{TenancyHarness, found_two, scope};

/// When everything here happens.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00:00.000007 UTC);

/// How to reach billing's ports. Its rows name tenants, which tenancy founds.
pub trait BillingHarness: TenancyHarness {
    /// Opens units.
    fn billing(&self) -> &dyn BillingStore;
    /// Finds tenants that are due.
    fn due(&self) -> &dyn DueSubscriptions;
    /// Finds tenants whose payment was cut off.
    fn pending(&self) -> &dyn PendingPayments;
    /// Finds tenants with an invoice that stays unpaid.
    fn overdue(&self) -> &dyn OverdueInvoices;
}

pub(crate) async fn begin(store: &impl BillingHarness, tenant: u128) -> Box<dyn BillingUnit> {
    store.billing().begin(&scope(tenant)).await.unwrap()
}

pub(crate) async fn read(store: &impl BillingHarness, tenant: u128) -> Box<dyn BillingUnit> {
    store.billing().read(&scope(tenant)).await.unwrap()
}

/// Founds tenants 1 and 2, each with an account of this credit.
pub(crate) async fn found_with_credit(store: &impl BillingHarness, credit_minor: i64) {
    found_two(store).await;
    for tenant in [1, 2] {
        let account = BillingAccount::restore(usd(credit_minor)).unwrap();
        let mut unit = begin(store, tenant).await;
        unit.billing_accounts().insert(&account).await.unwrap();
        unit.commit(Vec::new()).await.unwrap();
    }
}

pub(crate) fn usd(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::USD)
}

pub(crate) fn plan(code: &str, monthly_minor: i64) -> Plan {
    flat_plan(code, monthly_minor, Currency::USD).unwrap()
}

pub(crate) fn subscription_id(number: u128) -> SubscriptionId {
    SubscriptionId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn invoice_id(number: u128) -> InvoiceId {
    InvoiceId::from_uuid(Uuid::from_u128(number))
}

/// A subscription in force since `since`, its month paid.
pub(crate) fn active(number: u128, plan: &Plan, since: OffsetDateTime) -> Subscription {
    let paid = plan.advance_price(Cycle::Monthly, Currency::USD);
    let paid = paid.map(|price| Money::rounded(price.unit_price_minor(), Currency::USD).unwrap());
    let id = subscription_id(number);
    Subscription::start_active(id, terms(plan, Cycle::Monthly), Currency::USD, paid, since).unwrap()
}

/// A charge, and a credit whose exact value has a long fraction.
pub(crate) fn lines(invoice: u128) -> Vec<Line> {
    let period = Period::new(NOW, datetime!(2026-04-01 12:00 UTC)).unwrap();
    let third = Ratio::new(1, 3).unwrap();
    let fine = Ratio::from_decimal("0.000000000001").unwrap();
    let charge = Basis::charge(
        LineKind::Subscription,
        "Pro — monatlich ✓".to_owned(),
        Ratio::whole(3),
        Ratio::whole(9_900),
        (period, Ratio::ONE),
        Currency::USD,
    );
    let kept = (period, period.fraction(NOW, datetime!(2026-03-08 01:02:03 UTC)));
    let credit = Basis::residual("Unused".to_owned(), Ratio::ONE, Ratio::whole(2_900), kept, usd(2_900));
    let usage = Basis::charge(
        LineKind::Usage,
        "Messages".to_owned(),
        Ratio::whole(1_000_000_000_000),
        fine,
        (period, third),
        Currency::USD,
    );
    (1_u128..)
        .zip([charge, credit, usage])
        .map(|(position, basis)| Line {
            id: LineId::from_uuid(Uuid::from_u128(invoice * 100 + position)),
            basis: basis.unwrap(),
        })
        .collect()
}

/// A draft of three lines.
pub(crate) fn draft(number: u128, purpose: Purpose, credit_minor: i64) -> Invoice {
    Invoice::draft(invoice_id(number), None, purpose, lines(number), usd(credit_minor), NOW).unwrap()
}

/// Stores and commits invoices.
pub(crate) async fn keep_invoices(store: &impl BillingHarness, tenant: u128, invoices: &[Invoice]) {
    let mut unit = begin(store, tenant).await;
    for invoice in invoices {
        unit.invoices().insert(invoice).await.unwrap();
    }
    unit.commit(Vec::new()).await.unwrap();
}

/// Stores and commits a subscription.
pub(crate) async fn keep_subscription(store: &impl BillingHarness, tenant: u128, subscription: &Subscription) {
    let mut unit = begin(store, tenant).await;
    unit.subscriptions().insert(subscription).await.unwrap();
    unit.commit(Vec::new()).await.unwrap();
}
