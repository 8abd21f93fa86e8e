//! The plans of statements: each is run with the values of its parameters, as the service's role, and its plan counts
//! the rows that it has read.

use std::fs;
use std::path::Path;

use promotion_engine::domain::id::TenantId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::TestDatabase;

/// Rows of a page, and the one that tells whether there is another page.
pub const PAGE: u64 = 51;

/// The only statement that contains all of these.
pub fn statement(parts: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let texts = fs::read_dir(root).expect("the statements").map(|entry| {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a statement");
        let statement: Value = serde_json::from_str(&text).expect("JSON");
        statement["query"].as_str().expect("a query").to_owned()
    });
    let mut found = texts.filter(|text| parts.iter().all(|part| text.contains(part)));
    let own = found.next().unwrap_or_else(|| panic!("no statement has {parts:?}"));
    assert_eq!(found.next(), None, "{parts:?}");
    own
}

/// Values of parameters from the second on, as SQL. The first is the tenant.
#[derive(Clone, Default)]
pub struct Filter(Vec<(usize, String)>);

impl Filter {
    pub fn and(mut self, parameter: usize, value: impl Into<String>) -> Self {
        self.0.push((parameter, value.into()));
        self
    }

    fn arguments(&self, tenant: TenantId, count: usize) -> String {
        let mut all = vec!["null".to_owned(); count];
        all[0] = format!("'{tenant}'");
        // A count has no parameters of a page.
        for (parameter, value) in self.0.iter().filter(|(parameter, _)| *parameter <= count) {
            all[parameter - 1] = value.clone();
        }
        all.join(", ")
    }
}

/// The nodes of a plan that have read a table.
pub fn reading<'p>(plan: &'p Value, found: &mut Vec<&'p Value>) {
    if plan["Relation Name"].is_string() && plan["Actual Loops"] != 0 {
        found.push(plan);
    }
    for below in plan["Plans"].as_array().into_iter().flatten() {
        reading(below, found);
    }
}

/// How many rows of a table were read.
pub fn rows(plan: &Value, table: &str) -> u64 {
    let mut nodes = Vec::new();
    reading(plan, &mut nodes);
    let of_node = |node: &&Value| {
        let number = |name: &str| node[name].as_f64().unwrap_or_default();
        let each = number("Actual Rows")
            + number("Rows Removed by Filter")
            + number("Rows Removed by Index Recheck");
        (each * number("Actual Loops")).ceil() as u64
    };
    for node in &nodes {
        assert_ne!(node["Node Type"], "Seq Scan", "{plan:#}");
    }
    nodes.iter().filter(|node| node["Relation Name"] == table).map(of_node).sum()
}

pub struct Shop {
    pub connection: PgConnection,
    tenant: TenantId,
    _database: TestDatabase,
}

impl Shop {
    /// Two tenants with the rows of a statement, which fills these tables.
    pub async fn new(fill: &'static str, tables: &[&str]) -> Self {
        let database = TestDatabase::new().await;
        let tenant = database.tenant("A").await;
        database.tenant("B").await;
        let mut connection = database.owner_connection().await;
        sqlx::raw_sql(fill).execute(&mut connection).await.unwrap();
        for table in tables {
            // Index-only scans know what all transactions see.
            let vacuum = format!("vacuum analyze {table}");
            sqlx::raw_sql(AssertSqlSafe(vacuum)).execute(&mut connection).await.unwrap();
        }
        let role = format!(
            "set role promotion_engine_service; set app.tenant = '{tenant}'; set plan_cache_mode = force_custom_plan"
        );
        sqlx::raw_sql(AssertSqlSafe(role)).execute(&mut connection).await.unwrap();
        Self { connection, tenant, _database: database }
    }

    /// The plan of a statement that was run, with what it has read.
    pub async fn run(&mut self, statement: &str, filter: &Filter, count: usize) -> Value {
        let arguments = filter.arguments(self.tenant, count);
        let text = format!("explain (analyze, format json) execute own({arguments})");
        let mut transaction = self.connection.begin().await.unwrap();
        let prepare = format!("prepare own as {statement}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *transaction).await.unwrap();
        let plan: Value = sqlx::query_scalar(AssertSqlSafe(text))
            .persistent(false)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        sqlx::raw_sql("deallocate own").execute(&mut *transaction).await.unwrap();
        plan[0]["Plan"].clone()
    }

    pub async fn text(&mut self, question: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(question.to_owned()))
            .fetch_one(&mut self.connection)
            .await
            .unwrap()
    }
}
