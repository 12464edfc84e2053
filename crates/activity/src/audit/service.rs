//! Reading the audit log.

use std::sync::Arc;

use tenantry_kernel::{Denied, DomainError, ErrorKind, FieldError, Page, PageRequest, StoreError, TenantScope};

use crate::audit::{AuditEntry, AuditFilter, AuditRetention};
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
    retention: Arc<dyn AuditRetention>,
}

impl AuditService {
    /// Reads from this store what `retention` keeps.
    #[must_use]
    pub fn new(store: Arc<dyn ActivityStore>, retention: Arc<dyn AuditRetention>) -> Self {
        Self { store, retention }
    }

    /// A page of entries, newest first. What the tenant's plan does not keep is not shown, whether it has been
    /// removed by now or not.
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
        let filter = AuditFilter {
            from: filter.from.max(self.retention.kept_from(scope).await?),
            ..filter
        };

        let mut unit = self.store.read(scope).await?;
        Ok(unit.audit().list(&filter, page).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MockAuditRetention;
    use crate::testing::{self, FakeActivity};
    use tenantry_kernel::time::{Duration, OffsetDateTime};

    fn service(fake: FakeActivity, kept_from: Option<OffsetDateTime>) -> AuditService {
        let mut retention = MockAuditRetention::new();
        retention.expect_kept_from().returning(move |_| Ok(kept_from));
        AuditService::new(fake.into_store(), Arc::new(retention))
    }

    fn auditor() -> TenantScope {
        TenantScope::for_test(1, &[AUDIT_READ])
    }

    #[tokio::test]
    async fn without_the_permission_the_log_is_never_opened() {
        let service = service(FakeActivity::default(), None);
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
        let service = service(fake, None);

        let page = service.list(&auditor(), filter, PageRequest::first()).await.unwrap();

        assert_eq!(page.items, [testing::entry(1, "invoice.paid")]);
    }

    #[tokio::test]
    async fn what_the_plan_does_not_keep_is_not_asked_for() {
        let kept_from = testing::NOW - Duration::days(30);
        for (asked, wanted) in [
            (None, kept_from),
            (Some(kept_from - Duration::DAY), kept_from),
            (Some(testing::NOW), testing::NOW),
        ] {
            let mut fake = FakeActivity::default();
            fake.audit
                .expect_list()
                .withf(move |filter, _| filter.from == Some(wanted))
                .return_once(|_, _| {
                    Ok(Page {
                        items: vec![],
                        next: None,
                    })
                });
            let filter = AuditFilter {
                from: asked,
                ..AuditFilter::default()
            };

            let listed = service(fake, Some(kept_from))
                .list(&auditor(), filter, PageRequest::first())
                .await;

            assert!(listed.is_ok(), "{asked:?}");
        }
    }

    #[tokio::test]
    async fn a_time_that_ends_before_it_begins_is_refused() {
        let service = service(FakeActivity::default(), None);
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
