//! How much work the operator lets a tenant ask for, by kind of work.

use std::num::NonZeroU32;

/// A kind of work, each of which has a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// To price a cart.
    Evaluate,
    /// To redeem, commit, cancel and return, and to tell what customers did: what tills write.
    Redeem,
    Admin,
}

/// A token bucket: so many requests a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// The rates of a tenant; none is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of carts that are priced.
    pub evaluate: Option<Rate>,
    /// Of what tills write.
    pub redeem: Option<Rate>,
    pub admin: Option<Rate>,
}
