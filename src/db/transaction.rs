//! Transactions, each bound to a tenant or to the operator. A caller cannot cancel a running transaction.
//!
//! A transaction runs in a task of its own. A caller may hang up; the task continues to its commit or its rollback. So
//! no connection returns to the pool in the middle of a transaction. The tracker knows every such task, and stopping
//! waits for them.
//!
//! The server bounds its statements and their waits for locks. But if the network drops a connection without closing
//! it, the server's answer never arrives. So this side bounds a whole transaction too.

use std::convert::identity;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{PgConnection, Postgres};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use super::error::{DbError, Result};
use super::fair_queue::Permit;
use super::options::DbTimeouts;
use super::pool::Db;
use crate::convert::millis;
use crate::domain::id::TenantId;

/// What the closure of a transaction returns: `Box::pin(async move { … })`.
pub type Work<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// The work of a transaction. It sends its result to the caller itself.
type Job<X> =
    Box<dyn for<'t> FnOnce(&'t mut X) -> Pin<Box<dyn Future<Output = Ending> + Send + 't>> + Send>;

/// How a transaction is to end.
enum Ending {
    Commit,
    RollBack,
}

/// An open transaction that sees the rows of exactly one tenant.
pub struct TenantTx {
    connection: sqlx::Transaction<'static, Postgres>,
    tenant: TenantId,
    progress: Progress,
    timeouts: DbTimeouts,
    /// INVARIANT: this field comes after `connection`, so the connection is released before the permit is passed on.
    _permit: Permit,
}

/// How far a transaction has come, for the task that bounds its time.
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

    /// Ends with `run`, or when its time is over. If a commit was sent by then, its outcome is unknown. Otherwise the
    /// server rolls back once it notices that the connection is gone.
    async fn watch(self, run: impl Future<Output = Result<()>>) -> Result<()> {
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
                    DbError::OutcomeUnknown(silent)
                } else {
                    DbError::Unavailable(silent)
                });
            }
        }
    }
}

impl TenantTx {
    /// The tenant to which the transaction is bound.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The tenant's UUID, the first parameter of every statement.
    pub(super) fn id(&self) -> Uuid {
        self.tenant.uuid()
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Allows the statements that follow the time of a bulk request.
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

    /// Removes every bound of time from the transaction. This is for a command, which the person who runs it can stop.
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

/// An open transaction of the operator's role (see [`OPERATOR_ROLE`](super::options::OPERATOR_ROLE)).
pub struct OperatorTx {
    inner: TenantTx,
    as_operator: bool,
}

impl OperatorTx {
    /// The transaction in the operator's role, bound to no tenant.
    pub(super) async fn own(&mut self) -> Result<&mut TenantTx> {
        if !self.as_operator {
            self.inner.run(sqlx::query("set local role promotion_engine_operator")).await?;
            self.as_operator = true;
        }
        Ok(&mut self.inner)
    }

    /// The same transaction bound to one tenant, in the service's role. It makes a tenant's first key, or writes the
    /// tenant's audit trail, together with the operator's change.
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
    /// Runs `work` in a transaction of the tenant. Commits if `work` returns `Ok`, rolls back if it returns `Err`.
    ///
    /// Once the work has begun, it ends the same way even if the caller stops waiting. A commit that is not confirmed
    /// is [`DbError::OutcomeUnknown`]. After a failed statement the transaction can only end with `Err`.
    pub async fn tenant<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let begin = Begin::Writing(self.opening.of_tenant(tenant));
        self.bound(begin, tenant, identity, identity, work).await
    }

    /// Runs `work` on one snapshot of the tenant's rows, read-only. So the rows that several statements load are
    /// consistent.
    pub async fn snapshot<T, E, F>(&self, tenant: TenantId, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let begin = Begin::Whole(self.opening.snapshot(tenant));
        self.bound(begin, tenant, identity, identity, work).await
    }

    /// Runs `work` like [`Db::tenant`], but in a transaction of the operator's role.
    pub async fn operator<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut OperatorTx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let begin = Begin::Writing(self.opening.of_operator());
        let nobody = TenantId::new(Uuid::nil());
        let open = |inner| OperatorTx { inner, as_operator: true };
        self.bound(begin, nobody, open, |tx| tx.inner, work).await
    }

    /// Runs `work` in a transaction that is bound to a tenant. `open` wraps the transaction for `work`, and `close`
    /// unwraps it.
    async fn bound<X, T, E, F>(
        &self,
        begin: Begin,
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
        let (answer, answered) = oneshot::channel();
        let job: Job<X> = Box::new(move |tx| {
            let work = work(tx);
            Box::pin(async move {
                let done = work.await;
                let ending = if done.is_ok() { Ending::Commit } else { Ending::RollBack };
                // The caller may be gone.
                let _ = answer.send(done);
                ending
            })
        });
        self.carry_out(begin, tenant, open, close, job).await?;
        answered.await.unwrap_or_else(|_| Err(DbError::Stopping.into()))
    }

    /// Carries out a job and ends its transaction, even if the caller stops waiting. The results of jobs do not pass
    /// through here, so that this is compiled once and not for each closure.
    async fn carry_out<X: Send + 'static>(
        &self,
        begin: Begin,
        tenant: TenantId,
        open: fn(TenantTx) -> X,
        close: fn(X) -> TenantTx,
        job: Job<X>,
    ) -> Result<()> {
        if self.tasks.is_closed() {
            return Err(DbError::Stopping);
        }
        let db = self.clone();
        let caller = CancellationToken::new();
        let _waiting = caller.clone().drop_guard();
        let progress = Progress::new(self.options.timeouts.patience());
        let run = {
            let progress = progress.clone();
            async move {
                let mut tx = open(db.open_tx(begin, tenant, progress).await?);
                refuse_abandoned(&caller)?;
                let ending = job(&mut tx).await;
                settle(close(tx), ending).await
            }
        };
        let health = self.health.clone();
        let run = async move { health.watch(progress.watch(run)).await };
        match self.tasks.spawn(run.in_current_span()).await {
            Ok(done) => done,
            Err(ended) => match ended.try_into_panic() {
                // A panic of the work continues in the caller, as it would without the task.
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => Err(DbError::Stopping),
            },
        }
    }

    /// Waits for the tenant's turn, and begins the transaction.
    async fn open_tx(
        &self,
        begin: Begin,
        tenant: TenantId,
        progress: Progress,
    ) -> Result<TenantTx> {
        let timeouts = self.options.timeouts;
        let permit = timeout(timeouts.acquire, self.queue.acquire(tenant))
            .await
            .map_err(|_| DbError::from(sqlx::Error::PoolTimedOut))?
            .ok_or(DbError::Stopping)?;
        Ok(TenantTx {
            connection: self.begin(begin).await?,
            tenant,
            progress,
            timeouts,
            _permit: permit,
        })
    }

    /// Takes a connection and begins, with one message to the server. The text is ours; its only variable parts are a
    /// UUID and numbers.
    ///
    /// After a restart of the database every idle connection is dead. Each is tried at most once. A retry is safe,
    /// because nothing has been written yet.
    async fn begin(&self, begin: Begin) -> Result<sqlx::Transaction<'static, Postgres>> {
        let mut dead = 0;
        loop {
            let text = match &begin {
                Begin::Whole(text) => text.clone(),
                Begin::Writing(rest) => self.opening.begin().to_owned() + rest,
            };
            let begun = self.pool.begin_with(sqlx::AssertSqlSafe(text)).await;
            match begun {
                Ok(transaction) => return Ok(transaction),
                Err(error @ (sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed)) => {
                    return Err(error.into());
                }
                Err(error) => {
                    let is_standby = is_standby(&error);
                    if is_standby {
                        self.opening.note_read_only(true);
                    }
                    let error = DbError::from(error);
                    let another_may_do =
                        is_standby || error.is_unavailable() || error.is_confused();
                    if !another_may_do || dead >= self.pool.size() {
                        return Err(error);
                    }
                    dead += 1;
                }
            }
        }
    }
}

/// The message that begins a transaction.
enum Begin {
    Whole(String),
    /// What follows [`Opening::begin`](super::session::Opening::begin).
    Writing(String),
}

/// Whether a standby refuses a transaction that could write.
fn is_standby(error: &sqlx::Error) -> bool {
    let state = error.as_database_error().and_then(|reported| reported.code());
    state.as_deref() == Some("0A000")
}

/// Refuses to begin the work if the caller has stopped waiting. No one sees this error.
fn refuse_abandoned(caller: &CancellationToken) -> Result<()> {
    if caller.is_cancelled() { Err(DbError::Stopping) } else { Ok(()) }
}

/// Commits or rolls back.
async fn settle(mut tx: TenantTx, ending: Ending) -> Result<()> {
    match ending {
        Ending::Commit => {}
        Ending::RollBack => {
            // If the rollback fails, the connection is broken, and the pool drops it.
            let _ = tx.connection.rollback().await;
            return Ok(());
        }
    }
    // INVARIANT: `Ok` means committed. After a failed statement the server answers a plain commit with a rollback and
    // no error. In that state it refuses the `select` before the commit, so an error that the work has swallowed is
    // never reported as success. sqlx believes that the transaction is open still, and queues a rollback when it is
    // dropped. The last `begin` opens what that rolls back: without it the server would warn. If the rollback never
    // arrives, this transaction too must end by itself.
    tx.progress.is_committing.store(true, Ordering::Relaxed);
    let commit = format!(
        "select; commit; begin; set local idle_in_transaction_session_timeout = {}",
        tx.timeouts.rest().as_millis(),
    );
    match sqlx::raw_sql(sqlx::AssertSqlSafe(commit)).execute(tx.connection()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(unconfirmed(error)),
    }
}

/// The meaning of an error in answer to a commit: the server's own verdict, or an unknown outcome.
fn unconfirmed(error: sqlx::Error) -> DbError {
    if matches!(error, sqlx::Error::Database(_)) {
        match DbError::from(error) {
            // The server may have committed before it failed.
            DbError::Unavailable(source) | DbError::TooSlow(source) => {
                DbError::OutcomeUnknown(source)
            }
            verdict => verdict,
        }
    } else {
        DbError::OutcomeUnknown(error)
    }
}
