//! Exact arithmetic at its bounds: small fractions and big integers must give the same values.

use proptest::prelude::*;

use super::super::rounding::{Rounding, RoundingMode};
use super::*;

/// Numbers from tiny ones to those for which every step overflows an `i128`.
fn number() -> impl Strategy<Value = i128> {
    prop_oneof![
        -1_000..1_000_i128,
        -(10_i128.pow(19))..10_i128.pow(19),
        i128::MIN / 4..i128::MAX / 4,
    ]
}

fn exact() -> impl Strategy<Value = Exact> {
    (number(), number()).prop_map(|(num, den)| Exact::ratio(num, den.abs().max(1)))
}

fn reduced(exact: &Exact) -> BigRational {
    exact.big().reduced()
}

proptest! {
    #[test]
    fn steps_agree_with_big_rationals_whether_they_overflow_or_not(a in exact(), b in exact()) {
        prop_assert_eq!(reduced(&a.plus(&b)), reduced(&a) + reduced(&b));
        prop_assert_eq!(reduced(&a.minus(&b)), reduced(&a) - reduced(&b));
        prop_assert_eq!(reduced(&a.times(&b)), reduced(&a) * reduced(&b));
        if !b.is_zero() {
            prop_assert_eq!(reduced(&a.over(&b)), reduced(&a) / reduced(&b));
        }
        prop_assert_eq!(a.cmp(&b), reduced(&a).cmp(&reduced(&b)));
    }

    #[test]
    fn a_value_is_the_same_small_and_big(a in exact(), b in exact()) {
        let forced = |exact: &Exact| Exact(Repr::Big(Box::new(exact.big())));
        let (big_a, big_b) = (forced(&a), forced(&b));
        prop_assert_eq!(&a, &big_a);
        prop_assert_eq!(a.plus(&b), big_a.plus(&big_b));
        prop_assert_eq!(a.times(&b), big_a.times(&big_b));
        prop_assert_eq!(a.over(&b), big_a.over(&big_b));
    }

    #[test]
    fn many_amounts_are_added_and_divided_as_one_by_one(
        amount in exact(),
        others in prop::collection::vec((number(), 1..10_i128.pow(19)), 0..12),
    ) {
        let others: Vec<Exact> =
            others.into_iter().map(|(num, den)| Exact::ratio(num.abs(), den)).collect();
        let one_by_one = others.iter().fold(Exact::ZERO, |sum, own| sum.plus(own));
        let whole: Exact = others.iter().sum();
        prop_assert_eq!(&whole, &one_by_one);
        let shares = amount.in_proportions(&others);
        prop_assert_eq!(shares.len(), others.len());
        for (share, own) in shares.iter().zip(&others) {
            prop_assert_eq!(share, &amount.in_proportion(own, &whole));
        }
        if whole.is_positive() {
            prop_assert_eq!(shares.iter().sum::<Exact>(), amount);
        }
    }

    #[test]
    fn an_amount_is_rounded_up_to_decimals(num in 0..10_i128.pow(22), den in 1..10_i128.pow(9)) {
        let amount = Exact::ratio(num, den);
        for decimals in 0..=4 {
            let up = amount.up_to(decimals);
            let step = Exact::ratio(1, 10_i128.pow(decimals));
            prop_assert!(up >= amount && up.minus(&amount) < step);
            prop_assert_eq!(&up.up_to(decimals), &up);
        }
    }

    #[test]
    fn rounding_is_the_same_small_and_big(num in 0..10_i128.pow(22), den in 1..10_i128.pow(9)) {
        let small = Exact::ratio(num, den.saturating_mul(1_000_003));
        let big = Exact(Repr::Big(Box::new(small.big())));
        for precision in 0..=4 {
            let modes = [
                RoundingMode::Up, RoundingMode::Down, RoundingMode::Ceiling, RoundingMode::Floor,
                RoundingMode::HalfUp, RoundingMode::HalfDown, RoundingMode::HalfEven,
            ];
            for mode in modes {
                let rounding = Rounding::new(mode, precision).unwrap();
                prop_assert_eq!(rounding.settle(&small), rounding.settle(&big));
                prop_assert_eq!(rounding.cut(&small), rounding.cut(&big));
                let settled = Exact::from(rounding.settle(&small));
                let step = Exact::from(rounding.step());
                prop_assert!(settled.minus(&small) < step && small.minus(&settled) < step);
            }
        }
    }
}

#[test]
fn an_amount_is_three_words() {
    assert_eq!(size_of::<Exact>(), 24);
    assert_eq!(align_of::<Exact>(), align_of::<u64>());
}

#[test]
fn a_share_of_nothing_is_nothing() {
    let one = Exact::ratio(1, 1);
    assert!(one.scaled_by(0, 0).is_zero());
    assert!(one.in_proportion(&Exact::ZERO, &Exact::ZERO).is_zero());
    assert_eq!(one.in_proportion(&one, &one), one);
}

#[test]
fn the_largest_cart_keeps_every_digit() {
    // 500 lines with a price of 10⁹ less one step, and a quantity for which the gross is near 10¹².
    let line = Exact::product(Money::from_scaled(9_999_999_999_999), Quantity::from_scaled(10_010));
    let gross = (0..500).fold(Exact::ZERO, |sum, _| sum.plus(&line));
    assert_eq!(gross.print(2), "500499999999.94995");
    let share = gross.scaled_by(1, 3).plus(&gross.scaled_by(2, 3));
    assert_eq!(share, gross);
    // The steps of this percentage need more digits than a decimal type with 28 digits keeps.
    let percent = gross.percent(Number::from_scaled(333_333));
    assert_eq!(percent, Exact::ratio(16_683_316_649_998_331_668_335, 10_i128.pow(11)));
}

#[test]
fn halves_go_where_the_mode_says() {
    let settle = |mode, scaled: i64| {
        Rounding::new(mode, 2).unwrap().settle(&Money::from_scaled(scaled).into()).print(2)
    };
    assert_eq!(settle(RoundingMode::HalfUp, 250), "0.03");
    assert_eq!(settle(RoundingMode::HalfDown, 250), "0.02");
    assert_eq!(settle(RoundingMode::HalfEven, 250), "0.02");
    assert_eq!(settle(RoundingMode::HalfEven, 350), "0.04");
    assert_eq!(settle(RoundingMode::HalfDown, 251), "0.03");
    assert_eq!(settle(RoundingMode::Up, 201), "0.03");
    assert_eq!(settle(RoundingMode::Down, 299), "0.02");
}
