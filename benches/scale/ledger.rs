//! A long ledger beside a short one: what each question takes of the one, as a ratio to the other.
//!
//! Both are of the same service and cover the same year: the large one has more redemptions a day, more customers and more
//! of each kind of row. A customer has as many redemptions in both.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};
use serde_json::json;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::client::{Connection, Fallible};
use crate::questions::{ALL, CODE, Ledger, Question};
use crate::{Bar, Place, Size, cart, percentile, promotion, report, tenant, text};

const LOAD: &str = include_str!("ledger.sql");
const COUNT: &str = include_str!("counters.sql");
/// Rows of one load, so that the memory of a load is bounded.
const CHUNK: usize = 100_000;
/// Requests to each of the two ledgers, in turn; the first few are not counted.
const ROUNDS: u64 = 100;
const WARM_UP: u64 = 5;
/// No more is asked of a question that has taken so long, once it was asked three times.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most that the large ledger may take, in times of the small one.
const RATIO: f64 = 1.5;

pub fn measure(place: &Place, size: &Size) -> Fallible<()> {
    let instance = place.instance(None)?;
    let measured = place.client.block_on(async {
        let mut owner = place.database().connect().await?;
        let mut caller = Connection::open(instance.address()).await?;
        let mut ledgers = Vec::new();
        for count in size.ledgers {
            ledgers.push(load(&mut caller, &mut owner, count).await?);
        }
        let all = "redemption_key, redemption, redemption_promotion, redemption_use, limit_counter, redemption_return, \
                   redemption_returned_line, redemption_return_promotion, event, audit";
        sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze {all}"))).execute(&mut owner).await?;
        let bytes: i64 = sqlx::query_scalar("select pg_database_size(current_database())")
            .fetch_one(&mut owner)
            .await?;
        println!("{} MB in all, {:.1} kB a redemption\n", bytes >> 20, of_each(bytes, size));
        for question in ALL {
            ask(instance.address(), &ledgers, question).await?;
        }
        Fallible::Ok(())
    });
    instance.stop();
    measured
}

fn of_each(bytes: i64, size: &Size) -> f64 {
    bytes as f64 / 1_000.0 / size.ledgers.iter().sum::<u64>() as f64
}

/// Makes a tenant through the API, with one redemption, and then the others after it by SQL.
async fn load(caller: &mut Connection, owner: &mut PgConnection, count: u64) -> Fallible<Ledger> {
    let begun = Instant::now();
    let (id, key) = tenant(caller, "Ledger").await?;
    let limits = json!({"limits": {"customer": {"times": {"max": 1_000_000_000}}}});
    let always = caller.create("/v1/promotions", &key, &promotion("Always", &limits)).await?;
    let draft = json!({"status": "draft"});
    let rare = caller.create("/v1/promotions", &key, &promotion("Rare", &draft)).await?;
    let linked = json!({"type": "code_linked"});
    let linked = caller.create("/v1/promotions", &key, &promotion("Code", &linked)).await?;
    let path = format!("/v1/promotions/{}/codes", text(&linked, "id"));
    caller.create(&path, &key, &json!({"codes": [CODE]})).await?;
    let template = json!({"transaction_id": "template", "request": cart("template")});
    caller.create("/v1/redemptions", &key, &template).await?;
    let ledger = Ledger { id, key, promotion: text(&always, "id"), rare: text(&rare, "id"), count };
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    for first in (1..=count).step_by(CHUNK) {
        let last = count.min(first + CHUNK as u64 - 1);
        let chunk = filled(LOAD, &ledger, &now)
            .replace("{first}", &first.to_string())
            .replace("{last}", &last.to_string());
        sqlx::raw_sql(AssertSqlSafe(chunk)).execute(&mut *owner).await?;
    }
    sqlx::raw_sql(AssertSqlSafe(filled(COUNT, &ledger, &now))).execute(&mut *owner).await?;
    println!("{count} redemptions loaded in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(ledger)
}

fn filled(text: &str, ledger: &Ledger, now: &str) -> String {
    text.replace("{tenant}", &ledger.id)
        .replace("{promotion}", &ledger.promotion)
        .replace("{rare}", &ledger.rare)
        .replace("{count}", &ledger.count.to_string())
        .replace("{customers}", &ledger.customers().to_string())
        .replace("{now}", now)
}

/// Asks both ledgers in turn, and reports the ratio of the medians.
async fn ask(address: SocketAddr, ledgers: &[Ledger], question: &Question) -> Fallible<()> {
    let (name, most_ms, request) = question;
    let mut connection = Connection::open(address).await?;
    let mut took = [Vec::new(), Vec::new()];
    let begun = Instant::now();
    for turn in 0..ROUNDS {
        if turn >= 3 && begun.elapsed() > PATIENCE {
            break;
        }
        for (ledger, took) in ledgers.iter().zip(&mut took) {
            let request = request(ledger, turn);
            let sent = Instant::now();
            let (status, _) = connection.call(&request).await?;
            if !(200..300).contains(&status) {
                let seconds = sent.elapsed().as_secs_f64();
                let told = format!("{status} after {seconds:.1} s");
                println!("{name:<46} {told:<30} of {} redemptions: missed", ledger.count);
                return Ok(());
            }
            took.push(sent.elapsed().as_secs_f64() * 1e3);
        }
    }
    let [small, large] = took.map(|mut took| {
        let begin = took.len().min(WARM_UP as usize + 1) - 1;
        percentile(took.split_off(begin).as_mut_slice(), 50)
    });
    report(name, &format!("{small:.2} ms → {large:.2} ms"), large / small, Bar::AtMost(RATIO));
    if let Some(most) = *most_ms {
        report("  in ms", "", large, Bar::AtMost(most));
    }
    Ok(())
}
