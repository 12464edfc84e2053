//! The route table: method, path, what it needs, and the action. Nothing is reachable without a row.
//!
//! An action is one file, `src/<area>/<action>.rs`. All of it:
//!
//! ```ignore
//! //! GET /tenants/{tenant}/users/{id}: one member.
//!
//! /// Shows a member.                                    // first line: summary; the rest: description
//! #[utoipa::path(get, path = "/api/v1/tenants/{tenant}/users/{id}", operation_id = "users_show", tag = "users",
//!     responses((status = 200, description = "The member.", body = View)))]
//! async fn handler(
//!     InTenant(scope): InTenant,                         // the gate has checked tenant and permission
//!     JsonBody(body): JsonBody<Body>,                    // if there is one: before the id, as 422 comes before 404
//!     PathId(id): PathId<MembershipId>,                  // no UUID: 404
//!     members: web::Data<MemberService>,                 // one service; `web::Data::from(arc)` in `service()`
//! ) -> Answer {
//!     let member = members.show(&scope, id).await?;      // any DomainError becomes a problem document
//!     Ok(render::single(id.as_uuid(), member.version(), &View::from(&member)))  // with its ETag
//! }
//!
//! pub(crate) fn row() -> Row {
//!     Row::of(__path_handler, handler).tenant([MEMBERS_READ]).refuses(404, "not_found")
//! }
//! ```
//!
//! `Body`, `Query` and `View` are private to the file (the document gives them the operation's name);
//! a body is `#[serde(deny_unknown_fields)]` and becomes the service's request with [`FieldErrors`], so that one
//! answer lists every wrong field. Lists take [`Paging`], answer `paging.answer(page.map(View::from))` and say
//! `.paged()`. What creates or charges says `.once()`. What honours `If-Match` takes [`IfMatch`] and says
//! `.conditional()`. Parameters, security, headers, problems and examples of the OpenAPI document follow from the row.
//!
//! [`FieldErrors`]: crate::FieldErrors
//! [`Paging`]: crate::extract::Paging
//! [`IfMatch`]: crate::extract::IfMatch

mod table;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, Handler, HttpRequest};
use futures_util::future::LocalBoxFuture;
use tenantry_kernel::Permission;
use tenantry_quotas::rate::RouteClass;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::schema::Schema;

pub(crate) use table::Found;
pub use table::RouteTable;

use crate::error::{Answer, ApiError, STEP_UP_REQUIRED};
use crate::observe::RowMeters;
use crate::pace::PaceClass;
use crate::{
    admin, api_keys, audit, auth, billing, branding, domains, entitlements, invitations, me, oauth, operations,
    ownership, plans, quotas, reservations, roles, security, service_accounts, sign_up, slugs, support_access, tenants,
    usage, users,
};

/// Who may call a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Anybody; credentials are not looked at.
    Public,
    /// Anybody; a person who signs in is known.
    PublicOrPerson,
    /// A signed-in person, whatever their tenant.
    SignedIn,
    /// Somebody inside the addressed tenant who holds one of these permissions; all inside when empty.
    Tenant(Vec<Permission>),
    /// As [`Needs::Tenant`] with this one permission, or a platform key that holds it.
    Gateway(Permission),
    /// A person with a platform role that holds this permission.
    Platform(Permission),
}

/// How a route treats `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// The header means nothing here.
    No,
    /// The effect happens once, the first answer is replayed.
    Receipt,
    /// The action keeps the promise itself, in a ledger.
    Ledger,
}

type Run = Box<dyn Fn(HttpRequest, Payload) -> LocalBoxFuture<'static, Answer> + Send + Sync>;

/// One route.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing, and none excludes another"
)]
pub struct Row {
    method: Method,
    path: &'static str,
    operation_id: &'static str,
    params: Vec<&'static str>,
    needs: Needs,
    once: Once,
    pace: PaceClass,
    class: RouteClass,
    paged: bool,
    conditional: bool,
    tagged: bool,
    streams: bool,
    for_paying: bool,
    for_support: bool,
    step_up: bool,
    refusals: Vec<(u16, &'static str)>,
    run: Run,
    docs: RowDocs,
    meters: RowMeters,
}

/// What utoipa knows of the action.
pub(crate) struct RowDocs {
    pub operation: Operation,
    pub schemas: Vec<(String, RefOr<Schema>)>,
}

impl Row {
    /// A row for the action that `#[utoipa::path]` described. Public until it says what it needs.
    pub fn of<D, H, A>(_described: D, handler: H) -> Self
    where
        D: utoipa::Path + SchemaReferences + for<'t> Tags<'t>,
        H: Handler<A, Output = Answer> + Send + Sync,
        A: FromRequest + 'static,
    {
        let mut schemas = Vec::new();
        D::schemas(&mut schemas);
        let mut operation = D::operation();
        operation.tags = Some(D::tags().into_iter().map(str::to_owned).collect());
        // The table lives as long as the program; receipts and metrics want names that do too.
        let path: &'static str = D::path().leak();
        let operation_id: &'static str = operation.operation_id.clone().unwrap_or_default().leak();
        Self {
            method: method_of(D::methods().first()),
            path,
            operation_id,
            params: path
                .split('/')
                .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
                .collect(),
            needs: Needs::Public,
            once: Once::No,
            pace: PaceClass::Ordinary,
            class: crate::pace::class_of(&method_of(D::methods().first()), path),
            paged: false,
            conditional: false,
            tagged: false,
            streams: false,
            for_paying: false,
            for_support: false,
            step_up: false,
            refusals: Vec::new(),
            run: erase(handler),
            docs: RowDocs { operation, schemas },
            meters: RowMeters::default(),
        }
    }

    /// Anybody may call; a signed-in person is known.
    #[must_use]
    pub fn public_or_person(mut self) -> Self {
        self.needs = Needs::PublicOrPerson;
        self
    }

    /// Signed-in people only.
    #[must_use]
    pub fn signed_in(mut self) -> Self {
        self.needs = Needs::SignedIn;
        self
    }

    /// Inside the tenant, with one of these permissions; with none given, everybody inside.
    #[must_use]
    pub fn tenant(mut self, one_of: impl IntoIterator<Item = Permission>) -> Self {
        self.needs = Needs::Tenant(one_of.into_iter().collect());
        self
    }

    /// Inside the tenant, or for all tenants with a platform key, with this permission.
    #[must_use]
    pub fn gateway(mut self, permission: Permission) -> Self {
        self.needs = Needs::Gateway(permission);
        self
    }

    /// Platform roles that hold the permission.
    #[must_use]
    pub fn platform(mut self, permission: Permission) -> Self {
        self.needs = Needs::Platform(permission);
        self
    }

    /// Creates or charges: `Idempotency-Key` makes it happen once.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = Once::Receipt;
        self
    }

    /// As [`Row::once`], but the action itself keeps the promise.
    #[must_use]
    pub fn once_by_ledger(mut self) -> Self {
        self.once = Once::Ledger;
        self
    }

    /// A list: takes `limit` and `cursor`.
    #[must_use]
    pub fn paged(mut self) -> Self {
        self.paged = true;
        self
    }

    /// Answers with an `ETag`.
    #[must_use]
    pub fn tagged(mut self) -> Self {
        self.tagged = true;
        self
    }

    /// Honours `If-Match`.
    #[must_use]
    pub fn conditional(mut self) -> Self {
        self.conditional = true;
        self.tagged = true;
        self
    }

    /// Reads its body itself, piece by piece.
    #[must_use]
    pub fn streams(mut self) -> Self {
        self.streams = true;
        self
    }

    /// Needed to pay an invoice: members may call it also while their tenant is suspended because one is unpaid.
    #[must_use]
    pub fn for_paying(mut self) -> Self {
        self.for_paying = true;
        self
    }

    /// Delicate: a person must have proved within the last ten minutes who they are, by signing in or by
    /// `POST /me/step-up`. Programs with a key are not asked.
    #[must_use]
    pub fn step_up(mut self) -> Self {
        self.step_up = true;
        self.refuses(403, STEP_UP_REQUIRED)
    }

    /// Open to an operator who acts on behalf of a member, where others are closed to them: a person's own pages, and to
    /// one who only looks what asks by another method than GET.
    #[must_use]
    pub fn for_support(mut self) -> Self {
        self.for_support = true;
        self
    }

    /// Which budget of calls it draws on.
    #[must_use]
    pub fn pace(mut self, class: PaceClass) -> Self {
        self.pace = class;
        self
    }

    /// What it costs, where method and path do not tell.
    #[must_use]
    pub fn class(mut self, class: RouteClass) -> Self {
        self.class = class;
        self
    }

    /// Names a refusal of its own, for the document.
    #[must_use]
    pub fn refuses(mut self, status: u16, code: &'static str) -> Self {
        self.refusals.push((status, code));
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The full path, parameters in braces.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// The stable name of the operation.
    #[must_use]
    pub fn operation_id(&self) -> &'static str {
        self.operation_id
    }

    /// Who may call.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// How it treats `Idempotency-Key`.
    #[must_use]
    pub fn idempotency(&self) -> Once {
        self.once
    }

    /// True for lists.
    #[must_use]
    pub fn is_paged(&self) -> bool {
        self.paged
    }

    /// True when `If-Match` is honoured.
    #[must_use]
    pub fn is_conditional(&self) -> bool {
        self.conditional
    }

    /// True when it answers with an `ETag`.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        self.tagged
    }

    /// True when it is open to members of a tenant that is suspended because an invoice is unpaid.
    #[must_use]
    pub fn is_for_paying(&self) -> bool {
        self.for_paying
    }

    /// True when whoever calls is inside a tenant, or holds a platform key.
    pub(crate) fn is_for_tenants(&self) -> bool {
        matches!(self.needs, Needs::Tenant(_) | Needs::Gateway(_))
    }

    /// True when a person must have proved a moment ago who they are.
    #[must_use]
    pub fn needs_step_up(&self) -> bool {
        self.step_up
    }

    /// True when it is open to an operator who acts on behalf of a member, where others of its kind are not.
    #[must_use]
    pub fn is_for_support(&self) -> bool {
        self.for_support
    }

    /// The refusals of its own.
    #[must_use]
    pub fn refusals(&self) -> &[(u16, &'static str)] {
        &self.refusals
    }

    /// Which budget of calls it draws on.
    #[must_use]
    pub fn pace_class(&self) -> PaceClass {
        self.pace
    }

    /// What it costs, as the rates of plans see it.
    #[must_use]
    pub fn rate_class(&self) -> RouteClass {
        self.class
    }

    pub(crate) fn params(&self) -> &[&'static str] {
        &self.params
    }

    pub(crate) fn reads_body(&self) -> bool {
        !self.streams && matches!(self.method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
    }

    pub(crate) fn docs(&self) -> &RowDocs {
        &self.docs
    }

    pub(crate) fn meters(&self) -> &RowMeters {
        &self.meters
    }

    pub(crate) fn run(&self, request: HttpRequest, payload: Payload) -> LocalBoxFuture<'static, Answer> {
        (self.run)(request, payload)
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} needs {:?}", self.method, self.path, self.needs)
    }
}

fn method_of(method: Option<&HttpMethod>) -> Method {
    match method {
        Some(HttpMethod::Post) => Method::POST,
        Some(HttpMethod::Put) => Method::PUT,
        Some(HttpMethod::Patch) => Method::PATCH,
        Some(HttpMethod::Delete) => Method::DELETE,
        _ => Method::GET,
    }
}

/// One type for all actions. Extractors run in the order of the arguments: all are ready at once, since the
/// body was read before.
fn erase<H, A>(handler: H) -> Run
where
    H: Handler<A, Output = Answer> + Send + Sync,
    A: FromRequest + 'static,
{
    Box::new(move |request, mut payload| {
        let handler = handler.clone();
        Box::pin(async move {
            match A::from_request(&request, &mut payload).await {
                Ok(arguments) => handler.call(arguments).await,
                Err(refused) => Err(ApiError::from_actix(&refused.into())),
            }
        })
    })
}

/// The rows of the product.
#[must_use]
pub fn rows() -> Vec<Row> {
    [
        operations::rows(),
        plans::rows(),
        slugs::rows(),
        sign_up::rows(),
        tenants::rows(),
        auth::rows(),
        me::rows(),
        users::rows(),
        invitations::rows(),
        roles::rows(),
        ownership::rows(),
        branding::rows(),
        domains::rows(),
        security::rows(),
        api_keys::rows(),
        service_accounts::rows(),
        oauth::rows(),
        billing::rows(),
        quotas::rows(),
        usage::rows(),
        reservations::rows(),
        entitlements::rows(),
        audit::rows(),
        admin::rows(),
        support_access::rows(),
        support_access::admin_rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The `OpenAPI` document of the product, as JSON text.
#[must_use]
pub fn document() -> String {
    crate::openapi::document(RouteTable::new(rows()).rows()).to_string()
}

#[cfg(test)]
mod tests;
