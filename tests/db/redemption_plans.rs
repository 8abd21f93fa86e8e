//! Redemptions are read by indexes: in a ledger of 20,000 a page of those of a promotion, of a code or in a state reads
//! about as many rows as it has.

use crate::plans::{Filter, PAGE, Shop, reading, rows, statement};

/// Of each tenant 20,000 redemptions. One promotion applied to all of them, by a hundred codes in turn, and another one
/// to the oldest forty. The oldest sixty were cancelled.
const REDEMPTIONS: &str = "
    insert into redemption_key (tenant_id, transaction_id, redemption_id)
    select tenant_id, 'T-' || n, gen_random_uuid() from tenant cross join generate_series(1, 20000) as n;
    insert into redemption (tenant_id, redemption_id, transaction_id, state, evaluated_at, settled_at,
           ruleset_version, body_hash, discount, request, result)
    select tenant_id, redemption_id, transaction_id,
           case when substr(transaction_id, 3)::int <= 60 then 'cancelled' else 'committed' end,
           timestamptz '2026-01-01' + make_interval(mins => substr(transaction_id, 3)::int), timestamptz '2026-02-01',
           1, decode(repeat('00', 32), 'hex'), 0, '{}', '{\"totals\": {}}'
      from redemption_key;
    insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times, discount,
           points, code_key)
    select tenant_id, redemption_id, '00000000-0000-0000-0000-000000000001', 0, evaluated_at, 'cart', 1, 0, 0,
           'CODE-' || substr(transaction_id, 3)::int % 100
      from redemption;
    insert into redemption_promotion (tenant_id, redemption_id, promotion_id, place, evaluated_at, level, times, discount,
           points)
    select tenant_id, redemption_id, '00000000-0000-0000-0000-000000000002', 1, evaluated_at, 'cart', 1, 0, 0
      from redemption where substr(transaction_id, 3)::int <= 40";
const TABLES: [&str; 3] = ["redemption_key", "redemption", "redemption_promotion"];

#[tokio::test]
async fn a_page_of_a_promotion_or_a_code_reads_no_more_than_a_page() {
    let mut shop = Shop::new(REDEMPTIONS, &TABLES).await;
    let own =
        statement(&["from redemption_promotion as given", "order by given.evaluated_at desc"]);
    let page = || Filter::default().and(9, "now()").and(12, PAGE.to_string());
    let all = || page().and(4, "'00000000-0000-0000-0000-000000000001'");
    let few = || page().and(4, "'00000000-0000-0000-0000-000000000002'");
    let after = "timestamptz '2026-01-08'";
    let nobody = "'00000000-0000-0000-0000-000000000000'";
    for (name, filter, most) in [
        ("a promotion that always applies", all(), PAGE),
        ("its next page", all().and(10, after).and(11, nobody), PAGE),
        ("a week of it", all().and(7, "timestamptz '2026-01-02'").and(8, after), PAGE),
        ("a promotion that seldom applied", few(), PAGE),
        ("a code", page().and(5, "'CODE-7'"), PAGE),
        ("a transaction of a promotion", all().and(2, "'T-77'"), 2),
        ("a rare state of a promotion", all().and(6, "'cancelled'"), 60),
        // A code has two hundred rows in all.
        ("a rare state of a code", page().and(5, "'CODE-7'").and(6, "'cancelled'"), 200),
        ("a usual state of a promotion", all().and(6, "'committed'"), PAGE),
        ("a usual state of a promotion that seldom applied", few().and(6, "'committed'"), PAGE),
    ] {
        let plan = shop.run(&own, &filter, 12).await;
        for table in ["redemption", "redemption_promotion"] {
            let read = rows(&plan, table);
            assert!(read <= most, "{name}: {read} rows of {table}\n{plan:#}");
        }
    }
}

#[tokio::test]
async fn a_page_of_a_rare_state_reads_no_sale() {
    let mut shop = Shop::new(REDEMPTIONS, &TABLES).await;
    let own = statement(&["from redemption\n", "order by evaluated_at desc", "'totals'"]);
    for (state, most) in [("cancelled", 60), ("expired", 60), ("committed", PAGE)] {
        let filter = Filter::default().and(4, format!("'{state}'"));
        let filter = filter.and(7, "now()").and(10, PAGE.to_string());
        let plan = shop.run(&own, &filter, 10).await;
        let read = rows(&plan, "redemption");
        assert!(read <= most, "{state}: {read} rows\n{plan:#}");
    }
}

#[tokio::test]
async fn statistics_do_not_read_the_rows_of_sales() {
    let mut shop = Shop::new(REDEMPTIONS, &TABLES).await;
    let start = "timestamptz '2026-01-01'";
    let filter = Filter::default()
        .and(2, "array['00000000-0000-0000-0000-000000000001']::uuid[]")
        .and(3, start)
        .and(5, format!("array[{start}]"))
        .and(6, "10");
    for (part, parameters) in [("grouping sets", 6), ("group by given.promotion_id, given.step", 4)]
    {
        let plan = shop.run(&statement(&[part]), &filter, parameters).await;
        let mut nodes = Vec::new();
        reading(&plan, &mut nodes);
        let own = nodes.iter().filter(|node| node["Relation Name"] == "redemption");
        let read: f64 = own.filter_map(|node| node["Actual Rows"].as_f64()).sum();
        assert!(read <= 60.0, "{read} rows\n{plan:#}");
    }
}
