//! `tenantry admin`.

use std::io::BufRead as _;
use std::process::ExitCode;
use std::sync::Arc;

use tenantry_identity::platform_key::CreatePlatformKey;
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::{DisplayName, DomainError as _, EmailAddress, Secret};
use tenantry_lifecycle::appoint::{AppointService, Appointed};
use tenantry_lifecycle::catalog::Catalog;

use super::fail;
use crate::cli::{CreateAdmin, CreateKey};
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
    let Some(role) = node.catalog.platform_role(&wish.role) else {
        node.close().await;
        eprintln!("tenantry: {}", no_such_role(&wish.role, &node.catalog));
        return ExitCode::FAILURE;
    };
    let appointed = appointing(&node).appoint(&email, name, password, role).await;
    let called = node.catalog.platform_role_name(role);
    node.close().await;
    match appointed {
        Ok(Appointed::New(_)) => println!("{email} has the platform role {called} now."),
        Ok(Appointed::Known(_)) => {
            println!("{email} was known already: has the platform role {called} now, with the new password.");
        }
        Err(cause) => return fail(&cause),
    }
    ExitCode::SUCCESS
}

/// Takes the platform role away from somebody. Nodes that run notice within a second.
pub async fn dismiss(config: &Config, email: &str) -> ExitCode {
    let email = match EmailAddress::try_from(email) {
        Ok(email) => email,
        Err(cause) => return fail(&cause),
    };
    let node = match Installation::open(config, Sources::default()).await {
        Ok(node) => node,
        Err(cause) => return fail(&cause),
    };
    let dismissed = appointing(&node).dismiss(&email).await;
    let called = dismissed.map(|role| node.catalog.platform_role_name(role).to_owned());
    node.close().await;
    match called {
        Ok(called) => {
            println!("{email} has no platform role any more; it was {called}.");
            ExitCode::SUCCESS
        }
        Err(cause) => fail(&cause),
    }
}

fn appointing(node: &Installation) -> AppointService {
    AppointService::new(
        Arc::new(node.store.clone()),
        Arc::clone(&node.hasher),
        Arc::clone(&node.judge),
        node.sources.clock.clone(),
        node.sources.ids.clone(),
    )
}

/// Makes a platform key. Standard output is the key and nothing else, so that it can go straight into a vault.
pub async fn create_key(config: &Config, wish: CreateKey) -> ExitCode {
    let node = match Installation::open(config, Sources::default()).await {
        Ok(node) => node,
        Err(cause) => return fail(&cause),
    };
    let request = CreatePlatformKey {
        name: wish.name,
        permissions: None,
        expires_in_days: wish.expires_in_days,
        allowed_ips: wish.allowed_ips,
    };
    let scope = node.system_scope("console");
    let made = node.services.platform_keys.create(&scope, request).await;
    node.close().await;
    match made {
        Ok(minted) => {
            println!("{}", minted.text.expose());
            eprintln!("The platform key {} is printed this once.", minted.key.id());
            ExitCode::SUCCESS
        }
        Err(cause) => {
            for fault in cause.fields() {
                eprintln!("tenantry: {} {}", fault.field, fault.detail);
            }
            fail(&cause)
        }
    }
}

/// Lists what there is, as a wrong name deserves.
fn no_such_role(text: &str, catalog: &Catalog) -> String {
    let names = [PlatformRole::Operator, PlatformRole::Support].map(|role| catalog.platform_role_name(role));
    format!("there is no platform role \"{text}\"; choose {}", names.join(" or "))
}

fn read_line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
