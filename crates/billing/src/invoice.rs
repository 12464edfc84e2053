//! Invoices: what was billed, line by line, with the basis that recomputes each line.

mod explain;
mod line;
mod model;
mod repository;
mod service;

pub use explain::{Explanation, LineExplanation, explain};
pub use line::{Basis, BrokenLine, Line, LineId, LineKind, Rule, UnknownLineKind};
pub use model::{
    BrokenInvoice, Invoice, InvoiceId, InvoiceNumber, InvoiceParts, InvoiceRule, InvoiceStatus, Issue, Purpose,
    credit_to_apply, subtotal,
};
pub use repository::{InvoiceNumbers, InvoiceRepository};
#[cfg(any(test, feature = "testing"))]
pub use repository::{MockInvoiceNumbers, MockInvoiceRepository};
pub use service::{InvoiceError, InvoiceService};
