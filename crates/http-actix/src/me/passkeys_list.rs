//! GET /me/passkeys: the passkeys of the person.

use actix_web::web;
use tenantry_identity::passkey::PasskeyService;

use super::identified;
use crate::error::Answer;
use crate::extract::{CalledFrom, SignedIn};
use crate::render::{self, Whole};
use crate::routes::Row;
use crate::views::factor::PasskeyView;

/// Lists the person's passkeys, the oldest first.
#[utoipa::path(get, path = "/api/v1/me/passkeys", operation_id = "me_passkeys_list", tag = "me",
    responses((status = 200, description = "All of them, 20 at most.", body = Whole<PasskeyView>)))]
async fn handler(
    SignedIn(person): SignedIn,
    CalledFrom(origin): CalledFrom,
    passkeys: web::Data<PasskeyService>,
) -> Answer {
    let found = passkeys.list(&identified(&person, origin)).await?;
    let data = found.iter().map(PasskeyView::from).collect();
    Ok(render::ok(&Whole { data }))
}

pub(crate) fn row() -> Row {
    Row::of(__path_handler, handler).signed_in()
}
