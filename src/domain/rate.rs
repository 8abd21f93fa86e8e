//! How many requests the operator allows a tenant, by kind of work.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// A kind of work. Each has a rate of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Pricing carts.
    Evaluate,
    /// Everything that tills write: redeeming, committing, cancelling, returning, and reporting activities of
    /// customers.
    Redeem,
    Admin,
}

/// A token bucket: so many requests a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: NonZeroU32,
    pub burst: NonZeroU32,
}

/// The rates of a tenant; `None` means no bound. The database stores this form too. An unknown kind of work is an error
/// and is not ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    /// For pricing carts.
    pub evaluate: Option<Rate>,
    /// For everything that tills write.
    pub redeem: Option<Rate>,
    pub admin: Option<Rate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_can_be_read() {
        let rate = |count| Rate {
            per_second: NonZeroU32::new(count).unwrap(),
            burst: NonZeroU32::new(count + 1).unwrap(),
        };
        for limits in [
            RateLimits::default(),
            RateLimits { evaluate: Some(rate(1)), redeem: None, admin: Some(rate(999_999)) },
        ] {
            let stored = serde_json::to_string(&limits).unwrap();
            assert_eq!(serde_json::from_str::<RateLimits>(&stored).unwrap(), limits);
        }
        assert_eq!(serde_json::from_str::<RateLimits>("{}").unwrap(), RateLimits::default());
        for unknown in [r#"{"evaluate": {"per_second": 0, "burst": 1}}"#, r#"{"render": null}"#] {
            assert!(serde_json::from_str::<RateLimits>(unknown).is_err());
        }
    }
}
