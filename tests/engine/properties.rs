//! What holds for every cart, whatever the rules. Each property runs on the stream of random
//! documents on which the engine is compared with the naive evaluator.

use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::generate::dice::Dice;
use crate::{evaluate, for_each_seed, generate};

/// A printed decimal, exactly.
pub fn decimal(value: &Value) -> BigRational {
    let text = value.as_str().expect("a decimal is printed as a text");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: num_bigint::BigInt = format!("{whole}{fraction}").parse().expect("digits");
    BigRational::new(digits, num_bigint::BigInt::from(10_u8).pow(fraction.len() as u32))
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> BigRational {
    values.map(decimal).fold(BigRational::zero(), |sum, value| sum + value)
}

fn ensure(holds: bool, what: impl Fn() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

#[test]
fn money_adds_up() {
    for_each_seed(|seed| {
        let document = generate::document(seed);
        let result = evaluate(&document);
        let totals = &result["totals"];
        let precision = document["settings"]["rounding"]["precision"].as_u64().unwrap_or(2);
        for line in entries(&result["lines"]) {
            let discount = decimal(&line["discount"]);
            let allocated = sum(entries(&line["allocations"]).map(|own| &own["amount"]));
            ensure(allocated == discount, || format!("allocations of {line}"))?;
            ensure(!decimal(&line["payable"]).is_negative(), || format!("below zero: {line}"))?;
            let positive = |own: &Value| decimal(&own["amount"]).is_positive();
            ensure(entries(&line["allocations"]).all(positive), || {
                format!("allocation of 0: {line}")
            })?;
        }
        let lines = |key: &str| sum(entries(&result["lines"]).map(|line| &line[key]));
        let total = |key: &str| decimal(&totals[key]);
        ensure(lines("discount") == total("item_discount") + total("cart_discount"), || {
            "lines".into()
        })?;
        ensure(lines("gross") == total("gross"), || "gross".into())?;
        let payable = total("gross") + total("tax") + total("charges") + total("shipping");
        ensure(payable - total("discount") == total("payable"), || "payable".into())?;
        ensure(total("shipping_discount") <= total("shipping"), || "shipping".into())?;
        let applied = sum(entries(&result["applied"]).map(|own| &own["discount"]));
        ensure(applied == total("discount"), || "applied".into())?;
        for own in entries(&result["applied"]) {
            let places = own["discount"].as_str().and_then(|text| text.split_once('.'));
            let places = places.map_or(0, |(_, fraction)| fraction.len() as u64);
            ensure(places == precision, || format!("not of the precision: {own}"))?;
            let all = entries(&result["lines"]).flat_map(|line| entries(&line["allocations"]));
            let allocated = sum(all
                .filter(|allocation| allocation["promotion_id"] == own["promotion_id"])
                .map(|allocation| &allocation["amount"]));
            let spread = own["level"] == "shipping" || allocated == decimal(&own["discount"]);
            ensure(spread, || format!("not spread: {own}"))?;
            let mut promotions = entries(&document["promotions"]);
            let promotion = promotions.find(|promotion| promotion["name"] == own["name"]);
            let cap = promotion.map(|promotion| &promotion["limits"]["cart"]["discount"]);
            if let Some(cap) = cap.filter(|cap| cap.is_string()) {
                ensure(decimal(&own["discount"]) <= decimal(cap), || {
                    format!("over its cap: {own}")
                })?;
            }
        }
        Ok(())
    });
}

#[test]
fn promotions_that_the_index_leaves_out_would_not_have_mattered() {
    for_each_seed(|seed| {
        // With `explain` every promotion is looked at; without it those that the index finds.
        let mut document = generate::perhaps_with_drafts(seed);
        document["request"]["explain"] = json!("all");
        let mut all = evaluate(&document);
        all.as_object_mut().map(|members| members.remove("not_applied"));
        document["request"]["explain"] = json!("none");
        let found = evaluate(&document);
        ensure(all == found, || format!("{all:#}\n{found:#}"))
    });
}

#[test]
fn the_order_in_which_promotions_are_loaded_does_not_matter() {
    for_each_seed(|seed| {
        let mut document = generate::document(seed);
        for (place, promotion) in
            document["promotions"].as_array_mut().into_iter().flatten().enumerate()
        {
            promotion["id"] = json!(uuid::Uuid::from_u128(place as u128));
            // Some made at the same instant, where the id decides.
            promotion["created_at"] = json!(format!("2025-01-01T00:00:0{}Z", place / 2));
        }
        let text = evaluate(&document).to_string();
        document["promotions"].as_array_mut().expect("promotions").reverse();
        let reversed = evaluate(&document).to_string();
        ensure(text == reversed, || format!("{text}\n{reversed}"))
    });
}

#[test]
fn the_same_input_gives_the_same_bytes_on_any_thread() {
    let document = generate::document(7).to_string();
    let now = chrono::DateTime::UNIX_EPOCH;
    let evaluate = || promotion_engine::document::evaluate(document.as_bytes(), now).ok();
    let first = evaluate();
    assert!(first.is_some());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|_| scope.spawn(evaluate)).collect();
        for worker in workers {
            assert_eq!(worker.join().expect("no panic"), first);
        }
    });
}

#[test]
fn a_promotion_that_gives_nothing_changes_nothing() {
    for_each_seed(|seed| {
        let mut document = generate::document(seed);
        document["request"]["explain"] = json!("none");
        let before = evaluate(&document);
        let nowhere = json!({"include": [{"field": "sku", "op": "eq", "value": "NOWHERE"}]});
        let idle = json!({
            "name": "Gives nothing", "type": "pos", "sequence": -1000,
            "starts_at": "2000-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z",
            "benefit": {"type": "percentage_off", "value": "50", "target": {"type": "items", "select": nowhere}},
            "stacking": {"exclusive": seed % 2 == 0, "allow_further": false, "group": null},
        });
        document["promotions"].as_array_mut().expect("promotions").push(idle);
        let after = evaluate(&document);
        ensure(before == after, || format!("{before:#}\n{after:#}"))
    });
}

/// Whether everything that a promotion looks at are lines of named SKUs or categories.
fn looks_at_named_lines(promotion: &Value) -> bool {
    let named = |selector: &Value| {
        let predicates = || entries(&selector["include"]);
        let positive = |it: &Value| {
            matches!(it["field"].as_str(), Some("sku" | "category"))
                && matches!(it["op"].as_str(), Some("in" | "eq"))
        };
        predicates().count() > 0 && predicates().all(positive)
    };
    let condition = &promotion["conditions"];
    let line_condition =
        matches!(condition["type"].as_str(), Some("line_quantity" | "line_amount" | "item"));
    let steps = &promotion["benefit"]["steps"];
    promotion["benefit"]["target"]["type"] == "items"
        && named(&promotion["benefit"]["target"]["select"])
        && (steps.is_null() || named(&steps["of"]))
        && (condition.is_null() || line_condition && named(&condition["of"]))
        && (promotion["benefit"]["repeat"].is_null() || line_condition)
}

#[test]
fn a_line_that_nothing_matches_changes_nothing() {
    let tried = AtomicUsize::new(0);
    for_each_seed(|seed| {
        let mut document = generate::document(seed);
        let promotions = document["promotions"].as_array_mut().expect("promotions");
        promotions.retain(looks_at_named_lines);
        if promotions.is_empty() || document["request"]["cart"]["lines"][5].is_object() {
            return Ok(());
        }
        tried.fetch_add(1, Relaxed);
        let before = evaluate(&document);
        let line =
            json!({"id": "nowhere", "sku": "NOWHERE", "quantity": "7", "unit_price": "0.01"});
        document["request"]["cart"]["lines"].as_array_mut().expect("lines").insert(0, line);
        let after = evaluate(&document);
        let others: Vec<&Value> = entries(&after["lines"]).skip(1).collect();
        ensure(before["applied"] == after["applied"], || format!("{before:#}\n{after:#}"))?;
        ensure(entries(&before["lines"]).eq(others), || format!("{before:#}\n{after:#}"))
    });
    if crate::documents() >= 5_000 {
        assert!(tried.into_inner() > 100, "too few documents have such promotions");
    }
}

#[test]
fn the_order_of_lines_does_not_change_what_one_promotion_takes_off() {
    for_each_seed(|seed| {
        let mut document = generate::document(seed);
        let promotions = document["promotions"].as_array_mut().expect("promotions");
        promotions.truncate(1);
        // Where equal prices are taken in cart order, or a bound goes to the parts in their order,
        // the rule itself leans on it.
        let leans = promotions[0].to_string();
        let leans = leans.contains("cart_order") || leans.contains("\"same\"");
        let lines = document["request"]["cart"]["lines"].as_array_mut().expect("lines");
        let price = |line: &Value| match &line["unit_price"] {
            Value::String(text) => decimal(&json!(text)),
            number => decimal(&json!(number.to_string())),
        };
        let mut prices: Vec<BigRational> = lines.iter().map(price).collect();
        prices.sort();
        prices.dedup();
        if leans || prices.len() != lines.len() {
            return Ok(());
        }
        let before = evaluate(&document);
        document["request"]["cart"]["lines"].as_array_mut().expect("lines").reverse();
        let after = evaluate(&document);
        ensure(before["totals"] == after["totals"], || format!("{before:#}\n{after:#}"))
    });
}

/// The floor of a line (7.1): the larger of its own and that of the settings.
fn floor(settings: &Value, line: &Value) -> BigRational {
    let number = |value: &Value| if value.is_null() { BigRational::zero() } else { decimal(value) };
    let percent = &settings["max_discount_percent"];
    let hundred = BigRational::from_integer(100.into());
    let kept = if percent.is_null() { BigRational::zero() } else { &hundred - decimal(percent) };
    number(&line["floor_price"]).max(decimal(&line["unit_price"]) * kept / hundred)
}

#[test]
fn no_unit_is_sold_below_its_floor() {
    let reached = AtomicUsize::new(0);
    for_each_seed(|seed| {
        let document = generate::document(seed);
        let result = evaluate(&document);
        let lines = entries(&document["request"]["cart"]["lines"]);
        for (line, sold) in lines.zip(entries(&result["lines"])) {
            let floor = floor(&document["settings"], line);
            if floor.is_zero() {
                continue;
            }
            let above = (decimal(&line["unit_price"]) - &floor).max(BigRational::zero());
            let discount = decimal(&sold["discount"]);
            let most = &above * decimal(&sold["quantity"]);
            ensure(discount <= most, || format!("{sold} is below {floor}"))?;
            for own in entries(&sold["allocations"]) {
                let most = &above * decimal(&own["quantity"]);
                ensure(decimal(&own["amount"]) <= most, || format!("{own} is below {floor}"))?;
            }
            reached.fetch_add(usize::from(!discount.is_zero() && discount == most), Relaxed);
        }
        Ok(())
    });
    if crate::documents() >= 5_000 {
        assert!(reached.into_inner() > 100, "too few lines are sold at their floor");
    }
}

/// Whoever comes when all the others have had their turn is kept out, if none of them goes with it.
#[test]
fn a_promotion_that_goes_with_none_that_applied_changes_nothing() {
    let tried = AtomicUsize::new(0);
    for_each_seed(|seed| {
        let mut dice = Dice::new(seed ^ 0x1_4c0e);
        let mut document = generate::document(seed);
        let settings = &mut document["settings"];
        settings["strategy"] = json!("ranked");
        settings["ranking"] = dice.one(&[json!(["sequence"]), json!(["exclusive", "sequence"])]);
        let before = evaluate(&document);
        let cart_first = document["settings"]["evaluation_order"] == "cart_first";
        let on_items = dice.chance(50);
        let level = |own: &Value| own["level"] == "item";
        let goes_second = on_items == cart_first;
        if !goes_second && !entries(&before["applied"]).any(|own| level(own) == on_items)
            || before["applied"][0].is_null()
        {
            return Ok(());
        }
        tried.fetch_add(1, Relaxed);
        let names_it = dice.chance(50);
        for promotion in document["promotions"].as_array_mut().into_iter().flatten() {
            if entries(&before["applied"]).any(|own| own["name"] == promotion["name"]) {
                let list = if names_it { "not_with" } else { "tags" };
                let mut names: Vec<Value> =
                    entries(&promotion["stacking"][list]).cloned().collect();
                names.push(json!("last"));
                promotion["stacking"][list] = json!(names);
            }
        }
        let own = if names_it { "tags" } else { "not_with" };
        let target = if on_items { "items" } else { "cart" };
        document["promotions"].as_array_mut().expect("promotions").push(json!({
            "name": "Last", "type": "pos", "sequence": 1_000_000_000,
            "starts_at": "2000-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z",
            "benefit": {"type": "percentage_off", "value": "50", "target": {"type": target}},
            "stacking": {own: ["last"]},
        }));
        let after = evaluate(&document);
        ensure(["totals", "lines", "applied"].iter().all(|key| before[key] == after[key]), || {
            format!("{before:#}\n{after:#}")
        })
    });
    if crate::documents() >= 5_000 {
        assert!(tried.into_inner() > 100, "too few documents have a promotion that applies");
    }
}

#[test]
fn a_larger_cart_never_gets_less_by_ascending_steps() {
    let rose = AtomicUsize::new(0);
    for_each_seed(|seed| {
        let mut dice = Dice::new(seed ^ 0x57_e9);
        let mut document = generate::document(seed);
        let measure = dice.one(&["amount", "quantity"]);
        let froms: &[&str] = match measure {
            "amount" => &["10", "35.5", "75", "150", "400"],
            _ => &["1", "2.5", "4", "7", "12"],
        };
        let values = ["1", "5", "10", "33.3333", "70"];
        let steps =
            froms.iter().zip(values).map(|(from, value)| json!({"from": from, "value": value}));
        let steps: Vec<Value> = steps.collect();
        let of = json!({"include": [{"field": "sku", "op": "in", "values": ["A", "B", "C"]}]});
        let select = dice.one(&[Value::Null, of.clone()]);
        document["promotions"] = json!([{
            "name": "Ladder", "type": "pos",
            "starts_at": "2000-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z",
            "benefit": {
                "type": dice.one(&["percentage_off", "amount_off"]),
                "steps": {"measure": measure, "of": dice.one(&[Value::Null, of]), "values": steps},
                "target": {"type": "cart", "select": select},
            },
        }]);
        document["codes"] = json!({});
        document["request"]["cart"]["currency"] = Value::Null;
        let mut before = evaluate(&document);
        for more in 0..4 {
            let lines = document["request"]["cart"]["lines"].as_array_mut().expect("lines");
            if dice.chance(50) {
                let price = dice.one(&["10", "0.35", "19.999", "100"]);
                lines.push(json!({
                    "id": format!("more {more}"), "sku": dice.one(&["A", "D"]), "quantity": "1", "unit_price": price,
                    "floor_price": dice.one(&[Value::Null, json!("9.99"), json!("50")]),
                }));
            } else {
                let place = dice.below(lines.len() as u64) as usize;
                let quantity = decimal(&lines[place]["quantity"]) + BigRational::one();
                let thousandths = quantity * BigRational::from_integer(1000.into());
                let (whole, rest) = thousandths.to_integer().div_rem(&1000.into());
                lines[place]["quantity"] = json!(format!("{whole}.{rest:0>3}"));
            }
            let after = evaluate(&document);
            let discount = |result: &Value| decimal(&result["totals"]["discount"]);
            ensure(discount(&after) >= discount(&before), || format!("{before:#}\n{after:#}"))?;
            let step = |result: &Value| result["applied"][0]["step"].as_u64();
            rose.fetch_add(usize::from(step(&after) > step(&before)), Relaxed);
            before = after;
        }
        Ok(())
    });
    if crate::documents() >= 5_000 {
        assert!(rose.into_inner() > 100, "too few carts reach a further step");
    }
}

#[test]
fn a_hundred_percent_off_is_exactly_nothing_to_pay() {
    for mode in ["up", "down", "ceiling", "floor", "half_up", "half_down", "half_even"] {
        for (precision, price) in
            [(0, "333"), (1, "33.3"), (2, "3.33"), (3, "0.333"), (4, "0.0333")]
        {
            for target in ["cart", "items"] {
                let document = json!({
                    "settings": {"rounding": {"mode": mode, "precision": precision}},
                    "promotions": [{
                        "name": "Everything", "type": "pos",
                        "starts_at": "2000-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z",
                        "benefit": {"type": "percentage_off", "value": "100", "target": {"type": target}},
                    }],
                    "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": [
                        {"id": "1", "sku": "A", "quantity": "3", "unit_price": price},
                        {"id": "2", "sku": "B", "quantity": "7", "unit_price": price},
                    ]}},
                });
                let result = evaluate(&document);
                assert!(
                    decimal(&result["totals"]["payable"]).is_zero(),
                    "{mode} {precision}: {result:#}"
                );
            }
        }
    }
}

#[test]
fn a_million_units_are_priced_like_ten() {
    let evaluate_many = |benefit: Value| {
        let document = json!({
            "promotions": [{
                "name": "Many", "type": "pos",
                "starts_at": "2000-01-01T00:00:00Z", "ends_at": "2100-01-01T00:00:00Z",
                "conditions": {"type": "line_quantity", "op": "gte", "value": "2"}, "benefit": benefit,
            }],
            "request": {"at": "2026-06-03T12:00:00Z", "cart": {"lines": [
                {"id": "1", "sku": "A", "quantity": "1000000", "unit_price": "3.00"},
                {"id": "2", "sku": "B", "quantity": "999999.5", "unit_price": "2.00"},
            ]}},
        });
        let result = evaluate(&document);
        (result["totals"]["discount"].clone(), result["applied"][0]["times"].clone())
    };
    let every = |count: &str| json!({"per": "quantity", "every": count});
    let free = json!({"type": "percentage_off", "value": "100", "repeat": every("2"),
        "target": {"type": "items", "from": "beyond_condition"}});
    // Of 1,999,999.5 units a third is free, the cheapest.
    assert_eq!(evaluate_many(free), (json!("1333332.00"), json!(666_666)));
    let groups = json!({"type": "percentage_off", "value": "100", "repeat": every("3"),
        "target": {"type": "items", "from": "in_condition", "within": "application"}});
    // 333,333 groups of A, one of A, B and B, and 333,332 of B.
    assert_eq!(evaluate_many(groups), (json!("1666665.00"), json!(666_666)));
    let bundles = json!({"type": "bundle_price", "value": "5", "repeat": every("3"),
        "target": {"type": "items", "from": "in_condition"}});
    assert_eq!(evaluate_many(bundles), (json!("1666666.00"), json!(666_666)));
}
