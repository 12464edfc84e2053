//! DELETE /me/devices: forgets every device.

use actix_web::web;
use tenantry_identity::device::DeviceService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render;
use crate::routes::Row;

/// Forgets every device that was remembered.
#[utoipa::path(delete, path = "/api/v1/me/devices", operation_id = "me_devices_forget_all", tag = "me",
    responses((status = 204, description = "Forgotten.")))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    devices: web::Data<DeviceService>,
) -> Answer {
    devices.forget_all(&identified(&person, origin)).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
