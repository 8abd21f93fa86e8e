//! Transactions: bound to a tenant or to the operator, and out of any caller's power to cancel.
//!
//! A transaction runs in a task of its own. Whoever waits for it may hang up; the task goes on to its commit or its
//! rollback, so that no connection goes back to the pool in the middle of a transaction. The tracker knows every
//! such task, and stopping waits for them.
//!
//! The server bounds its statements and their waits for locks; but a network that forgets a connection without closing it
//! leaves nobody who would. So a whole transaction is bounded on this side too.

use std::convert::identity;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{PgConnection, Postgres};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::turns::Turn;
use super::{Db, DbError, DbTimeouts, OPERATOR_ROLE, Result};
use crate::domain::id::TenantId;

/// What the closure of a transaction returns: `Box::pin(async move { … })`.
pub type Work<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// An open transaction in which exactly one tenant's rows exist.
pub struct TenantTx {
    connection: sqlx::Transaction<'static, Postgres>,
    tenant: TenantId,
    progress: Progress,
    timeouts: DbTimeouts,
    /// Passed on when the connection has been let go, which comes before it.
    _turn: Turn,
}

/// How far a transaction has come, for whoever watches over its time.
#[derive(Clone)]
struct Progress {
    limit_ms: Arc<AtomicU64>,
    is_committing: Arc<AtomicBool>,
}

impl Progress {
    fn new(limit: Duration) -> Self {
        let limit_ms = Arc::new(AtomicU64::new(millis(limit)));
        Self { limit_ms, is_committing: Arc::default() }
    }

    fn allow(&self, limit: Duration) {
        self.limit_ms.store(millis(limit), Ordering::Relaxed);
    }

    /// Ends with `run`, or when its time is over: then nobody knows whether a commit that was sent has arrived, and what
    /// had not been sent is rolled back by the server once it misses us.
    async fn watch<T, E>(self, run: impl Future<Output = Result<T, E>>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        let begun = Instant::now();
        let mut run = pin!(run);
        loop {
            let limit = self.limit_ms.load(Ordering::Relaxed);
            let over = async {
                match begun.checked_add(Duration::from_millis(limit)) {
                    Some(end) => sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = &mut run => return done,
                () = over => {}
            }
            if self.limit_ms.load(Ordering::Relaxed) == limit {
                let silent = io::Error::new(io::ErrorKind::TimedOut, "no answer came in time");
                let silent = sqlx::Error::Io(silent);
                return Err(if self.is_committing.load(Ordering::Relaxed) {
                    DbError::OutcomeUnknown(silent).into()
                } else {
                    DbError::Unavailable(silent).into()
                });
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl TenantTx {
    /// The tenant to which the transaction is bound.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The tenant's plain id, the first parameter of every statement.
    pub(super) fn id(&self) -> Uuid {
        self.tenant.uuid()
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives the statements that follow the time of a bulk request.
    pub async fn allow_bulk(&mut self) -> Result<()> {
        self.progress.allow(self.timeouts.bulk_patience());
        let statement = self.timeouts.bulk_statement.as_millis();
        let rest = self.timeouts.idle_in_transaction.as_millis();
        let set = sqlx::query(
            "select set_config('statement_timeout', $1, true),
                    set_config('idle_in_transaction_session_timeout', $2, true)",
        );
        self.run(set.bind(statement.to_string()).bind(rest.to_string())).await
    }

    /// Takes every bound of time from the transaction: for a command, which ends when whoever waits for it stops it.
    pub async fn allow_command(&mut self) -> Result<()> {
        self.progress.allow(Duration::MAX);
        sqlx::raw_sql(
            "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0",
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// An open transaction of the operator, who sees the table of tenants and nothing inside a tenant.
pub struct OperatorTx {
    inner: TenantTx,
    as_operator: bool,
}

impl OperatorTx {
    /// The transaction in the operator's role: of no tenant.
    pub(super) async fn own(&mut self) -> Result<&mut TenantTx> {
        if !self.as_operator {
            self.inner.run(sqlx::query("set local role promotion_engine_operator")).await?;
            self.as_operator = true;
        }
        Ok(&mut self.inner)
    }

    /// The same transaction bound to one tenant, in the service's role: to make a tenant's first key, or to write its
    /// audit trail, together with what the operator did.
    pub async fn of_tenant(&mut self, tenant: TenantId) -> Result<&mut TenantTx> {
        self.inner.run(sqlx::query("set local role promotion_engine_service")).await?;
        self.as_operator = false;
        // Row-level security reads this setting, which ends with the transaction.
        let bind = sqlx::query("select set_config('app.tenant', $1, true)");
        self.inner.run(bind.bind(tenant.to_string())).await?;
        self.inner.tenant = tenant;
        Ok(&mut self.inner)
    }
}

impl Db {
    /// Runs `work` in a transaction of the tenant: commits when it answers `Ok`, rolls back when it answers `Err`.
    ///
    /// A caller that stops waiting changes nothing once the work has begun. A commit that is not confirmed is
    /// [`DbError::OutcomeUnknown`]. After a statement has failed, nothing but `Err` can come of the transaction.
    pub async fn tenant<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let begin = format!("begin; set local app.tenant = '{tenant}'");
        self.bound(begin, tenant, identity, identity, work).await
    }

    /// Runs `work` on one unchanging view of the tenant's rows, without the right to write: what several statements
    /// load belongs together.
    pub async fn snapshot<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        // Nobody waits for what it has locked, and what is loaded may take a while to be made of rows.
        let rest = self.options.timeouts.idle_in_transaction.as_millis();
        let begin = format!(
            "begin isolation level repeatable read, read only; set local app.tenant = '{tenant}'; \
             set local idle_in_transaction_session_timeout = {rest}"
        );
        self.bound(begin, tenant, identity, identity, work).await
    }

    /// Runs `work` in a transaction of the operator's role, otherwise like [`Db::tenant`].
    pub async fn operator<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut OperatorTx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let begin = format!("begin; set local role {OPERATOR_ROLE}");
        let nobody = TenantId::new(Uuid::nil());
        let open = |inner| OperatorTx { inner, as_operator: true };
        self.bound(begin, nobody, open, |tx| tx.inner, work).await
    }

    /// Runs `work` in a transaction that is bound to a tenant, in the form that `open` gives it and `close` takes off.
    async fn bound<X, T, E, F>(
        &self,
        begin: String,
        tenant: TenantId,
        open: fn(TenantTx) -> X,
        close: fn(X) -> TenantTx,
        work: F,
    ) -> Result<T, E>
    where
        X: Send + 'static,
        F: for<'t> FnOnce(&'t mut X) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        let caller = CancellationToken::new();
        let _waiting = caller.clone().drop_guard();
        let progress = Progress::new(self.options.timeouts.patience());
        let run = {
            let progress = progress.clone();
            async move {
                let mut tx = open(db.open_tx(begin, tenant, progress).await?);
                refuse_abandoned(&caller)?;
                let done = work(&mut tx).await;
                settle(close(tx), done).await
            }
        };
        self.uncancelled(progress.watch(run)).await
    }

    /// Runs a future to its end in a task, whatever becomes of the caller.
    pub(super) async fn uncancelled<T, E, R>(&self, run: R) -> Result<T, E>
    where
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        if self.tasks.is_closed() {
            return Err(DbError::Stopping.into());
        }
        let health = self.health.clone();
        let run = async move { health.watch(run).await };
        match self.tasks.spawn(run.in_current_span()).await {
            Ok(done) => done,
            Err(ended) => match ended.try_into_panic() {
                // The work's panic goes on where it would have gone without the task.
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is being shut down around us.
                Err(_) => Err(DbError::Stopping.into()),
            },
        }
    }

    /// Waits for the tenant's turn, and begins.
    async fn open_tx(
        &self,
        begin: String,
        tenant: TenantId,
        progress: Progress,
    ) -> Result<TenantTx> {
        let timeouts = self.options.timeouts;
        let turn = timeout(timeouts.acquire, self.turns.take(tenant))
            .await
            .map_err(|_| DbError::from(sqlx::Error::PoolTimedOut))?
            .ok_or(DbError::Stopping)?;
        Ok(TenantTx {
            connection: self.begin(begin).await?,
            tenant,
            progress,
            timeouts,
            _turn: turn,
        })
    }

    /// Takes a connection and begins. `begin` is one message to the server, whose text is ours and whose only
    /// variable part is a UUID.
    ///
    /// After a restart of the database every idle connection is dead: each is tried once, before anything was sent
    /// that could count twice.
    async fn begin(&self, begin: String) -> Result<sqlx::Transaction<'static, Postgres>> {
        let mut dead = 0;
        loop {
            let begun = self.pool.begin_with(sqlx::AssertSqlSafe(begin.clone())).await;
            match begun {
                Ok(transaction) => return Ok(transaction),
                Err(error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)) => {
                    return Err(error.into());
                }
                Err(error) => {
                    let error = DbError::from(error);
                    if !error.is_unavailable() || dead >= self.pool.size() {
                        return Err(error);
                    }
                    dead += 1;
                }
            }
        }
    }
}

/// Nobody waits any more, so the work is not begun. The caller that would see the error is gone.
fn refuse_abandoned(caller: &CancellationToken) -> Result<()> {
    if caller.is_cancelled() { Err(DbError::Stopping) } else { Ok(()) }
}

/// Commits what was done, or rolls it back.
async fn settle<T, E>(mut tx: TenantTx, done: Result<T, E>) -> Result<T, E>
where
    E: From<DbError>,
{
    if done.is_err() {
        // A rollback that fails leaves a broken connection, which the pool throws away.
        let _ = tx.connection.rollback().await;
        return done;
    }
    // INVARIANT: `Ok` means committed. After a failed statement the server answers a plain commit with a rollback and
    // no error; the select before it is refused in that state, so that an error which the work has swallowed is never
    // reported as success. Dropping the transaction afterwards queues a rollback, which then has nothing to undo.
    tx.progress.is_committing.store(true, Ordering::Relaxed);
    match sqlx::raw_sql("select; commit").execute(tx.connection()).await {
        Ok(_) => done,
        Err(error) => Err(unconfirmed(error).into()),
    }
}

/// What an error in answer to a commit means: the server's own verdict, or that nobody knows.
fn unconfirmed(error: sqlx::Error) -> DbError {
    if matches!(error, sqlx::Error::Database(_)) {
        match DbError::from(error) {
            // The server was going down: it may have committed before it said so.
            DbError::Unavailable(source) | DbError::TooSlow(source) => {
                DbError::OutcomeUnknown(source)
            }
            verdict => verdict,
        }
    } else {
        DbError::OutcomeUnknown(error)
    }
}
