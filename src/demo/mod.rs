//! `promotion-engine demo`: a demo shop on the embedded database.
//!
//! The demo calls the service's own port, as any caller would. It creates the tenant and its keys, loads the shop of
//! `demo/shop.json`, prices its sample cart, and prints the answer as a receipt. Then a customer registers, earns a
//! promotion by it, and uses it; the demo prints that too. After that the service goes on. `promotion-engine evaluate`
//! can price `demo/shop.json` as well.
//!
//! Reading order: [`run`] here, then `shop` (what is loaded), `receipt` (what is printed), `welcome` (the customer),
//! `client`.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;
use uuid::Uuid;

use crate::app::{self, App, AppOptions, Database, StartError};
use crate::config::DemoConfig;
use crate::probe;

mod client;
mod receipt;
mod shop;
mod welcome;

use client::{CallError, Client};
use shop::{Keys, ONE_MORE};
use welcome::Story;

/// The shop and its sample cart.
const SHOP: &str = include_str!("../../demo/shop.json");

/// How long a transaction waits for a connection. A machine that has just built the service may be busy for a while.
const CONNECTING: Duration = Duration::from_secs(20);

/// Why the demo ended early.
#[derive(Debug, Error)]
pub enum DemoError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Serves the demo until the process is asked to stop.
pub async fn run(config: DemoConfig) -> Result<(), DemoError> {
    // Bind the address first: if it is taken, nothing is created or loaded.
    let listener = app::listen(config.listen.listen_addr).await?;
    let stopping = app::stop_signal()?;
    tokio::pin!(stopping);
    say(&format!("Starting PostgreSQL, with its data in {} …", config.embedded.data_dir.display()));
    let database = Database::provide(&config.database()).await?;
    let served = async {
        database.migrate().await?;
        let operator_key = operator_key();
        let options =
            AppOptions { operator_key: Some(operator_key.clone()), ..AppOptions::default() };
        let mut connecting = database.options.clone();
        connecting.timeouts.acquire = CONNECTING;
        let app = App::start(listener, connecting, options).await?;
        let client = Client::new(probe::on_this_machine(app.address()));
        let shown = tokio::select! {
            shown = show(&client, &operator_key, config.fresh) => shown.map(|()| true),
            () = &mut stopping => Ok(false),
        };
        if let Ok(true) = shown {
            stopping.await;
        }
        app.stop().await;
        shown.map(|_| ())
    };
    let served = served.await;
    database.stop().await;
    served
}

/// Loads the shop, prices its cart, lets a customer earn something and use it, and prints how to go on.
async fn show(client: &Client, operator_key: &str, fresh: bool) -> Result<(), DemoError> {
    let document: Value = serde_json::from_str(SHOP).map_err(|_| CallError::Shop)?;
    let shop::Shop { keys, was_extended } =
        shop::load(client, operator_key, &document, fresh).await?;
    let request = &document["request"];
    let result = client.post("/v1/evaluate-cart", &keys.pos, request).await?;
    say(&receipt::print(shop::TENANT, shop::ZONE, request, &result));
    say(&earned_and_used(&welcome::tell(client, &keys).await?));
    say(&how_to_go_on(client.address(), operator_key, &keys, was_extended));
    Ok(())
}

/// The text about a customer who registers, earns a promotion and uses it at the till.
fn earned_and_used(story: &Story) -> String {
    let Story { name, expires_at, receipt, state } = story;
    let state = state.replace('_', " ");
    format!(
        "A customer registers and earns by it:\n\n\
         \x20 {name}\n\
         \x20 to be used once, before {expires_at}\n\n\
         and uses it at the till:\n\n{receipt}\n\
         What was earned is {state}.\n"
    )
}

/// The keys, and commands to paste. Each command is one complete line, so that it works in any shell and in any order.
///
/// Comments have no quotation marks: pasted into a shell that does not know comments, such a mark would wait for its
/// other half.
fn how_to_go_on(
    address: SocketAddr,
    operator_key: &str,
    keys: &Keys,
    was_extended: bool,
) -> String {
    let Keys { admin, pos } = keys;
    let cart = |json: &str| {
        format!(
            "curl -sSw '\\n' http://{address}/v1/evaluate-cart -H 'authorization: Bearer {pos}' \
             -H 'content-type: application/json' -d '{json}'"
        )
    };
    let socks = cart(
        r#"{"store": "PUN-KOT", "cart": {"lines": [{"id": "1", "sku": "SOCKS-GRY", "quantity": "5", "unit_price": "149.00", "categories": ["Socks"]}]}}"#,
    );
    let saree = cart(
        r#"{"store": "MUM-BAN", "cart": {"lines": [{"id": "1", "sku": "SAREE-SILK", "quantity": "1", "unit_price": "6499.00", "categories": ["Sarees"]}]}, "explain": "all"}"#,
    );
    let saree_is = if was_extended {
        "with the promotion that an earlier run was given, the others beat the exclusive one"
    } else {
        "here the exclusive promotion beats all others together"
    };
    let mut text = format!(
        "Keys, made for this run; those of earlier runs go on working:\n\n\
         \x20 operator  {operator_key} (this run only)\n\
         \x20 admin     {admin}\n\
         \x20 pos       {pos}\n\n\
         Serving on http://{address} until Ctrl-C. The console, signed in as the admin:\n\n\
         \x20 http://{address}/console/#key={admin}\n\n\
         The API is described at http://{address}/docs, and metrics are at http://{address}/metrics.\n\n\
         Lines to paste:\n\n\
         # Five pairs of socks, of which one is free\n{socks}\n\n\
         # A silk saree: {saree_is}\n{saree}\n\n\
         # The promotions, newest first\n\
         curl -sSw '\\n' 'http://{address}/v1/promotions?limit=5' -H 'authorization: Bearer {admin}'\n",
    );
    if !was_extended {
        text.push_str(&format!(
            "\n# One more promotion: paste the line of the saree again, and the others beat the exclusive one\n\
             curl -sSw '\\n' http://{address}/v1/promotions -H 'authorization: Bearer {admin}' \
             -H 'content-type: application/json' -d '{ONE_MORE}'\n"
        ));
    }
    text
}

/// A random operator key. It is valid as long as the process runs.
fn operator_key() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Prints to the standard output. The demo goes on even if nobody reads it.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::document;

    /// The sample cart at noon, when the evening's promotion is closed.
    fn evaluated() -> Value {
        let mut document: Value = serde_json::from_str(SHOP).unwrap();
        document["request"]["at"] = "2026-06-03T12:00:00+05:30".into();
        let text =
            document::evaluate(document.to_string().as_bytes(), chrono::DateTime::UNIX_EPOCH);
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    #[test]
    fn the_sample_cart_costs_what_the_documentation_says() {
        let result = evaluated();
        assert_eq!(result["totals"]["payable"], "5218.75");
        assert_eq!(result["suggestions"].as_array().map(Vec::len), Some(2));
        let passed_over = result["not_applied"].as_array().into_iter().flatten();
        let passed_over: Vec<_> =
            passed_over.filter(|other| other["reason"] == "better_deal_taken").collect();
        assert_eq!(passed_over.len(), 1, "the exclusive promotion does not always win");
    }

    #[test]
    fn what_is_proposed_follows_what_was_done_and_pastes_into_any_shell() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        let keys = Keys { admin: "a".to_owned(), pos: "p".to_owned() };
        let [first, later] =
            [false, true].map(|was_extended| how_to_go_on(address, "o", &keys, was_extended));
        assert!(first.contains(shop::ONE_MORE_NAME) && !later.contains(shop::ONE_MORE_NAME));
        assert!(first.contains("beats all others") && !later.contains("beats all others"));
        let proposed: Value = serde_json::from_str(ONE_MORE).unwrap();
        assert_eq!(proposed["name"], shop::ONE_MORE_NAME);
        for line in first.lines().chain(later.lines()).filter(|line| line.starts_with('#')) {
            assert!(!line.contains(['\'', '"', '`', '$', '!']), "{line}");
        }
    }

    #[test]
    fn the_shop_shows_every_kind_of_benefit() {
        let document: Value = serde_json::from_str(SHOP).unwrap();
        let promotions = document["promotions"].as_array().unwrap();
        assert!(promotions.len() >= 12);
        let member = |promotion: &Value, path: &str| {
            promotion.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let kinds: BTreeSet<String> =
            promotions.iter().map(|promotion| member(promotion, "/benefit/type")).collect();
        let all = [
            "amount_off",
            "award_points",
            "bundle_price",
            "fixed_price",
            "free_product",
            "percentage_off",
        ];
        assert_eq!(kinds, BTreeSet::from(all.map(str::to_owned)));
        let targets: BTreeSet<String> =
            promotions.iter().map(|promotion| member(promotion, "/benefit/target/type")).collect();
        assert!(["cart", "items", "shipping"].iter().all(|target| targets.contains(*target)));
        let origins: BTreeSet<String> =
            promotions.iter().map(|promotion| member(promotion, "/benefit/target/from")).collect();
        assert!(
            ["matching", "in_condition", "beyond_condition"]
                .iter()
                .all(|from| origins.contains(*from))
        );
    }
}
