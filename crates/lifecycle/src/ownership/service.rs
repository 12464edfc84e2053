//! Offering a tenant, taking it, taking the offer back.

use std::sync::Arc;

use tenantry_identity::one_time_token::{OneTimeText, OneTimeToken, OneTimeTokenId, Purpose, TokenState};
use tenantry_identity::store::IdentityStore;
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::uuid::Uuid;
use tenantry_kernel::{
    Cipher, Clock, Code, Denied, Entropy, Event, FieldError, IdSource, Mail, MembershipId, Origin, Principal,
    SessionId, TenantId, TenantScope, UserId, retry,
};
use tenantry_tenancy::gate::Gate;
use tenantry_tenancy::membership::{Membership, MembershipState, WrongState, steps};
use tenantry_tenancy::ownership::{OwnershipTransfer, OwnershipTransferId};
use tenantry_tenancy::permissions::OWNERSHIP_TRANSFER;
use tenantry_tenancy::role::{RoleBook, RoleDefinition, SystemRole};

use super::error::OwnershipError;
use crate::catalog::Catalog;
use crate::store::{LifecycleStore, LifecycleUnit};

/// How often a change is tried when others are in the way.
const TRIES: u8 = 5;

/// What handing a tenant over needs.
pub struct OwnershipParts {
    /// The catalog's roles, and what the product is called.
    pub catalog: Arc<Catalog>,
    /// People.
    pub people: Arc<dyn IdentityStore>,
    /// Units over tenant and person.
    pub store: Arc<dyn LifecycleStore>,
    /// Fingerprints.
    pub cipher: Arc<dyn Cipher>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Identifiers.
    pub ids: Arc<dyn IdSource>,
    /// Secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Where scopes are minted.
    pub gate: Gate,
}

/// To whom an owner offers the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferOwnership {
    /// The member.
    pub to: MembershipId,
    /// The role that the owner carries afterwards, by any of its names; the owner's to stay one of two. An admin's when
    /// absent, or the strongest that the catalog has.
    pub keep_role: Option<String>,
}

/// A tenant has another owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The tenant.
    pub tenant: TenantId,
    /// The new owner.
    pub owner: Membership,
    /// Who was it before.
    pub former: Membership,
}

/// Hands tenants over.
pub struct OwnershipService(OwnershipParts);

/// What a mailed token stands for.
struct Taken {
    user: UserId,
    tenant: TenantId,
    membership: MembershipId,
    token: OneTimeToken,
}

impl OwnershipService {
    /// Puts the parts together.
    #[must_use]
    pub const fn new(parts: OwnershipParts) -> Self {
        Self(parts)
    }

    /// Offers the tenant to an active member, who gets a mail. Nothing changes until they take it.
    ///
    /// # Errors
    /// [`OwnershipError`]: denied to all but owners; unknown member or role; not active; an owner already; pending.
    pub async fn offer(
        &self,
        scope: &TenantScope,
        request: OfferOwnership,
    ) -> Result<OwnershipTransfer, OwnershipError> {
        scope.require(&OWNERSHIP_TRANSFER)?;
        let from = acting(scope)?;
        let id = OwnershipTransferId::from_uuid(self.0.ids.next());

        let mut unit = self.0.store.read_spanning(scope).await?;
        let user = receiver(&mut *unit, request.to).await?.user();
        drop(unit);
        retry::contended(TRIES, || self.try_offer(scope, id, from, &request, user)).await
    }

    async fn try_offer(
        &self,
        scope: &TenantScope,
        id: OwnershipTransferId,
        from: MembershipId,
        request: &OfferOwnership,
        user: UserId,
    ) -> Result<OwnershipTransfer, OwnershipError> {
        let now = self.0.clock.now(scope);
        let mut unit = self.0.store.begin_spanning(scope, Some(user)).await?;
        let own = steps::hold_roles(&mut *unit).await?;
        let book = own.book(self.0.catalog.roles());
        let owner = unit.memberships().find(from).await?;
        let owner = owner.filter(|owner| is_owner(book, owner));
        let owner = owner.ok_or_else(|| Denied::new(OWNERSHIP_TRANSFER))?;
        let to = receiver(&mut *unit, request.to).await?;
        if is_owner(book, &to) {
            return Err(OwnershipError::AlreadyOwner);
        }
        let keep_role = kept(book, request.keep_role.as_deref())?;
        if let Some(before) = unit.ownership().pending().await?
            && before.is_over(now)
        {
            unit.ownership().end(before.id).await?;
        }
        let transfer = OwnershipTransfer::offer(id, from, to.id(), keep_role, now);
        unit.ownership().offer(&transfer).await?;
        let mail = self.mail(&mut *unit, scope, &transfer, &owner, &to).await?;
        unit.commit(vec![transfer.offered().mail(mail)]).await?;
        Ok(transfer)
    }

    /// The offer that waits, for owners and for whom it is made to.
    ///
    /// # Errors
    /// [`OwnershipError::NotFound`] when none waits or it is not theirs to see; the store's.
    pub async fn pending(&self, scope: &TenantScope) -> Result<OwnershipTransfer, OwnershipError> {
        let mut unit = self.0.store.read_spanning(scope).await?;
        let transfer = unit.ownership().pending().await?;
        let now = self.0.clock.now(scope);
        let transfer = transfer.filter(|transfer| !transfer.is_over(now) && concerns(scope, transfer));
        transfer.ok_or(OwnershipError::NotFound)
    }

    /// Takes the offer back, or turns it down. The mail's link is worth nothing any more.
    ///
    /// # Errors
    /// [`OwnershipError::NotFound`] when none waits; denied to all but owners and whom it is made to.
    pub async fn cancel(&self, scope: &TenantScope) -> Result<(), OwnershipError> {
        if !scope.permissions().holds(&OWNERSHIP_TRANSFER) {
            acting(scope)?;
        }

        retry::contended(TRIES, || async {
            let mut unit = self.0.store.begin_spanning(scope, None).await?;
            let transfer = unit.ownership().pending().await?.ok_or(OwnershipError::NotFound)?;
            if !concerns(scope, &transfer) {
                return Err(Denied::new(OWNERSHIP_TRANSFER).into());
            }
            if !unit.ownership().end(transfer.id).await? {
                return Err(OwnershipError::NotFound);
            }
            unit.commit(vec![transfer.cancelled()]).await?;
            Ok(())
        })
        .await
    }

    /// Takes the tenant over, signed in as the member it is offered to.
    ///
    /// # Errors
    /// [`OwnershipError`]: denied to programs; not found when nothing is offered to the caller; void; not active.
    pub async fn accept(&self, scope: &TenantScope) -> Result<Handed, OwnershipError> {
        let to = acting(scope)?;

        retry::contended(TRIES, || async {
            let mut unit = self.0.store.begin_spanning(scope, None).await?;
            let transfer = unit.ownership().pending().await?;
            let now = self.0.clock.now(scope);
            let transfer = transfer.filter(|transfer| transfer.to == to && !transfer.is_over(now));
            let transfer = transfer.ok_or(OwnershipError::NotFound)?;
            self.hand_over(scope, unit, &transfer).await
        })
        .await
    }

    /// Takes the tenant over by the link of the mail, which proves who reads mail at the receiver's address.
    ///
    /// # Errors
    /// [`OwnershipError`]: token unknown (also when expired), gone when taken or cancelled; void; not active.
    pub async fn accept_by_mail(&self, token: &str, origin: Origin) -> Result<Handed, OwnershipError> {
        let found = self.find(token).await?;
        let principal = Principal::Member {
            user: found.user,
            membership: found.membership,
            session: SessionId::from_uuid(Uuid::nil()), // No session: the link is the proof.
        };
        let scope = self.0.gate.enter_invited(found.tenant, principal, origin).await?;

        retry::contended(TRIES, || async {
            let now = self.0.clock.system_now();
            let mut unit = self.0.store.begin_spanning(&scope, Some(found.user)).await?;
            if !unit.one_time_tokens().use_once(found.token.id, now).await? {
                return Err(OwnershipError::Gone);
            }
            let transfer = unit.ownership().pending().await?;
            // The token has the id of the offer that it was mailed for.
            let meant = |transfer: &OwnershipTransfer| transfer.id.as_uuid() == found.token.id.as_uuid();
            let transfer = transfer.filter(meant).ok_or(OwnershipError::Gone)?;
            self.hand_over(&scope, unit, &transfer).await
        })
        .await
    }

    async fn find(&self, text: &str) -> Result<Taken, OwnershipError> {
        let text = OneTimeText::parse(text).ok_or(OwnershipError::TokenUnknown)?;
        let mut unit = self.0.people.read_person(text.user()).await?;
        let found = unit.one_time_tokens().find(&text.fingerprint(&*self.0.cipher)).await?;
        let token = found.ok_or(OwnershipError::TokenUnknown)?;
        let (Purpose::OwnershipTransfer, Some(tenant), Some(membership)) =
            (token.purpose, token.tenant, token.membership)
        else {
            return Err(OwnershipError::TokenUnknown);
        };
        match token.state(self.0.clock.system_now()) {
            TokenState::Good => Ok(Taken {
                user: text.user(),
                tenant,
                membership,
                token,
            }),
            TokenState::Spent => Err(OwnershipError::Gone),
            TokenState::Expired => Err(OwnershipError::TokenUnknown),
        }
    }

    /// Both roles change in one commit, the new owner's first: there is no moment without one. Whoever changes either
    /// member meanwhile makes this attempt stale, and it looks again.
    async fn hand_over(
        &self,
        scope: &TenantScope,
        mut unit: Box<dyn LifecycleUnit>,
        transfer: &OwnershipTransfer,
    ) -> Result<Handed, OwnershipError> {
        let now = self.0.clock.now(scope);
        let own = steps::hold_roles(&mut *unit).await?;
        let book = own.book(self.0.catalog.roles());
        if !unit.ownership().end(transfer.id).await? {
            return Err(OwnershipError::Gone);
        }
        let former = unit.memberships().find(transfer.from).await?;
        let former = former.filter(|former| is_owner(book, former) && book.get(&transfer.keep_role).is_some());
        let mut former = former.ok_or(OwnershipError::Void)?;
        let mut owner = receiver(&mut *unit, transfer.to).await?;
        let mut events = vec![transfer.taken()];
        events.extend(carry(&mut owner, &book.owner().code, now));
        events.extend(carry(&mut former, &transfer.keep_role, now));
        unit.memberships().update(&owner).await?;
        unit.memberships().update(&former).await?;
        unit.commit(events).await?;
        Ok(Handed {
            tenant: scope.tenant_id(),
            owner: owner.saved(),
            former: former.saved(),
        })
    }

    /// Stores a fresh token and answers the mail that carries it. The token has the id of the offer: that of an offer
    /// which was taken back opens no other.
    async fn mail(
        &self,
        unit: &mut dyn LifecycleUnit,
        scope: &TenantScope,
        transfer: &OwnershipTransfer,
        from: &Membership,
        to: &Membership,
    ) -> Result<Mail, OwnershipError> {
        let tenant = scope.tenant_id();
        let text = OneTimeText::mint(Purpose::OwnershipTransfer, to.user(), Some(tenant), &*self.0.entropy);
        let id = OneTimeTokenId::from_uuid(transfer.id.as_uuid());
        let mut token = OneTimeToken::issue(id, &text, Some(to.id()), &*self.0.cipher, transfer.created_at);
        token.expires_at = transfer.expires_at;
        unit.one_time_tokens().insert(&token).await?;
        let tenant = unit.tenants().find().await?;
        let (name, locale) = tenant.map_or_else(
            || (String::new(), "en".to_owned()),
            |tenant| (tenant.name().to_string(), tenant.profile().locale.as_str().to_owned()),
        );
        let owner = from
            .name()
            .map_or_else(|| from.email().to_string(), ToString::to_string);
        let mut fields = vec![
            ("tenant", name),
            ("product", self.0.catalog.display().to_owned()),
            ("owner", owner),
        ];
        fields.extend(to.name().map(|name| ("name", name.to_string())));
        Ok(Mail {
            template: "ownership_transfer",
            to: to.email().clone(),
            locale,
            fields,
            token: Some(text.to_text()),
        })
    }
}

/// The member who acts: programs, operators and workers hand nothing over, whatever they may do.
fn acting(scope: &TenantScope) -> Result<MembershipId, Denied> {
    match scope.principal() {
        Principal::Member { membership, .. } => Ok(*membership),
        _ => Err(Denied::new(OWNERSHIP_TRANSFER)),
    }
}

/// True for owners, and for the member whom it is made to.
fn concerns(scope: &TenantScope, transfer: &OwnershipTransfer) -> bool {
    scope.permissions().holds(&OWNERSHIP_TRANSFER)
        || matches!(scope.principal(), Principal::Member { membership, .. } if *membership == transfer.to)
}

fn is_owner(book: &RoleBook, member: &Membership) -> bool {
    let owns = book.get(member.role()).is_some_and(RoleDefinition::is_owner);
    owns && member.state() == MembershipState::Active
}

/// The member who is to be the owner: an active one.
async fn receiver(unit: &mut dyn LifecycleUnit, id: MembershipId) -> Result<Membership, OwnershipError> {
    let found = unit.memberships().find(id).await?;
    let member = found.ok_or_else(|| {
        let detail = "the tenant has no such member";
        OwnershipError::Invalid(vec![FieldError::new("to", "unknown_member", detail)])
    })?;
    if member.state() == MembershipState::Active {
        Ok(member)
    } else {
        Err(WrongState::NotActive.into())
    }
}

fn kept(book: &RoleBook, text: Option<&str>) -> Result<Code, OwnershipError> {
    let role = match text {
        Some(text) => book.find(text),
        None => SystemRole::ALL.into_iter().skip(1).find_map(|base| book.by_base(base)),
    };
    role.map(|role| role.code.clone()).ok_or_else(|| {
        let detail = "there is no such role";
        OwnershipError::Invalid(vec![FieldError::new("keep_role", "unknown_role", detail)])
    })
}

fn carry(member: &mut Membership, role: &Code, now: OffsetDateTime) -> Option<Event> {
    let extra = member.extra().clone();
    member.change_role(role.clone(), extra, now)
}
