//! A year in the life of an installation, lived in a second: what `tenantry demo` serves.
//!
//! Nothing is written past the use cases: tenants sign up, use, pay, fail to pay and leave through the same services
//! that requests call, while the clock runs through twelve months.

pub(crate) mod clock;
pub(crate) mod company;
pub(crate) mod story;
