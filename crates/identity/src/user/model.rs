//! Users and the rules of guessing their passwords.

use std::fmt;

use tenantry_kernel::id::UserId;
use tenantry_kernel::locale::Timezone;
use tenantry_kernel::{DisplayName, EmailAddress, Locale};
use time::{Duration, OffsetDateTime};

/// A password's hash in PHC text format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a PHC string; the hasher is who understands it.
    pub fn from_phc(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A role over the installation, given by the operator's command line only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlatformRole {
    /// Runs the installation.
    Operator,
    /// Looks, never touches.
    Support,
}

impl PlatformRole {
    /// The role as the API and tokens name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Support => "support",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "operator" => Some(Self::Operator),
            "support" => Some(Self::Support),
            _ => None,
        }
    }
}

/// Whether the person may sign in at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// Barred by an operator since `at`.
    Disabled {
        /// Since when.
        at: OffsetDateTime,
    },
    /// Gone: nothing personal is left. The id stays, so that logs name somebody who is nobody any more.
    Erased {
        /// Since when.
        at: OffsetDateTime,
    },
}

impl UserStatus {
    /// The status as the API and storage name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled { .. } => "disabled",
            Self::Erased { .. } => "erased",
        }
    }
}

/// Too many wrong passwords; guessing may go on at `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts")]
pub struct BackOff {
    /// When the next attempt is looked at.
    pub until: OffsetDateTime,
    /// Whole seconds until then, at least one.
    pub retry_after_s: u64,
}

impl BackOff {
    /// Passes when nothing is waited for any more at `now`.
    ///
    /// # Errors
    /// The wait that is left.
    pub fn until(locked_until: Option<OffsetDateTime>, now: OffsetDateTime) -> Result<(), Self> {
        let Some(until) = locked_until.filter(|until| *until > now) else {
            return Ok(());
        };
        let wait = until - now;
        let begun = i64::from(wait.subsec_nanoseconds() > 0);
        let retry_after_s = u64::try_from(wait.whole_seconds() + begun).unwrap_or(1);
        Err(Self { until, retry_after_s })
    }
}

/// What storage keeps of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// Which user.
    pub id: UserId,
    /// The address they sign in with.
    pub email: EmailAddress,
    /// What they are called.
    pub name: DisplayName,
    /// `None` until a password is set.
    pub password_hash: Option<PasswordHash>,
    /// When they proved that they read mail at the address.
    pub email_verified_at: Option<OffsetDateTime>,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// The role over the installation, if any.
    pub platform_role: Option<PlatformRole>,
    /// Wrong passwords since the last right one.
    pub failed_logins: u32,
    /// Until when no password is looked at.
    pub locked_until: Option<OffsetDateTime>,
    /// The last success.
    pub last_login_at: Option<OffsetDateTime>,
    /// The language of mails.
    pub locale: Locale,
    /// Where their days begin; `None` for wherever the tenant's do.
    pub timezone: Option<Timezone>,
    /// When all that is known of them is to be erased, if it is.
    pub erase_at: Option<OffsetDateTime>,
    /// The person whom they turned out to be, once two accounts of one human were merged into that one.
    pub merged_into: Option<UserId>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Counts updates; the `ETag` of `/me`.
    pub version: i64,
}

/// One human across all tenants. It remembers whether the address was proved since it was read: the directory has to
/// follow.
#[derive(Clone, Debug)]
pub struct User(UserRecord, bool);

impl PartialEq for User {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for User {}

impl User {
    /// Failures before the first wait begins.
    pub const FREE_FAILURES: u32 = 5;
    /// The first delay after them; each further failure doubles it.
    pub const FIRST_DELAY: Duration = Duration::seconds(5);
    /// The longest delay: never a lock for good, so that a stranger cannot lock the owner out for good.
    pub const LONGEST_DELAY: Duration = Duration::minutes(15);

    /// A new user without a password, whose address is not verified yet.
    #[must_use]
    pub const fn register(
        id: UserId,
        email: EmailAddress,
        name: DisplayName,
        locale: Locale,
        now: OffsetDateTime,
    ) -> Self {
        let record = UserRecord {
            id,
            email,
            name,
            password_hash: None,
            email_verified_at: None,
            status: UserStatus::Active,
            platform_role: None,
            failed_logins: 0,
            locked_until: None,
            last_login_at: None,
            locale,
            timezone: None,
            erase_at: None,
            merged_into: None,
            created_at: now,
            version: 1,
        };
        Self(record, false)
    }

    /// The user that storage kept.
    #[must_use]
    pub const fn restore(record: UserRecord) -> Self {
        Self(record, false)
    }

    /// Everything storage keeps.
    #[must_use]
    pub const fn record(&self) -> &UserRecord {
        &self.0
    }

    /// Which user.
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.0.id
    }

    /// The address they sign in with.
    #[must_use]
    pub const fn email(&self) -> &EmailAddress {
        &self.0.email
    }

    /// What they are called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The hash of their password, if they set one.
    #[must_use]
    pub const fn password_hash(&self) -> Option<&PasswordHash> {
        self.0.password_hash.as_ref()
    }

    /// When the address was verified.
    #[must_use]
    pub const fn email_verified_at(&self) -> Option<OffsetDateTime> {
        self.0.email_verified_at
    }

    /// The role over the installation.
    #[must_use]
    pub const fn platform_role(&self) -> Option<PlatformRole> {
        self.0.platform_role
    }

    /// The language of mails.
    #[must_use]
    pub fn locale(&self) -> &str {
        self.0.locale.as_str()
    }

    /// The last successful log-in.
    #[must_use]
    pub const fn last_login_at(&self) -> Option<OffsetDateTime> {
        self.0.last_login_at
    }

    /// Counts updates.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.0.version
    }

    /// True when no operator barred them.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.0.status, UserStatus::Active)
    }

    /// Passes when a password may be looked at now.
    ///
    /// # Errors
    /// [`BackOff`] after too many failures.
    pub fn attempt(&self, now: OffsetDateTime) -> Result<(), BackOff> {
        BackOff::until(self.0.locked_until, now)
    }

    /// The password was wrong. While the user is backed off nothing is counted: a stranger cannot make the
    /// wait longer.
    pub fn failed(&mut self, now: OffsetDateTime) {
        if self.attempt(now).is_ok() {
            self.0.failed_logins = self.0.failed_logins.saturating_add(1);
            self.0.locked_until = Self::delay_after(self.0.failed_logins).map(|delay| now + delay);
        }
    }

    /// The wait after so many failures in a row.
    fn delay_after(failures: u32) -> Option<Duration> {
        let beyond = failures.checked_sub(Self::FREE_FAILURES)?;
        // 2^8 × 5 s is above the longest delay already; the cap keeps the shift small.
        let doubled = Self::FIRST_DELAY * (1_i32 << beyond.min(8));
        Some(doubled.min(Self::LONGEST_DELAY))
    }

    /// The password was right. Asked again in the unit that lets the user in: of many guesses made at once,
    /// those judged after the last free failure are worth nothing, right or wrong.
    ///
    /// # Errors
    /// [`BackOff`] when others failed too often meanwhile.
    pub fn signed_in(&mut self, now: OffsetDateTime) -> Result<(), BackOff> {
        self.attempt(now)?;
        self.forgive();
        self.0.last_login_at = Some(now);
        Ok(())
    }

    /// They opened a session without a password, as when switching tenants. Says nothing about guesses.
    pub const fn seen(&mut self, now: OffsetDateTime) {
        self.0.last_login_at = Some(now);
    }

    /// Forgets the failures, as after a password reset.
    pub const fn forgive(&mut self) {
        self.0.failed_logins = 0;
        self.0.locked_until = None;
    }

    /// Sets the hash of a password that a [`PasswordJudge`](crate::password::PasswordJudge) admitted.
    pub fn set_password(&mut self, hash: PasswordHash) {
        self.0.password_hash = Some(hash);
    }

    /// There is no password any more, until one is set by mail.
    pub fn forget_password(&mut self) {
        self.0.password_hash = None;
    }

    /// They read mail at the address. The first time counts.
    pub fn verify_email(&mut self, now: OffsetDateTime) {
        if self.0.email_verified_at.is_none() {
            self.0.email_verified_at = Some(now);
            self.1 = true;
        }
    }

    /// True when the address was proved since the user was read or registered.
    #[must_use]
    pub const fn is_newly_verified(&self) -> bool {
        self.1
    }

    /// Signs in with another address of theirs from now on, which they have proved to be theirs before.
    pub fn move_to(&mut self, email: EmailAddress, verified_at: OffsetDateTime) {
        self.0.email = email;
        self.0.email_verified_at = Some(verified_at);
    }

    /// Sets where their days begin; `None` for wherever the tenant's do.
    pub fn live_in(&mut self, timezone: Option<Timezone>) {
        self.0.timezone = timezone;
    }

    /// When all that is known of them is to be erased, if it is.
    #[must_use]
    pub const fn erase_at(&self) -> Option<OffsetDateTime> {
        self.0.erase_at
    }

    /// All that is known of them is to be erased at that time; `None` calls it off.
    pub const fn schedule_erasure(&mut self, at: Option<OffsetDateTime>) {
        self.0.erase_at = at;
    }

    /// The person whom they turned out to be, if two accounts were merged.
    #[must_use]
    pub const fn merged_into(&self) -> Option<UserId> {
        self.0.merged_into
    }

    /// They turned out to be `other`: nobody signs in as them any more, and what they have moves there from now on.
    pub const fn merge_into(&mut self, other: UserId, now: OffsetDateTime) {
        self.0.merged_into = Some(other);
        self.0.erase_at = Some(now);
        self.disable(now);
    }

    /// What is left of them once everything personal is gone: their id, and whom they turned out to be.
    #[must_use]
    pub fn erased(&self, now: OffsetDateTime) -> Self {
        let record = UserRecord {
            email: EmailAddress::nobody(&self.0.id.to_string()),
            name: DisplayName::erased(),
            password_hash: None,
            email_verified_at: None,
            status: UserStatus::Erased { at: now },
            platform_role: None,
            failed_logins: 0,
            locked_until: None,
            last_login_at: None,
            locale: Locale::default(),
            timezone: None,
            erase_at: None,
            ..self.0.clone()
        };
        Self(record, false)
    }

    /// Sets what they are called.
    pub fn rename(&mut self, name: DisplayName) {
        self.0.name = name;
    }

    /// Sets the language of mails.
    pub fn speak(&mut self, locale: Locale) {
        self.0.locale = locale;
    }

    /// Gives or takes the role over the installation.
    pub const fn set_platform_role(&mut self, role: Option<PlatformRole>) {
        self.0.platform_role = role;
    }

    /// The user as it is once its update is stored.
    #[must_use]
    pub fn stored(mut self) -> Self {
        self.0.version += 1;
        self.1 = false;
        self
    }

    /// Bars them from signing in. The first time counts.
    pub const fn disable(&mut self, now: OffsetDateTime) {
        if self.is_active() {
            self.0.status = UserStatus::Disabled { at: now };
        }
    }

    /// Lets them sign in again.
    pub const fn enable(&mut self) {
        if matches!(self.0.status, UserStatus::Disabled { .. }) {
            self.0.status = UserStatus::Active;
        }
    }

    /// Whether they may sign in, and since when not.
    #[must_use]
    pub const fn status(&self) -> UserStatus {
        self.0.status
    }

    /// Where their days begin, if they said.
    #[must_use]
    pub const fn timezone(&self) -> Option<&Timezone> {
        self.0.timezone.as_ref()
    }
}

#[cfg(test)]
mod tests;
