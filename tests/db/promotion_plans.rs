//! The list of promotions is read by indexes: with 10,000 promotions a page reads about as many rows as it has.

use serde_json::Value;

use crate::plans::{Filter, PAGE, Shop, reading, rows, statement};

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
    alter table promotion enable trigger promotion_words_noted";
const TABLES: [&str; 2] = ["promotion", "promotion_word"];

fn of(status: &str) -> Filter {
    Filter::default().and(2, format!("'{status}'")).and(17, PAGE.to_string())
}

#[tokio::test]
async fn a_page_of_any_order_reads_no_more_than_a_page() {
    let mut shop = Shop::new(PROMOTIONS, &TABLES).await;
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
    let mut shop = Shop::new(PROMOTIONS, &TABLES).await;
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
