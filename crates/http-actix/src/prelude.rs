//! What an action file needs.

pub(crate) use actix_web::web::Data;
pub(crate) use serde::{Deserialize, Serialize};
pub(crate) use tenantry_kernel::uuid::Uuid;
pub(crate) use time::OffsetDateTime;
pub(crate) use utoipa::{IntoParams, ToSchema};

pub(crate) use crate::error::{Answer, ApiError, FieldErrors};
pub(crate) use crate::extract::{
    Addressed, CalledFrom, IfMatch, InSystem, InTenant, JsonBody, MaybeSignedIn, OptionalBody, Paging, PathId,
    PathText, Query, SignedIn, TheReceipt,
};
pub(crate) use crate::pace::PaceClass;
pub(crate) use crate::render::{self, Listed, MoneyView, Whole};
pub(crate) use crate::routes::Row;
