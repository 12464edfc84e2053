//! The security policy, in the row of its tenant.

use sea_orm::ColumnTrait;
use sea_orm::prelude::Json;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use tenantry_kernel::{FieldError, StoreError, async_trait};
use tenantry_tenancy::security::{PolicyDraft, SecurityPolicy, SecurityPolicyRepository, StoredPolicy};
use uuid::Uuid;

use crate::entity::tenant;
use crate::error::{corrupt, fresh, store_error};
use crate::unit::SeaOrmUnit;

#[async_trait]
impl SecurityPolicyRepository for SeaOrmUnit {
    async fn find(&mut self) -> Result<Option<StoredPolicy>, StoreError> {
        let row: Option<(Option<Json>, i64)> = self
            .rows::<tenant::Entity>()
            .select_only()
            .columns([tenant::Column::Security, tenant::Column::SecurityVersion])
            .into_tuple()
            .one(self.txn())
            .await
            .map_err(store_error)?;
        let stored = |(security, version)| {
            let policy = policy(self.tenant_uuid(), security)?;
            Ok(StoredPolicy { policy, version })
        };
        row.map(stored).transpose()
    }

    async fn write(&mut self, policy: &StoredPolicy) -> Result<(), StoreError> {
        let document = serde_json::to_value(Document::from(&policy.policy))
            .map_err(|cause| StoreError::Backend(Box::new(cause)))?;
        let written = self
            .change::<tenant::Entity>()
            .col_expr(tenant::Column::Security, Expr::value(document))
            .col_expr(tenant::Column::SecurityVersion, Expr::value(policy.version + 1))
            .filter(tenant::Column::SecurityVersion.eq(policy.version))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }
}

/// What the column says; also for the directory.
pub(super) fn policy(tenant: Uuid, stored: Option<Json>) -> Result<SecurityPolicy, StoreError> {
    let Some(stored) = stored else {
        return Ok(SecurityPolicy::default());
    };
    let document: Document = serde_json::from_value(stored).map_err(corrupt("tenant", tenant))?;
    PolicyDraft::from(document).check().map_err(|faults: Vec<FieldError>| {
        let told: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        corrupt("tenant", tenant)(format!("security: {}", told.join(", ")))
    })
}

/// The column. What it does not mention is as in a policy that asks nothing, so that fields may be added.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct Document {
    mfa_required: bool,
    ip_allowlist: Vec<String>,
    session_absolute_hours: Option<i64>,
    session_idle_minutes: Option<i64>,
    password_min_length: Option<i64>,
    password_min_strength: Option<i64>,
    password_forbid_breached: bool,
    allowed_email_domains: Vec<String>,
    who_may_invite: String,
    support_access: String,
    remember_devices: bool,
    sign_in_methods: Vec<String>,
    domain_join_mode: String,
    domain_join_role: Option<String>,
}

impl Default for Document {
    fn default() -> Self {
        Self::from(&SecurityPolicy::default())
    }
}

impl From<&SecurityPolicy> for Document {
    fn from(policy: &SecurityPolicy) -> Self {
        let draft = PolicyDraft::from(policy);
        Self {
            mfa_required: draft.mfa_required,
            ip_allowlist: draft.ip_allowlist,
            session_absolute_hours: draft.session_absolute_hours,
            session_idle_minutes: draft.session_idle_minutes,
            password_min_length: draft.password_min_length,
            password_min_strength: draft.password_min_strength,
            password_forbid_breached: draft.password_forbid_breached,
            allowed_email_domains: draft.allowed_email_domains,
            who_may_invite: draft.who_may_invite,
            support_access: draft.support_access,
            remember_devices: draft.remember_devices,
            sign_in_methods: draft.sign_in_methods,
            domain_join_mode: draft.domain_join_mode,
            domain_join_role: draft.domain_join_role,
        }
    }
}

impl From<Document> for PolicyDraft {
    fn from(document: Document) -> Self {
        Self {
            mfa_required: document.mfa_required,
            ip_allowlist: document.ip_allowlist,
            session_absolute_hours: document.session_absolute_hours,
            session_idle_minutes: document.session_idle_minutes,
            password_min_length: document.password_min_length,
            password_min_strength: document.password_min_strength,
            password_forbid_breached: document.password_forbid_breached,
            allowed_email_domains: document.allowed_email_domains,
            who_may_invite: document.who_may_invite,
            support_access: document.support_access,
            remember_devices: document.remember_devices,
            sign_in_methods: document.sign_in_methods,
            domain_join_mode: document.domain_join_mode,
            domain_join_role: document.domain_join_role,
        }
    }
}
