//! The port to the DNS.

use async_trait::async_trait;

/// Why a look-up gave no answer. A name without records is an empty answer, not an error.
#[derive(Debug, thiserror::Error)]
#[error("the name could not be looked up")]
pub struct ResolveError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Looks up TXT records.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TxtResolver: Send + Sync {
    /// Every TXT record of `name`, each with its strings joined (RFC 7208, section 3.3); bounded in time.
    async fn lookup(&self, name: &str) -> Result<Vec<String>, ResolveError>;
}
