//! What it takes to make secrets and their ids.

use std::sync::Arc;

use tenantry_kernel::{Cipher, Entropy, IdSource};

/// The installation's cipher, randomness and ids, together.
#[derive(Clone)]
pub struct Mint {
    /// Fingerprints what is minted.
    pub cipher: Arc<dyn Cipher>,
    /// Makes secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Names the rows.
    pub ids: Arc<dyn IdSource>,
}
