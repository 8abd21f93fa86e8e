//! Runs statements in a transaction: one function for each form of result.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::{Map, Query, QueryScalar};
use sqlx::{Decode, Postgres, Type};

use super::{DbError, Result, TenantTx};

type Read<F> = Map<'static, Postgres, F, PgArguments>;
type ReadValue<T> = QueryScalar<'static, Postgres, T, PgArguments>;
type Write = Query<'static, Postgres, PgArguments>;

impl TenantTx {
    /// Returns all rows.
    pub(super) async fn all<T, F>(&mut self, query: Read<F>) -> Result<Vec<T>>
    where
        T: Send + Unpin,
        F: FnMut(PgRow) -> Result<T, sqlx::Error> + Send,
    {
        Ok(query.fetch_all(self.connection()).await?)
    }

    /// Returns the row of a statement that always returns one.
    pub(super) async fn one<T, F>(&mut self, query: Read<F>) -> Result<T>
    where
        T: Send + Unpin,
        F: FnMut(PgRow) -> Result<T, sqlx::Error> + Send,
    {
        Ok(query.fetch_one(self.connection()).await?)
    }

    /// Returns the row of a statement that returns at most one.
    pub(super) async fn optional<T, F>(&mut self, query: Read<F>) -> Result<Option<T>>
    where
        T: Send + Unpin,
        F: FnMut(PgRow) -> Result<T, sqlx::Error> + Send,
    {
        Ok(query.fetch_optional(self.connection()).await?)
    }

    /// Returns the only column of all rows.
    pub(super) async fn values<T>(&mut self, query: ReadValue<T>) -> Result<Vec<T>>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        Ok(query.fetch_all(self.connection()).await?)
    }

    /// Returns the only column of a statement that always returns one row.
    pub(super) async fn value<T>(&mut self, query: ReadValue<T>) -> Result<T>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        Ok(query.fetch_one(self.connection()).await?)
    }

    /// Returns the only column of a statement that returns at most one row.
    pub(super) async fn optional_value<T>(&mut self, query: ReadValue<T>) -> Result<Option<T>>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres> + Send + Unpin,
    {
        Ok(query.fetch_optional(self.connection()).await?)
    }

    /// Runs a statement that locks rows, and drops the rows.
    pub(super) async fn lock<T, F>(&mut self, query: Read<F>) -> Result<()>
    where
        T: Send + Unpin,
        F: FnMut(PgRow) -> Result<T, sqlx::Error> + Send,
    {
        self.all(query).await?;
        Ok(())
    }

    /// Runs a statement without a result.
    pub(super) async fn run(&mut self, query: Write) -> Result<()> {
        self.written(query).await?;
        Ok(())
    }

    /// Runs a statement and returns how many rows it has written.
    pub(super) async fn written(&mut self, query: Write) -> Result<u64> {
        Ok(query.execute(self.connection()).await?.rows_affected())
    }

    /// Runs a statement that writes at most one row. Returns whether it wrote one.
    pub(super) async fn has_written(&mut self, query: Write) -> Result<bool> {
        Ok(self.written(query).await? == 1)
    }
}

/// `Raced` if a statement has not written the expected number of rows.
pub(super) fn raced_unless(written: u64, rows: usize) -> Result<()> {
    if usize::try_from(written) == Ok(rows) { Ok(()) } else { Err(DbError::Raced) }
}

/// One column of some rows. Statements take many rows as one array for each column.
pub(super) fn column<R, T>(rows: impl IntoIterator<Item = R>, value: impl FnMut(R) -> T) -> Vec<T> {
    rows.into_iter().map(value).collect()
}
