//! The two readers of carts never differ, and none panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promotion_engine::wire::cart;
use promotion_engine::wire::decode::Value;
use promotion_engine::wire::faults::Faults;
use promotion_engine::wire::json::Json;

fuzz_target!(|bytes: &[u8]| {
    let quick = cart::read_plain(bytes);
    let Ok(json) = Json::parse(bytes) else {
        assert!(quick.is_none());
        return;
    };
    let mut faults = Faults::new();
    let slow = cart::parse(Value::root(&json), &mut faults);
    assert!(slow.is_some() || !faults.is_empty());
    if quick.is_some() {
        assert!(faults.is_empty());
        assert_eq!(quick, slow);
    }
});
