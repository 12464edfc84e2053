//! The fence: every query on a row that belongs to somebody starts here, with its owner in the filter.
//!
//! A program that embeds Tenantry puts its own SeaORM entities behind the same fence with one
//! `impl TenantOwned`. On PostgreSQL the pin of the transaction holds the same line once more.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DeleteMany, EntityTrait, InsertMany, IntoActiveModel, Iterable, QueryFilter, Select,
    UpdateMany, Value,
};
use tenantry_kernel::StoreError;
use uuid::Uuid;

use crate::error::store_error;
use crate::unit::SeaOrmUnit;

/// How many parameters one statement carries at most.
const MAX_PARAMETERS: usize = 30_000;

/// A table whose rows belong to one tenant each.
pub trait TenantOwned: EntityTrait {
    /// The column that names the tenant.
    const TENANT: Self::Column;
    /// The column that names the row within the tenant.
    const KEY: Self::Column;
}

/// A platform table whose rows belong to one person each.
pub trait PersonOwned: EntityTrait {
    /// The column that names the person.
    const PERSON: Self::Column;
    /// The column that names the row.
    const KEY: Self::Column;
}

/// A platform table without owners: directories, queues, the installation's own records.
pub trait Platform: EntityTrait {}

#[expect(clippy::disallowed_methods, reason = "this module is the fence")]
impl SeaOrmUnit {
    /// The tenant's rows.
    #[must_use]
    pub fn rows<E: TenantOwned>(&self) -> Select<E> {
        E::find().filter(E::TENANT.eq(self.tenant_uuid()))
    }

    /// The tenant's row with this key.
    #[must_use]
    pub fn row<E: TenantOwned>(&self, key: Uuid) -> Select<E> {
        self.rows::<E>().filter(E::KEY.eq(key))
    }

    /// Changes rows of the tenant; add `.filter(..)`, and check how many rows were affected.
    #[must_use]
    pub fn change<E: TenantOwned>(&self) -> UpdateMany<E> {
        E::update_many().filter(E::TENANT.eq(self.tenant_uuid()))
    }

    /// Removes rows of the tenant; add `.filter(..)`.
    #[must_use]
    pub fn remove<E: TenantOwned>(&self) -> DeleteMany<E> {
        E::delete_many().filter(E::TENANT.eq(self.tenant_uuid()))
    }

    /// Adds a row to the tenant, whatever tenant the row names.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused it.
    pub async fn add<A>(&self, row: A) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.add_many([row]).await
    }

    /// Adds rows to the tenant, whatever tenant the rows name. All must set the same columns.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused one; none is added then.
    pub async fn add_many<A>(&self, rows: impl IntoIterator<Item = A> + Send) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        self.add_to(self.tenant_uuid(), rows).await
    }

    /// Writes rows to the tenant, whatever tenant the rows name, and answers those that were written: `clash`
    /// says what becomes of rows that exist already.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused one; none is written then.
    pub async fn put<A>(
        &self,
        rows: impl IntoIterator<Item = A> + Send,
        clash: OnConflict,
    ) -> Result<Vec<<A::Entity as EntityTrait>::Model>, StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let tenant = self.tenant_uuid();
        let owned = |mut row: A| {
            row.set(<A::Entity as TenantOwned>::TENANT, tenant.into());
            row
        };
        let rows: Vec<A> = rows.into_iter().map(owned).collect();
        let written = InsertMany::<A>::many(rows).on_conflict(clash);
        written.exec_with_returning(self.txn()).await.map_err(store_error)
    }

    /// Adds a row to the tenant, whatever tenant the row names, and answers whether there is one more: `clash` says
    /// what becomes of it when it exists already.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused it.
    pub async fn put_new<A>(&self, mut row: A, clash: OnConflict) -> Result<bool, StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.set(<A::Entity as TenantOwned>::TENANT, self.tenant_uuid().into());
        Ok(self.put_every(vec![row], clash).await? > 0)
    }

    /// Adds rows to the pinned tenant or to the platform (the nil tenant): nothing else passes row security.
    pub(crate) async fn add_to<A>(
        &self,
        tenant: Uuid,
        rows: impl IntoIterator<Item = A> + Send,
    ) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: TenantOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let owned = |mut row: A| {
            row.set(<A::Entity as TenantOwned>::TENANT, tenant.into());
            row
        };
        let rows: Vec<A> = rows.into_iter().map(owned).collect();
        self.insert_all(rows).await
    }

    /// The pinned person's rows.
    #[must_use]
    pub fn own_rows<E: PersonOwned>(&self) -> Select<E> {
        E::find().filter(E::PERSON.eq(self.user_uuid()))
    }

    /// The pinned person's row with this key.
    #[must_use]
    pub fn own_row<E: PersonOwned>(&self, key: Uuid) -> Select<E> {
        self.own_rows::<E>().filter(E::KEY.eq(key))
    }

    /// Changes rows of the pinned person; add `.filter(..)`, and check how many rows were affected.
    #[must_use]
    pub fn change_own<E: PersonOwned>(&self) -> UpdateMany<E> {
        E::update_many().filter(E::PERSON.eq(self.user_uuid()))
    }

    /// Removes rows of the pinned person; add `.filter(..)`.
    #[must_use]
    pub fn remove_own<E: PersonOwned>(&self) -> DeleteMany<E> {
        E::delete_many().filter(E::PERSON.eq(self.user_uuid()))
    }

    /// Adds a row to the pinned person, whatever person the row names.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused it.
    pub async fn add_own<A>(&self, mut row: A) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: PersonOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.set(<A::Entity as PersonOwned>::PERSON, self.user_uuid().into());
        self.insert_all(vec![row]).await
    }

    /// Adds rows to the people that the unit has been opened to add, each to whom it names. All must set the same
    /// columns.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused one; none is added then. `Backend` for a row of anybody else.
    pub(crate) async fn add_listed<A>(&self, rows: impl IntoIterator<Item = A> + Send) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: PersonOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let rows: Vec<A> = rows.into_iter().collect();
        let listed = |row: &A| match row.get(<A::Entity as PersonOwned>::PERSON).into_value() {
            Some(Value::Uuid(Some(person))) => self.may_add(person),
            _ => false,
        };
        if !rows.iter().all(listed) {
            return Err(StoreError::Backend("the unit was not opened to add this person".into()));
        }
        self.insert_all(rows).await
    }

    /// Adds a row to the pinned person, whatever person the row names, and answers whether there is one more: `clash`
    /// says what becomes of it when it exists already.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused it.
    pub async fn add_own_new<A>(&self, mut row: A, clash: OnConflict) -> Result<bool, StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: PersonOwned,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        row.set(<A::Entity as PersonOwned>::PERSON, self.user_uuid().into());
        Ok(self.put_every(vec![row], clash).await? > 0)
    }

    /// Rows of a platform table.
    #[must_use]
    pub fn shared<E: Platform>(&self) -> Select<E> {
        E::find()
    }

    /// Changes rows of a platform table; add `.filter(..)`.
    #[must_use]
    pub fn change_shared<E: Platform>(&self) -> UpdateMany<E> {
        E::update_many()
    }

    /// Removes rows of a platform table; add `.filter(..)`.
    #[must_use]
    pub fn remove_shared<E: Platform>(&self) -> DeleteMany<E> {
        E::delete_many()
    }

    /// Adds rows to a platform table. All must set the same columns.
    ///
    /// # Errors
    /// `Conflict` naming the rule that refused one; none is added then.
    pub async fn add_shared<A>(&self, rows: impl IntoIterator<Item = A> + Send) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        A::Entity: Platform,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let rows: Vec<A> = rows.into_iter().collect();
        self.insert_all(rows).await
    }

    /// Rows of all tenants, for a port that takes a `SystemScope` and answers which tenants to enter.
    /// Row security lets the worker read the few tables that such ports need, and nobody else any.
    #[expect(clippy::unused_self, reason = "a query starts from a unit")]
    pub(crate) fn every<E: TenantOwned>(&self) -> Select<E> {
        E::find()
    }

    /// Rows of all people, for a port that takes a `SystemScope`: the columns that row security lets the worker read.
    #[expect(clippy::unused_self, reason = "a query starts from a unit")]
    pub(crate) fn everybody<E: PersonOwned>(&self) -> Select<E> {
        E::find()
    }

    /// Writes rows to many tenants at once, for the quota engine; row security lets nobody else. Answers how
    /// many rows were written: `clash` says what becomes of those that exist already.
    pub(crate) async fn put_every<A>(&self, rows: Vec<A>, clash: OnConflict) -> Result<u64, StoreError>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        if rows.is_empty() {
            return Ok(0);
        }
        let written = InsertMany::<A>::many(rows).on_conflict(clash);
        written.exec_without_returning(self.txn()).await.map_err(store_error)
    }

    /// Removes rows of all tenants, for a port that tidies up; row security allows it on few tables.
    #[expect(clippy::unused_self, reason = "a query starts from a unit")]
    pub(crate) fn remove_every<E: TenantOwned>(&self) -> DeleteMany<E> {
        E::delete_many()
    }

    /// `RETURNING` is not used: a transaction may add to the platform's log without the right to read it.
    async fn insert_all<A>(&self, rows: Vec<A>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        // A statement has a bounded number of parameters (SQLite 32,766, PostgreSQL 65,535).
        let columns = <A::Entity as EntityTrait>::Column::iter().count().max(1);
        let mut rest = rows.into_iter().peekable();
        while rest.peek().is_some() {
            let some = rest.by_ref().take(MAX_PARAMETERS / columns);
            InsertMany::<A>::many(some)
                .exec_without_returning(self.txn())
                .await
                .map_err(store_error)?;
        }
        Ok(())
    }
}
