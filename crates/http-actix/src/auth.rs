//! Signing in and out, passwords by mail.

mod account_keep;
mod email_undo;
mod email_verify;
mod login;
mod logout;
mod magic_link;
mod magic_link_redeem;
mod mfa_enrol_passkey;
mod mfa_enrol_passkey_finish;
mod mfa_enrol_totp;
mod mfa_enrol_totp_confirm;
mod mfa_verify;
mod passkeys_finish;
mod passkeys_start;
mod password_change;
mod password_forgot;
mod password_reset;
mod refresh;

use crate::routes::Row;

pub(crate) use mfa_verify::missing;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        login::row(),
        refresh::row(),
        logout::row(),
        password_forgot::row(),
        password_reset::row(),
        password_change::row(),
        email_verify::row(),
        mfa_verify::row(),
        mfa_enrol_totp::row(),
        mfa_enrol_totp_confirm::row(),
        mfa_enrol_passkey::row(),
        mfa_enrol_passkey_finish::row(),
        passkeys_start::row(),
        passkeys_finish::row(),
        magic_link::row(),
        magic_link_redeem::row(),
        email_undo::row(),
        account_keep::row(),
    ]
}
