//! The kernel's time zones and languages, under the names that this crate uses.

pub use tenantry_kernel::locale::{InvalidLocale, InvalidTimezone, Locale, Timezone};
