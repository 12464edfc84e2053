//! Who says whether a password will do.
//!
//! Wherever a password is set, [`PasswordJudge::admit`] is asked; when somebody signs in, [`PasswordJudge::outgrown`]
//! says whether theirs will still do. Both take what the installation asks and the strictest of what the tenants of the
//! person ask. What a service outside knows is only looked up for new passwords: signing in waits for nobody.

use std::sync::Arc;

use tenantry_kernel::{EmailAddress, Secret, StoreError, UserId};

use super::demand::{PasswordDemand, PasswordDemands};
use super::leaked::is_leaked;
use super::lengths::Lengths;
use super::meter::{BreachLookup, Sighting, StrengthMeter};
use super::policy::{self, WeakPassword};
use crate::user::{HashFailed, User};

/// Whose password it is, or will be.
#[derive(Clone, Copy, Debug)]
pub struct PasswordOwner<'a> {
    /// Their address.
    pub email: &'a EmailAddress,
    /// What they are called.
    pub name: &'a str,
    /// True when the password is never all that is asked for: see [`PasswordJudge::is_guarded`].
    pub guarded: bool,
}

/// Why a password will not do.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It breaks a rule.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// It could not be measured.
    #[error(transparent)]
    Unmeasured(#[from] HashFailed),
}

/// Says whether passwords will do.
pub struct PasswordJudge {
    lengths: Lengths,
    demands: Arc<dyn PasswordDemands>,
    meter: Arc<dyn StrengthMeter>,
    lookup: Option<Arc<dyn BreachLookup>>,
}

impl PasswordJudge {
    /// Judges by these lengths and by what the tenants ask; looks nothing up outside.
    #[must_use]
    pub fn new(lengths: Lengths, demands: Arc<dyn PasswordDemands>, meter: Arc<dyn StrengthMeter>) -> Self {
        Self {
            lengths,
            demands,
            meter,
            lookup: None,
        }
    }

    /// Asks this service about every password that is set.
    #[must_use]
    pub fn asking(mut self, lookup: Arc<dyn BreachLookup>) -> Self {
        self.lookup = Some(lookup);
        self
    }

    /// What the tenants of the person ask.
    ///
    /// # Errors
    /// The store's.
    pub async fn demand_of(&self, user: UserId) -> Result<PasswordDemand, StoreError> {
        self.demands.of(user).await
    }

    /// True when a second factor of the person decides about this password: then somebody must look whether they have
    /// one. For all others it saves the look.
    #[must_use]
    pub fn factor_matters(&self, password: &Secret<String>) -> bool {
        self.lengths
            .depends(password.expose().chars().take(policy::MAX_CHARS).count())
    }

    /// True when the person's password alone opens nothing: they have a second factor, or each of their tenants wants
    /// one. Whoever has a role over the installation comes in without a tenant, so that tenants say nothing about them.
    #[must_use]
    pub fn is_guarded(user: &User, has_factor: bool, demand: &PasswordDemand) -> bool {
        has_factor || (user.platform_role().is_none() && demand.wants_two_factors())
    }

    /// Passes when the password may be set.
    ///
    /// # Errors
    /// [`Unfit`].
    pub async fn admit(
        &self,
        password: &Secret<String>,
        owner: &PasswordOwner<'_>,
        demand: &PasswordDemand,
    ) -> Result<(), Unfit> {
        let at_least = self.at_least(owner, demand);
        policy::check(password.expose(), at_least, owner.email, owner.name)?;
        self.check_demand(password, owner, demand).await?;
        if let Some(lookup) = &self.lookup {
            match lookup.look(password).await {
                Sighting::Breached => return Err(WeakPassword::Breached.into()),
                Sighting::NoAnswer if is_leaked(password.expose()) => return Err(WeakPassword::Breached.into()),
                Sighting::Unknown | Sighting::NoAnswer => {}
            }
        }
        Ok(())
    }

    /// Which rule the password that somebody just signed in with does not meet any more: too short, too easy to guess,
    /// or in the list of breaches, as far as that is asked. `None` when it will do.
    ///
    /// # Errors
    /// [`HashFailed`].
    pub async fn outgrown(
        &self,
        password: &Secret<String>,
        owner: &PasswordOwner<'_>,
        demand: &PasswordDemand,
    ) -> Result<Option<WeakPassword>, HashFailed> {
        if let Err(short) = policy::check_length(password.expose(), self.at_least(owner, demand)) {
            return Ok(Some(short));
        }
        match self.check_demand(password, owner, demand).await {
            Ok(()) => Ok(None),
            Err(Unfit::Weak(rule)) => Ok(Some(rule)),
            Err(Unfit::Unmeasured(cause)) => Err(cause),
        }
    }

    fn at_least(&self, owner: &PasswordOwner<'_>, demand: &PasswordDemand) -> u32 {
        self.lengths.least(owner.guarded).max(demand.min_length().unwrap_or(0))
    }

    /// What only some tenants ask for, and what costs time, last.
    async fn check_demand(
        &self,
        password: &Secret<String>,
        owner: &PasswordOwner<'_>,
        demand: &PasswordDemand,
    ) -> Result<(), Unfit> {
        if demand.forbids_breached() && is_leaked(password.expose()) {
            return Err(WeakPassword::Breached.into());
        }
        let required = demand.min_strength();
        if required == 0 {
            return Ok(());
        }
        let reached = self.meter.measure(password.clone(), words(owner, demand)).await?;
        if reached.score < required {
            return Err(WeakPassword::TooWeak { required, reached }.into());
        }
        Ok(())
    }
}

/// What whoever guesses at this person's password tries first.
fn words(owner: &PasswordOwner<'_>, demand: &PasswordDemand) -> Vec<String> {
    let address = owner.email.as_str();
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let parts = [address, local, domain, owner.name];
    let pieces = local
        .split(['.', '-', '_', '+'])
        .chain(domain.split('.'))
        .chain(owner.name.split_whitespace());
    parts
        .into_iter()
        .chain(pieces)
        .chain(demand.words().iter().map(String::as_str))
        .filter(|word| word.chars().count() > 2)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
