//! POST /tenants/{tenant}/payment-methods: puts a method on file.

use actix_web::web;
use serde::Deserialize;
use tenantry_billing::gateway::MethodToken;
use tenantry_billing::payment_method::{AddPaymentMethod, PaymentMethodService};
use tenantry_billing::permissions::BILLING_MANAGE;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, JsonBody};
use crate::render;
use crate::routes::Row;
use crate::views::payment_method::PaymentMethodView;

/// A method to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddPaymentMethod, example = json!({"token": "card_1234567890", "default": true}))]
struct Body {
    /// The gateway's token of the card. Also `payment_method`.
    #[serde(alias = "payment_method")]
    token: String,
    /// True to charge it from now on. The first method always is.
    #[serde(default)]
    default: bool,
}

/// Puts a payment method on file.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/payment-methods", operation_id = "payment_methods_add",
    tag = "payment-methods", request_body = Body,
    responses((status = 201, description = "The method.", body = PaymentMethodView)))]
async fn handler(
    InTenant(scope): InTenant,
    JsonBody(body): JsonBody<Body>,
    methods: web::Data<PaymentMethodService>,
) -> Answer {
    let token = MethodToken::try_from(body.token.as_str()).map_err(|cause| ApiError::invalid("token", &cause))?;
    let method = methods
        .add(
            &scope,
            AddPaymentMethod {
                token,
                make_default: body.default,
            },
        )
        .await?;
    let location = format!("/api/v1/tenants/{}/payment-methods/{}", scope.tenant_id(), method.id);
    Ok(render::created(&location, &PaymentMethodView::from(&method)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .for_paying()
        .once()
        .refuses(409, "payment_method_exists")
        .refuses(422, "invalid_payment_method")
        .refuses(503, "gateway_unavailable")
}
