//! Usage: counting it, checking it, showing it.
//!
//! [`service::UsageService`] is what an application calls; [`requests::RequestService`] admits calls
//! with API keys; [`exceeded::QuotaExceeded`] is the one refusal at a limit, wherever it comes from.

pub mod exceeded;
pub mod requests;
pub mod row;
pub mod service;

pub use exceeded::QuotaExceeded;
pub use requests::{AdmitError, Admitted, RequestService};
pub use row::UsageRow;
pub use service::{Checked, Consume, Counted, UsageError, UsagePorts, UsageService};
