//! Signing in and out, passwords by mail.

mod email_verify;
mod login;
mod logout;
mod password_forgot;
mod password_reset;
mod refresh;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        login::row(),
        refresh::row(),
        logout::row(),
        password_forgot::row(),
        password_reset::row(),
        email_verify::row(),
    ]
}
