//! Memberships of the unit's tenant.

use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Json;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use tenantry_kernel::id::{MembershipId, UserId};
use tenantry_kernel::time::OffsetDateTime;
use tenantry_kernel::{Code, EmailAddress, Page, PageRequest, Permission, PermissionSet, StoreError, async_trait};
use tenantry_tenancy::membership::model::StoredMembership;
use tenantry_tenancy::membership::{
    Membership, MembershipDetails, MembershipFilter, MembershipRepository, MembershipSource, MembershipState,
    MembershipStatus,
};
use tenantry_tenancy::role::{AssignmentId, RoleAssignment};
use tenantry_tenancy::text::{DisplayName, Note};

use super::assignments;
use crate::entity::{membership, role_assignment};
use crate::error::{corrupt, fresh, store_error};
use crate::micros::Micros;
use crate::search;
use crate::unit::SeaOrmUnit;

#[async_trait]
impl MembershipRepository for SeaOrmUnit {
    async fn find(&mut self, id: MembershipId) -> Result<Option<Membership>, StoreError> {
        let found = self.row::<membership::Entity>(id.as_uuid());
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn find_by_user(&mut self, user: UserId) -> Result<Option<Membership>, StoreError> {
        let found = self
            .rows::<membership::Entity>()
            .filter(membership::Column::UserId.eq(user.as_uuid()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn find_by_email(&mut self, email: &EmailAddress) -> Result<Option<Membership>, StoreError> {
        let found = self
            .rows::<membership::Entity>()
            .filter(membership::Column::Email.eq(email.as_str()));
        let row = found.one(self.txn()).await.map_err(store_error)?;
        row.map(restore).transpose()
    }

    async fn among(&mut self, emails: &[EmailAddress], users: &[UserId]) -> Result<Vec<Membership>, StoreError> {
        let named = Condition::any()
            .add(membership::Column::Email.is_in(emails.iter().map(EmailAddress::as_str)))
            .add(membership::Column::UserId.is_in(users.iter().map(|user| user.as_uuid())));
        let found = self.rows::<membership::Entity>().filter(named);
        let rows = found.all(self.txn()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn list(&mut self, filter: &MembershipFilter, page: PageRequest) -> Result<Page<Membership>, StoreError> {
        let mut found = self.rows::<membership::Entity>();
        if let Some(state) = filter.state {
            found = found.filter(membership::Column::Status.eq(state.as_str()));
        }
        if let Some(role) = &filter.role {
            found = found.filter(membership::Column::Role.eq(role.as_str()));
        }
        if let Some(role) = &filter.holding {
            let assigned = Query::select()
                .column(role_assignment::Column::MembershipId)
                .from(role_assignment::Entity)
                .and_where(role_assignment::Column::TenantId.eq(self.tenant_uuid()))
                .and_where(role_assignment::Column::Role.eq(role.as_str()))
                .take();
            found = found.filter(
                Condition::any()
                    .add(membership::Column::Role.eq(role.as_str()))
                    .add(membership::Column::Id.in_subquery(assigned)),
            );
        }
        if let Some(source) = filter.source {
            found = found.filter(membership::Column::Source.eq(source.as_str()));
        }
        if let Some((acceptable, now)) = filter.acceptable {
            let until = membership::Column::InvitationExpiresAt;
            let now = Micros::from(now);
            found = found.filter(if acceptable { until.gt(now) } else { until.lte(now) });
        }
        if let Some(text) = &filter.text {
            found = found.filter(membership::Column::SearchText.like(search::containing(text)));
        }
        if let Some(after) = page.after() {
            found = found.filter(membership::Column::Id.gt(after.0));
        }
        let rows = found
            .order_by_asc(membership::Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let members = rows.into_iter().map(restore).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_rows(members, page, |member| member.id().as_uuid()))
    }

    async fn insert(&mut self, member: &Membership) -> Result<(), StoreError> {
        self.touch(member.user());
        self.add(to_row(self, member, member.version())).await
    }

    async fn insert_many(&mut self, members: &[Membership]) -> Result<(), StoreError> {
        for member in members {
            self.touch(member.user());
        }
        let rows: Vec<_> = members
            .iter()
            .map(|member| to_row(self, member, member.version()))
            .collect();
        self.add_many(rows).await
    }

    async fn update(&mut self, member: &Membership) -> Result<(), StoreError> {
        self.touch(member.user());
        let written = self
            .change::<membership::Entity>()
            .set(to_row(self, member, member.version() + 1))
            .filter(membership::Column::Id.eq(member.id().as_uuid()))
            .filter(membership::Column::Version.eq(member.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }

    async fn note_sign_in(&mut self, member: &Membership) -> Result<(), StoreError> {
        let at = member.last_login_at().map(|at| Micros::from(at).0);
        let written = self
            .change::<membership::Entity>()
            .col_expr(membership::Column::LastLoginAt, Expr::value(at))
            .filter(membership::Column::Id.eq(member.id().as_uuid()))
            .filter(membership::Column::Version.eq(member.version()))
            .exec(self.txn())
            .await
            .map_err(store_error)?;
        fresh(written.rows_affected)
    }

    async fn delete(&mut self, id: MembershipId, version: i64) -> Result<(), StoreError> {
        let removed = self
            .remove::<membership::Entity>()
            .filter(membership::Column::Id.eq(id.as_uuid()))
            .filter(membership::Column::Version.eq(version))
            .exec_with_returning(self.txn())
            .await
            .map_err(store_error)?;
        let row = removed.first().ok_or(StoreError::Stale)?;
        self.touch(UserId::from_uuid(row.user_id));
        Ok(())
    }

    async fn other_owners(&mut self, owner: &Code, id: MembershipId) -> Result<u64, StoreError> {
        // All owners are locked, this one too and always in the same order: of two who leave at once
        // the second waits, and then counts without the first.
        let owners = self
            .rows::<membership::Entity>()
            .filter(membership::Column::Role.eq(owner.as_str()))
            .filter(membership::Column::Status.eq(MembershipState::Active.as_str()))
            .order_by_asc(membership::Column::Id)
            .lock_exclusive()
            .all(self.txn())
            .await
            .map_err(store_error)?;
        let others = owners.iter().filter(|row| row.id != id.as_uuid()).count();
        Ok(u64::try_from(others).unwrap_or(u64::MAX))
    }

    async fn assignments(&mut self, members: &[MembershipId]) -> Result<Vec<RoleAssignment>, StoreError> {
        assignments::of(self, members).await
    }

    async fn assign(&mut self, assignment: &RoleAssignment) -> Result<(), StoreError> {
        assignments::add(self, assignment).await
    }

    async fn unassign(&mut self, id: AssignmentId) -> Result<(), StoreError> {
        assignments::remove(self, id).await
    }

    async fn holders(&mut self, role: &Code) -> Result<u64, StoreError> {
        assignments::holders(self, role).await
    }

    async fn replace_role(&mut self, from: &Code, to: &Code) -> Result<u64, StoreError> {
        assignments::replace(self, from, to).await
    }
}

fn to_row(unit: &SeaOrmUnit, member: &Membership, version: i64) -> membership::ActiveModel {
    let details = member.details();
    let (expires_at, deactivated_at) = match member.status() {
        MembershipStatus::Invited { expires_at } => (Some(Micros::from(*expires_at)), None),
        MembershipStatus::Active => (None, None),
        MembershipStatus::Deactivated { at } => (None, Some(Micros::from(*at))),
    };
    let name = details.name.as_ref().map(DisplayName::as_str);
    let note = |note: &Option<Note>| note.as_ref().map(|note| note.as_str().to_owned());
    membership::ActiveModel {
        tenant_id: Set(unit.tenant_uuid()),
        id: Set(member.id().as_uuid()),
        user_id: Set(details.user.as_uuid()),
        email: Set(details.email.as_str().to_owned()),
        name: Set(name.map(str::to_owned)),
        role: Set(details.role.as_str().to_owned()),
        extra_permissions: Set(details.extra.iter().map(Permission::as_str).collect::<Json>()),
        department: Set(note(&details.department)),
        position: Set(note(&details.position)),
        status: Set(member.state().as_str().to_owned()),
        invitation_expires_at: Set(expires_at),
        deactivated_at: Set(deactivated_at),
        invited_by: Set(member.invited_by().map(MembershipId::as_uuid)),
        last_login_at: Set(member.last_login_at().map(Micros::from)),
        search_text: Set(search::folded(&[name.unwrap_or_default(), details.email.as_str()])),
        created_at: Set(member.created_at().into()),
        updated_at: Set(member.updated_at().into()),
        version: Set(version),
        source: Set(member.source().as_str().to_owned()),
        unlocked_at: Set(member.unlocked_at().map(Micros::from)),
    }
}

fn restore(row: membership::Model) -> Result<Membership, StoreError> {
    let id = row.id;
    let status = status(&row)?;
    let note = |text: Option<String>| text.map(Note::try_from).transpose().map_err(corrupt("membership", id));
    let time = |at: Micros| OffsetDateTime::try_from(at).map_err(corrupt("membership", id));
    let name = row.name.map(DisplayName::try_from).transpose();
    let details = MembershipDetails {
        user: UserId::from_uuid(row.user_id),
        email: EmailAddress::try_from(row.email).map_err(corrupt("membership", id))?,
        name: name.map_err(corrupt("membership", id))?,
        role: Code::try_from(row.role).map_err(corrupt("membership", id))?,
        extra: permissions(&row.extra_permissions).map_err(corrupt("membership", id))?,
        department: note(row.department)?,
        position: note(row.position)?,
    };
    Ok(Membership::restore(StoredMembership {
        id: MembershipId::from_uuid(id),
        details,
        status,
        source: MembershipSource::from_name(&row.source)
            .ok_or("unknown source")
            .map_err(corrupt("membership", id))?,
        invited_by: row.invited_by.map(MembershipId::from_uuid),
        last_login_at: row.last_login_at.map(time).transpose()?,
        unlocked_at: row.unlocked_at.map(time).transpose()?,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
        version: row.version,
    }))
}

fn status(row: &membership::Model) -> Result<MembershipStatus, StoreError> {
    let at = |moment: Option<Micros>| {
        let moment = moment
            .ok_or("a moment is missing")
            .map_err(corrupt("membership", row.id))?;
        OffsetDateTime::try_from(moment).map_err(corrupt("membership", row.id))
    };
    match state(row)? {
        MembershipState::Active => Ok(MembershipStatus::Active),
        MembershipState::Invited => Ok(MembershipStatus::Invited {
            expires_at: at(row.invitation_expires_at)?,
        }),
        MembershipState::Deactivated => Ok(MembershipStatus::Deactivated {
            at: at(row.deactivated_at)?,
        }),
    }
}

/// Also for the directory.
pub(super) fn state(row: &membership::Model) -> Result<MembershipState, StoreError> {
    MembershipState::from_name(&row.status)
        .ok_or("unknown status")
        .map_err(corrupt("membership", row.id))
}

/// A list of permission names; also for the directory.
pub(super) fn permissions(stored: &Json) -> Result<PermissionSet, String> {
    let names = stored.as_array().ok_or("permissions are no list")?;
    names
        .iter()
        .map(|name| {
            let name = name.as_str().ok_or("a permission is no text")?;
            Permission::declared(name).map_err(|cause| cause.to_string())
        })
        .collect()
}
