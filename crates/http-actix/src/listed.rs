//! Lists of people, as JSON or as CSV: one row is one person, and a row that is wrong is told in the report.

mod person;
mod view;

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use tenantry_kernel::FieldError;
use tenantry_lifecycle::members::{ListedRow, MAX_ROWS};

pub(crate) use person::{ImportedPerson, InvitedPerson, Person};
pub(crate) use view::ReportView;

use crate::csv;
use crate::error::ApiError;
use crate::json;
use crate::visit::Visit;

/// A JSON body that holds a list.
pub(crate) trait List: DeserializeOwned {
    /// One row.
    type Person: Person;
    /// The name of the list.
    const NAME: &'static str;

    /// The rows.
    fn rows(&mut self) -> Vec<serde_json::Value>;
}

/// The rows of a body, JSON or CSV: at least one, at most [`MAX_ROWS`].
pub(crate) struct Listed<L> {
    pub rows: Vec<ListedRow>,
    kind: PhantomData<L>,
}

impl<L: List> FromRequest for Listed<L> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        ready(match extensions.get::<Visit>() {
            Some(visit) => kind(request).and_then(|kind| read(&kind, &visit.body)),
            None => Err(ApiError::internal("an action ran outside the front")),
        })
    }
}

enum Kind {
    Json,
    Csv,
}

fn kind(request: &HttpRequest) -> Result<Kind, ApiError> {
    let headers = request.headers();
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|coding| coding.as_bytes() != b"identity");
    let named = headers.get(header::CONTENT_TYPE);
    let named = named.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parameters = named.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parameters.next().unwrap_or_default();
    let other_charset = parameters
        .filter_map(|part| {
            part.strip_prefix("charset=")
                .map(|name| name.trim_matches('"').to_owned())
        })
        .any(|name| name != "utf-8" && name != "utf8" && name != "us-ascii");
    match essence.as_str() {
        "application/json" if !packed => Ok(Kind::Json),
        "text/csv" if !packed && !other_charset => Ok(Kind::Csv),
        _ => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the body must be application/json or text/csv in UTF-8, uncompressed",
        )),
    }
}

fn read<L: List>(kind: &Kind, body: &[u8]) -> Result<Listed<L>, ApiError> {
    let rows = match kind {
        Kind::Json => from_json(json::parse::<L>(body)?),
        // One more than allowed tells that there are too many.
        Kind::Csv => from_csv::<L::Person>(body, MAX_ROWS + 1)?,
    };
    if rows.is_empty() || rows.len() > MAX_ROWS {
        let detail = format!("must be 1 to {MAX_ROWS} rows");
        return Err(ApiError::validation(vec![FieldError::new(
            L::NAME,
            "out_of_range",
            detail,
        )]));
    }
    Ok(Listed {
        rows,
        kind: PhantomData,
    })
}

fn from_json<L: List>(mut body: L) -> Vec<ListedRow> {
    let rows = body.rows();
    // More than allowed is refused as a whole: the rest is not looked at.
    let rows = rows.into_iter().take(MAX_ROWS + 1).zip(1..).map(|(row, number)| {
        let email = row
            .get("email")
            .and_then(serde_json::Value::as_str)
            .map(shortened)
            .unwrap_or_default();
        let read = serde_path_to_error::deserialize::<_, L::Person>(row).map_err(|refused| {
            let path = refused.path().to_string();
            let path = if path == "." { String::new() } else { path };
            vec![json::explain(path, &refused.inner().to_string())]
        });
        ListedRow {
            number,
            email,
            wish: read.and_then(Person::newcomer),
        }
    });
    rows.collect()
}

/// The rows of a file of people to import, however many there are: for the command line.
///
/// # Errors
/// What is wrong with the file as a whole, in words.
pub fn read_import(bytes: &[u8]) -> Result<Vec<ListedRow>, String> {
    from_csv::<ImportedPerson>(bytes, usize::MAX).map_err(|refused| {
        let parts = refused.parts();
        let fields = parts
            .fields
            .iter()
            .map(|error| format!("{} {}", error.field, error.detail));
        let fields: Vec<String> = fields.collect();
        if fields.is_empty() {
            parts.detail.clone()
        } else {
            fields.join("; ")
        }
    })
}

/// The rows of a file, so many at most.
///
/// # Errors
/// 400 for what is no CSV; 422 for columns that are not known, stand twice or are missing.
fn from_csv<P: Person>(bytes: &[u8], at_most: usize) -> Result<Vec<ListedRow>, ApiError> {
    let table = csv::read(bytes).map_err(|why| ApiError::malformed("malformed_csv", why.to_string()))?;
    let mut wrong = Vec::new();
    for (position, name) in table.head.iter().enumerate() {
        if !P::COLUMNS.contains(&name.as_str()) {
            let detail = format!("is no column; there are {}", P::COLUMNS.join(", "));
            wrong.push(FieldError::new(name.as_str(), "unknown_field", detail));
        } else if table.head.iter().take(position).any(|earlier| earlier == name) {
            wrong.push(FieldError::new(name.as_str(), "invalid_value", "stands twice"));
        }
    }
    for needed in ["email", "role"] {
        if !table.head.iter().any(|name| name == needed) {
            wrong.push(FieldError::new(needed, "missing_field", "is needed"));
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::validation(wrong));
    }
    let rows = table.rows.iter().take(at_most).zip(1..);
    Ok(rows
        .map(|(row, number)| of_cells::<P>(&table.head, row, number))
        .collect())
}

fn of_cells<P: Person>(head: &[String], row: &[String], number: u32) -> ListedRow {
    let cell = |wanted: &str| {
        let place = head.iter().position(|name| name == wanted)?;
        row.get(place).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    };
    let email = cell("email").map(shortened).unwrap_or_default();
    let wish = if row.len() == head.len() {
        P::from_cells(&cell).and_then(Person::newcomer)
    } else {
        let detail = format!("the row has {} cells, and the header {}", row.len(), head.len());
        Err(vec![FieldError::new("", "wrong_number_of_cells", detail)])
    };
    ListedRow { number, email, wish }
}

/// What a report repeats of an address that may be none.
fn shortened(text: &str) -> String {
    text.chars().take(254).collect()
}

#[cfg(test)]
mod tests;
