//! The rate limits of a tenant, as the operator sends them: `{"evaluate": {"per_second", "burst"}}`.

use std::num::NonZeroU32;

use super::body::*;
use crate::domain::rate::{Rate, RateLimits};

/// The highest rate, and the largest burst. An instance cannot do as much.
pub const MAX_RATE: i64 = 1_000_000;

const RATE: Integer = integer(1..=MAX_RATE);

body! {
    /// A token bucket.
    pub struct RateBody "" as Rate {
        /// Requests per second.
        per_second: required(RATE) => rate.per_second.get(),
        /// Most requests at once.
        burst: required(RATE) => rate.burst.get(),
    } print |rate| read |object, faults| {
        Some(Rate { per_second: NonZeroU32::new(per_second?)?, burst: NonZeroU32::new(burst?)? })
    }
}

const LIMIT: Optional<Part<RateBody>> = optional(part());

body! {
    /// Rate limits; requests beyond them get 429. Null: no limit.
    RateLimits "" {
        /// The rate of carts that are priced.
        evaluate: LIMIT,
        /// The rate of what tills write: redemptions with commit, cancel and returns, activities, activations.
        redeem: LIMIT,
        /// The rate of all other requests.
        admin: LIMIT,
    }
}
