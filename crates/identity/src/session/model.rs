//! Sessions and how long they last.

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_kernel::Origin;
use tenantry_kernel::TenantId;
use tenantry_kernel::id::{MembershipId, SessionId, UserId};
use time::{Duration, OffsetDateTime};

use super::methods::{Method, Methods};

/// How long a proof of who one is lets one make delicate changes; a log-in counts.
pub const STEP_UP_LASTS: Duration = Duration::minutes(10);

/// How long sessions last. A tenant's security policy may only shorten it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// From log-in to the end, however busy.
    pub absolute: Duration,
    /// From the last use to the end.
    pub idle: Duration,
    /// How long a used refresh token still answers with its successor: two tabs, a lost answer.
    pub replay_window: Duration,
    /// How long a log-in counts as a step-up.
    pub step_up: Duration,
}

impl SessionPolicy {
    /// The same, or less where a tenant asks for less.
    #[must_use]
    pub fn shortened(self, absolute: Option<Duration>, idle: Option<Duration>) -> Self {
        Self {
            absolute: absolute.map_or(self.absolute, |asked| asked.min(self.absolute)),
            idle: idle.map_or(self.idle, |asked| asked.min(self.idle)),
            ..self
        }
    }
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            absolute: Duration::days(30),
            idle: Duration::days(14),
            replay_window: Duration::seconds(10),
            step_up: STEP_UP_LASTS,
        }
    }
}

/// What storage keeps of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Which session.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The tenant it acts in; `None` until one is chosen, and for operators.
    pub tenant: Option<TenantId>,
    /// The tie to that tenant.
    pub membership: Option<MembershipId>,
    /// The log-in.
    pub created_at: OffsetDateTime,
    /// The end, however busy.
    pub expires_at: OffsetDateTime,
    /// The last log-in or refresh.
    pub last_used_at: OffsetDateTime,
    /// When it was ended by hand, if it was.
    pub ended_at: Option<OffsetDateTime>,
    /// When the person last proved who they are.
    pub stepped_up_at: OffsetDateTime,
    /// How they proved it, since they signed in.
    pub methods: Methods,
    /// When they signed in. A session that goes on from another keeps its time.
    pub authenticated_at: OffsetDateTime,
    /// Where the log-in came from.
    pub address: Option<IpAddr>,
    /// With what.
    pub user_agent: Option<Arc<str>>,
}

/// One signed-in device or browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session(SessionRecord);

impl Session {
    /// A session that begins with a log-in now, by password.
    #[must_use]
    pub fn start(id: SessionId, user: UserId, origin: &Origin, policy: &SessionPolicy, now: OffsetDateTime) -> Self {
        Self::start_by(Method::Password.into(), id, user, origin, policy, now)
    }

    /// A session that begins with a log-in now, by these methods.
    #[must_use]
    pub fn start_by(
        methods: Methods,
        id: SessionId,
        user: UserId,
        origin: &Origin,
        policy: &SessionPolicy,
        now: OffsetDateTime,
    ) -> Self {
        Self(SessionRecord {
            id,
            user,
            tenant: None,
            membership: None,
            created_at: now,
            expires_at: now + policy.absolute,
            last_used_at: now,
            ended_at: None,
            stepped_up_at: now,
            methods,
            authenticated_at: now,
            address: origin.address,
            user_agent: origin.user_agent.clone(),
        })
    }

    /// The session that storage kept.
    #[must_use]
    pub const fn restore(record: SessionRecord) -> Self {
        Self(record)
    }

    /// Everything storage keeps.
    #[must_use]
    pub const fn record(&self) -> &SessionRecord {
        &self.0
    }

    /// Which session.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.0.id
    }

    /// Whose.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.0.user
    }

    /// The tenant it acts in.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.0.tenant
    }

    /// The tie to that tenant.
    #[must_use]
    pub const fn membership(&self) -> Option<MembershipId> {
        self.0.membership
    }

    /// Acts in this tenant from now on: a log-in for it, or a switch to it.
    pub const fn act_in(&mut self, tenant: TenantId, membership: MembershipId) {
        self.0.tenant = Some(tenant);
        self.0.membership = Some(membership);
    }

    /// True until it is ended, expires, or is left alone for too long.
    #[must_use]
    pub fn is_live(&self, policy: &SessionPolicy, now: OffsetDateTime) -> bool {
        self.0.ended_at.is_none() && now < self.latest_end(policy) && now < self.0.last_used_at + policy.idle
    }

    /// The end, however busy. It is counted from the log-in, so that a policy that was tightened since holds too.
    fn latest_end(&self, policy: &SessionPolicy) -> OffsetDateTime {
        self.0.expires_at.min(self.0.authenticated_at + policy.absolute)
    }

    /// True while the last proof of identity is fresh enough for delicate changes.
    #[must_use]
    pub fn is_stepped_up(&self, policy: &SessionPolicy, now: OffsetDateTime) -> bool {
        now < self.0.stepped_up_at + policy.step_up
    }

    /// The person proved again who they are, by these methods.
    pub const fn step_up(&mut self, methods: Methods, now: OffsetDateTime) {
        self.0.methods = self.0.methods.and(methods);
        self.0.stepped_up_at = now;
    }

    /// How the person proved who they are.
    #[must_use]
    pub const fn methods(&self) -> Methods {
        self.0.methods
    }

    /// Used now: the idle time begins anew.
    pub fn touch(&mut self, now: OffsetDateTime) {
        self.0.last_used_at = self.0.last_used_at.max(now);
    }

    /// Ends it. The first time counts.
    pub fn end(&mut self, now: OffsetDateTime) {
        self.0.ended_at.get_or_insert(now);
    }

    /// When a refresh token issued now stops being good: idle or absolute end, whichever is first.
    #[must_use]
    pub fn refresh_until(&self, policy: &SessionPolicy, now: OffsetDateTime) -> OffsetDateTime {
        (now + policy.idle).min(self.latest_end(policy))
    }
}
