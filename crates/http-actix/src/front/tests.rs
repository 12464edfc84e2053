use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use actix_web::web::Data;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tenantry_kernel::error::IDEMPOTENCY_KEY_USED;
use tenantry_kernel::id::MembershipId;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{Cursor, Page, Permission, StoreError};
use utoipa::ToSchema;

use super::*;
use crate::extract::{IfMatch, InTenant, JsonBody, Paging, PathId, SignedIn};
use crate::pace::PaceClass;
use crate::render;
use crate::state::{ApiParts, Settings};
use crate::testing::{FakeDoorman, FixedPace, MemoryReceipts, Reply, call, parts};

const READ: Permission = Permission::known("things.read");
const WRITE: Permission = Permission::known("things.write");

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
}

#[derive(Serialize, ToSchema)]
struct View {
    name: String,
}

mod list {
    use super::*;

    /// Lists things.
    #[utoipa::path(get, path = "/api/v1/tenants/{tenant}/things", operation_id = "things_list", tag = "things",
        responses((status = 200, body = render::Listed<View>)))]
    async fn handler(InTenant(_): InTenant, paging: Paging) -> Answer {
        let from = paging.request().after().map_or(0, |cursor| cursor.0.as_u128());
        let items = vec![View {
            name: format!("thing after {from}"),
        }];
        let next = Some(Cursor(Uuid::from_u128(from + 1)));
        Ok(paging.answer(Page { items, next }))
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).tenant([READ]).paged()
    }
}

mod create {
    use super::*;

    /// Makes a thing.
    #[utoipa::path(post, path = "/api/v1/tenants/{tenant}/things", operation_id = "things_create", tag = "things",
        request_body = Body, responses((status = 201, body = View)))]
    async fn handler(
        InTenant(scope): InTenant,
        JsonBody(body): JsonBody<Body>,
        receipts: Data<MemoryReceipts>,
        made: Data<AtomicUsize>,
    ) -> Answer {
        if body.name == "refused" {
            return Err(ApiError::invalid("name", &"is refused"));
        }
        if !receipts.commit(&scope, "thing-1") {
            return Err(StoreError::Conflict(IDEMPOTENCY_KEY_USED).into());
        }
        if body.name == "declined" {
            return Err(ApiError::new(
                StatusCode::PAYMENT_REQUIRED,
                "payment_required",
                "the card was declined",
            ));
        }
        if body.name == "crash" {
            return Err(ApiError::internal("the node fell after the commit"));
        }
        let number = made.fetch_add(1, Ordering::SeqCst);
        Ok(render::created(
            "/things/1",
            &View {
                name: format!("{} {number}", body.name),
            },
        ))
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).tenant([WRITE]).once()
    }
}

mod change {
    use super::*;

    /// Changes a thing.
    #[utoipa::path(patch, path = "/api/v1/tenants/{tenant}/things/{id}", operation_id = "things_change",
        tag = "things", request_body = Body, responses((status = 200, body = View)))]
    async fn handler(
        InTenant(_): InTenant,
        JsonBody(body): JsonBody<Body>,
        PathId(id): PathId<MembershipId>,
        IfMatch(wanted): IfMatch,
    ) -> Answer {
        if wanted.version_of(id.as_uuid())?.is_some_and(|version| version != 3) {
            return Err(StoreError::Stale.into());
        }
        Ok(render::single(id.as_uuid(), 4, &View { name: body.name }))
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).tenant([WRITE]).conditional()
    }
}

mod show {
    use super::*;

    /// Shows a thing.
    #[utoipa::path(get, path = "/api/v1/tenants/{tenant}/things/{id}", operation_id = "things_show", tag = "things",
        responses((status = 200, body = View)))]
    async fn handler(InTenant(_): InTenant, PathId(id): PathId<MembershipId>) -> Answer {
        let name = if id.as_uuid().as_u128() == 9 {
            "x".repeat(4_000)
        } else {
            id.to_string()
        };
        if name.len() > 1_000 {
            return Ok(render::ok(&View { name }));
        }
        Ok(render::single(id.as_uuid(), 3, &View { name }))
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).tenant([READ])
    }
}

mod me {
    use super::*;

    /// Shows the person.
    #[utoipa::path(get, path = "/api/v1/me", operation_id = "me_show", tag = "me", responses((status = 200, body = View)))]
    async fn handler(SignedIn(person): SignedIn) -> Answer {
        Ok(render::ok(&View {
            name: person.user.to_string(),
        }))
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).signed_in()
    }
}

mod trouble {
    use super::*;

    /// Panics, or never ends.
    #[utoipa::path(get, path = "/api/v1/trouble/{kind}", operation_id = "trouble", tag = "trouble",
        responses((status = 200)))]
    async fn handler(crate::extract::PathText(kind): crate::extract::PathText) -> Answer {
        assert_ne!(kind, "panic", "a secret of the house");
        std::future::pending::<()>().await;
        Ok(HttpResponse::Ok().finish())
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler)
    }
}

mod found {
    use super::*;

    /// Makes a thing that belongs to nobody yet.
    #[utoipa::path(post, path = "/api/v1/things", operation_id = "things_found", tag = "things",
        request_body = Body, responses((status = 201, body = View)))]
    async fn handler(
        crate::extract::TheReceipt(receipt): crate::extract::TheReceipt,
        JsonBody(body): JsonBody<Body>,
        receipts: Data<MemoryReceipts>,
        made: Data<AtomicUsize>,
    ) -> Answer {
        if receipt.is_some_and(|receipt| !receipts.leave(None, "", &receipt, "thing-1")) {
            return Err(StoreError::Conflict(IDEMPOTENCY_KEY_USED).into());
        }
        let number = made.fetch_add(1, Ordering::SeqCst);
        let name = format!("{} {number}", body.name);
        Ok(render::created("/things/1", &View { name }))
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).public_or_person().once()
    }
}

mod admin {
    use super::*;

    /// For operators.
    #[utoipa::path(get, path = "/api/v1/admin/things", operation_id = "admin_things", tag = "admin",
        responses((status = 200)))]
    async fn handler(_: crate::extract::InSystem) -> Answer {
        Ok(render::nothing())
    }

    pub fn row() -> Row {
        Row::of(__path_handler, handler).platform(Permission::known("platform.read"))
    }
}

struct House {
    api: Arc<Api>,
    receipts: Arc<MemoryReceipts>,
    made: Arc<AtomicUsize>,
}

fn house_with(change: impl FnOnce(&mut ApiParts)) -> House {
    let mut rows = crate::operations::rows();
    rows.extend([
        list::row(),
        create::row(),
        change::row(),
        show::row(),
        me::row(),
        trouble::row(),
        found::row(),
        admin::row(),
    ]);
    let doorman = FakeDoorman::default()
        .member("ada", 1, &[READ, WRITE])
        .member("bob", 2, &[READ, WRITE])
        .member("ice", 3, &[])
        .key("key", 1, &[READ])
        .operator("ops", &[Permission::known("platform.read")]);
    let receipts = Arc::new(MemoryReceipts::default());
    let mut parts = parts(rows, doorman);
    parts.receipts = receipts.clone();
    change(&mut parts);
    House {
        api: Arc::new(Api::new(parts)),
        receipts,
        made: Arc::default(),
    }
}

fn house() -> House {
    house_with(|_| {})
}

impl House {
    async fn call(&self, request: TestRequest) -> Reply {
        let (receipts, made) = (self.receipts.clone(), self.made.clone());
        let more = move |config: &mut web::ServiceConfig| {
            config.app_data(Data::from(receipts)).app_data(Data::from(made));
        };
        call(&self.api, more, request).await
    }
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

fn as_(token: &str, request: TestRequest) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {token}")))
}

fn json_body(request: TestRequest, text: &str) -> TestRequest {
    request
        .insert_header(("content-type", "application/json"))
        .set_payload(text.to_owned())
}

const THINGS: &str = "/api/v1/tenants/acme/things";
const THING: &str = "/api/v1/tenants/acme/things/00000000-0000-0000-0000-000000000007";

mod once;
mod order;
mod recalled;
mod surface;
