//! What operators and machines ask: probes, metrics, documents. No prefix, no tenant.

mod assets;
mod docs;
mod jwks;
mod livez;
mod metrics;
mod openapi;
mod readyz;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        livez::row(),
        readyz::row(),
        metrics::row(),
        openapi::row(),
        docs::row(),
        assets::row(),
        jwks::row(),
    ]
}
