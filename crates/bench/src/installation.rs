//! An installation to measure: the real program on a database of its own, with a tenant, an owner and a key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::client::{ask, request};
use crate::load::Asked;
use crate::process::{Server, free_address};
use crate::{Outcome, Plan};

const PASSWORD: &str = "correct horse battery";
/// What is sold while it is measured.
pub const CATALOG: &str = include_str!("../catalog.toml");

/// Where it stands.
pub struct Installation {
    folder: PathBuf,
    database_url: Option<String>,
}

/// Who calls it, and what they send.
pub struct Callers {
    token: String,
    key: String,
}

impl Installation {
    /// In this folder; on SQLite there unless a URL is given.
    pub fn new(folder: &Path, database_url: Option<String>) -> Outcome<Self> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("catalog.toml"), CATALOG)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            database_url,
        })
    }

    /// Where its database is.
    pub fn url(&self) -> String {
        let file = || format!("sqlite://{}", self.folder.join("data/tenantry.db").display());
        self.database_url.clone().unwrap_or_else(file)
    }

    /// Starts the program. Limits for people and addresses are off: all load comes from one address.
    pub async fn start(&self, plan: &Plan) -> Outcome<Server> {
        let address = free_address()?;
        let mut command = plan.cores.for_server(&plan.binary);
        let ours = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TENANTRY_"));
        for (name, _) in ours {
            command.env_remove(name);
        }
        command
            .current_dir(&self.folder)
            .arg("serve")
            .args(["--listen", &address.to_string()])
            .args(["--mode", "development"])
            .arg("--data-dir")
            .arg(self.folder.join("data"))
            .arg("--catalog")
            .arg(self.folder.join("catalog.toml"))
            .env("TENANTRY_RATE_LIMIT_PERSON", "off")
            .env("TENANTRY_RATE_LIMIT_ADDRESS", "off")
            .env("TENANTRY_TRUSTED_PROXIES", "127.0.0.1")
            .env("TENANTRY_LOG", &plan.log);
        if let Some(url) = &self.database_url {
            command.env("TENANTRY_DATABASE_URL", url);
        }
        Server::start(command, address, &self.folder.join("log.txt")).await
    }
}

impl Callers {
    /// Signs up, and makes a key that may do everything.
    pub async fn of(address: SocketAddr, slug: &str) -> Outcome<Self> {
        let made = ask(address, &sign_up(slug), 201).await?;
        let token = text(&made, "/tokens/access_token")?;
        let body = json!({"name": "load", "permissions": ["*"]});
        let bearer = format!("Authorization: Bearer {token}");
        let minted = request("POST", "/api/v1/tenants/current/api-keys", &bearer, Some(&body));
        let key = text(&ask(address, &minted, 201).await?, "/key")?;
        Ok(Self { token, key })
    }

    /// A read with the key.
    pub fn read_by_key(&self) -> Asked {
        same(request("GET", "/api/v1/tenants/current", &self.bearing_key(), None))
    }

    /// A read with the access token.
    pub fn read_by_token(&self) -> Asked {
        same(request("GET", "/api/v1/tenants/current", &self.bearing_token(), None))
    }

    /// A gateway's question about the key.
    pub fn verify(&self) -> Asked {
        let body = json!({"key": self.key, "permission": "usage.consume"});
        same(request(
            "POST",
            "/api/v1/api-keys/verify",
            &self.bearing_key(),
            Some(&body),
        ))
    }

    /// One event, counted.
    pub fn usage(&self) -> Asked {
        let body = json!({"meter": "events", "amount": 1});
        same(request(
            "POST",
            "/api/v1/tenants/current/usage",
            &self.bearing_key(),
            Some(&body),
        ))
    }

    /// How the meters stand.
    pub fn read_usage(&self) -> Asked {
        same(request(
            "GET",
            "/api/v1/tenants/current/usage",
            &self.bearing_key(),
            None,
        ))
    }

    /// The line that says which person calls.
    pub fn bearing_token(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    /// A read of an app of somebody else's, with the key.
    pub fn guarded_by_key(&self) -> Asked {
        same(request("GET", "/guarded", &self.bearing_key(), None))
    }

    /// The same with the access token.
    pub fn guarded_by_token(&self) -> Asked {
        same(request("GET", "/guarded", &self.bearing_token(), None))
    }

    /// The line that says who calls.
    pub fn bearing_key(&self) -> String {
        format!("Authorization: Bearer {}", self.key)
    }
}

/// Tenants that sign up.
pub fn sign_ups() -> Asked {
    Asked::Fresh(Arc::new(|number| sign_up(&format!("bench-{number}"))))
}

/// The owner of this tenant, who logs in.
pub fn log_ins(slug: &str) -> Asked {
    let address = email(slug);
    Asked::Fresh(Arc::new(move |number| {
        let body = json!({"email": address, "password": PASSWORD});
        request("POST", "/api/v1/auth/login", &from_elsewhere(number), Some(&body))
    }))
}

fn sign_up(slug: &str) -> Vec<u8> {
    let body = json!({
        "name": slug, "slug": slug,
        "owner_email": email(slug), "owner_name": "Olive Owner", "owner_password": PASSWORD,
    });
    let number = slug.rsplit('-').next().and_then(|number| number.parse().ok());
    request(
        "POST",
        "/api/v1/tenants",
        &from_elsewhere(number.unwrap_or(0)),
        Some(&body),
    )
}

fn email(slug: &str) -> String {
    format!("owner@{slug}.example")
}

/// What invites guessing has a limit per address that cannot be switched off, so every call comes from another one.
fn from_elsewhere(number: u64) -> String {
    let [.., a, b, c] = number.to_be_bytes();
    format!("X-Forwarded-For: 10.{a}.{b}.{c}")
}

fn same(bytes: Vec<u8>) -> Asked {
    Asked::Same(bytes.into())
}

fn text(answer: &Value, pointer: &str) -> Outcome<String> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    Ok(found
        .ok_or_else(|| format!("the answer has no {pointer}: {answer}"))?
        .to_owned())
}
