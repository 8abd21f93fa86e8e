//! The rates of a tenant, as the operator sends them: `{"evaluate": {"per_second", "burst"}}`.

use std::num::NonZeroU32;

use super::body::*;
use crate::domain::rate::{Rate, RateLimits};

/// The highest rate, and the largest burst: more than an instance can do.
pub const MAX_RATE: i64 = 1_000_000;

const RATE: Integer = integer(1..=MAX_RATE);

body! {
    /// A token bucket.
    pub struct RateBody "" as Rate {
        /// Requests a second.
        per_second: required(RATE) => rate.per_second.get(),
        /// Requests at once.
        burst: required(RATE) => rate.burst.get(),
    } print |rate| read |object, faults| {
        Some(Rate { per_second: NonZeroU32::new(per_second?)?, burst: NonZeroU32::new(burst?)? })
    }
}

const LIMIT: Optional<Part<RateBody>> = optional(part());

body! {
    /// Rates, then 429. Null: without bound.
    RateLimits "" {
        /// Of carts that are priced.
        evaluate: LIMIT,
        /// Of what tills write: redemptions with commit, cancel and returns, activities, activations.
        redeem: LIMIT,
        /// Of everything else.
        admin: LIMIT,
    }
}
