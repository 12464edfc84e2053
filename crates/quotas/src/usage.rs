//! Usage: counting it, checking it, showing it.
//!
//! [`service::UsageService`] is what an application calls; [`reservations`] holds room while work is done;
//! [`corrections`] puts right what was counted; [`ingest`] takes events in bulk; [`insights`] shows what was used over
//! time; [`requests::RequestService`] admits calls, with keys and by people; [`exceeded::QuotaExceeded`] is the one refusal
//! at a limit, wherever it comes from.

pub mod corrections;
pub mod error;
pub mod exceeded;
pub mod forecast;
pub mod ingest;
pub mod insights;
pub mod ports;
pub mod requests;
pub mod reservations;
pub mod row;
pub mod service;

pub use corrections::{Correct, CorrectionService};
pub use error::UsageError;
pub use exceeded::{Explained, LimitOwner, QuotaExceeded};
pub use ingest::IngestService;
pub use insights::InsightService;
pub use ports::{UsagePorts, Wanted};
pub use requests::{AdmitError, Admitted, Call, KnownTerms, RequestService, Stand};
pub use reservations::{ReservationService, Reserve, Reserved};
pub use row::UsageRow;
pub use service::{Checked, Consume, Counted, UsageService};
