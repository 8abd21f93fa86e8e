//! Converts the bounds of the settings into the types of each layer.

use std::time::Duration;

use crate::api::connection::Limits;
use crate::api::edge::{Bounds, MIB};
use crate::api::timeouts::Timeouts;
use crate::config::BoundsConfig;
use crate::db::DbTimeouts;

fn time(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

impl From<&BoundsConfig> for Limits {
    fn from(config: &BoundsConfig) -> Self {
        Self {
            header: time(config.header_timeout_ms),
            idle: time(config.idle_timeout_ms),
            drain: time(config.drain_timeout_ms),
            ..Self::default()
        }
    }
}

impl From<&BoundsConfig> for Timeouts {
    fn from(config: &BoundsConfig) -> Self {
        Self {
            body: time(config.body_timeout_ms),
            evaluate: time(config.evaluate_timeout_ms),
            redeem: time(config.redeem_timeout_ms),
            admin: time(config.admin_timeout_ms),
            bulk: time(config.bulk_timeout_ms),
            ..Self::default()
        }
    }
}

impl From<&BoundsConfig> for DbTimeouts {
    fn from(config: &BoundsConfig) -> Self {
        Self {
            acquire: time(config.database_acquire_timeout_ms),
            lock: time(config.database_lock_timeout_ms),
            statement: time(config.database_statement_timeout_ms),
            bulk_statement: time(config.database_bulk_timeout_ms),
            idle_in_transaction: time(config.database_idle_timeout_ms),
        }
    }
}

impl From<&BoundsConfig> for Bounds {
    fn from(config: &BoundsConfig) -> Self {
        let half = (config.max_in_flight / 2).max(1);
        let quarter = config.max_unsent_mib / 4;
        let bytes = |mib: u16| usize::from(mib) * MIB;
        Self {
            header_bytes: config.max_header_bytes.into(),
            headers: config.max_headers.into(),
            in_flight: config.max_in_flight.into(),
            in_flight_of_tenant: config.max_in_flight_of_tenant.unwrap_or(half).into(),
            unsent_bytes: bytes(config.max_unsent_mib),
            unsent_bytes_of_tenant: bytes(config.max_unsent_mib_of_tenant.unwrap_or(quarter)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache;
    use crate::config::bounds::read;

    #[test]
    fn the_defaults_of_settings_are_those_of_the_code() {
        let config = &read(&[]).unwrap();
        assert_eq!(Limits::from(config), Limits::default());
        assert_eq!(Timeouts::from(config), Timeouts::default());
        assert_eq!(DbTimeouts::from(config), DbTimeouts::default());
        assert_eq!(Bounds::from(config), Bounds::default());
        assert_eq!(config.unknown_codes(), cache::DEFAULT_UNKNOWN_CODES);
        assert_eq!(config.cache_bytes(), cache::DEFAULT_BYTES);
    }

    #[test]
    fn a_tenant_has_half_unless_it_is_said_otherwise() {
        for (arguments, of_tenant) in [
            (["--max-in-flight", "1"], 1),
            (["--max-in-flight", "100"], 50),
            (["--max-in-flight-of-tenant", "512"], 512),
        ] {
            let bounds = Bounds::from(&read(&arguments).unwrap());
            assert_eq!(bounds.in_flight_of_tenant, of_tenant, "{arguments:?}");
        }
        let config = read(&["--max-unknown-codes-per-minute", "0"]).unwrap();
        assert_eq!(config.unknown_codes(), u32::MAX);
    }
}
