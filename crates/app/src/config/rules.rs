//! Rules that look at several values at once.

use super::{Config, Mode, PasswordCost, values};

/// A key whose bytes repeat more than this was typed, not drawn.
const LEAST_DISTINCT_BYTES: usize = 16;

/// Every rule that the configuration breaks, as sentences that say how to mend it.
pub(super) fn broken(config: &Config) -> Vec<String> {
    match config.mode {
        Mode::Development => Vec::new(),
        Mode::Production => production(config)
            .into_iter()
            .map(|rule| format!("production refuses to start: {rule}"))
            .collect(),
    }
}

fn production(config: &Config) -> Vec<&'static str> {
    let mut broken = Vec::new();
    match &config.master_key {
        None => broken.push(
            "there is no master key; set TENANTRY_MASTER_KEY or TENANTRY_MASTER_KEY_FILE to 32 random bytes \
             (`openssl rand -base64 32` prints some), or choose --mode development",
        ),
        Some(key) if is_weak(key.expose()) => {
            broken.push("the master key is weak; draw a random one, for example with `openssl rand -base64 32`");
        }
        Some(_) => {}
    }
    if config.public_url.scheme() != "https" {
        broken.push("the public URL is not https; set TENANTRY_PUBLIC_URL to the address that people use");
    }
    if config.password_cost == PasswordCost::Fast {
        broken.push("password_cost is fast, which is for test suites; take it out");
    }
    let asks_in_the_open = config
        .password_breach_url
        .as_ref()
        .is_some_and(|url| url.scheme() != "https" && !values::is_loopback(url));
    if asks_in_the_open {
        broken.push("password_breach_url is not https: whoever listens would learn what the service learns");
    }
    if config
        .stripe
        .as_ref()
        .is_some_and(|stripe| stripe.webhook_secret.is_none())
    {
        broken.push("Stripe's webhooks cannot be checked; set TENANTRY_STRIPE_WEBHOOK_SECRET");
    }
    broken
}

/// True for keys that nobody drew at random: among 32 random bytes, 28 to 32 are distinct.
fn is_weak(key: &[u8; 32]) -> bool {
    let distinct: std::collections::BTreeSet<u8> = key.iter().copied().collect();
    let counts_up = key
        .windows(2)
        .all(|pair| matches!(pair, [one, next] if next.wrapping_sub(*one) == 1));
    distinct.len() < LEAST_DISTINCT_BYTES || counts_up
}
