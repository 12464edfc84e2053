//! `tenantry admin`.

use std::io::BufRead as _;
use std::process::ExitCode;
use std::sync::Arc;

use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{DisplayName, EmailAddress, Secret};
use tenantry_lifecycle::appoint::{AppointService, Appointed};

use super::fail;
use crate::cli::CreateAdmin;
use crate::config::Config;
use crate::wiring::{Installation, Sources};

/// Makes a platform operator, or gives the role and a new password to a person who exists.
pub async fn create(config: &Config, wish: CreateAdmin) -> ExitCode {
    let email = match EmailAddress::try_from(wish.email.as_str()) {
        Ok(email) => email,
        Err(cause) => return fail(&cause),
    };
    let name = wish
        .name
        .unwrap_or_else(|| email.as_str().split('@').next().unwrap_or_default().to_owned());
    let name = match DisplayName::try_from(name.as_str()) {
        Ok(name) => name,
        Err(cause) => return fail(&cause),
    };
    let password = match (wish.password, wish.password_stdin) {
        (Some(password), _) => Ok(password),
        (None, true) => read_line(),
        (None, false) => {
            eprintln!("tenantry: give a password with --password-stdin or --password");
            return ExitCode::FAILURE;
        }
    };
    let password = match password {
        Ok(password) => Secret::new(password),
        Err(cause) => return fail(&cause),
    };
    let node = match Installation::open(config, Sources::default()).await {
        Ok(node) => node,
        Err(cause) => return fail(&cause),
    };
    let service = AppointService::new(
        Arc::new(node.store.clone()),
        Arc::clone(&node.hasher),
        node.sources.clock.clone(),
        node.sources.ids.clone(),
    );
    let appointed = service.appoint(&email, name, password, PlatformRole::Operator).await;
    node.close().await;
    match appointed {
        Ok(Appointed::New(_)) => println!("{email} is an operator now."),
        Ok(Appointed::Known(_)) => println!("{email} was known already: an operator now, with the new password."),
        Err(cause) => return fail(&cause),
    }
    ExitCode::SUCCESS
}

fn read_line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
