//! Counting usage, putting it right, and what was counted.

mod closings;
mod consume;
mod corrections;
mod events;
mod export;
mod forecast;
mod give_backs;
pub(crate) mod items;
mod list;
mod logs;
mod series;
pub(crate) mod top;

use actix_web::HttpResponseBuilder;
use actix_web::http::header::HeaderValue;

use crate::names;
use crate::routes::Row;

pub(crate) use series::SeriesView;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        list::row(),
        consume::row(),
        events::row(),
        corrections::row(),
        give_backs::row(),
        series::row(),
        top::row(),
        forecast::row(),
        closings::row(),
        logs::row(),
        export::row(),
    ]
}

/// Says so when an answer was given before.
pub(crate) fn replayed(answer: &mut HttpResponseBuilder, replayed: bool) {
    if replayed {
        answer.insert_header((names::IDEMPOTENCY_REPLAYED.clone(), HeaderValue::from_static("true")));
    }
}

#[cfg(test)]
mod tests;
