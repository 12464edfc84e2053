//! What operators do. Platform roles only.

mod api_keys_create;
mod api_keys_list;
mod api_keys_revoke;
mod api_keys_show;
mod overview;
mod subscription_stats;
mod tenants_create;
mod tenants_list;
mod tenants_reactivate;
mod tenants_suspend;
mod usage_top;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        overview::row(),
        tenants_list::row(),
        tenants_create::row(),
        tenants_suspend::row(),
        tenants_reactivate::row(),
        subscription_stats::row(),
        usage_top::row(),
        api_keys_list::row(),
        api_keys_create::row(),
        api_keys_show::row(),
        api_keys_revoke::row(),
    ]
}
