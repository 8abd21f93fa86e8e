//! Everything in a benefit that section 5.4 refuses, with its code and pointer.

use serde_json::{Value as Tree, json};

use super::put;
use super::refusals::{check, tees};

fn items(benefit: Tree, target: Tree) -> Tree {
    let mut target = target;
    put(&mut target, "/type", &json!("items"));
    let mut benefit = benefit;
    put(&mut benefit, "/target", &target);
    benefit
}

#[test]
fn what_does_not_go_together_in_a_benefit_is_refused() {
    let cases = r#"
        target {"type": "bundle_price", "value": "999"}
        target {"type": "fixed_price", "value": "9"}
        target/type {"type": "bundle_price", "value": "999", "target": {"type": "cart"}}
        target/type {"type": "fixed_price", "value": "9", "target": {"type": "cart"}}
        target/type {"type": "bundle_price", "value": "999", "target": {"type": "shipping"}}
        target/type {"type": "award_points", "value": "5", "target": {"type": "shipping"}}
        target/type {"type": "award_points", "value": "5", "target": {"type": "items"}}
        target {"type": "free_product", "product": {"sku": "CAP"}, "target": {"type": "items"}}
        value {"type": "free_product", "product": {"sku": "CAP"}, "value": "1"}
        same {"type": "free_product", "product": {"sku": "CAP"}, "same": "sku"}
        steps {"type": "free_product", "product": {"sku": "CAP"}, "steps": {"measure": "amount", "values": [{"from": "1", "value": "1"}, {"from": "2", "value": "2"}]}}
        steps {"type": "percentage_off", "value": "10", "steps": {"measure": "amount", "values": [{"from": "1", "value": "1"}, {"from": "2", "value": "2"}]}}
        steps {"type": "percentage_off", "same": "sku", "target": {"type": "items"}, "steps": {"measure": "amount", "values": [{"from": "1", "value": "1"}, {"from": "2", "value": "2"}]}}
        per {"type": "free_product", "product": {"sku": "CAP"}, "per": "unit"}
        base {"type": "free_product", "product": {"sku": "CAP"}, "base": "mrp"}
        product {"type": "percentage_off", "value": "10", "product": {"sku": "CAP"}}
        target/quantity {"type": "percentage_off", "value": "10", "target": {"type": "cart", "quantity": "1"}}
        target/pick {"type": "percentage_off", "value": "10", "target": {"type": "cart", "pick": "cheapest"}}
        target/within {"type": "percentage_off", "value": "10", "target": {"type": "cart", "within": "cart"}}
        target/from {"type": "percentage_off", "value": "10", "target": {"type": "shipping", "from": "matching"}}
        target/select {"type": "percentage_off", "value": "10", "target": {"type": "shipping", "select": {}}}
        same {"type": "percentage_off", "value": "10", "same": "sku"}
        base {"type": "percentage_off", "value": "10", "base": "mrp"}
        per {"type": "amount_off", "value": "10", "per": "unit"}
        base {"type": "amount_off", "value": "10", "base": "mrp", "target": {"type": "items"}}
        per {"type": "percentage_off", "value": "10", "per": "unit", "target": {"type": "items"}}
        repeat/per {"type": "bundle_price", "value": "999", "repeat": {"per": "amount", "every": "100"}, "target": {"type": "items"}}
        target/quantity {"type": "percentage_off", "value": "10", "repeat": {"per": "amount", "every": "100"}, "target": {"type": "items"}}
        target/quantity {"type": "fixed_price", "value": "9", "repeat": {"per": "amount", "every": "100"}, "target": {"type": "items"}}
        target/quantity {"type": "bundle_price", "value": "999", "repeat": {"per": "quantity", "every": "3"}, "target": {"quantity": "2", "type": "items"}}
        target/quantity {"type": "percentage_off", "value": "10", "repeat": {"per": "set"}, "target": {"from": "in_condition", "quantity": "1", "type": "items"}}
        target/quantity {"type": "bundle_price", "value": "999", "target": {"from": "in_condition", "quantity": "2", "type": "items"}}
        target/within {"type": "percentage_off", "value": "10", "target": {"within": "application", "type": "items"}}
        target/within {"type": "bundle_price", "value": "999", "repeat": {"per": "quantity", "every": "3"}, "target": {"within": "application", "type": "items"}}
        target/within {"type": "percentage_off", "value": "10", "repeat": {"per": "quantity", "every": "3"}, "target": {"within": "application", "from": "beyond_condition", "type": "items"}}
        target/quantity {"type": "percentage_off", "value": "10", "repeat": {"per": "quantity", "every": "3"}, "target": {"within": "application", "quantity": "4", "type": "items"}}
        repeat/every {"type": "amount_off", "value": "10", "repeat": {"per": "set", "every": "2"}}
        repeat/every {"type": "amount_off", "value": "10", "repeat": {"per": "quantity", "every": "0"}}
        repeat/every {"type": "amount_off", "value": "10", "repeat": {"per": "amount", "every": "-1"}}
        repeat/max_times {"type": "amount_off", "value": "10", "repeat": {"per": "set", "max_times": 0}}
        repeat/max_times {"type": "amount_off", "value": "10", "repeat": {"per": "set", "max_times": -3}}
        target/quantity {"type": "percentage_off", "value": "10", "target": {"quantity": "0", "type": "items"}}
        product/quantity {"type": "free_product", "product": {"sku": "CAP", "quantity": "-1"}}
    "#;
    for case in cases.trim().lines() {
        let (place, benefit) = case.trim().split_once(' ').expect(case);
        let benefit: Tree = serde_json::from_str(benefit).expect(case);
        let expected = format!("/benefit/{place} unsupported_combination");
        check(&[("/conditions", tees()), ("/benefit", benefit)], &[&expected]);
    }
}

#[test]
fn line_conditions_are_there_where_a_benefit_needs_them() {
    let from =
        |from: &str| items(json!({"type": "percentage_off", "value": "10"}), json!({"from": from}));
    let sets = json!({"type": "amount_off", "value": "5", "repeat": {"per": "set"}});
    let suit =
        items(json!({"type": "bundle_price", "value": "5"}), json!({"from": "in_condition"}));
    let total = json!({"type": "cart_amount", "op": "gte", "value": "10"});
    let none = json!({"type": "item", "of": {}, "found": false});
    let spent = json!({"type": "line_amount", "of": {}, "op": "gte", "value": "10"});
    let few = json!({"type": "line_quantity", "of": {}, "op": "lte", "value": "3"});
    let at_from = "/benefit/target/from unsupported_combination";
    let at_per = "/benefit/repeat/per unsupported_combination";
    for conditions in [Tree::Null, total, none] {
        for side in ["in_condition", "beyond_condition"] {
            check(&[("/conditions", conditions.clone()), ("/benefit", from(side))], &[at_from]);
        }
        check(&[("/conditions", conditions.clone()), ("/benefit", sets.clone())], &[at_per]);
    }
    for conditions in [spent, few] {
        check(&[("/conditions", conditions.clone()), ("/benefit", from("in_condition"))], &[]);
        check(&[("/conditions", conditions.clone()), ("/benefit", sets.clone())], &[at_per]);
        check(&[("/conditions", conditions), ("/benefit", suit.clone())], &[at_from]);
    }
    check(&[("/conditions", tees()), ("/benefit", suit)], &[]);
}

/// Steps that begin at 1000, 2000, ... and have the values 1, 2, ...
fn steps(measure: &str, of: Tree, count: usize) -> Tree {
    let step = |place: usize| json!({"from": place * 1000, "value": place});
    json!({"measure": measure, "of": of, "values": (1..=count).map(step).collect::<Vec<_>>()})
}

#[test]
fn steps_are_2_to_20_and_ascend() {
    let off = |steps: Tree| json!({"type": "percentage_off", "steps": steps});
    for (benefit, expected) in [
        (json!({"type": "percentage_off"}), "/benefit/value required"),
        (json!({"type": "percentage_off", "steps": null}), "/benefit/value required"),
        (off(json!(5)), "/benefit/steps wrong_type"),
        (off(steps("amount", Tree::Null, 1)), "/benefit/steps/values required"),
        (off(steps("amount", Tree::Null, 21)), "/benefit/steps/values too_many"),
        (off(steps("weight", Tree::Null, 2)), "/benefit/steps/measure malformed"),
        (off(steps("amount", json!({"fields": []}), 2)), "/benefit/steps/of/fields unknown_field"),
    ] {
        check(&[("/benefit", benefit)], &[expected]);
    }
    for count in [2, 20] {
        check(&[("/benefit", off(steps("amount", Tree::Null, count)))], &[]);
        check(&[("/benefit", off(steps("quantity", json!({}), count)))], &[]);
    }
    let places = |from: &[&str]| -> Vec<Tree> {
        from.iter().map(|from| json!({"from": from, "value": "1"})).collect()
    };
    for (from, expected) in [
        (&["0", "0.0001"][..], &[][..]),
        (&["5", "5.0000"], &["/benefit/steps/values/1/from out_of_range"]),
        (&["5", "7", "6"], &["/benefit/steps/values/2/from out_of_range"]),
        (
            &["5", "4", "3"],
            &[
                "/benefit/steps/values/1/from out_of_range",
                "/benefit/steps/values/2/from out_of_range",
            ],
        ),
        (&["-1", "1"], &["/benefit/steps/values/0/from out_of_range"]),
        (&["1", "1000000000.5"], &["/benefit/steps/values/1/from out_of_range"]),
        (&["1", "1.00001"], &["/benefit/steps/values/1/from too_precise"]),
    ] {
        let benefit = off(json!({"measure": "quantity", "values": places(from)}));
        check(&[("/benefit", benefit)], expected);
    }
}

#[test]
fn values_of_steps_have_the_bounds_of_the_kind() {
    let cart = json!({"type": "cart"});
    let units = json!({"type": "items"});
    for (kind, target, good, bad) in [
        ("percentage_off", &cart, &["0.0001", "100"][..], &["0", "-1", "100.0001"][..]),
        ("amount_off", &cart, &["0.0001", "1000000000"], &["0", "-1", "1000000000.0001"]),
        ("award_points", &cart, &["0.0001", "1000000000"], &["0", "-1", "1000000000.0001"]),
        ("fixed_price", &units, &["0", "1000000000"], &["-0.0001", "1000000000.0001"]),
        ("bundle_price", &units, &["0", "1000000000"], &["-0.0001", "1000000000.0001"]),
    ] {
        let faults = |value: &str, expected: &[&str]| {
            let mut steps = steps("amount", Tree::Null, 2);
            put(&mut steps, "/values/1/value", &json!(value));
            let benefit = json!({"type": kind, "target": target, "steps": steps});
            check(&[("/benefit", benefit)], expected);
        };
        good.iter().for_each(|value| faults(value, &[]));
        bad.iter().for_each(|value| faults(value, &["/benefit/steps/values/1/value out_of_range"]));
    }
}

/// What a step asks for is a line condition if it measures selected lines, and does not count among the ten.
#[test]
fn what_a_step_asks_for_is_one_more_condition() {
    let beyond = |of: Tree| {
        let benefit = json!({"type": "percentage_off", "steps": steps("amount", of, 2)});
        items(benefit, json!({"from": "beyond_condition"}))
    };
    let at_from = "/benefit/target/from unsupported_combination";
    check(&[("/benefit", beyond(Tree::Null))], &[at_from]);
    check(&[("/benefit", beyond(json!({})))], &[]);
    let at_per = "/benefit/repeat/per unsupported_combination";
    for (measure, of, sets, suit) in [
        ("quantity", json!({}), &[][..], &[][..]),
        ("amount", json!({}), &[at_per], &[at_from]),
        ("quantity", Tree::Null, &[at_per], &[at_from]),
    ] {
        let steps = steps(measure, of, 2);
        let per_set = json!({"type": "amount_off", "steps": steps, "repeat": {"per": "set"}});
        check(&[("/benefit", per_set)], sets);
        let bundle = json!({"type": "bundle_price", "steps": steps});
        let bundle = items(bundle, json!({"from": "in_condition"}));
        check(&[("/benefit", bundle.clone())], suit);
        // Beside a condition that has sets, the measure alone can be wrong.
        let beside = if measure == "amount" { suit } else { &[] };
        check(&[("/conditions", tees()), ("/benefit", bundle)], beside);
    }
    let mut deep = json!({"type": "group", "of": vec![tees(); 10]});
    for _ in 0..4 {
        deep = json!({"type": "group", "of": [deep]});
    }
    check(&[("/conditions", deep), ("/benefit", beyond(json!({})))], &[]);
}
