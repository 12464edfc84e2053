//! What one running API shares between its workers.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::Bytes;
use tenantry_activity::receipt::ReceiptStore;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Cipher, IdSource, async_trait};

use crate::door::Doorman;
use crate::observe::Meters;
use crate::openapi;
use crate::origin::Network;
use crate::pace::Pace;
use crate::routes::{RouteTable, Row};

/// How the edge behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The web origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// The longest body, in bytes.
    pub body_limit_bytes: usize,
    /// The longest a request may take.
    pub timeout: Duration,
    /// Requests at work at once; more are answered 503.
    pub max_in_flight: usize,
    /// How often a request waits for the answer of its twin, 50 ms each.
    pub receipt_waits: u8,
    /// True where the public address is https.
    pub public_https: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_limit_bytes: 1024 * 1024,
            timeout: Duration::from_secs(30),
            max_in_flight: 4_096,
            receipt_waits: 20,
            public_https: false,
        }
    }
}

/// What the probes and scrapers ask.
#[async_trait]
pub trait Health: Send + Sync {
    /// Passes when requests can be served now; otherwise the name of what is missing.
    async fn ready(&self) -> Result<(), &'static str>;

    /// The metrics in Prometheus' text format.
    fn metrics(&self) -> String;

    /// The public keys that check our tokens, as a JSON Web Key Set.
    async fn jwks(&self) -> Result<String, &'static str>;
}

/// The parts of an [`Api`], named.
pub struct ApiParts {
    /// Behaviour.
    pub settings: Settings,
    /// Credentials and tenants.
    pub doorman: Arc<dyn Doorman>,
    /// Rate limits.
    pub pace: Arc<dyn Pace>,
    /// Idempotency receipts.
    pub receipts: Arc<dyn ReceiptStore>,
    /// Probes.
    pub health: Arc<dyn Health>,
    /// Seals stored answers, signs cursors.
    pub cipher: Arc<dyn Cipher>,
    /// Where request ids begin.
    pub ids: Arc<dyn IdSource>,
    /// The routes.
    pub rows: Vec<Row>,
}

/// Ids of requests: one `UUIDv7` of this process, counted upwards. Fresh randomness for each would cost a system call
/// and buy nothing: the id ties lines together, it guards nothing.
pub(crate) struct RequestIds {
    first: u128,
    given: AtomicU64,
}

impl RequestIds {
    fn new(ids: &dyn IdSource) -> Self {
        Self {
            first: ids.next().as_u128(),
            given: AtomicU64::new(0),
        }
    }

    /// The next one, as text.
    pub fn next(&self) -> Arc<str> {
        let given = self.given.fetch_add(1, Ordering::Relaxed);
        let id = Uuid::from_u128(self.first.wrapping_add(u128::from(given)));
        Arc::from(&*id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

/// One running API.
pub struct Api {
    pub(crate) settings: Settings,
    pub(crate) doorman: Arc<dyn Doorman>,
    pub(crate) pace: Arc<dyn Pace>,
    pub(crate) receipts: Arc<dyn ReceiptStore>,
    pub(crate) health: Arc<dyn Health>,
    pub(crate) cipher: Arc<dyn Cipher>,
    pub(crate) request_ids: RequestIds,
    pub(crate) table: RouteTable,
    pub(crate) meters: Meters,
    pub(crate) in_flight: AtomicUsize,
    draining: AtomicBool,
    document: OnceLock<Bytes>,
}

impl Api {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: ApiParts) -> Self {
        let table = RouteTable::new(parts.rows);
        Self {
            meters: Meters::new(),
            settings: parts.settings,
            doorman: parts.doorman,
            pace: parts.pace,
            receipts: parts.receipts,
            health: parts.health,
            cipher: parts.cipher,
            request_ids: RequestIds::new(&*parts.ids),
            table,
            in_flight: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            document: OnceLock::new(),
        }
    }

    /// The routes.
    #[must_use]
    pub fn table(&self) -> &RouteTable {
        &self.table
    }

    /// The OpenAPI document, as JSON text.
    #[must_use]
    pub fn document(&self) -> Bytes {
        self.document
            .get_or_init(|| Bytes::from(openapi::document(self.table.rows()).to_string()))
            .clone()
    }

    /// From now on `/readyz` says no, so that balancers send new requests elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
