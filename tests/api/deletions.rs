//! Customers over HTTP: deleted, and named nowhere any more (spec 3).

use serde_json::json;
use sqlx::PgConnection;
use support::harness::{Service, random_id, ten_percent, with_codes};
use support::places;

use crate::customers::{
    bought, claim, delete, issue, listed, merge, order, reconciled, record, redeem, used,
};
use crate::issuances::reward;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_deleted_is_named_nowhere() {
    let (database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let mut owner = database.owner_connection().await;
    // Names that are written with escapes, each with a part that is not and that no random id can have.
    let (old, name) = (r#"old "q7zk\o" {x}"#, "Zoë \"c81e-n\\\" {y}");
    let (marks, admin) = (["q7zk", "c81e-n"], &tenant.admin);
    let mut limited = ten_percent("Limited");
    limited["limits"] =
        json!({"customer": {"times": {"max": 5}}, "promotion": {"times": {"max": 50}}});
    let limited = service.promotion(admin, limited).await;
    let reward = service.promotion(admin, reward("Reward", json!({}))).await;
    let mut open = ten_percent("Open");
    open["activation_required"] = true.into();
    let open = service.promotion(admin, open).await;
    let mut earned = ten_percent("Earned");
    earned["type"] = "loyalty_earning".into();
    earned["earning"] = json!({"trigger": "activity", "activity": "transaction"});
    service.promotion(admin, earned).await;
    let coded = service.promotion(admin, with_codes("Coded")).await;
    let coded = format!("/v1/promotions/{coded}/codes");
    let body = json!({"measure": "visits", "targets": [{"name": "T", "value": "1"}]});
    service.put("/v1/milestones/M", admin, body).await.expect(200);
    let body = json!({"url": "https://crm.example/", "events": ["issuance.expiring"]});
    service.put("/v1/webhooks/W", admin, body).await.expect(201);
    let mut orders = Vec::new();
    let mut deeds = Vec::new();
    for customer in [old, name] {
        let mut own = order(customer, false);
        own["request"]["customer"] = json!({
            "id": customer, "groups": ["G"], "loyalty": [{"program": "main", "tier": "gold"}],
            "attributes": {"phone": customer, "crm \"id\"": format!("{customer}}}")},
        });
        own["request"]["cart"]["lines"][0]["attributes"] = json!({"color": "red"});
        own["request"]["channel"] = "web".into();
        for (own, hold) in [(own, false), (order(customer, true), true)] {
            let made = redeem(&service, &tenant, &own, 201).await;
            orders.push((own, made));
            assert_eq!(hold, orders.last().unwrap().1["state"] == "held");
        }
        let codes = json!([{"code": format!("B-{}", orders.len()), "customer_id": customer}]);
        service.post(&coded, admin, json!({"codes": codes})).await.expect(201);
        let generate = json!({"length": 8, "customer_ids": [customer]});
        service.post(&coded, admin, json!({"generate": generate})).await.expect(201);
        let source = format!("S-{}", orders.len());
        issue(&service, &tenant, &reward, customer, &source).await.expect(201);
        // What was claimed comes with whoever is merged.
        let status = if customer == old { 201 } else { 200 };
        let claimed = claim(&service, &tenant, &open, customer).await;
        claimed.expect(status);
        let deed = bought(&random_id(), customer, "1");
        let answer = record(&service, &tenant, deed.clone()).await;
        assert!(answer.text.contains(marks[usize::from(customer == name)]));
        deeds.push((deed, answer));
        // Of the events some have their numbers, and some wait.
        if customer == old {
            listed(&service, &tenant, "/v1/events").await;
            merge(&service, &tenant, old, name).await.expect(204);
        }
    }
    redeem(&service, &other, &order(name, false), 201).await;
    issue(&service, &tenant, &reward, "E", "S").await.expect(201);
    for mark in marks {
        assert!(places(&mut owner, &tenant.id, mark).await.len() > 1);
    }
    let sums = used(&database, &limited).await;
    assert_eq!(sums, [(name.to_owned(), 4, 5)]);
    let stats = format!("/v1/promotions/{limited}/stats?bucket=month");
    let stats = async || service.get(&stats, admin).await.expect(200).body["items"].clone();
    let before = stats().await;

    delete(&service, &tenant, name).await.expect(204);
    let anew = async |owner: &mut PgConnection| {
        for mark in marks {
            let found = places(owner, &tenant.id, mark).await;
            assert_eq!(found, Vec::<String>::new(), "{mark}");
        }
    };
    anew(&mut owner).await;
    let theirs = places(&mut owner, &other.id, marks[1]).await;
    assert_eq!(theirs, ["redemption.customer_id", "redemption.request"]);
    let sums = used(&database, &limited).await;
    assert_eq!((sums.len(), sums[0].1), (1, 4));
    let nobody = sums[0].0.clone();
    assert_eq!(stats().await, before);
    reconciled(&service).await;
    // What is stored is whole: the same request of nobody, the same answers in the same words.
    for (order, made) in &orders {
        assert_eq!(&redeem(&service, &tenant, order, 200).await, made);
        let path = format!("/v1/redemptions/{}", made["id"].as_str().unwrap());
        let read = service.get(&path, &tenant.pos).await.expect(200).body;
        let mut customer = order["request"]["customer"].clone();
        customer["id"] = nobody.as_str().into();
        customer.as_object_mut().unwrap().remove("attributes");
        assert_eq!(read["request"]["customer"], customer);
        let lines = &order["request"]["cart"]["lines"][0];
        let line = &read["request"]["cart"]["lines"][0];
        assert_eq!(line["attributes"], lines["attributes"]);
        assert_eq!(read["request"]["channel"], order["request"]["channel"]);
    }
    for (deed, answer) in &deeds {
        let again = record(&service, &tenant, deed.clone()).await.body;
        let mut expected = answer.body.clone();
        let unlocked = expected["unlocked"].as_array_mut().unwrap();
        assert!(!unlocked.is_empty());
        for own in unlocked {
            own["customer_id"] = nobody.as_str().into();
        }
        assert_eq!(again, expected);
    }
    for (customer, source) in [(old, "S-2"), (name, "S-4")] {
        let again = issue(&service, &tenant, &reward, customer, source).await;
        let again = again.expect(200);
        assert_eq!(again.body["customer_id"], nobody.as_str());
    }
    anew(&mut owner).await;
    let path = "/v1/events?limit=200";
    for event in listed(&service, &tenant, path).await {
        let customer = event["data"]["customer_id"].as_str();
        assert!(customer.is_none_or(|own| own == nobody || own == "E"), "{event}");
    }
    // What was held is given back, and what comes back: to nobody.
    let hold = orders[1].1["id"].as_str().unwrap();
    let path = format!("/v1/redemptions/{hold}/cancel");
    service.post(&path, &tenant.pos, json!({})).await.expect(200);
    let sale = orders[0].1["id"].as_str().unwrap();
    let path = format!("/v1/redemptions/{sale}/returns");
    let body = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    service.post(&path, &tenant.pos, body).await.expect(200);
    assert_eq!(used(&database, &limited).await[0].1, 2);
    reconciled(&service).await;
    // The trail says what was done, and not to whom.
    let trail = listed(&service, &tenant, "/v1/audit?subject=customer").await;
    assert_eq!(trail[0]["action"], "deleted");
    let moved = json!({"redemptions": 4, "activities": 2, "issuances": 5, "codes": 4});
    assert_eq!(trail[0]["after"], moved);
    // Whoever comes by that name is somebody new.
    redeem(&service, &tenant, &order(name, false), 201).await;
    assert_eq!(used(&database, &limited).await.len(), 2);
}
