//! Usage: counting it, checking it, showing it.
//!
//! [`service::UsageService`] is what an application calls; [`requests::RequestService`] admits calls,
//! with keys and by people; [`exceeded::QuotaExceeded`] is the one refusal at a limit, wherever it comes from.

pub mod error;
pub mod exceeded;
pub mod ports;
pub mod requests;
pub mod row;
pub mod service;

pub use error::UsageError;
pub use exceeded::QuotaExceeded;
pub use ports::UsagePorts;
pub use requests::{AdmitError, Admitted, Call, RequestService, Stand};
pub use row::UsageRow;
pub use service::{Checked, Consume, Counted, UsageService};
