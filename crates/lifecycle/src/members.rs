//! Members and their seats: inviting, accepting, leaving. A seat is counted in the unit that fills it.

mod accept;
mod error;
mod letter;
mod many;
pub(crate) mod screening;
mod service;
#[cfg(test)]
mod tests;

pub use accept::{Accept, AcceptParts, AcceptService, Accepted};
pub use error::MembersError;
pub(crate) use error::overtaken;
pub(crate) use letter::to_the_minute;
pub use many::{Arrival, InvalidDays, InvitationDays, ListedRow, MAX_ROWS, Newcomer, Outcome, Verdict};
pub(crate) use service::role as role_named;
pub use service::{AddMember, Added, MembersParts, MembersService, Resend};
