//! Events: what happened, in the words of the audit log. Written with the effect, never after it.

use time::OffsetDateTime;

use crate::email::EmailAddress;
use crate::id::UserId;
use crate::secret::Secret;

/// A small value for event changes and problem details: what JSON can say, without a JSON library.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absent.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// A time, shown as RFC 3339.
    Time(OffsetDateTime),
    /// Several.
    List(Vec<Value>),
    /// Something secret was here; only that is told.
    Masked,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}
impl From<OffsetDateTime> for Value {
    fn from(at: OffsetDateTime) -> Self {
        Self::Time(at)
    }
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Self::Null, Into::into)
    }
}
impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(many: Vec<T>) -> Self {
        Self::List(many.into_iter().map(Into::into).collect())
    }
}

/// One field before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The field, as the API names it.
    pub field: &'static str,
    /// Before; [`Value::Null`] for something new.
    pub before: Value,
    /// After; [`Value::Null`] for something removed.
    pub after: Value,
}

/// A message to send once the effect is durable. Fields marked secret are sealed at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Which template: `invitation`, `set_password`, …
    pub template: &'static str,
    /// To whom.
    pub to: EmailAddress,
    /// In which language; a BCP 47 tag.
    pub locale: String,
    /// What the template shows.
    pub fields: Vec<(&'static str, String)>,
    /// The one-time token that the link carries, if the mail has one.
    pub token: Option<Secret<String>>,
}

/// Something that happened to one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `area.verb_in_the_past`: `subscription.started`.
    pub action: &'static str,
    /// The kind of thing it happened to: `subscription`.
    pub resource_type: &'static str,
    /// Which one.
    pub resource_id: String,
    /// The human it speaks of, if it does: what it says of their address, name and place is kept apart from the
    /// log, and goes with them.
    pub subject: Option<UserId>,
    /// What changed, secrets masked.
    pub changes: Vec<Change>,
    /// Messages that follow from it.
    pub mails: Vec<Mail>,
}

impl Event {
    /// An event without changes yet. The resource's type is what stands before the dot of `action`.
    pub fn new(action: &'static str, resource_id: impl ToString) -> Self {
        let resource_type = action.split_once('.').map_or(action, |(resource, _)| resource);
        Self {
            action,
            resource_type,
            resource_id: resource_id.to_string(),
            subject: None,
            changes: Vec::new(),
            mails: Vec::new(),
        }
    }

    /// Says that it speaks of this human.
    #[must_use]
    pub const fn of(mut self, subject: UserId) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Adds a change. A change that changes nothing is left out.
    #[must_use]
    pub fn change(mut self, field: &'static str, before: impl Into<Value>, after: impl Into<Value>) -> Self {
        let change = Change {
            field,
            before: before.into(),
            after: after.into(),
        };
        if change.before != change.after || change.after == Value::Masked {
            self.changes.push(change);
        }
        self
    }

    /// Adds a field that is new with the resource.
    #[must_use]
    pub fn set(self, field: &'static str, after: impl Into<Value>) -> Self {
        self.change(field, Value::Null, after)
    }

    /// Adds a message to send once this is durable.
    #[must_use]
    pub fn mail(mut self, mail: Mail) -> Self {
        self.mails.push(mail);
        self
    }
}
