//! What was used over time: series, who used most, and when a limit will be reached.

use tenantry_kernel::{Code, StoreError, TenantId, async_trait};
use time::OffsetDateTime;

/// What a series is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Nothing: one series.
    None,
    /// The user that it counted on.
    User,
    /// The API key that reported it.
    Key,
}

/// Which part of the rolled-up usage is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageSpan {
    /// The meter.
    pub meter: Code,
    /// False for test keys.
    pub live: bool,
    /// From when, by the time it happened.
    pub from: OffsetDateTime,
    /// Until before when.
    pub to: OffsetDateTime,
    /// Of this user only.
    pub user: Option<String>,
    /// Of this API key only.
    pub key: Option<String>,
}

/// What was counted from one moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// From when.
    pub at: OffsetDateTime,
    /// What was counted, with its sign.
    pub amount: i64,
    /// In how many operations.
    pub operations: i64,
}

/// What one user, key or tenant used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Who.
    pub name: String,
    /// What was counted, with its sign.
    pub amount: i64,
    /// In how many operations.
    pub operations: i64,
}

/// The rolled-up usage of one tenant, read only.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InsightRepository: Send {
    /// What was counted by quarters of an hour, earliest first; quarters without usage are left out. Read from
    /// rolled-up lines that are written with the usage itself.
    async fn quarters(&mut self, span: &UsageSpan) -> Result<Vec<Point>, StoreError>;

    /// What was counted by minutes, earliest first, from the ledger; for short spans.
    async fn minutes(&mut self, span: &UsageSpan) -> Result<Vec<Point>, StoreError>;

    /// Who used most, by what was counted; at most `limit` of them. Usage of nobody is left out.
    async fn top(&mut self, span: &UsageSpan, by: Dimension, limit: u32) -> Result<Vec<Consumer>, StoreError>;
}

/// What tenants used, for operators.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UsageDirectory: Send + Sync {
    /// The tenants that used most of a meter in a time, by what was counted, and what each counted.
    async fn top_tenants(
        &self,
        meter: &Code,
        from: OffsetDateTime,
        to: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<(TenantId, Point)>, StoreError>;
}
