//! A cart as the engine gets it, for benchmarks of the engine alone.

use promotion_engine::domain::cart::Request;
use promotion_engine::wire::{cart, decode::Value, faults::Faults, json::Json};

/// Reads a cart and acts on the request.
pub fn with_request<T>(body: &str, act: impl FnOnce(&Request<'_>) -> T) -> T {
    let tree = Json::parse(body.as_bytes()).expect("a cart is JSON");
    let mut faults = Faults::default();
    let request = cart::parse(Value::root(&tree), &mut faults).expect("a cart without faults");
    act(&request)
}
