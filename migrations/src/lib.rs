//! The schema of Tenantry, as migrations that run on PostgreSQL and on SQLite.
//!
//! One file per domain. Tables are portable `SeaQuery`; raw SQL is for PostgreSQL's roles and row
//! security only and lives in [`ddl`] and `roles`. Start with `m2026_11_21_000001_tenancy.rs`.
//!
//! **Invariant:** a tenant-owned table has the primary key `(tenant_id, id)`, every unique key and
//! foreign key of it starts with `tenant_id`, and row security is forced on it.

pub mod ddl;
pub mod roles;
mod run;

mod m2026_11_21_000001_tenancy;
mod m2026_11_21_000002_identity;
mod m2026_11_21_000003_billing;
mod m2026_11_21_000004_quotas;
mod m2026_11_21_000005_activity;
mod m2026_11_21_000006_platform;
mod m2026_11_28_000007_dunning;
mod m2026_11_28_000008_audit_retention;
mod m2026_11_28_000009_platform_keys;
mod m2026_11_28_000010_roles;
mod m2026_11_28_000011_factors;
mod m2026_11_28_000012_security_policy;
mod m2026_11_28_000013_branding;
mod m2026_11_28_000014_service_accounts;
mod m2026_11_28_000015_people;
mod m2026_11_28_000016_support_access;
mod m2026_11_28_000017_outgrown_passwords;
mod m2026_11_28_000018_joining;
mod m2026_11_28_000019_budgets;
mod m2026_11_28_000020_held_addresses;

pub use run::{MigrateError, Status, grant_login, status, up};

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All migrations, oldest first. A migration that was ever released is never edited or removed.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m2026_11_21_000001_tenancy::Migration),
            Box::new(m2026_11_21_000002_identity::Migration),
            Box::new(m2026_11_21_000003_billing::Migration),
            Box::new(m2026_11_21_000004_quotas::Migration),
            Box::new(m2026_11_21_000005_activity::Migration),
            Box::new(m2026_11_21_000006_platform::Migration),
            Box::new(m2026_11_28_000007_dunning::Migration),
            Box::new(m2026_11_28_000008_audit_retention::Migration),
            Box::new(m2026_11_28_000009_platform_keys::Migration),
            Box::new(m2026_11_28_000010_roles::Migration),
            Box::new(m2026_11_28_000011_factors::Migration),
            Box::new(m2026_11_28_000012_security_policy::Migration),
            Box::new(m2026_11_28_000013_branding::Migration),
            Box::new(m2026_11_28_000014_service_accounts::Migration),
            Box::new(m2026_11_28_000015_people::Migration),
            Box::new(m2026_11_28_000016_support_access::Migration),
            Box::new(m2026_11_28_000018_joining::Migration),
            Box::new(m2026_11_28_000017_outgrown_passwords::Migration),
            Box::new(m2026_11_28_000019_budgets::Migration),
            Box::new(m2026_11_28_000020_held_addresses::Migration),
        ]
    }
}
