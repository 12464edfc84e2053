//! `tenantry billing`.

use std::process::ExitCode;

use tenantry_kernel::time::OffsetDateTime;

use super::fail;
use crate::config::Config;
use crate::wiring::{Installation, Sources};

/// Bills everything that is due, and follows up what stays unpaid. Running it twice bills nothing twice.
pub async fn run(config: &Config, as_of: Option<OffsetDateTime>) -> ExitCode {
    let node = match Installation::open(config, Sources::default()).await {
        Ok(node) => node,
        Err(cause) => return fail(&cause),
    };
    let outcome = node.billing.run(&node.system_scope("billing_run"), as_of).await;
    node.close().await;
    let report = match outcome {
        Ok(report) => report,
        Err(cause) => return fail(&cause),
    };
    println!(
        "{} period ends settled, {} invoices issued, {} paid, {} payments finished",
        report.periods, report.invoices, report.paid, report.resumed
    );
    println!(
        "unpaid invoices: {} charges tried again, {} tenants suspended, {} subscriptions cancelled",
        report.retried, report.suspended, report.cancelled
    );
    for (tenant, cause) in &report.failed {
        eprintln!("tenantry: tenant {tenant} could not be billed: {cause}");
    }
    if report.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
