//! Plan, invoices, payment methods of one tenant.

mod change;
mod invoices_explain;
mod invoices_list;
mod invoices_pay;
mod invoices_show;
mod invoices_void;
mod payment_methods_add;
mod payment_methods_default;
mod payment_methods_list;
mod payment_methods_remove;
mod show;
mod subscription_cancel;
mod subscription_preview;
mod subscription_resume;
mod subscription_show;
mod upgrade;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        show::row(),
        subscription_show::row(),
        subscription_preview::row(),
        upgrade::row(),
        subscription_cancel::row(),
        subscription_resume::row(),
        invoices_list::row(),
        invoices_show::row(),
        invoices_pay::row(),
        invoices_void::row(),
        invoices_explain::row(),
        payment_methods_list::row(),
        payment_methods_add::row(),
        payment_methods_remove::row(),
        payment_methods_default::row(),
    ]
}
