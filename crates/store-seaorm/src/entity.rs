//! Entities: one file per table, plain columns, no relations. They are rows, not models: the
//! repositories' `restore` and `to_row` stand between.

#![expect(
    clippy::disallowed_methods,
    reason = "`sea_orm::model` expands to calls that the fence forbids elsewhere"
)]

pub(crate) mod api_key;
pub(crate) mod app_user;
pub(crate) mod audit_log;
pub(crate) mod audit_personal;
pub(crate) mod billing_account;
pub(crate) mod branding;
pub(crate) mod catalog_state;
pub(crate) mod custom_domain;
pub(crate) mod domain_directory;
pub(crate) mod dunning_case;
pub(crate) mod email_directory;
pub(crate) mod entitlement;
pub(crate) mod feature_grant;
pub(crate) mod former_member;
pub(crate) mod idempotency_receipt;
pub(crate) mod impersonation;
pub(crate) mod invoice;
pub(crate) mod invoice_counter;
pub(crate) mod invoice_line;
pub(crate) mod job;
pub(crate) mod join_request;
pub(crate) mod known_place;
pub(crate) mod mail_domain;
pub(crate) mod membership;
pub(crate) mod one_time_token;
pub(crate) mod outbox_event;
pub(crate) mod ownership_transfer;
pub(crate) mod passkey;
pub(crate) mod payment_attempt;
pub(crate) mod payment_method;
pub(crate) mod pending_sign_in;
pub(crate) mod plan_version;
pub(crate) mod platform_key;
pub(crate) mod quota_account;
pub(crate) mod quota_alert;
pub(crate) mod quota_gauge;
pub(crate) mod quota_hold;
pub(crate) mod quota_override;
pub(crate) mod quota_reservation;
pub(crate) mod recovery_code;
pub(crate) mod refresh_token;
pub(crate) mod remembered_device;
pub(crate) mod role_assignment;
pub(crate) mod service_account;
pub(crate) mod session;
pub(crate) mod signing_key;
pub(crate) mod slug_directory;
pub(crate) mod spent_budget;
pub(crate) mod spent_challenge;
pub(crate) mod subscription;
pub(crate) mod support_consent;
pub(crate) mod tenant;
pub(crate) mod tenant_plan;
pub(crate) mod tenant_role;
pub(crate) mod totp_factor;
pub(crate) mod usage_closing;
pub(crate) mod usage_ledger;
pub(crate) mod usage_mark;
pub(crate) mod usage_member;
pub(crate) mod usage_rollup;
pub(crate) mod user_email;

use sea_orm::{EntityTrait, IdenStatic, Iterable};

/// A table's name and its columns.
pub type Table = (&'static str, Vec<&'static str>);

/// Every table that has an entity, with its columns in the entity's order. Each domain adds its own.
const TABLES: &[fn() -> Table] = &[
    table::<api_key::Entity>,
    table::<app_user::Entity>,
    table::<audit_log::Entity>,
    table::<audit_personal::Entity>,
    table::<billing_account::Entity>,
    table::<branding::Entity>,
    table::<catalog_state::Entity>,
    table::<custom_domain::Entity>,
    table::<domain_directory::Entity>,
    table::<dunning_case::Entity>,
    table::<email_directory::Entity>,
    table::<entitlement::Entity>,
    table::<feature_grant::Entity>,
    table::<former_member::Entity>,
    table::<idempotency_receipt::Entity>,
    table::<invoice::Entity>,
    table::<invoice_counter::Entity>,
    table::<invoice_line::Entity>,
    table::<job::Entity>,
    table::<join_request::Entity>,
    table::<known_place::Entity>,
    table::<mail_domain::Entity>,
    table::<membership::Entity>,
    table::<one_time_token::Entity>,
    table::<outbox_event::Entity>,
    table::<passkey::Entity>,
    table::<ownership_transfer::Entity>,
    table::<payment_attempt::Entity>,
    table::<payment_method::Entity>,
    table::<pending_sign_in::Entity>,
    table::<plan_version::Entity>,
    table::<quota_account::Entity>,
    table::<quota_alert::Entity>,
    table::<quota_gauge::Entity>,
    table::<quota_hold::Entity>,
    table::<quota_override::Entity>,
    table::<quota_reservation::Entity>,
    table::<recovery_code::Entity>,
    table::<refresh_token::Entity>,
    table::<remembered_device::Entity>,
    table::<role_assignment::Entity>,
    table::<session::Entity>,
    table::<signing_key::Entity>,
    table::<slug_directory::Entity>,
    table::<spent_budget::Entity>,
    table::<spent_challenge::Entity>,
    table::<subscription::Entity>,
    table::<tenant::Entity>,
    table::<tenant_plan::Entity>,
    table::<totp_factor::Entity>,
    table::<tenant_role::Entity>,
    table::<usage_closing::Entity>,
    table::<usage_ledger::Entity>,
    table::<usage_mark::Entity>,
    table::<usage_member::Entity>,
    table::<usage_rollup::Entity>,
    table::<user_email::Entity>,
];

/// What the entities believe the schema to be; a test compares it with the migrated databases.
#[must_use]
pub fn columns() -> Vec<Table> {
    TABLES.iter().map(|table| table()).collect()
}

fn table<E: EntityTrait>() -> Table {
    let columns = E::Column::iter().map(|column| column.as_str()).collect();
    (E::default().table_name(), columns)
}
