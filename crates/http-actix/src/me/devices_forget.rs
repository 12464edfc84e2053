//! DELETE /me/devices/{id}: forgets a device.

use actix_web::web;
use tenantry_identity::device::{DeviceService, RememberedDeviceId};

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, PathId, SignedIn};
use crate::render;
use crate::routes::Row;

/// Forgets a device: it needs a second factor again.
#[utoipa::path(delete, path = "/api/v1/me/devices/{id}", operation_id = "me_devices_forget", tag = "me",
    responses((status = 204, description = "Forgotten.")))]
async fn handler(
    SignedIn(person): SignedIn,
    PathId(id): PathId<RememberedDeviceId>,
    CalledFrom(origin): CalledFrom,
    devices: web::Data<DeviceService>,
) -> Answer {
    devices.forget(&identified(&person, origin), id).await?;
    Ok(render::nothing())
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in().refuses(404, "not_found")
}
