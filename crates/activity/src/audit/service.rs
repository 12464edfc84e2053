//! Reading the audit log.

use std::sync::Arc;

use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, Page, PageRequest, StoreError, TenantScope};

use crate::audit::{AuditEntry, AuditFilter};
use crate::permissions::AUDIT_READ;
use crate::store::ActivityStore;

/// Why the log was not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The time asked for ends before it begins.
    #[error("must be later than from")]
    EmptyRange,
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error("could not read the audit log")]
    Store(#[from] StoreError),
}

impl DomainError for AuditError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::EmptyRange => ErrorKind::Invalid,
            Self::Denied(denied) => denied.kind(),
            Self::Store(cause) => cause.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::EmptyRange => "validation_failed",
            Self::Denied(denied) => denied.code(),
            Self::Store(cause) => cause.code(),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::EmptyRange => vec![FieldError::new("to", "empty_range", self)],
            _ => Vec::new(),
        }
    }

    fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Store(cause) => cause.retry_after_s(),
            _ => None,
        }
    }
}

/// Shows the audit log of a tenant.
pub struct AuditService {
    store: Arc<dyn ActivityStore>,
}

impl AuditService {
    /// Reads from this store.
    #[must_use]
    pub fn new(store: Arc<dyn ActivityStore>) -> Self {
        Self { store }
    }

    /// A page of entries, newest first.
    ///
    /// # Errors
    /// [`AuditError`].
    pub async fn list(
        &self,
        scope: &TenantScope,
        filter: AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, AuditError> {
        scope.require(&AUDIT_READ)?;
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && to <= from
        {
            return Err(AuditError::EmptyRange);
        }

        let mut unit = self.store.read(scope).await?;
        Ok(unit.audit().list(&filter, page).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, FakeActivity};
    use tenantry_kernel::time::Duration;

    fn auditor() -> TenantScope {
        TenantScope::for_test(1, &[AUDIT_READ])
    }

    #[tokio::test]
    async fn without_the_permission_the_log_is_never_opened() {
        let service = AuditService::new(FakeActivity::default().into_store());
        let scope = TenantScope::for_test(1, &[]);

        let refused = service
            .list(&scope, AuditFilter::default(), PageRequest::first())
            .await
            .unwrap_err();

        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Denied, "permission_denied")
        );
    }

    #[tokio::test]
    async fn the_filter_reaches_the_log_as_it_was_given() {
        let filter = AuditFilter {
            action: Some("invoice.paid".to_owned()),
            from: Some(testing::NOW),
            ..AuditFilter::default()
        };
        let wanted = filter.clone();
        let mut fake = FakeActivity::default();
        fake.audit
            .expect_list()
            .withf(move |filter, _| *filter == wanted)
            .return_once(|_, _| {
                Ok(Page {
                    items: vec![testing::entry(1, "invoice.paid")],
                    next: None,
                })
            });
        let service = AuditService::new(fake.into_store());

        let page = service.list(&auditor(), filter, PageRequest::first()).await.unwrap();

        assert_eq!(page.items, [testing::entry(1, "invoice.paid")]);
    }

    #[tokio::test]
    async fn a_time_that_ends_before_it_begins_is_refused() {
        let service = AuditService::new(FakeActivity::default().into_store());
        let filter = AuditFilter {
            from: Some(testing::NOW),
            to: Some(testing::NOW - Duration::SECOND),
            ..AuditFilter::default()
        };

        let refused = service
            .list(&auditor(), filter, PageRequest::first())
            .await
            .unwrap_err();

        assert_eq!(refused.fields()[0].field, "to");
    }
}
