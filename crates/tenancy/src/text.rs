//! The kernel's text types, under the names that this crate uses.

pub use tenantry_kernel::text::{DisplayName, InvalidName, InvalidNote, InvalidPhone, Note, Phone};
