//! Products for shop windows: each costs what a cart of it alone costs under item-level promotions, and what is shown
//! beside those that apply is about the product (spec 15.5).

use std::sync::Arc;

use promotion_engine::domain::amount::Money;
use promotion_engine::domain::id::{IssuanceId, PromotionId};
use promotion_engine::engine::{IssuanceFact, PricedProduct, Products, Stop};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{documents, for_each_seed_of, generate, oracle, read};

/// The place of a promotion, and what it takes off if it applies.
type Told = (usize, Option<String>);

/// The products of a document's cart, and the places of the promotions that are shown with each: those that apply with
/// their discounts.
fn price(document: &Value, issuances: &[IssuanceFact]) -> Vec<(PricedProduct, Vec<Told>)> {
    let (rules, request, now) = read(document);
    let stop = Stop::default();
    let products =
        Products::new(Arc::clone(&rules), &request, now, &stop).expect("within the bound");
    let priced = products.price(issuances, &[], &stop).expect("within the bound");
    let shown = |priced: PricedProduct| {
        let place = |id: PromotionId| usize::try_from(id.uuid().as_u128()).expect("a place");
        let shown = priced.promotions.iter().map(|own| {
            let discount = own.discount.map(|own| own.print(2));
            (place(rules.promotion(own.promotion).id), discount)
        });
        let shown = shown.collect();
        (priced, shown)
    };
    priced.into_iter().map(shown).collect()
}

fn is_item_level(promotion: &Value) -> bool {
    let benefit = &promotion["benefit"];
    benefit["type"] == "free_product" || benefit["target"]["type"] == "items"
}

#[test]
fn a_product_costs_what_it_costs_alone_in_a_cart() {
    for_each_seed_of(documents() / 4, "ENGINE_DOCUMENTS", |seed| {
        let mut document = generate::document(seed);
        let cart = &mut document["request"]["cart"];
        for other in ["codes", "tenders", "gift_vouchers", "shipping"] {
            cart.as_object_mut().expect("a cart").remove(other);
        }
        document["request"]["explain"] = "none".into();
        let lines = document["request"]["cart"]["lines"].as_array().expect("lines").clone();
        let priced = price(&document, &[]);
        for promotion in document["promotions"].as_array_mut().expect("promotions") {
            // What is paused stands where it stood, so that ranks stay as they are.
            if !is_item_level(promotion) && promotion["status"] != "draft" {
                promotion["status"] = "paused".into();
            }
        }
        for (line, (product, shown)) in lines.iter().zip(priced) {
            document["request"]["cart"]["lines"] = json!([line]);
            let alone = oracle::evaluate(&document);
            let applied = alone["applied"].as_array().expect("a list").iter().map(|own| {
                let place = own["promotion_id"].as_str().and_then(|own| own.parse().ok());
                (place.expect("a place"), own["discount"].as_str().map(str::to_owned))
            });
            let own = shown.iter().filter(|(_, discount)| discount.is_some());
            let same =
                |text: &Option<String>| text.as_ref().and_then(|text| Money::parse(text).ok());
            let expected: Vec<_> = applied.map(|(place, own)| (place, same(&own))).collect();
            let found: Vec<_> = own.map(|(place, own)| (*place, same(own))).collect();
            if found != expected {
                return Err(format!("{line}: {found:?} instead of {expected:?}"));
            }
            let discount =
                alone["totals"]["discount"].as_str().and_then(|own| Money::parse(own).ok());
            let payable = alone["lines"][0]["payable"].as_str().map(str::to_owned);
            let price = payable.as_deref().and_then(promotion_engine::domain::exact::Exact::parse);
            if Some(product.discount) != discount || Some(&product.price) != price.as_ref() {
                return Err(format!("{line}: {product:?} instead of {discount:?}, {payable:?}"));
            }
        }
        Ok(())
    });
}

/// A line condition or a target of one SKU.
fn of(sku: &str) -> Value {
    json!({"include": [{"field": "sku", "op": "eq", "value": sku}]})
}

fn at_least(sku: &str, quantity: &str) -> Value {
    json!({"type": "line_quantity", "of": of(sku), "op": "gte", "value": quantity})
}

fn off(target: Value) -> Value {
    json!({"type": "percentage_off", "value": "10", "target": target})
}

/// What is shown with products A and B of 100 under one promotion with these members.
fn shown(change: &Value) -> [Value; 2] {
    let mut promotion = json!({
        "name": "P", "type": "pos", "starts_at": "1970-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": off(json!({"type": "items"})),
    });
    for (name, value) in change.as_object().expect("members") {
        promotion[name] = value.clone();
    }
    let line = |sku: &str| json!({"id": sku, "sku": sku, "quantity": "1", "unit_price": "100"});
    let document = json!({
        "promotions": [promotion],
        "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": [line("A"), line("B")]},
                    "customer": {"id": "C", "loyalty": [{"program": "main"}]}, "channel": "web"},
    });
    let priced = price(&document, &[]);
    let told = priced.iter().map(|(_, shown)| match shown.as_slice() {
        [] => Value::Null,
        [(_, discount)] => discount.clone().map_or(json!(false), Value::String),
        _ => panic!("one promotion is shown once"),
    });
    told.collect::<Vec<_>>().try_into().expect("two products")
}

#[test]
fn a_promotion_is_shown_where_it_is_about_the_product() {
    let sets = json!({"type": "bundle_price", "value": "150", "target": {"type": "items", "from": "in_condition"}});
    let both = json!({"type": "group", "of": [at_least("A", "1"), at_least("B", "1")]});
    let lacking = json!({"type": "item", "of": of("A"), "found": false});
    let steps = json!({"type": "percentage_off", "target": {"type": "items", "select": of("B")}, "steps": {
        "measure": "quantity", "of": of("A"), "values": [{"from": "2", "value": "5"}, {"from": "3", "value": "9"}]}});
    let gift = json!({"type": "free_product", "product": {"sku": "B"}});
    let table = [
        // It applies: to all, to one.
        (json!({}), ["10.00".into(), "10.00".into()]),
        (
            json!({"benefit": off(json!({"type": "items", "select": of("A")}))}),
            ["10.00".into(), Value::Null],
        ),
        // It is about what its line conditions count, and what it discounts.
        (json!({"conditions": at_least("A", "2")}), [false.into(), false.into()]),
        (
            json!({"conditions": at_least("A", "2"), "benefit": off(json!({"type": "items", "select": of("A")}))}),
            [false.into(), Value::Null],
        ),
        (
            json!({"conditions": at_least("A", "2"), "benefit": off(json!({"type": "items", "from": "in_condition"}))}),
            [false.into(), Value::Null],
        ),
        (
            json!({"conditions": at_least("A", "1"), "benefit": off(json!({"type": "items", "from": "beyond_condition"}))}),
            [false.into(), Value::Null],
        ),
        (
            json!({"conditions": at_least("A", "1"),
                   "benefit": off(json!({"type": "items", "from": "beyond_condition", "select": of("B")}))}),
            [false.into(), false.into()],
        ),
        (json!({"conditions": both, "benefit": sets}), [false.into(), false.into()]),
        (json!({"benefit": steps}), [false.into(), false.into()]),
        (json!({"conditions": at_least("A", "1"), "benefit": gift}), ["0.00".into(), false.into()]),
        // A condition on the lack of an item counts no line.
        (
            json!({"conditions": lacking, "benefit": off(json!({"type": "items", "select": of("B")}))}),
            [Value::Null, "10.00".into()],
        ),
        // Other conditions are about no line.
        (
            json!({"conditions": {"type": "cart_amount", "op": "gte", "value": "500"},
                   "benefit": off(json!({"type": "items", "select": of("A")}))}),
            [false.into(), Value::Null],
        ),
        // Codes, issuances and activations are passed over; nothing is given without them.
        (json!({"type": "code_linked"}), [false.into(), false.into()]),
        (
            json!({"type": "rewards", "earning": {"trigger": "direct"}}),
            [false.into(), false.into()],
        ),
        (json!({"activation_required": true}), [false.into(), false.into()]),
        // Any other gate is not.
        (json!({"status": "paused"}), [Value::Null, Value::Null]),
        (json!({"ends_at": "2026-01-01T00:00:00Z"}), [Value::Null, Value::Null]),
        (json!({"scope": {"channels": ["store"]}}), [Value::Null, Value::Null]),
        (json!({"currency": "EUR"}), [Value::Null, Value::Null]),
        (json!({"audience": {"type": "all", "groups": ["staff"]}}), [Value::Null, Value::Null]),
        (
            json!({"type": "code_linked", "schedule": {"recurrence": {"type": "weekly", "days": ["sun"]}}}),
            [Value::Null, Value::Null],
        ),
        // Nor is anything shown of the cart's own promotions.
        (json!({"benefit": off(json!({"type": "cart"}))}), [Value::Null, Value::Null]),
        (json!({"benefit": {"type": "award_points", "value": "5"}}), [Value::Null, Value::Null]),
    ];
    for (change, expected) in table {
        assert_eq!(shown(&change), expected, "{change}");
    }
}

/// Twenty promotions on one product: two apply, one after the other; of the others ten are shown, in rank order.
#[test]
fn ten_that_do_not_apply_are_shown_in_the_order_of_their_ranks() {
    let promotion = |place: usize, sequence: usize, change: Value| {
        let mut promotion = json!({
            "name": format!("P{place}"), "type": "pos", "sequence": sequence, "starts_at": "1970-01-01T00:00:00Z",
            "ends_at": "2099-01-01T00:00:00Z", "benefit": off(json!({"type": "items"})),
        });
        for (name, value) in change.as_object().expect("members") {
            promotion[name] = value.clone();
        }
        promotion
    };
    let stacking = json!({"unit_stacking": {"enabled": true}, "ranking": ["sequence"]});
    let mut promotions = vec![promotion(0, 900, json!({})), promotion(1, 800, json!({}))];
    for place in 2..20 {
        let change = match place % 3 {
            0 => json!({"type": "code_linked"}),
            1 => json!({"conditions": at_least("A", "5")}),
            _ => json!({"activation_required": true}),
        };
        promotions.push(promotion(place, 1_000 - place, change));
    }
    let document = json!({
        "settings": stacking, "promotions": promotions,
        "request": {"at": "2026-06-03T12:00:00Z", "customer": {"id": "C"}, "cart": {"lines": [
            {"id": "1", "sku": "A", "quantity": "1", "unit_price": "100", "tax": "3", "charges": "2"}]}},
    });
    let priced = price(&document, &[]);
    let (product, shown) = priced.first().expect("a product");
    let places: Vec<usize> = shown.iter().map(|(place, _)| *place).collect();
    // Ranked by sequence: the last ones first.
    assert_eq!(places, [1, 0, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10]);
    let told = (product.gross.print(2), product.discount.print(2), product.price.print(2));
    assert_eq!(told, ("100.00".to_owned(), "20.00".to_owned(), "85.00".to_owned()));
}

#[test]
fn an_issuance_of_the_customer_gives_the_promotion() {
    let document = json!({
        "promotions": [{
            "name": "P", "type": "rewards", "earning": {"trigger": "direct"}, "benefit": off(json!({"type": "items"})),
            "starts_at": "1970-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        }],
        "request": {"at": "2026-06-03T12:00:00Z", "customer": {"id": "C"}, "cart": {"lines": [
            {"id": "1", "sku": "A", "quantity": "1", "unit_price": "100"}]}},
    });
    let issuance = IssuanceFact {
        issuance_id: IssuanceId::new(Uuid::from_u128(7)),
        promotion_id: PromotionId::new(Uuid::from_u128(0)),
        unlocked_at: chrono::DateTime::UNIX_EPOCH,
        is_activated: false,
        use_until: None,
    };
    let discount = |issuances: &[IssuanceFact]| price(&document, issuances)[0].1.clone();
    assert_eq!(discount(&[]), [(0, None)]);
    assert_eq!(discount(&[issuance]), [(0, Some("10.00".to_owned()))]);
}
