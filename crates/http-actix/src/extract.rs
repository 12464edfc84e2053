//! Extractors: what an action may ask for. All are ready at once, and refuse in the order of the arguments.

use std::future::{Ready, ready};
use std::str::FromStr;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenantry_kernel::page::{DEFAULT_LIMIT, MAX_LIMIT};
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    FieldError, MembershipId, Origin, Page, PageRequest, Receipt, SystemScope, TenantId, TenantScope, UserId,
};
use tenantry_quotas::ledger::OperationId;

pub use crate::conditional::Precondition;
use crate::door::{Person, SupportCaller, TenantAddress};
use crate::error::ApiError;
use crate::json;
pub use crate::json::Patch;
use crate::once;
use crate::origin;
use crate::paging::{self, Binding};
use crate::render::Listed;
use crate::state::Api;
use crate::visit::{Entry, Visit};

/// Reads the visit that the front left with the request.
fn visit<T>(request: &HttpRequest, read: impl FnOnce(&Visit) -> Result<T, ApiError>) -> Ready<Result<T, ApiError>> {
    let extensions = request.extensions();
    ready(match extensions.get::<Visit>() {
        Some(visit) => read(visit),
        None => Err(ApiError::internal("an action ran outside the front")),
    })
}

/// The route's needs and the action's extractors disagree: a bug that its first test meets.
fn wrong_needs(row: &Visit) -> ApiError {
    ApiError::internal(format!(
        "{} does not need what its action extracts",
        row.row.operation_id()
    ))
}

/// The tenant that the caller was let into.
#[derive(Debug)]
pub struct InTenant(pub TenantScope);

impl FromRequest for InTenant {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::Tenant(scope) => Ok(Self(scope.clone())),
            _ => Err(wrong_needs(visit)),
        })
    }
}

/// The installation, for operators.
#[derive(Debug)]
pub struct InSystem(pub SystemScope);

impl FromRequest for InSystem {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::System(scope) => Ok(Self(scope.clone())),
            _ => Err(wrong_needs(visit)),
        })
    }
}

/// A gateway: somebody inside a tenant, or a platform key.
#[derive(Debug)]
pub enum Gateway {
    /// It asks about its own tenant.
    Tenant(TenantScope),
    /// It asks about all of them.
    Installation(SystemScope),
}

impl FromRequest for Gateway {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::Tenant(scope) => Ok(Self::Tenant(scope.clone())),
            Entry::System(scope) => Ok(Self::Installation(scope.clone())),
            _ => Err(wrong_needs(visit)),
        })
    }
}

/// The signed-in person.
#[derive(Debug)]
pub struct SignedIn(pub Person);

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::Person(person) => Ok(Self(person.clone())),
            _ => Err(wrong_needs(visit)),
        })
    }
}

/// The person whose page it is, and the visit of support that looks at it, if one does.
#[derive(Debug)]
pub struct Seen {
    /// The person.
    pub user: UserId,
    /// Their seat.
    pub seat: Option<(TenantId, MembershipId)>,
    /// Who looks on their behalf.
    pub visit: Option<SupportCaller>,
}

impl FromRequest for Seen {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::Person(person) => Ok(Self {
                user: person.user,
                seat: person.seat,
                visit: None,
            }),
            Entry::Support(caller) => Ok(Self {
                user: caller.0.user,
                seat: Some((caller.0.tenant, caller.0.membership)),
                visit: Some(caller.clone()),
            }),
            _ => Err(wrong_needs(visit)),
        })
    }
}

/// The visit of support whose token a public route was called with, if one was.
#[derive(Debug)]
pub struct MaybeSupport(pub Option<SupportCaller>);

impl FromRequest for MaybeSupport {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::Support(caller) => Ok(Self(Some(caller.clone()))),
            _ => Ok(Self(None)),
        })
    }
}

/// The signed-in person of a public route, if there is one.
#[derive(Debug)]
pub struct MaybeSignedIn(pub Option<Person>);

impl FromRequest for MaybeSignedIn {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match &visit.entry {
            Entry::Person(person) => Ok(Self(Some(person.clone()))),
            _ => Ok(Self(None)),
        })
    }
}

/// Where the call came from.
#[derive(Debug)]
pub struct CalledFrom(pub Origin);

impl FromRequest for CalledFrom {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| Ok(Self(visit.origin.clone())))
    }
}

/// Which tenant a public route is addressed to, as its text tells; ask the doorman what it means.
#[derive(Debug)]
pub struct Addressed(pub TenantAddress<'static>);

impl FromRequest for Addressed {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| Ok(Self(visit.address.clone())))
    }
}

/// The receipt of a public route, for a service that makes the scope itself.
#[derive(Debug)]
pub struct TheReceipt(pub Option<Receipt>);

impl FromRequest for TheReceipt {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| Ok(Self(visit.receipt.clone())))
    }
}

/// The operation that the caller named by `Idempotency-Key`, and a digest of the request: for actions that keep the
/// promise in a ledger of their own.
#[derive(Debug)]
pub struct Operation(pub Option<(Arc<str>, [u8; 32])>);

impl Operation {
    /// The operation's name for the usage ledger.
    ///
    /// # Errors
    /// 400 when it cannot name an operation.
    pub fn named(self) -> Result<Option<(OperationId, [u8; 32])>, ApiError> {
        let named =
            |(key, digest): (Arc<str>, [u8; 32])| OperationId::try_from(key.to_string()).map(|name| (name, digest));
        self.0
            .map(named)
            .transpose()
            .map_err(|refused| ApiError::malformed("idempotency_key_invalid", refused.to_string()))
    }
}

impl FromRequest for Operation {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let api = request.app_data::<Data<Api>>().cloned();
        visit(request, |visit| {
            let api = api.ok_or_else(|| ApiError::internal("the API is not among the app's data"))?;
            let Some(key) = once::key(request.headers())? else {
                return Ok(Self(None));
            };
            let digest = once::digest(&api, request, &visit.entry, &visit.body);
            Ok(Self(Some((key, digest))))
        })
    }
}

/// True for a client on this machine with no proxy between.
#[derive(Debug)]
pub(crate) struct Local(pub bool);

impl FromRequest for Local {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| {
            Ok(Self(origin::is_local(visit.origin.address, request.headers())))
        })
    }
}

/// The `{id}` of the path. What is no UUID in its usual spelling is nobody's id: 404.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<T: FromStr> FromRequest for PathId<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| {
            visit
                .param("id")
                .filter(|text| text.len() == 36)
                .and_then(|text| text.parse().ok())
                .map(Self)
                .ok_or_else(ApiError::not_found)
        })
    }
}

/// The last parameter of the path, as text: a slug, a meter, a key.
#[derive(Debug)]
pub struct PathText(pub String);

impl FromRequest for PathText {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| match visit.params.last() {
            Some(text) => Ok(Self(text.clone())),
            None => Err(wrong_needs(visit)),
        })
    }
}

/// A JSON body: 415 for another type, 400 for what is not JSON, 422 for what does not fit.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| {
            media_type(request)?;
            json::parse(&visit.body).map(Self)
        })
    }
}

/// A JSON body that may be left out.
#[derive(Debug)]
pub struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest for OptionalBody<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        visit(request, |visit| {
            if visit.body.is_empty() {
                return Ok(Self(None));
            }
            media_type(request)?;
            json::parse(&visit.body).map(|body| Self(Some(body)))
        })
    }
}

fn media_type(request: &HttpRequest) -> Result<(), ApiError> {
    let headers = request.headers();
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding.as_bytes() != b"identity");
    let named = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    if is_json && !packed {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "the body must be application/json, uncompressed",
    ))
}

/// The query, without `limit` and `cursor`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = request.query_string().split('&');
        let own: Vec<&str> = pairs.filter(|pair| !is_paging(pair)).collect();
        let text = own.join("&");
        let pairs = form_urlencoded::parse(text.as_bytes());
        let wrong: Vec<FieldError> = pairs
            .filter(|(name, value)| name.contains('\0') || value.contains('\0'))
            .map(|(name, _)| json::nul_at(name.replace('\0', "")))
            .collect();
        if !wrong.is_empty() {
            return ready(Err(ApiError::validation(wrong)));
        }
        ready(
            serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
                .map(Self)
                .map_err(|refused| {
                    let path = refused.path().to_string();
                    let path = if path == "." { String::new() } else { path };
                    ApiError::validation(vec![json::explain(path, &refused.inner().to_string())])
                }),
        )
    }
}

fn is_paging(pair: &str) -> bool {
    matches!(pair.split('=').next(), Some("limit" | "cursor"))
}

/// What `If-Match` demands.
#[derive(Debug)]
pub struct IfMatch(pub Precondition);

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Precondition::of(request.headers()))))
    }
}

/// The page wanted, and the way to answer it.
pub struct Paging {
    request: PageRequest,
    binding: Binding,
    api: Data<Api>,
}

impl FromRequest for Paging {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let api = request.app_data::<Data<Api>>().cloned();
        let query = request.query_string();
        visit(request, |visit| {
            let api = api.ok_or_else(|| ApiError::internal("the API is not among the app's data"))?;
            let binding = Binding {
                owner: match &visit.entry {
                    Entry::Tenant(scope) => scope.tenant_id().as_uuid(),
                    Entry::Person(person) => person.user.as_uuid(),
                    Entry::Support(visit) => visit.0.user.as_uuid(),
                    Entry::System(_) | Entry::Nobody => Uuid::nil(),
                },
                operation: visit.row.operation_id(),
            };
            let request = wanted(query, |text| paging::decode(&*api.cipher, &binding, text))?;
            Ok(Self { request, binding, api })
        })
    }
}

/// Reads `limit` and `cursor`; the last of several counts.
fn wanted(query: &str, decode: impl Fn(&str) -> Option<tenantry_kernel::Cursor>) -> Result<PageRequest, ApiError> {
    let (mut limit, mut after) = (DEFAULT_LIMIT, None);
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("cursor", "")) => {}
            Some(("cursor", text)) => {
                let cursor = decode(text).ok_or_else(|| {
                    ApiError::malformed(
                        "cursor_invalid",
                        "this cursor was not made for this list; start without one",
                    )
                })?;
                after = Some(cursor);
            }
            Some(("limit", text)) => {
                limit = text
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                    .ok_or_else(|| {
                        let detail = "must be a whole number from 1 to 200";
                        ApiError::validation(vec![FieldError::new("limit", "invalid_value", detail)])
                    })?;
            }
            _ => {}
        }
    }
    PageRequest::new(limit, after).map_err(|refused| ApiError::invalid("limit", &refused))
}

impl Paging {
    /// What to ask the service for.
    #[must_use]
    pub fn request(&self) -> PageRequest {
        self.request
    }

    /// `{"data": [...], "next_cursor": …}`.
    #[must_use]
    pub fn answer<T: Serialize>(&self, page: Page<T>) -> HttpResponse {
        HttpResponse::Ok().json(Listed {
            data: page.items,
            next_cursor: page
                .next
                .map(|cursor| paging::encode(&*self.api.cipher, &self.binding, cursor)),
        })
    }
}
