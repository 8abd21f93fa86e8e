//! Predicates on a line's numbers (spec 5.3).

use std::cmp::Ordering;

use crate::domain::amount::{Money, Number};
use crate::domain::cart::Line;
use crate::domain::selector::{Comparison, NumberField, NumberOperator, NumberTest};

/// A line without the number fails every test.
pub(super) fn holds(line: &Line<'_>, field: NumberField, test: NumberTest) -> bool {
    let money = |money: Option<Money>| money.map(|money| i128::from(money.scaled()));
    let plain = |number: Option<Number>| number.map(|number| i128::from(number.scaled()));
    // Both sides of the comparison are in ten-thousandths, multiplied by `unit`.
    let (value, unit) = match field {
        NumberField::UnitPrice => (money(Some(line.unit_price)), 1),
        NumberField::Mrp => (money(line.mrp), 1),
        NumberField::Quantity => (Some(line.quantity.scaled().into()), 1),
        NumberField::Weight => (plain(line.weight), 1),
        NumberField::Stock => (plain(line.stock), 1),
        NumberField::PriceDiscount => (money(line.mrp.map(|mrp| mrp.minus(line.unit_price))), 1),
        NumberField::PriceDiscountPercent => match line.mrp.filter(|mrp| mrp.is_positive()) {
            // Instead of 100 × off ÷ mrp with v, it compares 100 × 10,000 × off with v × mrp.
            Some(mrp) => (
                money(Some(mrp.minus(line.unit_price))).map(|off| off * 1_000_000),
                i128::from(mrp.scaled()),
            ),
            None => (None, 1),
        },
    };
    let against =
        |number: Number| value.map(|value| value.cmp(&(i128::from(number.scaled()) * unit)));
    let holds = |op: NumberOperator, number: Number| {
        against(number).is_some_and(|ordering: Ordering| op.holds(ordering))
    };
    match test {
        NumberTest::Compare(Comparison { op, value }) => holds(op, value),
        NumberTest::Between(low, high) => {
            holds(NumberOperator::Gte, low) && holds(NumberOperator::Lte, high)
        }
    }
}
