//! Cases that have cost others money, one by one.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use support::TestDatabase;

use crate::checker;
use crate::client::{Answer, Call};
use crate::instance::{self, Instance};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// A shop with a till, and everything that keeps it alive.
struct Scene {
    database: TestDatabase,
    _instances: Vec<Instance>,
    shop: Shop,
    till: Till,
}

impl Scene {
    async fn open() -> Self {
        let database = TestDatabase::new().await;
        let (instances, front) = instance::start(&database.owner(), 2).await;
        let shop = Shop::open(&front).await;
        let till = Till::new(&shop, &Arc::new(Book::default()));
        Self { database, _instances: instances, shop, till }
    }

    async fn used(&self, promotion: &str, subject: &str, measure: &str) -> i64 {
        checker::used(&self.database.owner(), promotion, subject, measure).await
    }

    async fn close(self) {
        checker::check_all(&self.database.owner(), &self.till.book).await;
    }

    /// Redeems a request of its own.
    async fn redeem(&self, request: &Value, hold: bool) -> Answer {
        let body = shop::redemption(&shop::transaction(), request, hold);
        self.till.redeem(&body).await.expect(201)
    }
}

fn reached(limit: &str) -> Option<(String, String)> {
    Some(("limit_reached".to_owned(), limit.to_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_present_a_single_use_code_one_gets_it() {
    let scene = Scene::open().await;
    let limits = json!({"code": {"times": {"max": 1}}});
    let promotion = scene.shop.promotion(&shop::ten_off_with_codes("P", limits)).await;
    scene.shop.codes(&promotion, &["ONCE", "OTHER"]).await;
    let mut clients = Vec::new();
    for number in 0..64 {
        let till = scene.till.clone();
        clients.push(tokio::spawn(async move {
            // In whatever case it is written, it is the same code.
            let code = if number % 2 == 0 { "once" } else { "ONCE" };
            let body =
                shop::redemption(&shop::transaction(), &shop::cart_with(code, 1), number % 3 == 0);
            till.redeem(&body).await
        }));
    }
    let mut won = 0;
    for client in clients {
        let answer = client.await.expect("a client").expect(201);
        if answer.times(&promotion) == 0 {
            assert_eq!(answer.reason(&promotion), reached("code.times"), "{}", answer.text);
            assert_eq!(answer.body["result"]["codes"][0]["status"], "exhausted", "{}", answer.text);
        } else {
            won += 1;
        }
    }
    assert_eq!(won, 1);
    assert_eq!(scene.redeem(&shop::cart_with("other", 1), false).await.times(&promotion), 1);
    assert_eq!(scene.used(&promotion, "code", "times").await, 2);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_payment_does_not_burn_the_use() {
    let scene = Scene::open().await;
    let limits = json!({"code": {"transactions": {"max": 1}}});
    let promotion = scene.shop.promotion(&shop::ten_off_with_codes("P", limits)).await;
    scene.shop.codes(&promotion, &["ONCE"]).await;
    let request = shop::cart_with("ONCE", 1);
    for _ in 0..3 {
        let held = scene.redeem(&request, true).await;
        assert_eq!(held.times(&promotion), 1);
        assert_eq!(scene.redeem(&request, true).await.times(&promotion), 0);
        // Cancelled twice, and once more by the name of the transaction: given back once.
        let name = held.body["transaction_id"].as_str().expect("a text").to_owned();
        for id in [held.id(), held.id(), shop::tx(&name)] {
            scene.till.cancel(&id).await.expect(200);
        }
        assert_eq!(scene.used(&promotion, "code", "transactions").await, 0);
    }
    let held = scene.redeem(&request, true).await;
    scene.till.commit(&held.id()).await.expect(200);
    scene.till.cancel(&held.id()).await.expect_code(409, "already_committed");
    assert_eq!(scene.redeem(&request, false).await.times(&promotion), 0);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_a_lost_answer_gets_that_answer() {
    let scene = Scene::open().await;
    let limits = json!({"promotion": {"times": {"max": 3}}});
    let promotion = scene.shop.promotion(&shop::ten_off("P", limits)).await;
    let body = shop::redemption(&shop::transaction(), &shop::cart(3), false);
    let first = scene.till.redeem(&body).await.expect(201);
    for _ in 0..5 {
        let again = scene.till.redeem(&body).await.expect(200);
        assert_eq!((again.id(), again.result()), (first.id(), first.result()));
    }
    assert_eq!(scene.used(&promotion, "promotion", "times").await, 3);
    // By the same key a return says the same again, too.
    let back = json!({"return_id": "R-1", "lines": [{"id": "1", "quantity": "2"}]});
    let told = scene.till.bring_back(&first.id(), &back).await.expect(200);
    let again = scene.till.bring_back(&first.id(), &back).await.expect(200);
    assert_eq!(told.text, again.text);
    // And what came back changes nothing about what the sale was.
    let again = scene.till.redeem(&body).await.expect(200);
    assert_eq!(again.result(), first.result());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_limit_is_not_for_nobody() {
    let scene = Scene::open().await;
    let limits = json!({"customer": {"times": {"max": 2}}});
    let promotion = scene.shop.promotion(&shop::ten_off("P", limits)).await;
    let nobody = scene.redeem(&shop::cart(1), false).await;
    assert_eq!(nobody.times(&promotion), 0);
    let reason = nobody.reason(&promotion).expect("a reason").0;
    assert_eq!(reason, "customer_required");
    assert_eq!(scene.redeem(&shop::cart_of("C-1", 5), false).await.times(&promotion), 2);
    let late = scene.redeem(&shop::cart_of("C-1", 5), false).await;
    assert_eq!(late.reason(&promotion), reached("customer.times"));
    assert_eq!(scene.redeem(&shop::cart_of("C-2", 1), false).await.times(&promotion), 1);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_commits_as_quoted_whatever_has_happened_since() {
    let scene = Scene::open().await;
    let (shop, till) = (&scene.shop, &scene.till);
    let store = json!({"code": "S-1", "concept": "city", "zones": []});
    let made = shop.ask(Method::PUT, "/v1/stores/S-1", Some(&store)).await;
    assert!(made.status < 300, "{}", made.text);
    let limits = json!({"code": {"times": {"max": 2}}});
    let promotion = shop.promotion(&shop::ten_off_with_codes("P", limits)).await;
    shop.codes(&promotion, &["ONCE"]).await;
    let mut request = shop::cart_with("ONCE", 2);
    request["store"] = "S-1".into();
    request["customer"] = json!({"id": "C-1"});
    let held = scene.redeem(&request, true).await;
    assert_eq!(held.times(&promotion), 2);
    let code = format!("/v1/promotions/{promotion}/codes/ONCE");
    for path in ["/v1/stores/S-1", &code] {
        let gone = shop.ask(Method::DELETE, path, None).await;
        assert!(gone.status < 300, "{}", gone.text);
    }
    let settings = shop.change("/v1/settings", |body| {
        body["rounding"] = json!({"mode": "up", "precision": 0});
        body["hold_seconds"] = 10.into();
    });
    settings.await.expect(200);
    shop.set_status(&promotion, "archived").await;
    let committed = till.commit(&held.id()).await.expect(200);
    assert_eq!(committed.state(), "committed");
    let found = till.look_up(&held.id()).await.expect(200);
    assert_eq!((found.state(), found.result()), ("committed", held.result()));
    assert_eq!(scene.used(&promotion, "code", "times").await, 2);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_may_overtake_its_redemption() {
    let scene = Scene::open().await;
    let limits = json!({"promotion": {"times": {"max": 5}}});
    let promotion = scene.shop.promotion(&shop::ten_off("P", limits)).await;
    // An id as a careless till makes it: every character that a path knows, and some that it does not.
    for name in ["T 1/2?a=b&c#d%20", "tx:", "..", "ß/€\u{1F600}", "a+b;c", "\"\\"] {
        let address = shop::tx(name);
        for _ in 0..2 {
            scene.till.cancel(&address).await.expect(200);
        }
        scene.till.commit(&address).await.expect_code(409, "redemption_cancelled");
        for hold in [false, true] {
            let late = shop::redemption(name, &shop::cart(1), hold);
            scene.till.redeem(&late).await.expect_code(409, "redemption_cancelled");
        }
    }
    assert_eq!(scene.used(&promotion, "promotion", "times").await, 0);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_till_that_knows_only_its_own_id_can_do_everything() {
    let scene = Scene::open().await;
    let limits = json!({"promotion": {"times": {"max": 100}}});
    let promotion = scene.shop.promotion(&shop::ten_off("P", limits)).await;
    let till = &scene.till;
    for name in ["S-1/till 7#2026?x=%41", "tx:tx:", ".", "é\u{0301}—漢", "a:b@c,d;e=f+g"] {
        let address = shop::tx(name);
        till.look_up(&address).await.expect_code(404, "not_found");
        till.commit(&address).await.expect_code(404, "not_found");
        let held = till.redeem(&shop::redemption(name, &shop::cart(2), true)).await.expect(201);
        assert_eq!(held.body["transaction_id"], name);
        assert_eq!(till.look_up(&address).await.expect(200).id(), held.id());
        till.commit(&address).await.expect(200);
        till.commit(&address).await.expect(200);
        till.cancel(&address).await.expect_code(409, "already_committed");
        let back = json!({"return_id": name, "lines": [{"id": "1", "quantity": 2}]});
        let returned = till.bring_back(&address, &back).await.expect(200);
        assert_eq!(returned.body["complete"], true);
    }
    assert_eq!(scene.used(&promotion, "promotion", "times").await, 0);
    scene.close().await;
}

/// Whoever is told "nothing recorded" finds nothing recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_leaves_nothing_behind() {
    let scene = Scene::open().await;
    let limits = json!({"promotion": {"times": {"max": 5}}});
    let promotion = scene.shop.promotion(&shop::ten_off("P", limits)).await;
    let name = shop::transaction();
    let good = shop::redemption(&name, &shop::cart(1), true);
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    for (body, status) in [
        (broken(&|body| body["expected_discount"] = "9.99".into()), 409),
        (broken(&|body| body["expected_discount"] = "-1".into()), 422),
        (broken(&|body| body["request"]["at"] = "2026-01-01T00:00:00Z".into()), 422),
        (broken(&|body| body["request"]["store"] = "nowhere".into()), 422),
        (broken(&|body| body["request"]["cart"]["lines"][0]["quantity"] = "0.0001".into()), 422),
        (broken(&|body| body["request"]["cart"]["lines"][0]["quantity"] = "-1".into()), 422),
        (broken(&|body| body["request"]["cart"]["lines"][0]["unit_price"] = "1e3".into()), 422),
        (broken(&|body| body["used"] = 0.into()), 422),
        (broken(&|body| body["tenant_id"] = scene.shop.id.as_str().into()), 422),
        (broken(&|body| body["transaction_id"] = Value::Null), 422),
        (broken(&|body| body["transaction_id"] = "".into()), 422),
        (broken(&|body| body["transaction_id"] = "x".repeat(256).into()), 422),
        (broken(&|body| body["transaction_id"] = "a\u{0}b".into()), 422),
        (broken(&|body| body["replaces"] = "no id".into()), 422),
    ] {
        scene.till.redeem(&body).await.expect(status);
    }
    scene.till.look_up(&shop::tx(&name)).await.expect_code(404, "not_found");
    let viewer = json!({"role": "viewer", "label": "viewer"});
    let viewer = scene.shop.ask(Method::POST, "/v1/keys", Some(&viewer)).await.expect(201);
    let viewer = viewer.body["key"].as_str().expect("a key");
    let call = Call::post("/v1/redemptions", viewer, &good);
    scene.shop.front.until_answered(&call).await.expect_code(403, "forbidden");
    let held = scene.till.redeem(&good).await.expect(201);
    // A return that is refused records nothing, whatever in it was right.
    let back = |id: &str, lines: Value| json!({"return_id": id, "lines": lines});
    scene.till.commit(&held.id()).await.expect(200);
    for (lines, status) in [
        (json!([{"id": "1", "quantity": 1}, {"id": "2", "quantity": 1}]), None),
        (json!([{"id": "1", "quantity": 2}]), Some("return_exceeds_purchase")),
        (json!([{"id": "1", "quantity": 0}]), None),
        (json!([]), None),
        (json!([{"id": "1", "quantity": "0.5"}, {"id": "1", "quantity": "0.5"}]), None),
    ] {
        let answer = scene.till.bring_back(&held.id(), &back("R-1", lines)).await;
        match status {
            Some(code) => drop(answer.expect_code(409, code)),
            None => assert!(matches!(answer.status, 409 | 422), "{}", answer.text),
        }
    }
    assert_eq!(scene.used(&promotion, "promotion", "times").await, 1);
    let all = json!([{"id": "1", "quantity": 1}]);
    scene.till.bring_back(&held.id(), &back("R-1", all)).await.expect(200);
    assert_eq!(scene.used(&promotion, "promotion", "times").await, 0);
    scene.close().await;
}
