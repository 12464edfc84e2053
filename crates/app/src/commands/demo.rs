//! `tenantry demo`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tenantry_kernel::{Clock, Secret};

use super::fail;
use super::serve::{self, Part};
use crate::config::Config;
use crate::demo::clock::DemoClock;
use crate::demo::company::COMPANIES;
use crate::demo::story::{self, OPERATOR, PASSWORD};
use crate::wiring::{Installation, Sources};

/// Makes a throw-away installation, lives a year in it, and serves it.
pub async fn run(mut config: Config) -> ExitCode {
    let folder = std::env::temp_dir().join(format!("tenantry-demo-{}", std::process::id()));
    throw_away(&mut config, &folder);
    let code = match lived(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => fail(&*cause),
    };
    if let Err(cause) = std::fs::remove_dir_all(&folder) {
        eprintln!("tenantry: {} could not be removed: {cause}", folder.display());
    }
    code
}

/// Everything goes into one folder that is removed at the end.
fn throw_away(config: &mut Config, folder: &Path) {
    config.data_dir = folder.to_path_buf();
    config.outbox = folder.join("outbox");
    config.database_url = Secret::new(format!("sqlite://{}", folder.join("tenantry.db").display()));
    config.migrate_database_url = None;
    config.smtp_url = None;
}

async fn lived(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    // A year is not lived in vain: the address must be free.
    drop(serve::bind(config)?);
    let clock = Arc::new(DemoClock::default());
    let today = clock.system_now();
    // The signing keys must be older than the first token.
    clock.set(story::beginning(today));
    let sources = Sources {
        clock: clock.clone(),
        ..Sources::default()
    };
    println!("Living a year of {} …", config.catalog);
    let node = Arc::new(Installation::open(config, sources).await?);
    story::tell(&node, &clock, today).await?;
    serve::serve(config, node, Part::Both, &greeting(config)?).await?;
    Ok(())
}

fn greeting(config: &Config) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut lines = vec![
        format!("The password of everybody is {PASSWORD}"),
        format!("  operator  {OPERATOR}"),
    ];
    for company in COMPANIES.iter().take(3) {
        let owner = story::address(company.owner, company)?;
        lines.push(format!("  {:<9} {owner}  (owner of {})", company.slug, company.name));
    }
    lines.push("Sign in:".to_owned());
    if let Some(first) = COMPANIES.first() {
        let owner = story::address(first.owner, first)?;
        lines.push(format!(
            "  curl -s http://{}/api/v1/auth/login -H 'content-type: application/json' -d '{{\"email\":\"{owner}\",\"password\":\"{PASSWORD}\"}}'",
            config.listen
        ));
    }
    lines.push("Everything is thrown away when you stop it with Ctrl-C.".to_owned());
    Ok(lines)
}
