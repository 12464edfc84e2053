//! PUT /tenants/{tenant}/payment-methods/{id}/default: charges this method from now on.

use actix_web::web;
use tenantry_billing::payment_method::{PaymentMethodId, PaymentMethodService};
use tenantry_billing::permissions::BILLING_MANAGE;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;
use crate::views::payment_method::PaymentMethodView;

/// Makes a payment method the one that is charged.
#[utoipa::path(put, path = "/api/v1/tenants/{tenant}/payment-methods/{id}/default",
    operation_id = "payment_methods_default", tag = "payment-methods",
    responses((status = 200, description = "The method.", body = PaymentMethodView)))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<PaymentMethodId>,
    methods: web::Data<PaymentMethodService>,
) -> Answer {
    let method = methods.set_default(&scope, id).await?;
    Ok(render::ok(&PaymentMethodView::from(&method)))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .for_paying()
        .refuses(404, "not_found")
}
