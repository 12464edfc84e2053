//! Where invoices are kept, and where their numbers come from.

use async_trait::async_trait;
use tenantry_kernel::{Page, PageRequest, StoreError};

use super::model::{Invoice, InvoiceId, InvoiceNumber};

/// Invoices of one tenant.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InvoiceRepository: Send {
    /// `None` when this tenant has no such invoice.
    async fn find(&mut self, id: InvoiceId) -> Result<Option<Invoice>, StoreError>;

    /// Issued invoices, newest first. Drafts, and drafts that were given up, are not listed.
    async fn list(&mut self, page: PageRequest) -> Result<Page<Invoice>, StoreError>;

    /// All invoices that are issued and owed, oldest first.
    async fn open(&mut self) -> Result<Vec<Invoice>, StoreError>;

    /// Inserts the invoice with its lines.
    async fn insert(&mut self, invoice: &Invoice) -> Result<(), StoreError>;

    /// Writes status and number over the version it was read as, and counts the version up by one; the lines of an
    /// invoice never change. Refused with `Stale` when the stored version is another.
    async fn update(&mut self, invoice: &Invoice) -> Result<(), StoreError>;
}

/// The issuer's series of invoice numbers.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InvoiceNumbers: Send {
    /// The next number: 1, 2, 3, … over all tenants. The series is locked until the unit ends, and a unit that is
    /// not committed gives its number back, so that no number is missing or used twice.
    async fn next(&mut self) -> Result<InvoiceNumber, StoreError>;
}
