//! Invitations: memberships that wait for an answer; and requests that wait for one.

mod accept;
mod bulk;
mod create;
mod list;
mod resend;
mod revoke;

use crate::join_requests;
use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        list::row(),
        create::row(),
        bulk::row(),
        resend::row(),
        revoke::row(),
        accept::row(),
    ];
    rows.extend(join_requests::rows());
    rows
}
