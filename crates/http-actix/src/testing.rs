//! Doubles for the seams, and a way to call the API without a socket.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::App;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{self, TestRequest};
use actix_web::web::ServiceConfig;
use tenantry_activity::receipt::{ReceiptStore, StoredReceipt};
use tenantry_identity::user::PlatformRole;
use tenantry_kernel::id::{ApiKeyId, MembershipId, SessionId, UserId};
use tenantry_kernel::secret::CannotOpen;
use tenantry_kernel::testing::{SequentialIds, test_authority};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Cipher, Origin, Permission, PermissionSet, Principal, Receipt, Secret, Soon, StoreError, SystemScope, TenantId,
    TenantScope, async_trait,
};
use time::OffsetDateTime;

use crate::door::{Caller, Credential, Doorman, Key, Person, TenantAddress};
use crate::error::ApiError;
use crate::pace::{Pace, PaceClass, PaceSubject, PaceVerdict, Paced};
use crate::routes::Row;
use crate::server::service;
use crate::state::{Api, ApiParts, Health, Settings};

/// Tenant number `number`.
#[must_use]
pub const fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

/// Knows `acme` (tenant 1), `globex` (2) and `frozen` (3, suspended), and the credentials it was told.
#[derive(Debug, Default)]
pub struct FakeDoorman {
    callers: HashMap<String, (TenantId, bool, PermissionSet)>,
}

impl FakeDoorman {
    /// Adds a member of tenant `number` whose bearer text is `token`.
    #[must_use]
    pub fn member(mut self, token: &str, number: u128, permissions: &[Permission]) -> Self {
        let held = permissions.iter().cloned().collect();
        self.callers.insert(token.to_owned(), (tenant(number), false, held));
        self
    }

    /// Adds a person with a platform role.
    #[must_use]
    pub fn operator(mut self, token: &str, permissions: &[Permission]) -> Self {
        let held = permissions.iter().cloned().collect();
        self.callers.insert(token.to_owned(), (tenant(0), false, held));
        self
    }

    /// Adds an API key of tenant `number`.
    #[must_use]
    pub fn key(mut self, token: &str, number: u128, permissions: &[Permission]) -> Self {
        let held = permissions.iter().cloned().collect();
        self.callers.insert(token.to_owned(), (tenant(number), true, held));
        self
    }
}

fn named(address: &TenantAddress<'_>) -> Result<Option<TenantId>, ApiError> {
    if address.host.as_deref() == Some("nowhere.localhost") {
        return Err(ApiError::not_found());
    }
    let name = address.path.as_deref().filter(|name| *name != "current");
    match name.or(address.header.as_deref()) {
        None => Ok(None),
        Some("acme") => Ok(Some(tenant(1))),
        Some("globex") => Ok(Some(tenant(2))),
        Some("frozen") => Ok(Some(tenant(3))),
        Some(_) => Err(ApiError::not_found()),
    }
}

#[async_trait]
impl Doorman for FakeDoorman {
    async fn authenticate(&self, credential: &Credential<'_>, _: &Origin) -> Result<Caller, ApiError> {
        let (Credential::Bearer(shown) | Credential::ApiKey(shown)) = credential;
        let text = std::str::from_utf8(shown.expose()).map_err(|_| ApiError::not_authenticated())?;
        let found = self.callers.get(text).ok_or_else(ApiError::not_authenticated)?;
        let (tenant, is_key, permissions) = found.clone();
        let number = tenant.as_uuid().as_u128();
        if is_key {
            return Ok(Caller::Key(Key {
                tenant,
                id: ApiKeyId::from_uuid(Uuid::from_u128(number + 4_000)),
                person: None,
                live: true,
                permissions,
                rate_limit_per_minute: None,
            }));
        }
        Ok(Caller::Person(Person {
            user: UserId::from_uuid(Uuid::from_u128(number + 1_000)),
            session: SessionId::from_uuid(Uuid::from_u128(number + 3_000)),
            seat: (number > 0).then(|| (tenant, MembershipId::from_uuid(Uuid::from_u128(number + 2_000)))),
            platform_role: (number == 0).then_some(PlatformRole::Operator),
            stepped_up: true,
        }))
    }

    async fn enter(
        &self,
        caller: &Caller,
        address: &TenantAddress<'_>,
        origin: Origin,
    ) -> Result<TenantScope, ApiError> {
        let own = match caller {
            Caller::Person(person) => person.seat.map(|(tenant, _)| tenant),
            Caller::Key(key) => Some(key.tenant),
            Caller::Service(service) => Some(service.tenant),
            Caller::Platform(_) | Caller::Support(_) => return Err(ApiError::not_found()),
        };
        let named = named(address)?;
        let entered = named.or(own).ok_or_else(ApiError::not_found)?;
        if own.is_some_and(|own| own != entered) {
            return Err(ApiError::not_found());
        }
        if entered == tenant(3) {
            return Err(ApiError::new(
                StatusCode::LOCKED,
                "tenant_suspended",
                "the tenant is suspended",
            ));
        }
        let (principal, held) = match caller {
            Caller::Person(person) => {
                let held = self
                    .callers
                    .values()
                    .find(|(tenant, is_key, _)| !is_key && Some(*tenant) == own);
                let principal = match person.seat {
                    Some((_, membership)) => Principal::Member {
                        user: person.user,
                        membership,
                        session: person.session,
                    },
                    None => Principal::Operator {
                        user: person.user,
                        session: person.session,
                    },
                };
                (principal, held.map(|(_, _, held)| held.clone()).unwrap_or_default())
            }
            Caller::Key(key) => (
                Principal::ApiKey {
                    key: key.id,
                    live: key.live,
                },
                key.permissions.clone(),
            ),
            Caller::Service(service) => (
                Principal::ServiceAccount {
                    account: service.account,
                },
                service.permissions.clone(),
            ),
            Caller::Platform(_) | Caller::Support(_) => return Err(ApiError::not_found()),
        };
        Ok(test_authority().enter(entered, principal, held, origin))
    }

    async fn enter_system(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError> {
        match caller {
            Caller::Person(person) if person.platform_role.is_some() => {
                let held = self.callers.values().find(|(tenant, ..)| tenant.as_uuid().is_nil());
                let principal = Principal::Operator {
                    user: person.user,
                    session: person.session,
                };
                let held = held.map(|(_, _, held)| held.clone()).unwrap_or_default();
                Ok(test_authority().enter_system(principal, held, origin))
            }
            _ => Err(ApiError::denied("a platform role is needed")),
        }
    }

    async fn enter_platform(&self, caller: &Caller, origin: Origin) -> Result<SystemScope, ApiError> {
        match caller {
            Caller::Platform(key) => {
                let principal = Principal::PlatformKey { key: key.id };
                Ok(test_authority().enter_system(principal, key.permissions.clone(), origin))
            }
            _ => Err(ApiError::denied("a platform key is needed")),
        }
    }

    async fn public_tenant(&self, address: &TenantAddress<'_>) -> Result<Option<TenantId>, ApiError> {
        named(address)
    }
}

/// A pace that always says the same, and refuses when nothing is left.
#[derive(Debug, Default)]
pub struct FixedPace(pub Option<PaceVerdict>);

impl Pace for FixedPace {
    fn admit<'a>(&'a self, class: PaceClass, _: PaceSubject<'a>) -> Soon<'a, Paced> {
        let verdict = self.0.clone().filter(|_| class != PaceClass::Free);
        let place = match &verdict {
            Some(refused) if refused.is_spent() => {
                Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too fast").retry_after(6))
            }
            _ => Ok(None),
        };
        Soon::Now(Paced { verdict, place })
    }
}

type ReceiptKey = (Option<TenantId>, String, String, String);

/// Receipts in memory. [`MemoryReceipts::commit`] does what a store's commit does.
#[derive(Debug, Default)]
pub struct MemoryReceipts(Mutex<BTreeMap<ReceiptKey, StoredReceipt>>);

impl MemoryReceipts {
    /// Leaves the scope's receipt, as the commit of an effect on `subject` would; false when it is there already.
    pub fn commit(&self, scope: &TenantScope, subject: &str) -> bool {
        let Some(receipt) = scope.receipt() else {
            return true;
        };
        let principal = format!("{}:{}", scope.principal().kind(), scope.principal().identifier());
        self.leave(Some(scope.tenant_id()), &principal, receipt, subject)
    }

    /// Leaves a receipt for a holder.
    pub fn leave(&self, tenant: Option<TenantId>, principal: &str, receipt: &Receipt, subject: &str) -> bool {
        let key = (
            tenant,
            principal.to_owned(),
            receipt.operation.to_owned(),
            receipt.key.to_string(),
        );
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.contains_key(&key) {
            return false;
        }
        let stored = StoredReceipt {
            body_digest: receipt.body_digest,
            subject: subject.to_owned(),
            status: None,
            answer: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
        };
        kept.insert(key, stored);
        true
    }
}

#[async_trait]
impl ReceiptStore for MemoryReceipts {
    async fn find(
        &self,
        tenant: Option<TenantId>,
        principal: &str,
        operation: &str,
        key: &str,
    ) -> Result<Option<StoredReceipt>, StoreError> {
        let key = (tenant, principal.to_owned(), operation.to_owned(), key.to_owned());
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(&key).cloned())
    }

    async fn save_answer(
        &self,
        tenant: Option<TenantId>,
        principal: &str,
        operation: &str,
        key: &str,
        status: u16,
        answer: Vec<u8>,
    ) -> Result<(), StoreError> {
        let key = (tenant, principal.to_owned(), operation.to_owned(), key.to_owned());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stored) = kept.get_mut(&key) {
            stored.status = Some(status);
            stored.answer = Some(answer);
        }
        Ok(())
    }

    async fn purge(&self, _: OffsetDateTime, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Keeps contexts apart, and no secrets.
#[derive(Debug, Default)]
pub struct PlainCipher;

impl Cipher for PlainCipher {
    fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        [context.as_bytes(), b"\0", plain].concat()
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, CannotOpen> {
        let rest = sealed.strip_prefix(context.as_bytes()).ok_or(CannotOpen)?;
        let plain = rest.strip_prefix(b"\0").ok_or(CannotOpen)?;
        Ok(Secret::new(plain.to_vec()))
    }

    fn fingerprint(&self, context: &str, value: &[u8]) -> [u8; 32] {
        let mut print = [0_u8; 32];
        for (turn, chunk) in (1_u64..).zip(print.chunks_mut(8)) {
            // FNV-1a, once per quarter.
            let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ turn;
            for byte in context.bytes().chain([0]).chain(value.iter().copied()) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            chunk.copy_from_slice(&hash.to_le_bytes());
        }
        print
    }
}

/// Healthy, or missing something.
#[derive(Debug, Default)]
pub struct FixedHealth(pub Option<&'static str>);

#[async_trait]
impl Health for FixedHealth {
    async fn ready(&self) -> Result<(), &'static str> {
        self.0.map_or(Ok(()), Err)
    }

    fn metrics(&self) -> String {
        "# TYPE http_requests_total counter\n".to_owned()
    }

    async fn jwks(&self) -> Result<String, &'static str> {
        Ok(r#"{"keys":[]}"#.to_owned())
    }
}

/// The parts of an API over doubles; change what a test needs otherwise.
#[must_use]
pub fn parts(rows: Vec<Row>, doorman: FakeDoorman) -> ApiParts {
    ApiParts {
        settings: Settings {
            receipt_waits: 0,
            ..Settings::default()
        },
        doorman: Arc::new(doorman),
        pace: Arc::new(FixedPace::default()),
        receipts: Arc::new(MemoryReceipts::default()),
        health: Arc::new(FixedHealth::default()),
        cipher: Arc::new(PlainCipher),
        ids: Arc::new(SequentialIds::default()),
        rows,
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A header as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The `code` of a problem document.
    #[must_use]
    pub fn code(&self) -> String {
        let code = self
            .json()
            .get("code")
            .and_then(|code| code.as_str().map(str::to_owned));
        code.unwrap_or_default()
    }
}

/// Sends a request; `more` adds the services that the actions ask for.
pub async fn call(api: &Arc<Api>, more: impl FnOnce(&mut ServiceConfig), request: TestRequest) -> Reply {
    let app = test::init_service(App::new().configure(service(api, more))).await;
    let answer = test::call_service(&app, request.to_request()).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = test::read_body(answer).await.to_vec();
    Reply { status, headers, body }
}

/// Sends a request to the product's routes as `ada`, a member of tenant 1 (`acme`) with these permissions.
pub async fn ask(permissions: &[Permission], more: impl FnOnce(&mut ServiceConfig), request: TestRequest) -> Reply {
    let doorman = FakeDoorman::default().member("ada", 1, permissions);
    let api = Arc::new(Api::new(parts(crate::routes::rows(), doorman)));
    call(&api, more, request.insert_header(("authorization", "Bearer ada"))).await
}

/// A request with a JSON body.
#[must_use]
pub fn with_json(request: TestRequest, body: &serde_json::Value) -> TestRequest {
    request
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_string())
}
