//! What the log says of people, kept apart from it.
//!
//! An entry keeps, of every person it speaks of, a mark that is the same in all entries of its tenant, and a digest of
//! what it said of them. What was said is in a row of its own, which goes when the person is erased. So the log is
//! never changed: what was kept can be checked against its digest, and what was erased shows the mark.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Map, Value as JsonValue, json};
use tenantry_kernel::id::UserId;
use tenantry_kernel::{Cipher, EmailAddress, Event, Origin, StoreError, Value};
use uuid::Uuid;

use super::changes;
use crate::entity::{audit_personal, email_directory};
use crate::error::store_error;
use crate::identity::directory_entry;
use crate::unit::SeaOrmUnit;

/// What an event about a person says that tells who they are.
const OF_ITS_SUBJECT: &[&str] = &["email", "name", "department", "position"];
/// What any event says that may be somebody's address. It is theirs when they are known by it.
const ADDRESSES: &[&str] = &["billing_email"];
const ADDRESS: &str = "address";
const USER_AGENT: &str = "user_agent";

/// An entry in two parts.
pub(crate) struct Split {
    /// What changed, without what was kept apart.
    pub changes: Json,
    /// Marks and digests; `None` when nothing was kept apart.
    pub personal: Option<Json>,
    /// Where the call came from, unless it was kept apart.
    pub address: Option<String>,
    /// With which program, unless it was kept apart.
    pub user_agent: Option<String>,
    /// What was kept apart.
    pub rows: Vec<audit_personal::ActiveModel>,
}

/// Takes apart what an entry says. `actor` is the person who acts, if it is one.
pub(crate) async fn split(
    unit: &SeaOrmUnit,
    audit: Uuid,
    event: &Event,
    actor: Option<UserId>,
    origin: Option<&Origin>,
) -> Result<Split, StoreError> {
    let mut said: BTreeMap<Uuid, Map<String, JsonValue>> = BTreeMap::new();
    let mut kept = changes::to_json(&event.changes);
    for (position, change) in event.changes.iter().enumerate() {
        for (side, value) in [("before", &change.before), ("after", &change.after)] {
            let Some(owner) = owner(unit, event, change.field, value).await? else {
                continue;
            };
            let place = format!("{position}.{side}");
            said.entry(owner).or_default().insert(place, changes::encode(value));
            if let Some(slot) = kept.get_mut(position).and_then(|change| change.get_mut(side)) {
                *slot = changes::apart(&mark(unit, owner));
            }
        }
    }
    let mut address = origin
        .and_then(|origin| origin.address)
        .map(|address| address.to_string());
    let mut user_agent = origin
        .and_then(|origin| origin.user_agent.as_deref())
        .map(str::to_owned);
    // Of strangers and programs nobody is to be told apart.
    if let Some(actor) = actor.map(UserId::as_uuid).filter(|actor| !actor.is_nil()) {
        for (name, text) in [(ADDRESS, address.take()), (USER_AGENT, user_agent.take())] {
            if let Some(text) = text {
                said.entry(actor).or_default().insert(name.to_owned(), text.into());
            }
        }
    }
    let cipher = unit.store().ports.cipher.as_ref();
    let mut marks = Vec::with_capacity(said.len());
    let mut rows = Vec::with_capacity(said.len());
    for (owner, said) in said {
        let id = unit.store().ports.ids.next();
        let said = JsonValue::Object(said);
        marks.push(json!({ "who": mark(unit, owner), "digest": digest(cipher, id, &said) }));
        rows.push(audit_personal::ActiveModel {
            tenant_id: Set(unit.tenant_uuid()),
            id: Set(id),
            audit_id: Set(audit),
            user_id: Set(owner),
            said: Set(said),
        });
    }
    Ok(Split {
        changes: kept,
        personal: (!marks.is_empty()).then(|| marks.into()),
        address,
        user_agent,
        rows,
    })
}

/// Whose value this is, if it is anybody's.
async fn owner(unit: &SeaOrmUnit, event: &Event, field: &str, value: &Value) -> Result<Option<Uuid>, StoreError> {
    let Value::Text(text) = value else { return Ok(None) };
    if OF_ITS_SUBJECT.contains(&field) {
        return Ok(event.subject.map(UserId::as_uuid));
    }
    if !ADDRESSES.contains(&field) {
        return Ok(None);
    }
    let Ok(email) = EmailAddress::try_from(text.as_str()) else {
        return Ok(None);
    };
    let known = unit
        .shared::<email_directory::Entity>()
        .filter(email_directory::Column::Fingerprint.eq(directory_entry(unit.store(), &email)));
    let row = known.one(unit.txn()).await.map_err(store_error)?;
    Ok(row.map(|row| row.user_id))
}

/// What stands for a person in the log of one tenant: always the same there, and another elsewhere.
fn mark(unit: &SeaOrmUnit, person: Uuid) -> String {
    let text = format!("{}/{person}", unit.tenant_uuid());
    let print = unit.store().ports.cipher.fingerprint("audit-person", text.as_bytes());
    hex(print.iter().take(8))
}

/// The row's id is random, and gone with the row: nobody finds a short value by trying.
pub(crate) fn digest(cipher: &dyn Cipher, row: Uuid, said: &JsonValue) -> String {
    hex(cipher
        .fingerprint("audit-personal", format!("{row}{said}").as_bytes())
        .iter())
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What was kept apart of some entries, by entry.
pub(crate) struct Said(BTreeMap<Uuid, Map<String, JsonValue>>);

impl Said {
    pub(crate) fn of(rows: Vec<audit_personal::Model>) -> Self {
        let mut all: BTreeMap<Uuid, Map<String, JsonValue>> = BTreeMap::new();
        for row in rows {
            if let JsonValue::Object(said) = row.said {
                all.entry(row.audit_id).or_default().extend(said);
            }
        }
        Self(all)
    }

    /// Where the call of an entry came from.
    pub(crate) fn address(&self, audit: Uuid) -> Option<String> {
        self.text(audit, ADDRESS)
    }

    /// With which program.
    pub(crate) fn user_agent(&self, audit: Uuid) -> Option<String> {
        self.text(audit, USER_AGENT)
    }

    fn text(&self, audit: Uuid, name: &str) -> Option<String> {
        Some(self.0.get(&audit)?.get(name)?.as_str()?.to_owned())
    }

    /// Puts what was kept apart back where it was said.
    pub(crate) fn restore(&self, audit: Uuid, stored: &mut Json) {
        let Some(said) = self.0.get(&audit) else { return };
        for (place, value) in said {
            let Some((position, side)) = place.split_once('.') else {
                continue;
            };
            let position: Option<usize> = position.parse().ok();
            let slot = position.and_then(|position| stored.get_mut(position)?.get_mut(side));
            if let Some(slot) = slot {
                *slot = value.clone();
            }
        }
    }
}
