//! Everything of a benefit that section 5.4 refuses, with its code at its pointer.

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
    let tenth = || json!({"type": "percentage_off", "value": "10"});
    let off = || json!({"type": "amount_off", "value": "10"});
    let bundle = || json!({"type": "bundle_price", "value": "999"});
    let fixed = || json!({"type": "fixed_price", "value": "9"});
    let points = || json!({"type": "award_points", "value": "5"});
    let cap = || json!({"type": "free_product", "product": {"sku": "CAP"}});
    let with = |mut benefit: Tree, pointer: &str, value: Tree| {
        put(&mut benefit, pointer, &value);
        benefit
    };
    let amount = || json!({"per": "amount", "every": "100"});
    let threes = || json!({"per": "quantity", "every": "3"});
    let sets = || json!({"per": "set"});
    let code = "unsupported_combination";
    let cases: Vec<(Tree, &str)> = vec![
        (bundle(), "target"),
        (fixed(), "target"),
        (with(bundle(), "/target", json!({"type": "cart"})), "target/type"),
        (with(fixed(), "/target", json!({"type": "cart"})), "target/type"),
        (with(bundle(), "/target", json!({"type": "shipping"})), "target/type"),
        (with(points(), "/target", json!({"type": "shipping"})), "target/type"),
        (items(points(), json!({})), "target/type"),
        (with(cap(), "/target", json!({"type": "items"})), "target"),
        (with(cap(), "/value", json!("1")), "value"),
        (with(cap(), "/same", json!("sku")), "same"),
        (with(cap(), "/per", json!("unit")), "per"),
        (with(cap(), "/base", json!("mrp")), "base"),
        (with(tenth(), "/product", json!({"sku": "CAP"})), "product"),
        (with(tenth(), "/target", json!({"type": "cart", "quantity": "1"})), "target/quantity"),
        (with(tenth(), "/target", json!({"type": "cart", "pick": "cheapest"})), "target/pick"),
        (with(tenth(), "/target", json!({"type": "cart", "within": "cart"})), "target/within"),
        (with(tenth(), "/target", json!({"type": "shipping", "from": "matching"})), "target/from"),
        (with(tenth(), "/target", json!({"type": "shipping", "select": {}})), "target/select"),
        (with(tenth(), "/same", json!("sku")), "same"),
        (with(tenth(), "/base", json!("mrp")), "base"),
        (with(off(), "/per", json!("unit")), "per"),
        (items(with(off(), "/base", json!("mrp")), json!({})), "base"),
        (items(with(tenth(), "/per", json!("unit")), json!({})), "per"),
        (items(with(bundle(), "/repeat", amount()), json!({})), "repeat/per"),
        (items(with(tenth(), "/repeat", amount()), json!({})), "target/quantity"),
        (items(with(fixed(), "/repeat", amount()), json!({})), "target/quantity"),
        (items(with(bundle(), "/repeat", threes()), json!({"quantity": "2"})), "target/quantity"),
        (
            items(
                with(tenth(), "/repeat", sets()),
                json!({"from": "in_condition", "quantity": "1"}),
            ),
            "target/quantity",
        ),
        (items(bundle(), json!({"from": "in_condition", "quantity": "2"})), "target/quantity"),
        (items(tenth(), json!({"within": "application"})), "target/within"),
        (
            items(with(bundle(), "/repeat", threes()), json!({"within": "application"})),
            "target/within",
        ),
        (
            items(
                with(tenth(), "/repeat", threes()),
                json!({"within": "application", "from": "beyond_condition"}),
            ),
            "target/within",
        ),
        (
            items(
                with(tenth(), "/repeat", threes()),
                json!({"within": "application", "quantity": "4"}),
            ),
            "target/quantity",
        ),
        (with(off(), "/repeat", json!({"per": "set", "every": "2"})), "repeat/every"),
        (with(off(), "/repeat", json!({"per": "quantity", "every": "0"})), "repeat/every"),
        (with(off(), "/repeat", json!({"per": "amount", "every": "-1"})), "repeat/every"),
        (with(off(), "/repeat", json!({"per": "set", "max_times": 0})), "repeat/max_times"),
        (with(off(), "/repeat", json!({"per": "set", "max_times": -3})), "repeat/max_times"),
        (items(tenth(), json!({"quantity": "0"})), "target/quantity"),
        (with(cap(), "/product/quantity", json!("-1")), "product/quantity"),
    ];
    for (benefit, place) in cases {
        let expected = format!("/benefit/{place} {code}");
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
