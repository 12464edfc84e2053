//! A call as a whole: its credential, where it is addressed to, and who is let in where.
//!
//! The decision follows from a dozen facts. It is remembered while none of them has changed, so that a warm call asks for
//! one thing (docs/adr/0029).

use std::net::IpAddr;
use std::sync::Arc;

use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Origin, Secret, TenantId, TenantScope, UserId};
use tenantry_quotas::usage::KnownTerms;

use super::{Access, AccessError, Address, Caller};

/// What a call shows to be believed, as it came.
#[derive(Clone, Debug)]
pub enum Credential<'a> {
    /// What stands after `Authorization: Bearer`: an access token, an API key or a platform key.
    Bearer(Secret<&'a [u8]>),
    /// What stands in `X-API-Key`.
    ApiKey(Secret<&'a [u8]>),
}

/// What is asked about a call. Equal questions have one answer, until a fact changes or time goes by.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What it shows.
    pub credential: &'a Credential<'a>,
    /// Where it is addressed to.
    pub address: &'a Address<'a>,
    /// Where it comes from.
    pub from: Option<IpAddr>,
}

/// Who calls, and the tenant that they entered.
#[derive(Debug)]
pub struct Admission {
    /// Who calls.
    pub caller: Caller,
    /// Where they are now; `None` for a program of the installation, which enters no tenant.
    pub scope: Option<TenantScope>,
    /// What their calls were found to be held to.
    pub terms: KnownTerms,
}

/// Whose facts an admission follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    /// The tenant that was entered.
    pub tenant: TenantId,
    /// The person who calls, or whose own key it is.
    pub user: Option<UserId>,
}

/// A moment before a decision: what is decided from here on may be remembered if nothing changes meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// When it was.
    pub at: OffsetDateTime,
    /// What the memory needs to know it again.
    pub mark: u64,
}

/// Remembers admissions, and forgets each with the first commit of those whose facts it follows from.
pub trait Decisions: Send + Sync {
    /// The admission that answers this question, while it is good.
    fn recall(&self, question: &Question<'_>, now: OffsetDateTime) -> Option<Arc<Admission>>;

    /// Call it before anything is looked up; `None` when nothing can be remembered now.
    fn outlook(&self, now: OffsetDateTime) -> Option<Outlook>;

    /// Remembers what was decided since.
    fn keep(&self, question: &Question<'_>, since: Outlook, basis: Basis, admission: &Arc<Admission>);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoDecisions;

impl Decisions for NoDecisions {
    fn recall(&self, _: &Question<'_>, _: OffsetDateTime) -> Option<Arc<Admission>> {
        None
    }

    fn outlook(&self, _: OffsetDateTime) -> Option<Outlook> {
        None
    }

    fn keep(&self, _: &Question<'_>, _: Outlook, _: Basis, _: &Arc<Admission>) {}
}

impl Admission {
    /// Nothing is known of its terms yet.
    #[must_use]
    pub fn new(caller: Caller, scope: Option<TenantScope>) -> Self {
        Self {
            caller,
            scope,
            terms: KnownTerms::default(),
        }
    }

    /// Whose facts it follows from; `None` for those of whom every call is looked at: platform people, whose visits stand
    /// in the tenant's log, and support, whose visits end when others say so.
    pub(super) fn basis(&self) -> Option<Basis> {
        let user = match &self.caller {
            Caller::Key(key) => key.person,
            Caller::Service(_) => None,
            Caller::Person(person) => {
                person.seat?;
                Some(person.user)
            }
            Caller::Platform(_) | Caller::Support(_) => return None,
        };
        let tenant = self.scope.as_ref()?.tenant_id();
        Some(Basis { tenant, user })
    }
}

impl Access {
    /// Checks a credential: [`Access::authenticate_token`] or [`Access::authenticate_key`].
    ///
    /// # Errors
    /// As theirs.
    pub async fn authenticate(&self, credential: &Credential<'_>, origin: &Origin) -> Result<Caller, AccessError> {
        let (Credential::Bearer(shown) | Credential::ApiKey(shown)) = credential;
        let text = std::str::from_utf8(shown.expose()).map_err(|_| AccessError::NotAuthenticated)?;
        match credential {
            // A token has dots, a key has none.
            Credential::Bearer(_) if text.contains('.') => self.authenticate_token(text).await,
            Credential::Bearer(_) | Credential::ApiKey(_) => self.authenticate_key(text, origin).await,
        }
    }

    /// What was decided about such a call a moment ago, if it is good still: then neither [`Access::authenticate`] nor
    /// [`Access::enter`] would say anything else. The scope comes from the call of then.
    #[must_use]
    pub fn recall(&self, question: &Question<'_>) -> Option<Arc<Admission>> {
        self.decisions.recall(question, self.clock.system_now())
    }

    /// [`Access::authenticate`], then [`Access::enter`].
    ///
    /// # Errors
    /// As theirs. Refusals are not remembered.
    pub async fn admit(&self, question: &Question<'_>, origin: &Origin) -> Result<Arc<Admission>, AccessError> {
        let outlook = self.decisions.outlook(self.clock.system_now());
        let caller = self.authenticate(question.credential, origin).await?;
        let scope = match &caller {
            Caller::Platform(_) => None,
            caller => Some(self.enter(caller, question.address, origin.clone()).await?),
        };
        let admission = Arc::new(Admission::new(caller, scope));
        if let Some((outlook, basis)) = outlook.zip(admission.basis()) {
            self.decisions.keep(question, outlook, basis, &admission);
        }
        Ok(admission)
    }
}
