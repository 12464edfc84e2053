//! Reservations: room that is held while work is done.

mod commit;
mod create;
mod list;
mod release;
mod show;

use serde::Serialize;

use tenantry_quotas::reservation::{Reservation, ReservedItem};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::routes::Row;

pub(crate) fn rows() -> Vec<Row> {
    vec![list::row(), create::row(), show::row(), commit::row(), release::row()]
}

/// What is held on one meter.
#[derive(Serialize, ToSchema)]
#[schema(as = ReservedItem)]
struct ItemView {
    /// The meter.
    #[schema(example = "tokens")]
    meter: String,
    /// How much is held.
    #[schema(example = 4000)]
    amount: i64,
    /// How much of it was counted in the end; null until it was committed.
    #[schema(example = 3127)]
    used: Option<i64>,
    /// Whom within the tenant it is about.
    subject: Option<String>,
    /// What it was for.
    description: Option<String>,
}

impl From<&ReservedItem> for ItemView {
    fn from(item: &ReservedItem) -> Self {
        Self {
            meter: item.meter.to_string(),
            amount: item.amount,
            used: item.used,
            subject: item.subject.clone(),
            description: item.description.clone(),
        }
    }
}

/// A reservation.
#[derive(Serialize, ToSchema)]
#[schema(as = Reservation)]
struct View {
    /// Its id.
    id: String,
    /// `held`, `committed`, `released` or `expired`.
    #[schema(example = "held")]
    status: &'static str,
    /// What it holds.
    items: Vec<ItemView>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it is given back by itself.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// When it ended; null while it holds.
    #[serde(with = "time::serde::rfc3339::option")]
    ended_at: Option<OffsetDateTime>,
}

impl View {
    fn of(reservation: &Reservation, now: OffsetDateTime) -> Self {
        Self {
            id: reservation.id.to_string(),
            status: reservation.status_at(now).as_str(),
            items: reservation.items.iter().map(ItemView::from).collect(),
            created_at: reservation.created_at,
            expires_at: reservation.expires_at,
            ended_at: reservation.ended_at,
        }
    }
}
