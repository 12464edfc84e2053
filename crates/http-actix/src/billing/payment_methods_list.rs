//! GET /tenants/{tenant}/payment-methods: what can be charged.

use actix_web::web;
use tenantry_billing::payment_method::PaymentMethodService;
use tenantry_billing::permissions::BILLING_READ;

use crate::error::Answer;
use crate::extract::{InTenant, Paging};
use crate::render::Listed;
use crate::routes::Row;
use crate::views::payment_method::PaymentMethodView;

/// Lists payment methods, newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/payment-methods", operation_id = "payment_methods_list",
    tag = "payment-methods",
    responses((status = 200, description = "A page of methods.", body = Listed<PaymentMethodView>)))]
async fn handler(InTenant(scope): InTenant, paging: Paging, methods: web::Data<PaymentMethodService>) -> Answer {
    let page = methods.list(&scope, paging.request()).await?;
    Ok(paging.answer(page.map(|method| PaymentMethodView::from(&method))))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([BILLING_READ])
        .for_paying()
        .paged()
}
