//! Billing accounts, subscriptions, invoices with their lines, payment methods and attempts, and the counter that
//! numbers invoices.

use sea_orm_migration::prelude::*;

use crate::ddl::{
    at, at_null, flag, grant, id, id_null, index, int, int_null, json_null, readable_by_worker, tenant_owned,
    tenant_table, text, text_null, to_tenant, unique, within_tenant,
};
use crate::roles::APP;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        billing_account(manager).await?;
        subscription(manager).await?;
        invoice(manager).await?;
        invoice_line(manager).await?;
        payment_method(manager).await?;
        payment_attempt(manager).await?;
        invoice_counter(manager).await
    }
}

/// One row per tenant, its id the tenant's: the primary key is the rule. Locking it serialises a tenant's billing.
async fn billing_account(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("billing_account")
                .col(text("currency"))
                .col(int("credit_minor"))
                .foreign_key(&mut to_tenant("billing_account"))
                .take(),
        )
        .await?;
    tenant_owned(manager, "billing_account").await
}

async fn subscription(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("subscription")
                .col(text("plan_code"))
                .col(text("plan_version"))
                .col(text("cycle"))
                .col(int("quantity"))
                .col(text("currency"))
                .col(text("status"))
                .col(at_null("past_due_since"))
                .col(at_null("cancelled_at"))
                .col(at("period_start"))
                .col(at("period_end"))
                .col(at("anchor_at"))
                .col(at_null("prepaid_from"))
                .col(int_null("prepaid_minor"))
                .col(text_null("scheduled"))
                .col(text_null("scheduled_plan_code"))
                .col(text_null("scheduled_plan_version"))
                .col(text_null("scheduled_cycle"))
                .col(int_null("scheduled_quantity"))
                .col(at("created_at"))
                .col(int("version"))
                .foreign_key(&mut to_tenant("subscription"))
                .take(),
        )
        .await?;
    let live = || Expr::col("status").ne("cancelled");
    let one_live = unique("subscription_one_live_key", "subscription", &["tenant_id"])
        .and_where(live())
        .take();
    manager.create_index(one_live).await?;
    // Which tenants are due, across all of them.
    let due = index("subscription_due_idx", "subscription", &["period_end", "tenant_id"])
        .and_where(live())
        .take();
    manager.create_index(due).await?;
    tenant_owned(manager, "subscription").await?;
    readable_by_worker(manager, "subscription").await
}

async fn invoice(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("invoice")
                .col(id_null("subscription_id"))
                .col(text("purpose"))
                .col(json_null("follows"))
                .col(text("status"))
                .col(int_null("number"))
                .col(at_null("issued_at"))
                .col(at_null("settled_at"))
                .col(text("currency"))
                .col(int("subtotal_minor"))
                .col(int("credit_applied_minor"))
                .col(int("amount_due_minor"))
                .col(at("created_at"))
                .col(int("version"))
                .foreign_key(&mut to_tenant("invoice"))
                .foreign_key(&mut within_tenant("invoice", "subscription_id", "subscription"))
                .take(),
        )
        .await?;
    let by_number = unique("invoice_number_key", "invoice", &["tenant_id", "number"]);
    manager.create_index(by_number).await?;
    let of_subscription = index("invoice_subscription_idx", "invoice", &["tenant_id", "subscription_id"]);
    manager.create_index(of_subscription).await?;
    let owed = index("invoice_open_idx", "invoice", &["tenant_id", "id"])
        .and_where(Expr::col("status").eq("open"))
        .take();
    manager.create_index(owed).await?;
    tenant_owned(manager, "invoice").await
}

/// Everything an amount was computed from stays with it. Fractions are text: `1234/567`.
async fn invoice_line(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("invoice_line")
                .col(id("invoice_id"))
                .col(int("position"))
                .col(text("kind"))
                .col(text("description"))
                .col(text("quantity"))
                .col(text("unit_price_minor"))
                .col(at("period_start"))
                .col(at("period_end"))
                .col(text("fraction"))
                .col(text("rule"))
                .col(int_null("billed_minor"))
                .col(int("amount_minor"))
                .foreign_key(&mut within_tenant("invoice_line", "invoice_id", "invoice"))
                .take(),
        )
        .await?;
    let columns = ["tenant_id", "invoice_id", "position"];
    let in_order = unique("invoice_line_position_key", "invoice_line", &columns);
    manager.create_index(in_order).await?;
    tenant_owned(manager, "invoice_line").await
}

async fn payment_method(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("payment_method")
                .col(text("token"))
                .col(text("brand"))
                .col(text("last4"))
                .col(flag("is_default"))
                .col(at("created_at"))
                .foreign_key(&mut to_tenant("payment_method"))
                .take(),
        )
        .await?;
    let by_token = unique("payment_method_token_key", "payment_method", &["tenant_id", "token"]);
    manager.create_index(by_token).await?;
    let one_default = unique("payment_method_one_default_key", "payment_method", &["tenant_id"])
        .and_where(Expr::col("is_default").eq(true))
        .take();
    manager.create_index(one_default).await?;
    tenant_owned(manager, "payment_method").await
}

/// A method that is removed stays named by the attempts that used it, so that there is no foreign key to it.
async fn payment_attempt(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            tenant_table("payment_attempt")
                .col(id("invoice_id"))
                .col(id("method_id"))
                .col(text_null("new_brand"))
                .col(text_null("new_last4"))
                .col(text("token"))
                .col(text("currency"))
                .col(int("amount_minor"))
                .col(text("status"))
                .col(text_null("charge_id"))
                .col(text_null("failure_code"))
                .col(at_null("settled_at"))
                .col(at("created_at"))
                .foreign_key(&mut within_tenant("payment_attempt", "invoice_id", "invoice"))
                .take(),
        )
        .await?;
    let pending = || Expr::col("status").eq("pending");
    let one_pending = unique("payment_attempt_one_pending_key", "payment_attempt", &["tenant_id"])
        .and_where(pending())
        .take();
    manager.create_index(one_pending).await?;
    let of_invoice = index(
        "payment_attempt_invoice_idx",
        "payment_attempt",
        &["tenant_id", "invoice_id"],
    );
    manager.create_index(of_invoice).await?;
    // Which tenants have a payment to finish, across all of them.
    let unfinished = index(
        "payment_attempt_pending_idx",
        "payment_attempt",
        &["created_at", "tenant_id"],
    )
    .and_where(pending())
    .take();
    manager.create_index(unfinished).await?;
    tenant_owned(manager, "payment_attempt").await?;
    readable_by_worker(manager, "payment_attempt").await
}

/// One row per issuer, locked by whoever takes a number until they commit: the series has no gaps.
async fn invoice_counter(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("invoice_counter")
                .col(int("id").primary_key())
                .col(int("last"))
                .take(),
        )
        .await?;
    let issuer = Query::insert()
        .into_table("invoice_counter")
        .columns(["id", "last"])
        .values_panic([1.into(), 0.into()])
        .take();
    manager.execute(issuer).await?;
    grant(manager, "invoice_counter", "select, update", APP).await
}
