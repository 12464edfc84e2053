//! GET /tenants/{tenant}/usage-logs/export: the ledger as CSV (RFC 4180), sent page by page.

use std::convert::Infallible;
use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use futures_util::stream::{self, Stream};
use tenantry_kernel::page::MAX_LIMIT;
use tenantry_kernel::{Cursor, PageRequest, TenantScope};
use tenantry_quotas::ledger::{EntryFilter, LedgerEntry};
use tenantry_quotas::permissions::READ_USAGE;
use tenantry_quotas::usage::UsageService;
use time::format_description::well_known::Rfc3339;

use super::logs::Filter;
use crate::error::{Answer, ApiError};
use crate::extract::{InTenant, Query};
use crate::routes::Row;

const HEAD: &str = "happened_at,created_at,operation_id,kind,meter,amount,value,used_after,description,subject,live,actor_type,actor_id\r\n";

/// Exports what was counted, latest first, as CSV. The file ends with a line `# incomplete` when reading failed on the
/// way: then export it again.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/usage-logs/export", operation_id = "usage_logs_export", tag = "usage",
    params(Filter), responses((status = 200, description = "The ledger.", body = String, content_type = "text/csv")))]
async fn handler(InTenant(scope): InTenant, Query(filter): Query<Filter>, usage: Data<UsageService>) -> Answer {
    let entries = filter.entries()?;
    let export = Export {
        scope,
        meter: filter.meter,
        filter: entries,
        usage,
    };
    // The first page decides: a refusal is a problem, not half a file.
    let first = export.page(None).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"usage-logs.csv\""))
        .streaming(pages(export, first)))
}

struct Export {
    scope: TenantScope,
    meter: Option<String>,
    filter: EntryFilter,
    usage: Data<UsageService>,
}

/// Lines, and where the next ones start.
type Lines = (String, Option<Cursor>);

impl Export {
    async fn page(&self, after: Option<Cursor>) -> Result<Lines, ApiError> {
        let request = PageRequest::new(MAX_LIMIT, after).map_err(|refused| ApiError::invalid("limit", &refused))?;
        let page = self
            .usage
            .logs(&self.scope, self.meter.as_deref(), self.filter.clone(), request)
            .await?;
        let mut lines = if after.is_none() {
            HEAD.to_owned()
        } else {
            String::new()
        };
        for entry in &page.items {
            line(&mut lines, entry);
        }
        Ok((lines, page.next))
    }
}

enum Next {
    Lines(Lines),
    After(Cursor),
}

/// One page is in memory at a time, and the client's pace is the database's.
fn pages(export: Export, first: Lines) -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::unfold(Some((export, Next::Lines(first))), |at| async move {
        let (export, next) = at?;
        let (lines, more) = match next {
            Next::Lines(lines) => lines,
            Next::After(cursor) => match export.page(Some(cursor)).await {
                Ok(lines) => lines,
                Err(cause) => {
                    tracing::warn!(code = cause.code(), "an export ended early");
                    ("# incomplete\r\n".to_owned(), None)
                }
            },
        };
        let rest = more.map(|cursor| (export, Next::After(cursor)));
        Some((Ok(Bytes::from(lines)), rest))
    })
}

fn line(out: &mut String, entry: &LedgerEntry) {
    let at = |moment: time::OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
    // Writing to a string does not fail.
    let _ = write!(out, "{},{},", at(entry.at), at(entry.recorded_at));
    field(out, entry.operation.as_str());
    let _ = write!(
        out,
        ",{},{},{},{},{},",
        entry.kind.as_str(),
        entry.meter(),
        entry.amount,
        entry.value,
        entry.used_after
    );
    field(out, entry.description.as_deref().unwrap_or_default());
    out.push(',');
    field(out, entry.subject.as_deref().unwrap_or_default());
    let _ = write!(
        out,
        ",{},{},{}\r\n",
        entry.account.live, entry.actor_kind, entry.actor_id
    );
}

/// Quoted where it must be; what a spreadsheet would take for a formula is made text.
fn field(out: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !text.contains([',', '"', '\r', '\n']) {
        out.push_str(text);
        return;
    }
    out.push('"');
    if formula {
        out.push('\'');
    }
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

pub(super) fn row() -> Row {
    Row::of(__path_handler, handler)
        .tenant([READ_USAGE])
        .refuses(422, "unknown_meter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be_and_formulas_are_text() {
        for (text, shown) in [
            ("order-17", "order-17"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("", ""),
        ] {
            let mut out = String::new();
            field(&mut out, text);

            assert_eq!(out, shown, "{text}");
        }
    }
}
