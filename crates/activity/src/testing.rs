//! Doubles for this domain's ports, and fixtures.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{EmailAddress, Event, StoreError, TenantId, TenantScope, Transaction};

pub use crate::audit::repository::{MockAuditPurge, MockAuditRepository, MockAuditRetention, MockOwnActs};
pub use crate::dispatch::MockJobHandler;
pub use crate::feed::MockInvalidationFeed;
pub use crate::job::MockJobQueue;
pub use crate::mail::MockMailer;
pub use crate::receipt::MockReceiptStore;

use crate::audit::{Actor, AuditEntry, AuditEntryId, AuditRepository};
use crate::job::{Job, JobId, MAIL, Payload};
use crate::mail::OutgoingMail;
use crate::store::{ActivityStore, ActivityUnit};

/// The moment at which fixtures happen: 2026-03-01 12:00 UTC.
pub const NOW: OffsetDateTime = time::macros::datetime!(2026-03-01 12:00 UTC);

/// A mock of the log: set expectations, then turn it into a store.
#[derive(Default)]
pub struct FakeActivity {
    /// The log.
    pub audit: MockAuditRepository,
}

impl FakeActivity {
    /// The store as services take it. It opens one unit.
    #[must_use]
    pub fn into_store(self) -> Arc<dyn ActivityStore> {
        Arc::new(FakeActivityStore(Mutex::new(Some(self))))
    }
}

struct FakeActivityStore(Mutex<Option<FakeActivity>>);

#[async_trait]
impl ActivityStore for FakeActivityStore {
    async fn read(&self, _scope: &TenantScope) -> Result<Box<dyn ActivityUnit>, StoreError> {
        let fake = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fake = fake.ok_or_else(|| StoreError::Backend("the fake opens one unit".into()))?;
        Ok(Box::new(fake))
    }
}

impl ActivityUnit for FakeActivity {
    fn audit(&mut self) -> &mut dyn AuditRepository {
        &mut self.audit
    }
}

#[async_trait]
impl Transaction for FakeActivity {
    async fn commit(self: Box<Self>, _events: Vec<Event>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// An audit entry by number.
#[must_use]
pub fn entry(number: u128, action: &str) -> AuditEntry {
    AuditEntry {
        id: AuditEntryId::from_uuid(Uuid::from_u128(number)),
        at: NOW,
        action: action.to_owned(),
        actor: Actor {
            kind: "member".to_owned(),
            id: Uuid::from_u128(7).to_string(),
            on_behalf_of: None,
        },
        resource_type: action.split('.').next().unwrap_or_default().to_owned(),
        resource_id: Uuid::from_u128(8).to_string(),
        changes: Vec::new(),
        address: None,
        user_agent: None,
        request_id: String::new(),
    }
}

/// A message by number.
///
/// # Panics
/// Never: the address is fixed.
#[must_use]
pub fn outgoing_mail(number: u128) -> OutgoingMail {
    let Ok(to) = EmailAddress::try_from("ada@example.com") else {
        unreachable!("the address is fixed")
    };
    OutgoingMail {
        id: Uuid::from_u128(number),
        tenant: Some(TenantId::from_uuid(Uuid::from_u128(1))),
        template: "welcome".to_owned(),
        to,
        locale: "en".to_owned(),
        fields: Vec::new(),
        token: None,
    }
}

/// A job that sends message `number`, taken for the `attempts`-th time.
#[must_use]
pub fn mail_job(number: u128, attempts: u32) -> Job {
    Job {
        id: JobId::from_uuid(Uuid::from_u128(number)),
        kind: MAIL.to_owned(),
        tenant: Some(TenantId::from_uuid(Uuid::from_u128(1))),
        payload: Payload::Mail(outgoing_mail(number)),
        attempts,
        lease_token: 1,
    }
}
