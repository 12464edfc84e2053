//! DELETE /tenants/{tenant}/payment-methods/{id}: forgets a method.

use actix_web::web;
use tenantry_billing::payment_method::{PaymentMethodId, PaymentMethodService};
use tenantry_billing::permissions::BILLING_MANAGE;

use crate::error::Answer;
use crate::extract::{InTenant, PathId};
use crate::render;
use crate::routes::Row;

/// Removes a payment method. The default one can only go last.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/payment-methods/{id}", operation_id = "payment_methods_remove",
    tag = "payment-methods", responses((status = 204, description = "Removed.")))]
async fn handler(
    InTenant(scope): InTenant,
    PathId(id): PathId<PaymentMethodId>,
    methods: web::Data<PaymentMethodService>,
) -> Answer {
    methods.remove(&scope, id).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_MANAGE])
        .for_paying()
        .refuses(404, "not_found")
        .refuses(409, "payment_method_is_default")
        .refuses(409, "payment_in_progress")
}
