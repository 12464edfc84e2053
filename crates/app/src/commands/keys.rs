//! `tenantry keys`.

use std::process::ExitCode;

use tenantry_identity::signing_key::{KeyLife, SigningKeyError};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::time::format_description::well_known::Rfc3339;

use super::fail;
use crate::cli::KeysAction;
use crate::config::Config;
use crate::wiring::{Installation, Sources};

/// Lists, rotates or revokes signing keys.
pub async fn run(config: &Config, action: KeysAction) -> ExitCode {
    let node = match Installation::open(config, Sources::default()).await {
        Ok(node) => node,
        Err(cause) => return fail(&cause),
    };
    let outcome = act(&node, action).await;
    node.close().await;
    match outcome {
        Ok(told) => {
            print!("{told}");
            ExitCode::SUCCESS
        }
        Err(cause) => fail(&cause),
    }
}

async fn act(node: &Installation, action: KeysAction) -> Result<String, SigningKeyError> {
    let (keys, scope) = (&node.services.signing_keys, node.system_scope("console"));
    match action {
        KeysAction::List => {
            let (keys, now) = keys.list(&scope).await?;
            Ok(table(&keys, now))
        }
        KeysAction::Rotate => {
            let next = keys.rotate(&scope).await?.key;
            Ok(format!(
                "The next key is {}; it signs from {}.\n",
                next.kid,
                when(next.signs_from)
            ))
        }
        KeysAction::Revoke { kid } => {
            keys.revoke(&scope, &kid).await?;
            Ok(format!("The key {kid} is revoked; every node knows within a second.\n"))
        }
    }
}

/// One line per key.
fn table(keys: &[KeyLife], now: OffsetDateTime) -> String {
    let mut table = format!(
        "{:<44}  {:<5}  {:<7}  {:<20}  {}\n",
        "KEY", "ALG", "STATUS", "SIGNS FROM", "GONE"
    );
    for life in keys {
        let line = format!(
            "{:<44}  {:<5}  {:<7}  {:<20}  {}",
            life.key.kid,
            life.key.algorithm.as_str(),
            life.status(now).as_str(),
            when(life.key.signs_from),
            life.gone_at.map(when).unwrap_or_default(),
        );
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

fn when(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}
