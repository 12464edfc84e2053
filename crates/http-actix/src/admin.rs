//! What operators do. Platform roles only.

mod api_keys_create;
mod api_keys_list;
mod api_keys_revoke;
mod api_keys_show;
mod overview;
mod signing_keys_list;
mod signing_keys_revoke;
mod signing_keys_rotate;
mod subscription_stats;
mod tenants_create;
mod tenants_list;
mod tenants_reactivate;
mod tenants_suspend;
mod usage_top;
mod users_disable;
mod users_enable;
mod users_erase;
mod users_list;
mod users_show;

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
        users_list::row(),
        users_show::row(),
        users_disable::row(),
        users_enable::row(),
        users_erase::row(),
        api_keys_list::row(),
        api_keys_create::row(),
        api_keys_show::row(),
        api_keys_revoke::row(),
        signing_keys_list::row(),
        signing_keys_rotate::row(),
        signing_keys_revoke::row(),
    ]
}
