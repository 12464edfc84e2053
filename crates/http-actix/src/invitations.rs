//! Invitations: memberships that wait for an answer.

mod accept;
mod bulk;
mod create;
mod list;
mod resend;
mod revoke;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        create::row(),
        bulk::row(),
        resend::row(),
        revoke::row(),
        accept::row(),
    ]
}
