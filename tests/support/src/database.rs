//! A database for each test: a copy of a migrated template, on a server of the test binary's own.
//!
//! Nothing has to be set up: the server is the service's embedded one, without durability, under the temporary folder,
//! and it ends with the test process however that ends. Where DATABASE_URL is set, that server is used instead; its user
//! must be allowed to create databases.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use promotion_engine::db::embedded::{Embedded, EmbeddedOptions};
use promotion_engine::db::tenants::{self, NewTenant};
use promotion_engine::db::{self, Db, DbError, DbOptions, Durability, TenantTx, Work};
use promotion_engine::domain::id::TenantId;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use uuid::Uuid;

/// Serializes the making of the template between test binaries that share a server.
const TEMPLATE_LOCK: i64 = 7_126_034_551;

/// The server of this test binary.
struct Server {
    /// A database that is always there, as the owner.
    maintenance: PgConnectOptions,
    /// The database that tests copy.
    template: String,
    /// Whether the server outlives the tests, so that each cleans up behind itself.
    is_shared: bool,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A migrated database that nobody else uses.
pub struct TestDatabase {
    db: Db,
    owner: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// Copies the template.
    pub async fn new() -> Self {
        let (owner, name) = copy(true).await;
        let db = Db::open(options(&owner)).await.expect("the copied database");
        Self { db, owner, name }
    }

    /// The same database, which the service now reaches by these options.
    pub async fn reached_by(mut self, options: DbOptions) -> Self {
        self.db.close().await;
        self.db = Db::open(options).await.expect("the same database");
        self
    }

    /// The database as the service uses it.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// How to connect as the owner; on the server of the tests that is a superuser, whom row-level security does not
    /// bind.
    pub fn owner(&self) -> PgConnectOptions {
        self.owner.clone()
    }

    /// A connection as the owner.
    pub async fn owner_connection(&self) -> PgConnection {
        self.owner.connect().await.expect("a connection as the owner")
    }

    /// A transaction of a tenant whose only errors are the database's.
    pub async fn tx<T, F>(&self, tenant: TenantId, work: F) -> Result<T, DbError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, DbError> + Send + 'static,
        T: Send + 'static,
    {
        self.db.tenant(tenant, work).await
    }

    /// Makes a tenant with settings `{}`.
    pub async fn tenant(&self, name: &str) -> TenantId {
        let tenant = TenantId::new(Uuid::now_v7());
        let new = NewTenant {
            tenant,
            name: name.to_owned(),
            currency: "INR".to_owned(),
            timezone: "Asia/Kolkata".to_owned(),
            settings: "{}".to_owned(),
        };
        self.db
            .operator(move |tx| {
                Box::pin(async move { tenants::create(tx, &new).await.map(|_| ()) })
            })
            .await
            .map_err(|error: DbError| error)
            .expect("a new tenant");
        tenant
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if SERVER.get().is_some_and(|server| server.is_shared) {
            let drop = format!("drop database if exists {} with (force)", self.name);
            let _ = std::thread::spawn(move || block_on(run(drop))).join();
        }
    }
}

/// The pool's options for a database of the tests.
pub fn options(connect: &PgConnectOptions) -> DbOptions {
    let mut options = DbOptions::new(connect.clone());
    options.durability = Durability::Off;
    // Two cores under many tests at once: waiting is no fault here.
    options.timeouts.acquire = std::time::Duration::from_secs(10);
    options
}

/// Makes a database: a copy of the template, or an empty one. Returns how to connect to it, and its name.
pub async fn copy(of_template: bool) -> (PgConnectOptions, String) {
    let server = server();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("pe_test_{}_{number}", std::process::id());
    let template = if of_template { server.template.as_str() } else { "template0" };
    run(format!("drop database if exists {name} with (force)")).await;
    run(format!("create database {name} template {template}")).await;
    (server.maintenance.clone().database(&name), name)
}

/// Runs one statement as the owner, outside of any test's database.
async fn run(statement: String) {
    let mut connection = server().maintenance.connect().await.expect("the server");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("a statement");
    connection.close().await.expect("a closed connection");
}

fn server() -> &'static Server {
    // A thread and a runtime of its own: the server belongs to no single test.
    SERVER.get_or_init(|| {
        std::thread::spawn(|| block_on(start())).join().expect("the server of the tests")
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

async fn start() -> Server {
    let given = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    let is_shared = given.is_some();
    let maintenance = match given {
        Some(url) => url.parse().expect("DATABASE_URL"),
        None => {
            let name = format!("pe-test-{}-{:08x}", std::process::id(), rand::random::<u32>());
            let mut options = EmbeddedOptions::new(std::env::temp_dir().join(name));
            options.durability = Durability::Off;
            options.ends_with_process = true;
            let embedded = Embedded::start(&options).await.expect("a server for the tests");
            let connect = embedded.connect_options().database("postgres");
            // It lives as long as the process, whose end its watcher waits for.
            std::mem::forget(embedded);
            connect
        }
    };
    let template = make_template(&maintenance).await;
    Server { maintenance, template, is_shared }
}

/// Migrates a database once for all tests. Its name tells the migrations, so that it is never an outdated one.
async fn make_template(maintenance: &PgConnectOptions) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for migration in sqlx::migrate!("../../migrations").iter() {
        migration.checksum.hash(&mut hasher);
    }
    let template = format!("pe_test_template_{:016x}", hasher.finish());
    let mut connection = maintenance.connect().await.expect("the server");
    sqlx::query("select pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut connection)
        .await
        .expect("the lock");
    let is_there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&template)
            .fetch_one(&mut connection)
            .await
            .expect("an answer");
    if !is_there {
        let unfinished = format!("{template}_new");
        for statement in [
            format!("drop database if exists {unfinished} with (force)"),
            format!("create database {unfinished} template template0"),
        ] {
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut connection)
                .await
                .expect("a database for the template");
        }
        db::migrate(&maintenance.clone().database(&unfinished)).await.expect("the migrations");
        let rename = format!("alter database {unfinished} rename to {template}");
        sqlx::raw_sql(AssertSqlSafe(rename))
            .execute(&mut connection)
            .await
            .expect("the finished template");
    }
    connection.close().await.expect("a closed connection");
    template
}

/// Where a text stands in what the tenant has: `table.column`, by the catalogue.
pub async fn places(owner: &mut PgConnection, tenant: &str, text: &str) -> Vec<String> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select relname::text, attname::text from pg_class
           join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
           join pg_type on pg_type.oid = atttypid
          where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'
            and typname in ('text', '_text', 'varchar', '_varchar', 'json', 'jsonb', 'bytea')
          order by 1, 2",
    )
    .fetch_all(&mut *owner)
    .await
    .unwrap();
    assert!(columns.len() > 50, "{columns:?}");
    let mut found = Vec::new();
    for (table, column) in columns {
        let read = format!(
            "select exists (select from {table} where tenant_id = $1::uuid
                 and (position($2 in {column}::text) > 0
                      or position(encode(convert_to($2, 'UTF8'), 'hex') in {column}::text) > 0))"
        );
        let is_there: bool = sqlx::query_scalar(AssertSqlSafe(read))
            .bind(tenant)
            .bind(text)
            .fetch_one(&mut *owner)
            .await
            .unwrap();
        if is_there {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}
