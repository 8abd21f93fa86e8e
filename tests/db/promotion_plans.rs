//! The list of promotions is read by indexes: with 10,000 promotions a page reads about as many rows as it has. Each
//! statement is run with the values of a filter, as the service's role, and its plan counts the rows that it has read.

use std::fs;
use std::path::Path;

use promotion_engine::domain::id::TenantId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::TestDatabase;

/// Rows of a page, and the one that tells whether there is another page.
const PAGE: u64 = 51;
/// Promotions that are active and have not ended. A tenant has a bound on these.
const IN_FORCE: u64 = 200;
const ORDERS: [&str; 4] = ["created_at", "name_folded", "starts_at", "ends_at"];

/// Of each tenant 10,000 promotions: a tenth are drafts, a tenth archived, and most of the active ones have ended. Each
/// of a hundred stores has some of its own.
const PROMOTIONS: &str = "
    alter table promotion disable trigger promotion_words_noted;
    insert into promotion (tenant_id, promotion_id, name, name_folded, type, status, campaign, starts_at, ends_at,
            created_at, document)
    select tenant_id, gen_random_uuid(), 'Offer ' || n || ' of the week', 'offer ' || n || ' of the week',
           case when n % 20 = 7 then 'rewards' else 'pos' end,
           case n % 10 when 0 then 'draft' when 1 then 'archived' else 'active' end,
           case when n % 50 = 7 then 'summer' end,
           timestamptz '2026-01-01' - make_interval(hours => n + 2000),
           timestamptz '2026-01-01' - make_interval(hours => n) + make_interval(days => case when n <= 250 then 900 else 0 end),
           timestamptz '2025-01-01' + make_interval(mins => n * 7919 % 10007),
           jsonb_build_object('scope', jsonb_build_object('stores',
               case when n % 3 = 0 then jsonb_build_array('S' || n % 100) else '[]' end))
      from tenant cross join generate_series(1, 10000) as n;
    insert into promotion_word (tenant_id, promotion_id, kind, word)
    select tenant_id, promotion_id, now.kind, now.word
      from promotion cross join lateral promotion_words(name_folded, document) as now;
    alter table promotion enable trigger promotion_words_noted;
    analyze promotion, promotion_word";

/// The only statement that contains all of these.
fn statement(parts: &[&str]) -> String {
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

/// A filter: values of the parameters from the status on, as SQL.
#[derive(Clone, Default)]
struct Filter(Vec<(usize, String)>);

impl Filter {
    fn and(mut self, parameter: usize, value: impl Into<String>) -> Self {
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

fn of(status: &str) -> Filter {
    Filter::default().and(2, format!("'{status}'")).and(17, PAGE.to_string())
}

/// The nodes of a plan that have read a table.
fn reading<'p>(plan: &'p Value, found: &mut Vec<&'p Value>) {
    if plan["Relation Name"].is_string() && plan["Actual Loops"] != 0 {
        found.push(plan);
    }
    for below in plan["Plans"].as_array().into_iter().flatten() {
        reading(below, found);
    }
}

/// How many rows of a table were read.
fn rows(plan: &Value, table: &str) -> u64 {
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

struct Shop {
    connection: PgConnection,
    tenant: TenantId,
    _database: TestDatabase,
}

impl Shop {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let tenant = database.tenant("A").await;
        database.tenant("B").await;
        let mut connection = database.owner_connection().await;
        sqlx::raw_sql(PROMOTIONS).execute(&mut connection).await.unwrap();
        // Index-only scans know what all transactions see.
        sqlx::raw_sql("vacuum promotion").execute(&mut connection).await.unwrap();
        sqlx::raw_sql("vacuum promotion_word").execute(&mut connection).await.unwrap();
        let role = format!(
            "set role promotion_engine_service; set app.tenant = '{tenant}'; set plan_cache_mode = force_custom_plan"
        );
        sqlx::raw_sql(AssertSqlSafe(role)).execute(&mut connection).await.unwrap();
        Self { connection, tenant, _database: database }
    }

    /// The plan of a statement that was run, with what it has read.
    async fn run(&mut self, statement: &str, filter: &Filter, count: usize) -> Value {
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

    async fn text(&mut self, question: &str) -> String {
        sqlx::query_scalar(AssertSqlSafe(question.to_owned()))
            .fetch_one(&mut self.connection)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_page_of_any_order_reads_no_more_than_a_page() {
    let mut shop = Shop::new().await;
    let now = "timestamptz '2026-01-01'";
    let live = || of("active").and(4, now).and(5, now);
    let few = "select (array_agg(promotion_id))[1:20]::text from promotion";
    let few = format!("'{}'::uuid[]", shop.text(few).await);
    for key in ORDERS {
        for descending in [false, true] {
            let order = if descending {
                format!("order by {key} desc, promotion_id desc limit $17")
            } else {
                format!("order by {key}, promotion_id limit $17")
            };
            let own = statement(&[order.as_str(), "from promotion\n"]);
            let last = if descending { "infinity" } else { "-infinity" };
            let after =
                if key == "name_folded" { "'offer 5'".to_owned() } else { format!("'{last}'") };
            let nobody = "'00000000-0000-0000-0000-000000000000'";
            for (name, filter, most) in [
                ("drafts", of("draft"), PAGE),
                // Four of five are active, so the index of all is as good.
                ("active", of("active"), 2 * PAGE),
                ("archived", of("archived"), PAGE),
                ("the next page", of("active").and(15, after).and(16, nobody), 2 * PAGE),
                ("a type", of("active").and(7, "'rewards'"), PAGE),
                ("a campaign", of("active").and(8, "'summer'"), PAGE),
                // A campaign has few.
                ("a type and a campaign", of("active").and(7, "'rewards'").and(8, "'summer'"), 200),
                ("live", live(), IN_FORCE),
                ("ended", of("active").and(6, now), PAGE + IN_FORCE),
                ("a name that many have", of("active").and(9, "'week'"), 2 * PAGE),
                ("few", of("active").and(10, few.as_str()), 20),
                ("all but a few", of("active").and(11, few.as_str()), PAGE + 20),
                (
                    "a store that most let in",
                    of("active")
                        .and(12, "array['S3', '']")
                        .and(13, "array['']")
                        .and(14, "array['']"),
                    2 * PAGE,
                ),
            ] {
                let plan = shop.run(&own, &filter, 17).await;
                let read = rows(&plan, "promotion");
                assert!(read <= most, "{name}, {order}: {read} rows\n{plan:#}");
                let words = rows(&plan, "promotion_word");
                assert!(words <= 3 * 2 * PAGE, "{name}, {order}: {words} words");
            }
        }
    }
    // What ends in a week is found by its end.
    let own = statement(&["order by ends_at, promotion_id limit $17", "from promotion\n"]);
    let week = of("active").and(5, "timestamptz '2025-12-01'").and(6, "timestamptz '2025-12-08'");
    let plan = shop.run(&own, &week, 17).await;
    assert!(rows(&plan, "promotion") <= PAGE, "{plan:#}");
}

#[tokio::test]
async fn words_and_counts_are_read_from_indexes_alone() {
    let mut shop = Shop::new().await;
    let named = statement(&["from promotion_word", "kind = 'name' and word >= $2"]);
    for (begin, most) in [("er 7777", 1), ("77 of", 100), ("of the", 1001)] {
        let filter = Filter::default()
            .and(2, format!("'{begin}'"))
            .and(3, format!("'{begin}' || chr(1114111)"))
            .and(4, "1001");
        let plan = shop.run(&named, &filter, 4).await;
        let read = rows(&plan, "promotion_word");
        assert!((1..=most).contains(&read), "{begin}: {read}\n{plan:#}");
    }
    let with = statement(&["from promotion_word", "kind = $2 and word = any ($3)"]);
    for (words, most) in [("'S3'", 40), ("'S3', ''", 1001)] {
        let filter =
            Filter::default().and(2, "'store'").and(3, format!("array[{words}]")).and(4, "1001");
        let plan = shop.run(&with, &filter, 4).await;
        let read = rows(&plan, "promotion_word");
        assert!((1..=most).contains(&read), "{words}: {read}\n{plan:#}");
    }
    // Most rows of a table this small are counted, so a scan may cost less. What matters is that an index suffices.
    sqlx::raw_sql("set enable_seqscan = off").execute(&mut shop.connection).await.unwrap();
    let count = statement(&["count(*) as \"count!\"", "own.kind = 'zone'"]);
    for (name, filter, expected) in [
        ("active", of("active"), 8000),
        ("a type", of("active").and(7, "'rewards'"), 500),
        ("a campaign", of("active").and(8, "'summer'"), 200),
        ("in force", of("active").and(5, "timestamptz '2026-01-01'"), IN_FORCE),
    ] {
        let plan = shop.run(&count, &filter, 14).await;
        let mut nodes = Vec::new();
        reading(&plan, &mut nodes);
        let reads_index =
            |node: &&Value| node["Index Name"].is_string() || node["Plans"].is_array();
        assert!(nodes.iter().all(reads_index), "{name}: {plan:#}");
        assert_eq!(rows(&plan, "promotion"), expected, "{name}: {plan:#}");
    }
}
