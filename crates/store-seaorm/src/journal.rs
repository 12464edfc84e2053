//! What every commit leaves behind, in the same transaction as its cause: audit rows, notices for
//! caches, mails as jobs, and the receipt of the request.

use sea_orm::ActiveValue::{NotSet, Set};
use tenantry_activity::feed::Committed;
use tenantry_activity::job::MAIL;
use tenantry_kernel::id::UserId;
use tenantry_kernel::{Event, MembershipId, Origin, Principal, StoreError, TenantId};
use uuid::Uuid;

use crate::activity::{payload, personal};
use crate::entity::{audit_log, audit_personal, idempotency_receipt, job, outbox_event};
use crate::micros::Micros;
use crate::unit::{Author, SeaOrmUnit};

/// Writes all of it.
pub(crate) async fn write(unit: &SeaOrmUnit, events: &[Event]) -> Result<(), StoreError> {
    let now = Micros::from(unit.now());
    // The receipt first: a request that was served already must not wait for anything else.
    receipt(unit, events, now).await?;
    let mut entries = Vec::with_capacity(events.len());
    let mut apart = Vec::new();
    for event in events {
        let (entry, rows) = audit_row(unit, event, now).await?;
        entries.push(entry);
        apart.extend(rows);
    }
    let mut notices: Vec<_> = entries.iter().map(|entry| notice(unit, entry)).collect();
    notices.extend(unit.touched().map(|user| touched_notice(user, now)));
    unit.add_many(entries).await?;
    unit.add_many(apart).await?;
    unit.add_shared(notices).await?;
    mails(unit, events).await
}

async fn audit_row(
    unit: &SeaOrmUnit,
    event: &Event,
    now: Micros,
) -> Result<(audit_log::ActiveModel, Vec<audit_personal::ActiveModel>), StoreError> {
    let (kind, actor_id, user) = actor(unit.author());
    let origin = origin(unit.author());
    let id = unit.store().ports.ids.next();
    let split = personal::split(unit, id, event, user, origin).await?;
    let entry = audit_log::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(id),
        at: Set(now),
        action: Set(event.action.to_owned()),
        actor_kind: Set(kind.to_owned()),
        actor_id: Set(actor_id),
        user_id: Set(user.map(UserId::as_uuid)),
        resource_type: Set(event.resource_type.to_owned()),
        resource_id: Set(event.resource_id.clone()),
        changes: Set(split.changes),
        address: Set(split.address),
        user_agent: Set(split.user_agent),
        on_behalf_of: Set(on_behalf_of(unit.author()).map(MembershipId::as_uuid)),
        request_id: Set(origin.map(|origin| origin.request_id.to_string()).unwrap_or_default()),
        personal: Set(split.personal),
    };
    Ok((entry, split.rows))
}

fn notice(unit: &SeaOrmUnit, entry: &audit_log::ActiveModel) -> outbox_event::ActiveModel {
    let Committed { tenant, user } = unit.pinned();
    outbox_event::ActiveModel {
        seq: NotSet,
        txid: NotSet,
        tenant_id: Set(tenant.map(TenantId::as_uuid)),
        user_id: Set(user.map(UserId::as_uuid)),
        audit_id: Set(entry.id.clone().take()),
        action: entry.action.clone(),
        resource_type: entry.resource_type.clone(),
        resource_id: entry.resource_id.clone(),
        created_at: entry.at.clone(),
    }
}

/// A person's memberships changed: nothing that happened to the person, but what is known of them.
fn touched_notice(user: UserId, now: Micros) -> outbox_event::ActiveModel {
    outbox_event::ActiveModel {
        seq: NotSet,
        txid: NotSet,
        tenant_id: Set(None),
        user_id: Set(Some(user.as_uuid())),
        audit_id: Set(None),
        action: Set("user.memberships_changed".to_owned()),
        resource_type: Set("user".to_owned()),
        resource_id: Set(user.to_string()),
        created_at: Set(now),
    }
}

async fn mails(unit: &SeaOrmUnit, events: &[Event]) -> Result<(), StoreError> {
    let mails: Vec<_> = events.iter().flat_map(|event| &event.mails).collect();
    if mails.is_empty() {
        return Ok(());
    }
    let now = Micros(unit.ask(unit.database_time()).await?);
    let tenant = unit.pinned().tenant.map(TenantId::as_uuid);
    let jobs = mails.into_iter().map(|mail| {
        let id = unit.store().ports.ids.next();
        job::ActiveModel {
            id: Set(id),
            kind: Set(MAIL.to_owned()),
            tenant_id: Set(tenant),
            payload: Set(payload::seal(unit.store().ports.cipher.as_ref(), id, mail)),
            attempts: Set(0),
            run_at: Set(now),
            lease_token: Set(0),
            leased_until: Set(None),
            last_error: Set(None),
            buried_at: Set(None),
            created_at: Set(now),
        }
    });
    unit.add_shared(jobs.collect::<Vec<_>>()).await
}

async fn receipt(unit: &SeaOrmUnit, events: &[Event], now: Micros) -> Result<(), StoreError> {
    let (receipt, principal) = match unit.author() {
        Author::Tenant(scope) => (scope.receipt(), scope.principal()),
        Author::System(scope) => (scope.receipt(), scope.principal()),
        Author::Person(..) | Author::Nobody => return Ok(()),
    };
    let Some(receipt) = receipt else {
        return Ok(());
    };
    let (tenant, principal) = if receipt.platform {
        (Uuid::nil(), String::new())
    } else {
        (unit.tenant_uuid(), named(principal))
    };
    let subject = events
        .first()
        .map(|event| event.resource_id.clone())
        .unwrap_or_default();
    let row = idempotency_receipt::ActiveModel {
        tenant_id: Set(tenant),
        principal: Set(principal),
        operation: Set(receipt.operation.to_owned()),
        key: Set(receipt.key.to_string()),
        body_digest: Set(receipt.body_digest.to_vec()),
        subject: Set(subject),
        status: Set(None),
        answer: Set(None),
        created_at: Set(now),
    };
    unit.add_to(tenant, [row]).await
}

fn actor(author: &Author) -> (&'static str, String, Option<UserId>) {
    let principal = match author {
        Author::Tenant(scope) => scope.principal(),
        Author::System(scope) => scope.principal(),
        Author::Person(user, _) => return ("user", user.to_string(), Some(*user)),
        Author::Nobody => return ("system", String::new(), None),
    };
    (principal.kind(), principal.identifier(), principal.user())
}

/// The member on whose behalf somebody else acts.
const fn on_behalf_of(author: &Author) -> Option<MembershipId> {
    match author {
        Author::Tenant(scope) => scope.principal().on_behalf_of(),
        Author::System(_) | Author::Person(..) | Author::Nobody => None,
    }
}

const fn origin(author: &Author) -> Option<&Origin> {
    match author {
        Author::Tenant(scope) => Some(scope.origin()),
        Author::System(scope) => Some(scope.origin()),
        Author::Person(_, origin) => Some(origin),
        Author::Nobody => None,
    }
}

/// As receipts name a principal.
fn named(principal: &Principal) -> String {
    format!("{}:{}", principal.kind(), principal.identifier())
}
