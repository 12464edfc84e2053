//! GET /me/devices: the devices that the person chose to remember.

use actix_web::web;
use serde::Serialize;
use tenantry_identity::device::{DeviceService, RememberedDevice};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render::{self, Whole};
use crate::routes::Row;

/// One remembered device.
#[derive(Serialize, ToSchema)]
#[schema(as = RememberedDevice)]
pub(super) struct View {
    /// Its id.
    id: String,
    /// What it said it was.
    user_agent: Option<String>,
    /// Where it was remembered.
    ip_address: Option<String>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it last let the person in.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// Until when.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl From<&RememberedDevice> for View {
    fn from(device: &RememberedDevice) -> Self {
        Self {
            id: device.id.to_string(),
            user_agent: device.user_agent.as_deref().map(str::to_owned),
            ip_address: device.address.map(|address| address.to_string()),
            created_at: device.created_at,
            last_used_at: device.last_used_at,
            expires_at: device.expires_at,
        }
    }
}

/// Lists the devices that need no second factor, the youngest first.
#[utoipa::path(get, path = "/api/v1/me/devices", operation_id = "me_devices_list", tag = "me",
    responses((status = 200, description = "All of them, 20 at most.", body = Whole<View>)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    devices: web::Data<DeviceService>,
) -> Answer {
    let found = devices.list(&identified(&person, origin)).await?;
    let data = found.iter().map(View::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
