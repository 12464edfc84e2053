//! [`ApiError`]: any domain error on its way to a problem document. The one table from class to status is here.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use tenantry_kernel::{DomainError, ErrorKind, FieldError, Value};

use crate::extract::Patch;

/// The code that asks for a fresh proof of who one is.
pub(crate) const STEP_UP_REQUIRED: &str = "step_up_required";

/// What an action answers.
pub type Answer = Result<HttpResponse, ApiError>;

/// A refusal or a failure, ready to be rendered as `application/problem+json`.
#[derive(Clone, Debug)]
pub struct ApiError(Box<Parts>);

#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
    pub fields: Vec<FieldError>,
    pub details: Vec<(&'static str, Value)>,
    /// Members of the document that have a shape of their own.
    pub members: Vec<(&'static str, serde_json::Value)>,
    pub retry_after_s: Option<u64>,
    /// The methods of a path, for 405.
    pub allow: Option<String>,
    /// The error and its sources, for the log; only failures of ours have one.
    pub chain: Option<String>,
}

/// The one table from the class of an error to its status.
const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
        ErrorKind::Denied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::Stale => StatusCode::PRECONDITION_FAILED,
        ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Locked => StatusCode::LOCKED,
        ErrorKind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Wrong fields that one answer names at most: a list of a hundred thousand mistakes makes no answer of many megabytes.
const MAX_FIELDS: usize = 100;

/// Says the same of a thing of another tenant as of a thing that exists nowhere.
const NOT_FOUND: &str = "there is no such thing here, or it is not yours to see";

impl ApiError {
    /// An error of the HTTP edge itself.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            fields: Vec::new(),
            details: Vec::new(),
            members: Vec::new(),
            retry_after_s: None,
            allow: None,
            chain: None,
        }))
    }

    /// 400: the request cannot be understood at all.
    pub fn malformed(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 404, in words that tell nothing.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", NOT_FOUND)
    }

    /// 401: nobody, or nobody we believe.
    #[must_use]
    pub fn not_authenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_authenticated",
            "a valid access token or API key is needed",
        )
    }

    /// 403: known, but not allowed.
    pub fn denied(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "permission_denied", detail)
    }

    /// 403: the last proof of who one is is too old.
    pub(crate) fn step_up_required() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            STEP_UP_REQUIRED,
            "prove again who you are with POST /me/step-up",
        )
    }

    /// 422 about one field.
    pub fn invalid(field: &str, reason: &dyn fmt::Display) -> Self {
        Self::validation(vec![FieldError::new(field, "invalid_value", reason)])
    }

    /// 422 about several fields.
    #[must_use]
    pub fn validation(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            "some fields are not acceptable; see errors",
        );
        error.0.fields = fields;
        error.0.fields.truncate(MAX_FIELDS);
        error
    }

    /// 503: try again in `retry_after_s` seconds.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after_s: u64) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        error.0.retry_after_s = Some(retry_after_s);
        error
    }

    /// 500: a fault of ours. `reason` goes to the log, not to the caller.
    pub fn internal(reason: impl Into<String>) -> Self {
        let mut error = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "an internal error happened; quote the request id when you ask for help",
        );
        error.0.chain = Some(reason.into());
        error
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.details.push((name, value.into()));
        self
    }

    /// Tells how long to wait.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Adds a member of the document that has a shape of its own.
    pub(crate) fn with_member(mut self, name: &'static str, value: serde_json::Value) -> Self {
        self.0.members.push((name, value));
        self
    }

    pub(crate) fn allowing(mut self, methods: String) -> Self {
        self.0.allow = Some(methods);
        self
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    /// What an extractor of actix refused with: ours as it was, anything else by its status.
    pub(crate) fn from_actix(error: &actix_web::Error) -> Self {
        if let Some(ours) = error.as_error::<Self>() {
            return ours.clone();
        }
        let status = error.as_response_error().status_code();
        if status.is_server_error() {
            Self::internal(format!("an extractor failed: {error}"))
        } else {
            Self::malformed("malformed_request", "the request cannot be understood")
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    /// Only reached when something bypasses the front, which renders problems with the request's id: a route of an
    /// embedding program. What the front would log is logged here.
    fn error_response(&self) -> HttpResponse {
        if let Some(chain) = &self.0.chain {
            tracing::error!(code = self.0.code, error = chain.as_str(), "request failed");
        }
        crate::problem::render(self, "")
    }
}

impl<E: DomainError> From<E> for ApiError {
    fn from(cause: E) -> Self {
        let status = status_of(cause.kind());
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            return Self::internal(chain(&cause));
        }
        let mut error = match cause.kind() {
            ErrorKind::NotFound => Self::new(status, cause.code(), NOT_FOUND),
            ErrorKind::Unavailable => {
                let mut error = Self::unavailable(cause.code(), "the service is busy; try again soon", 1);
                error.0.chain = Some(chain(&cause));
                error
            }
            _ => Self::new(status, cause.code(), cause.to_string()),
        };
        error.0.fields = cause.fields();
        error.0.fields.truncate(MAX_FIELDS);
        error.0.details = cause.details();
        error.0.retry_after_s = cause.retry_after_s().or(error.0.retry_after_s);
        error
    }
}

/// The error and everything it came from, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Collects what is wrong with several fields, so that one answer lists them all.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Keeps the value, or notes why the field is refused.
    pub fn take<T, E: fmt::Display>(&mut self, field: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(reason) => {
                self.add(field, "invalid_value", reason);
                None
            }
        }
    }

    /// The same for a field that may be absent.
    pub fn given<T, E: fmt::Display>(&mut self, field: &str, parsed: Option<Result<T, E>>) -> Option<T> {
        parsed.and_then(|parsed| self.take(field, parsed))
    }

    /// The same for a field that may be absent, or null to empty it: `Some(None)` then.
    pub fn given_or_null<T, E: fmt::Display>(
        &mut self,
        field: &str,
        patch: Patch,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match patch {
            Patch::Absent => None,
            Patch::Null => Some(None),
            Patch::Text(text) => self.take(field, parse(text)).map(Some),
        }
    }

    /// True when nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes one refusal.
    pub fn add(&mut self, field: &str, code: &'static str, detail: impl fmt::Display) {
        self.0.push(FieldError::new(field, code, detail));
    }

    /// Passes when nothing was noted.
    ///
    /// # Errors
    /// 422 with every field noted.
    pub fn check(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::validation(errors.0)
    }
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::{Denied, Permission, StoreError};

    use super::*;

    #[test]
    fn a_failure_of_ours_keeps_its_chain_for_the_log_and_tells_the_caller_nothing() {
        let error = ApiError::from(StoreError::Backend("disk on fire".into()));

        assert_eq!(error.status(), 500);
        assert_eq!(error.parts().chain.as_deref(), Some("the store failed: disk on fire"));
        assert!(!error.parts().detail.contains("fire"));
    }

    #[test]
    fn a_missing_permission_is_403_and_contention_is_503_with_a_wait() {
        let denied = ApiError::from(Denied::new(Permission::known("audit.read")));
        let busy = ApiError::from(StoreError::Contended);

        assert_eq!((denied.status().as_u16(), denied.code()), (403, "permission_denied"));
        assert_eq!((busy.status().as_u16(), busy.parts().retry_after_s), (503, Some(1)));
    }

    #[test]
    fn a_body_full_of_mistakes_makes_no_endless_answer() {
        let one = || FieldError::new("permissions[0]", "unknown_permission", "is none");

        let refused = ApiError::validation((0..100_000).map(|_| one()).collect());

        assert_eq!(refused.parts().fields.len(), MAX_FIELDS);
    }

    #[test]
    fn several_wrong_fields_make_one_answer() {
        let mut errors = FieldErrors::default();

        let name: Option<u8> = errors.take("name", "x".parse());
        errors.add("slug", "missing_field", "is needed");
        let refused = errors.check().unwrap_err();

        assert_eq!(name, None);
        assert_eq!(refused.parts().fields.len(), 2);
        assert_eq!(refused.status(), 422);
    }
}
