//! A promotion is read or refused; what is read is printed as what reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use promotion_engine::wire::decode::Value;
use promotion_engine::wire::faults::Faults;
use promotion_engine::wire::json::Json;
use promotion_engine::wire::promotion::{self, Purpose};

fuzz_target!(|bytes: &[u8]| {
    let Ok(json) = Json::parse(bytes) else { return };
    let mut faults = Faults::new();
    let body = promotion::parse(Value::root(&json), Purpose::Create(&[]), &mut faults);
    assert!(body.terms.is_some() || !faults.is_empty());
    if let Some(terms) = body.terms {
        let stored = promotion::stored(&terms);
        assert_eq!(promotion::parse_stored(stored.as_bytes()), Ok(terms));
    }
});
