//! P20 for everything else that changes something: whichever statement of a request fails, the state is unchanged or
//! complete, and evaluations go by that state. `statements` has the same for redemptions.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use support::TestDatabase;

use crate::client::{Answer, Call, Front};
use crate::instance::{self, OPERATOR};
use crate::proxy::{Proxy, When};
use crate::shop::{self, Shop};
use crate::statements::{MOST, difference, settled};

/// What a change of a row changes, beside the rows that each table has.
const SUMS: &[&str] = &[
    "sum(rules_version) from tenant",
    "sum(keys_version) from tenant",
    "sum(max_active_promotions) from tenant",
    "count(*) from tenant where suspended",
    "sum(version) from settings",
    "sum(length(concept)) from store",
    "sum(cardinality(skus)) from product_list",
    "sum(version) from promotion",
    "count(*) from promotion where status = 'active'",
    "count(*) from promotion where status = 'paused'",
    "count(*) from promotion where status = 'archived'",
    "count(*) from api_key where revoked_at is not null",
    "sum(issued) from customer_promotion",
    "sum(unlocked) from customer_promotion",
    "count(*) from issuance where unlocked_at is not null",
    "count(*) from issuance where activated_at is not null",
    "count(*) from issuance where revoked_at is not null",
    "sum(length(document::text)) from milestone",
    "sum(progress) from milestone_progress",
    "sum(cardinality(events)) from webhook",
    "count(*) from webhook where former_secret is not null",
    "count(*) from webhook_delivery where dead_at is not null",
];
/// What jobs move by themselves: events are counted wherever they are.
const MOVED: [&str; 5] = ["outbox", "event", "event_counter", "webhook_delivery", "issuance_watch"];

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    MakeTenant,
    ChangeTenant,
    MakeTenantKey,
    RevokeTenantKey,
    MakeKey,
    RevokeKey,
    PutSettings,
    PutStore,
    PutStores,
    DeleteStore,
    PutList,
    DeleteList,
    MakePromotion,
    PutPromotion,
    Import,
    Pause,
    PauseMany,
    Archive,
    MakeCodes,
    GenerateCodes,
    DeleteCode,
    Issue,
    IssueToMany,
    Activate,
    Revoke,
    Claim,
    Register,
    Buy,
    PutMilestone,
    DeleteMilestone,
    PutWebhook,
    DeleteWebhook,
    RotateSecret,
    Resend,
    PutVocabulary,
    DeleteVocabulary,
    MakeBacktest,
    DeleteBacktest,
}

const REQUESTS: [Request; 38] = [
    Request::MakeTenant,
    Request::ChangeTenant,
    Request::MakeTenantKey,
    Request::RevokeTenantKey,
    Request::MakeKey,
    Request::RevokeKey,
    Request::PutSettings,
    Request::PutStore,
    Request::PutStores,
    Request::DeleteStore,
    Request::PutList,
    Request::DeleteList,
    Request::MakePromotion,
    Request::PutPromotion,
    Request::Import,
    Request::Pause,
    Request::PauseMany,
    Request::Archive,
    Request::MakeCodes,
    Request::GenerateCodes,
    Request::DeleteCode,
    Request::Issue,
    Request::IssueToMany,
    Request::Activate,
    Request::Revoke,
    Request::Claim,
    Request::Register,
    Request::Buy,
    Request::PutMilestone,
    Request::DeleteMilestone,
    Request::PutWebhook,
    Request::DeleteWebhook,
    Request::RotateSecret,
    Request::Resend,
    Request::PutVocabulary,
    Request::DeleteVocabulary,
    Request::MakeBacktest,
    Request::DeleteBacktest,
];

impl Request {
    /// Whether asking again for what was done changes nothing and is answered alike. The others are changes of rules: a
    /// version more, or a refusal.
    fn is_repeatable(self) -> bool {
        matches!(
            self,
            Self::Issue
                | Self::IssueToMany
                | Self::Activate
                | Self::Revoke
                | Self::Claim
                | Self::Register
                | Self::Buy
                | Self::GenerateCodes
        )
    }
}

impl Request {
    /// Whether its answer is read while it is sent, and may break off: then it is asked for again.
    fn is_streamed(self) -> bool {
        self == Self::GenerateCodes
    }
}

struct Stage {
    shop: Shop,
    proxy: Proxy,
    owner: PgConnection,
    figures: String,
    /// Promotions that are there all the time: a reward, one that is earned by registering, one that is claimed.
    reward: String,
    claimed: String,
    count: u32,
}

impl Stage {
    async fn open(front: &Front, proxy: Proxy, mut owner: PgConnection) -> Self {
        let shop = Shop::open(front).await;
        let path = format!("/v1/tenants/{}", shop.id);
        let body = json!({"max_active_promotions": 90_000});
        let call = Call::new(Method::PATCH, path, OPERATOR, Some(&body));
        front.until_answered(&call).await.expect(200);
        let of_type = |name: &str, kind: &str| {
            let mut body = shop::ten_off(name, json!({}));
            body["type"] = kind.into();
            body
        };
        let mut reward = of_type("Reward", "rewards");
        reward["activation_required"] = true.into();
        let reward = shop.promotion(&reward).await;
        let mut earned = of_type("Registered", "loyalty_earning");
        earned["earning"] = json!({"trigger": "activity", "activity": "registration"});
        shop.promotion(&earned).await;
        let milestone = json!({"measure": "quantity", "targets": [{"name": "T", "value": "2"}]});
        let put = shop.ask(Method::PUT, "/v1/milestones/Buyer", Some(&milestone)).await;
        put.expect(200);
        let mut bought = of_type("Bought", "loyalty_earning");
        bought["earning"] =
            json!({"trigger": "milestone", "milestone": {"name": "Buyer", "target": "T"}});
        shop.promotion(&bought).await;
        let mut claimed = shop::ten_off("Claimed", json!({}));
        claimed["activation_required"] = true.into();
        let claimed = shop.promotion(&claimed).await;
        let figures = figures(&mut owner).await;
        Self { shop, proxy, owner, figures, reward, claimed, count: 0 }
    }

    fn name(&mut self) -> String {
        self.count += 1;
        format!("N-{}", self.count)
    }

    async fn state(&mut self) -> Vec<i64> {
        settled(&mut self.owner, &self.figures).await
    }

    async fn ask(&self, method: Method, path: String, body: Value) -> Answer {
        let body = (!body.is_null()).then_some(&body);
        self.shop.ask(method, &path, body).await
    }

    async fn made(&self, path: String, body: Value) -> String {
        let made = self.ask(Method::POST, path, body).await;
        assert!(matches!(made.status, 200 | 201), "{}", made.text);
        made.id()
    }

    /// Makes what must be there before, and returns the call.
    async fn prepare(&mut self, request: Request) -> Call {
        let (name, admin, tenant) = (self.name(), self.shop.admin.clone(), self.shop.id.clone());
        let call = |method, path: String, body: Value| {
            let body = (!body.is_null()).then_some(&body);
            Call::new(method, path, &admin, body)
        };
        let post = |path: String, body: Value| call(Method::POST, path, body);
        let delete = |path: String| call(Method::DELETE, path, Value::Null);
        let store = |code: &str| json!({"code": code, "concept": "express"});
        let milestone = json!({"measure": "visits", "targets": [{"name": "T", "value": "2"}]});
        let webhook = json!({"url": "https://localhost/", "events": ["promotion.ended"]});
        let key = json!({"role": "pos", "label": name});
        let issue = json!({"promotion_id": self.reward, "customer_id": name, "source_id": "S"});
        match request {
            Request::MakeTenant => {
                let body = json!({"name": name, "currency": "INR", "timezone": "Asia/Kolkata"});
                Call::post("/v1/tenants", OPERATOR, &body)
            }
            Request::ChangeTenant => {
                let path = format!("/v1/tenants/{tenant}");
                // Always by as much.
                sqlx::query("update tenant set max_active_promotions = 90000")
                    .execute(&mut self.owner)
                    .await
                    .expect("the bound of before");
                let body = json!({"max_active_promotions": 90_001});
                Call::new(Method::PATCH, path, OPERATOR, Some(&body))
            }
            Request::MakeTenantKey => {
                Call::post(format!("/v1/tenants/{tenant}/keys"), OPERATOR, &key)
            }
            Request::RevokeTenantKey => {
                let id = self.made("/v1/keys".to_owned(), key).await;
                let path = format!("/v1/tenants/{tenant}/keys/{id}");
                Call::new(Method::DELETE, path, OPERATOR, None)
            }
            Request::MakeKey => post("/v1/keys".to_owned(), key),
            Request::RevokeKey => {
                let id = self.made("/v1/keys".to_owned(), key).await;
                delete(format!("/v1/keys/{id}"))
            }
            Request::PutSettings => {
                let stored = self.ask(Method::GET, "/v1/settings".to_owned(), Value::Null).await;
                let mut body = stored.body.clone();
                body["hold_seconds"] = (100 + self.count % 1_000).into();
                let mut call = call(Method::PUT, "/v1/settings".to_owned(), body);
                call.if_match = stored.etag;
                call
            }
            Request::PutStore => {
                call(Method::PUT, format!("/v1/stores/{name}"), json!({"concept": "express"}))
            }
            Request::PutStores => {
                let other = self.name();
                call(Method::PUT, "/v1/stores".to_owned(), json!([store(&name), store(&other)]))
            }
            Request::DeleteStore => {
                let path = format!("/v1/stores/{name}");
                self.ask(Method::PUT, path.clone(), json!({"concept": "express"})).await;
                delete(path)
            }
            Request::PutList => {
                call(Method::PUT, format!("/v1/product-lists/{name}"), json!({"skus": ["A", "B"]}))
            }
            Request::DeleteList => {
                let path = format!("/v1/product-lists/{name}");
                self.ask(Method::PUT, path.clone(), json!({"skus": ["A", "B"]})).await;
                delete(path)
            }
            Request::MakePromotion => {
                post("/v1/promotions".to_owned(), shop::ten_off(&name, json!({})))
            }
            Request::PutPromotion => {
                let body = shop::ten_off(&name, json!({}));
                let id = self.made("/v1/promotions".to_owned(), body.clone()).await;
                let mut call = call(Method::PUT, format!("/v1/promotions/{id}"), body);
                call.if_match = Some("\"1\"".to_owned());
                call
            }
            Request::Import => {
                let mut promotion = shop::ten_off_with_codes(&name, json!({}));
                promotion["status"] = "active".into();
                let body = json!({"stores": [store(&name)], "product_lists": {name.clone(): ["A", "B"]},
                                  "promotions": [promotion], "codes": {name.clone(): [format!("{name}-A")]}});
                call(Method::PUT, "/v1/promotions/import".to_owned(), body)
            }
            Request::Pause => {
                let body = shop::ten_off(&name, json!({}));
                let id = self.made("/v1/promotions".to_owned(), body).await;
                let path = format!("/v1/promotions/{id}/status");
                post(path, json!({"status": "paused"}))
            }
            Request::PauseMany => {
                let mut ids = Vec::new();
                for name in [name.clone(), format!("{name} too")] {
                    let body = shop::ten_off(&name, json!({}));
                    ids.push(self.made("/v1/promotions".to_owned(), body).await);
                }
                post("/v1/promotions/status".to_owned(), json!({"ids": ids, "status": "paused"}))
            }
            Request::Archive => {
                let body = shop::ten_off(&name, json!({}));
                let id = self.made("/v1/promotions".to_owned(), body).await;
                delete(format!("/v1/promotions/{id}"))
            }
            Request::MakeCodes | Request::GenerateCodes | Request::DeleteCode => {
                let body = shop::ten_off_with_codes(&name, json!({}));
                let id = self.made("/v1/promotions".to_owned(), body).await;
                let path = format!("/v1/promotions/{id}/codes");
                let codes = json!({"codes": [format!("{name}-A"), format!("{name}-B")]});
                match request {
                    Request::MakeCodes => post(path, codes),
                    Request::GenerateCodes => {
                        post(path, json!({"generate": {"count": 20, "length": 10}, "batch": "B-1"}))
                    }
                    _ => {
                        self.ask(Method::POST, path.clone(), codes).await;
                        delete(format!("{path}/{name}-A"))
                    }
                }
            }
            Request::Issue => post("/v1/issuances".to_owned(), issue),
            Request::IssueToMany => {
                let customers = [format!("{name}-1"), format!("{name}-2"), format!("{name}-3")];
                let body = json!({"promotion_id": self.reward, "source_id": "S", "customer_ids": customers});
                post("/v1/issuances/bulk".to_owned(), body)
            }
            Request::Activate | Request::Revoke => {
                let id = self.made("/v1/issuances".to_owned(), issue).await;
                let what = match request {
                    Request::Activate => "activate",
                    _ => "revoke",
                };
                post(format!("/v1/issuances/{id}/{what}"), json!({}))
            }
            Request::Claim => {
                let path = format!("/v1/promotions/{}/activations", self.claimed);
                post(path, json!({"customer_id": name}))
            }
            Request::Register => {
                let body = json!({"id": name, "type": "registration", "customer": {"id": name}});
                post("/v1/activities".to_owned(), body)
            }
            Request::Buy => {
                let body = json!({"id": name, "type": "transaction", "customer": {"id": name},
                                  "cart": shop::cart(2)["cart"]});
                post("/v1/activities".to_owned(), body)
            }
            Request::MakeBacktest => {
                // One more than there is room for would take another's place.
                sqlx::query("delete from backtest")
                    .execute(&mut self.owner)
                    .await
                    .expect("no backtest");
                let body = json!({"name": name, "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"});
                post("/v1/backtests".to_owned(), body)
            }
            Request::DeleteBacktest => {
                let id: String = sqlx::query_scalar(
                    "insert into backtest (tenant_id, backtest_id, name, state, input, created_at, finished_at, result)
                     values ($1::uuid, gen_random_uuid(), 'B', 'done', '{}', now(), now(), '{}')
                     returning backtest_id::text",
                )
                .bind(&tenant)
                .fetch_one(&mut self.owner)
                .await
                .expect("a backtest that is done");
                delete(format!("/v1/backtests/{id}"))
            }
            Request::PutMilestone => call(Method::PUT, format!("/v1/milestones/{name}"), milestone),
            Request::DeleteMilestone => {
                let path = format!("/v1/milestones/{name}");
                self.ask(Method::PUT, path.clone(), milestone).await;
                delete(path)
            }
            Request::PutVocabulary => {
                let body = json!({"values": [{"value": name, "title": "A"}]});
                call(Method::PUT, "/v1/vocabulary/sku".to_owned(), body)
            }
            Request::DeleteVocabulary => {
                let path = "/v1/vocabulary/category".to_owned();
                let body = json!({"values": [{"value": "Shoes"}, {"value": "Boots"}]});
                self.ask(Method::PUT, path.clone(), body).await.expect(200);
                delete(path)
            }
            Request::PutWebhook
            | Request::DeleteWebhook
            | Request::RotateSecret
            | Request::Resend => {
                sqlx::query("delete from webhook")
                    .execute(&mut self.owner)
                    .await
                    .expect("no webhook");
                let path = format!("/v1/webhooks/{name}");
                if request == Request::PutWebhook {
                    return call(Method::PUT, path, webhook);
                }
                self.ask(Method::PUT, path.clone(), webhook).await;
                if request == Request::DeleteWebhook {
                    return delete(path);
                }
                if request == Request::RotateSecret {
                    return post(format!("{path}/secret"), json!({}));
                }
                self.ask(Method::GET, "/v1/events".to_owned(), Value::Null).await;
                sqlx::query(
                    "insert into webhook_delivery (tenant_id, sequence, webhook_id, subject_id, next_attempt_at,
                            dead_at)
                     select webhook.tenant_id, sequence, webhook_id, subject_id, now(), now()
                       from webhook join event on event.tenant_id = webhook.tenant_id and sequence <= 3",
                )
                .execute(&mut self.owner)
                .await
                .expect("dead deliveries");
                post(format!("{path}/resend"), json!({}))
            }
        }
    }

    /// What the request changes when nothing fails.
    async fn whole(&mut self, request: Request) -> Vec<i64> {
        let call = self.prepare(request).await;
        let before = self.state().await;
        let answer = self.shop.front.until_answered(&call).await;
        let place = format!("{request:?}");
        assert!(is_done(&answer), "{place}: {}", answer.text);
        let change = difference(&before, &self.state().await);
        let has_changed = change.iter().any(|figure| *figure != 0);
        assert!(has_changed, "{place} changes nothing");
        self.is_fresh(&place).await;
        change
    }

    /// Fails the n-th statement; whether there was one.
    async fn fail(&mut self, request: Request, n: u64, when: When, whole: &[i64]) -> bool {
        let place = format!("{request:?}, statement {n}, cut {when:?}");
        let call = self.prepare(request).await;
        let before = self.state().await;
        self.proxy.fail_at(n, when);
        let answer = self.shop.front.once(&call).await;
        let failed = self.proxy.has_failed();
        self.proxy.fair();
        let change = difference(&before, &self.state().await);
        let unchanged = change.iter().all(|figure| *figure == 0);
        assert!(
            unchanged || change == whole,
            "{place}: half done: {change:?} of {whole:?} in {}",
            self.figures
        );
        match answer {
            Err(_) if request.is_streamed() => {}
            Err(error) => panic!("{place}: no answer: {error}"),
            Ok(told) => judge(&told, unchanged, &place),
        }
        self.is_fresh(&place).await;
        if unchanged || request.is_repeatable() {
            let again = self.shop.front.until_answered(&call).await;
            assert!(is_done(&again), "{place}, asked again: {}", again.text);
            let change = difference(&before, &self.state().await);
            assert_eq!(change, whole, "{place}, asked again");
            self.is_fresh(&place).await;
        }
        failed
    }

    /// An evaluation goes by the rules that are committed, at once: nobody else has changed them.
    async fn is_fresh(&mut self, place: &str) {
        let tenant: uuid::Uuid = self.shop.id.parse().expect("an id");
        let version: i64 =
            sqlx::query_scalar("select rules_version from tenant where tenant_id = $1")
                .bind(tenant)
                .fetch_one(&mut self.owner)
                .await
                .expect("the version");
        let call = Call::post("/v1/evaluate-cart", &self.shop.pos, &shop::cart(1));
        let priced = self.shop.front.until_answered(&call).await.expect(200);
        assert_eq!(priced.body["ruleset_version"], version, "{place}: stale rules");
    }
}

/// What an answer promises of what was done.
fn judge(told: &Answer, unchanged: bool, place: &str) {
    match told.status {
        200..=204 => assert!(!unchanged, "{place}: acknowledged and not done"),
        503 if told.code() != "outcome_unknown" => {
            assert!(unchanged, "{place}: done after {}", told.text);
        }
        503 => {}
        _ => panic!("{place}: {}", told.text),
    }
}

fn is_done(answer: &Answer) -> bool {
    matches!(answer.status, 200..=204)
}

/// A statement for the figures of every table.
async fn figures(owner: &mut PgConnection) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
          where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_sqlx_migrations'
          order by 1",
    )
    .fetch_all(owner)
    .await
    .expect("the tables");
    let counted = tables.iter().filter(|table| !MOVED.contains(&table.as_str()));
    let mut figures: Vec<String> =
        counted.map(|table| format!("(select count(*) from {table})")).collect();
    figures.push("(select count(*) from outbox) + (select count(*) from event)".to_owned());
    for sum in SUMS {
        let (value, from) = sum.split_once(" from ").expect("a sum");
        figures.push(format!("(select coalesce({value}, 0)::bigint from {from})"));
    }
    format!("select array[{}]", figures.join(", "))
}

async fn every_statement(when: When) {
    let database = TestDatabase::new().await;
    let proxy = Proxy::start(&database.owner()).await;
    let (_instances, front) = instance::start(&proxy.connect(&database.owner()), 1).await;
    let owner = database.owner_connection().await;
    let mut stage = Stage::open(&front, proxy, owner).await;
    for request in REQUESTS {
        let whole = stage.whole(request).await;
        let mut n = 1;
        while stage.fail(request, n, when, &whole).await {
            n += 1;
            assert!(n < MOST, "{request:?} never runs clean");
        }
        println!("{request:?}: clean after {} failures, cut {when:?}", n - 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_of_any_endpoint_that_never_arrives_leaves_nothing_half_done() {
    every_statement(When::Before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_of_any_endpoint_whose_answer_is_lost_leaves_nothing_half_done() {
    every_statement(When::After).await;
}

/// The job that tells of what expires fails at any statement, and tells each all the same, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_told_once_whichever_statement_fails() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::start(&database.owner()).await;
    let (instances, front) = instance::start(&proxy.connect(&database.owner()), 1).await;
    let mut owner = database.owner_connection().await;
    let shop = Shop::open(&front).await;
    let mut reward = shop::ten_off("Reward", json!({}));
    reward["type"] = "rewards".into();
    reward["expiry"] = json!({"type": "after_days", "days": 2});
    reward["communication"] = json!({"expiry_reminder": {"days_before": 1, "messages": []}});
    let reward = shop.promotion(&reward).await;
    for n in 1..=40_u64 {
        let when = if n % 2 == 0 { When::Before } else { When::After };
        let body =
            json!({"promotion_id": reward, "customer_id": format!("C-{n}"), "source_id": "S"});
        let issued = shop.ask(Method::POST, "/v1/issuances", Some(&body)).await;
        let id = issued.expect(201).id();
        for (hours, what) in [(36, "issuance.expiring"), (72, "issuance.expired")] {
            // As if it had been unlocked so long ago.
            let age = format!(
                "update issuance set unlocked_at = now() - interval '{hours} hours',
                        use_until = now() + interval '48 hours' - interval '{hours} hours'
                  where issuance_id = '{id}'"
            );
            // What lies behind the place of the job is gone through anew, as after a change of the promotion.
            let anew = "update issuance_watch set until = '-infinity', is_done = false";
            for statement in [age.as_str(), anew] {
                sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
                    .execute(&mut owner)
                    .await
                    .expect("an older issuance");
            }
            proxy.fail_at(n.div_ceil(2), when);
            // It may well fail; the next round makes up for it.
            let _ = promotion_engine::jobs::issuances::round(instances[0].app.service()).await;
            proxy.fair();
            let mut rounds = 0;
            loop {
                let _ = promotion_engine::jobs::issuances::round(instances[0].app.service()).await;
                let told: i64 = sqlx::query_scalar(
                    "select (select count(*) from outbox where type = $1 and subject_id = $2::uuid)
                          + (select count(*) from event where type = $1 and subject_id = $2::uuid)",
                )
                .bind(what)
                .bind(&id)
                .fetch_one(&mut owner)
                .await
                .expect("a count");
                rounds += 1;
                if rounds > 2 && told > 0 {
                    assert_eq!(told, 1, "{what}, failure {n}");
                    break;
                }
                assert!(rounds < 400, "{what} is not told: failure {n}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}
