//! A decimal that is read prints as what reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promotion_engine::domain::amount::{Money, Quantity};

fuzz_target!(|text: &str| {
    if let Ok(money) = Money::parse(text) {
        assert_eq!(Money::parse(&money.to_string()), Ok(money));
    }
    if let Ok(quantity) = Quantity::parse(text) {
        assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
    }
});
