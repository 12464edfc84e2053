//! `tenantry import`

use std::path::Path;
use std::process::ExitCode;

use tenantry_kernel::{TenantId, TenantScope};
use tenantry_lifecycle::members::{ListedRow, MAX_ROWS, Verdict};

use super::fail;
use crate::cli::ImportPeople;
use crate::config::Config;
use crate::wiring::{Installation, Sources};

/// A file is read whole; no list of people is longer.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Brings people along from a file: a thousand rows in one transaction, and the next thousand in the next. Standard
/// output has one line for each row of which something is to be said.
pub async fn run(config: &Config, wish: &ImportPeople) -> ExitCode {
    let rows = match read(&wish.file) {
        Ok(rows) => rows,
        Err(why) => {
            eprintln!("tenantry: {}: {why}", wish.file.display());
            return ExitCode::FAILURE;
        }
    };
    let node = match Installation::open(config, Sources::default()).await {
        Ok(node) => node,
        Err(cause) => return fail(&cause),
    };
    let outcome = match enter(&node, &wish.tenant).await {
        Ok(scope) => import(&node, &scope, &rows, wish.dry_run).await,
        Err(why) => Err(why),
    };
    node.close().await;
    match outcome {
        Ok(tally) => {
            let done = if wish.dry_run { "would be " } else { "" };
            println!(
                "{} {done}imported, {} {done}invited, {} not",
                tally.imported, tally.invited, tally.failed
            );
            if tally.failed == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(why) => {
            eprintln!("tenantry: {why}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Tally {
    imported: usize,
    invited: usize,
    failed: usize,
}

fn read(file: &Path) -> Result<Vec<ListedRow>, String> {
    let size = std::fs::metadata(file).map_err(|cause| cause.to_string())?.len();
    if size > FILE_BYTES_MAX {
        return Err(format!(
            "the file has {size} bytes; split it into files of at most {FILE_BYTES_MAX}"
        ));
    }
    let bytes = std::fs::read(file).map_err(|cause| cause.to_string())?;
    let rows = tenantry_http_actix::read_import(&bytes)?;
    if rows.is_empty() {
        return Err("the file has no rows".to_owned());
    }
    Ok(rows)
}

/// The tenant by its id or slug.
async fn enter(node: &Installation, name: &str) -> Result<TenantScope, String> {
    let by_slug = node.services.directory.tenant_by_slug(&name.to_lowercase()).await;
    let by_slug = by_slug.map_err(|cause| cause.to_string())?;
    let tenant: Option<TenantId> = by_slug.or_else(|| name.parse().ok());
    let tenant = tenant.ok_or_else(|| format!("there is no tenant {name:?}"))?;
    let entered = node.enter_at_console(tenant).await;
    entered.map_err(|_| format!("there is no tenant {name:?}"))
}

async fn import(node: &Installation, scope: &TenantScope, rows: &[ListedRow], dry_run: bool) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for some in rows.chunks(MAX_ROWS) {
        let verdicts = node.services.seats.import(scope, some, dry_run).await;
        for verdict in verdicts.map_err(|cause| cause.to_string())? {
            match verdict.outcome.as_str() {
                "imported" => tally.imported += 1,
                "invited" => tally.invited += 1,
                _ => tally.failed += 1,
            }
            tell(&verdict);
        }
    }
    Ok(tally)
}

fn tell(verdict: &Verdict) {
    let told = verdict.outcome.errors().into_iter().map(|error| {
        let field = if error.field.is_empty() {
            String::new()
        } else {
            format!("{}: ", error.field)
        };
        format!("{field}{}", error.detail)
    });
    let told: Vec<String> = told.collect();
    if !told.is_empty() || !verdict.outcome.landed() {
        let (row, email) = (verdict.row, &verdict.email);
        println!("row {row}, {email}: {} ({})", verdict.outcome.as_str(), told.join("; "));
    }
}
