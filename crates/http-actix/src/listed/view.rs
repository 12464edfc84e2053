//! The report, row by row.

use serde::Serialize;
use tenantry_lifecycle::members::Verdict;
use utoipa::ToSchema;

/// What is to be said about one field of a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RowError)]
pub(crate) struct RowErrorView {
    /// The field; empty for the row as a whole.
    #[schema(example = "role")]
    field: String,
    /// What it is, for programs.
    #[schema(example = "unknown_role")]
    code: &'static str,
    /// The same, for people.
    #[schema(example = "there is no role \"wizard\"; there are owner, admin, manager, member, viewer")]
    detail: String,
}

/// What became of one row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportRow)]
pub(crate) struct RowView {
    /// Its number, from 1; a header is not counted.
    #[schema(example = 1)]
    row: u32,
    /// The address as it stood there.
    #[schema(example = "grace@acme.example")]
    email: String,
    /// `invited`, `imported`, `already_member`, `already_invited`, `duplicate`, `invalid`, `permission_denied` or
    /// `quota_exceeded`.
    #[schema(example = "invited")]
    status: &'static str,
    /// The membership, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What is to be said about it; empty when all is well.
    errors: Vec<RowErrorView>,
}

/// What became of all rows.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub(crate) struct ReportView {
    /// One verdict per row, in their order.
    data: Vec<RowView>,
    /// How many were invited.
    #[schema(example = 1)]
    invited: usize,
    /// How many were added without an invitation.
    #[schema(example = 0)]
    imported: usize,
    /// How many were neither.
    #[schema(example = 0)]
    failed: usize,
    /// True when nothing was done: this is what would become of each.
    dry_run: bool,
}

impl ReportView {
    pub(crate) fn of(verdicts: Vec<Verdict>, dry_run: bool) -> Self {
        let count = |status: &str| {
            let same = |verdict: &&Verdict| verdict.outcome.as_str() == status;
            verdicts.iter().filter(same).count()
        };
        Self {
            invited: count("invited"),
            imported: count("imported"),
            failed: verdicts.iter().filter(|verdict| !verdict.outcome.landed()).count(),
            dry_run,
            data: verdicts.into_iter().map(RowView::of).collect(),
        }
    }
}

impl RowView {
    fn of(verdict: Verdict) -> Self {
        let errors = verdict.outcome.errors().into_iter().map(|error| RowErrorView {
            field: error.field,
            code: error.code,
            detail: error.detail,
        });
        Self {
            row: verdict.row,
            status: verdict.outcome.as_str(),
            id: verdict.outcome.membership().map(|id| id.to_string()),
            errors: errors.collect(),
            email: verdict.email,
        }
    }
}
