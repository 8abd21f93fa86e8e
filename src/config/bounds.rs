//! Bounds on what callers can take of the process: times, sizes and counts. docs/OPERATING.md lists the defaults.

use clap::builder::RangedI64ValueParser;
use clap::{Args, value_parser};

/// A time in milliseconds, from ten milliseconds to ten minutes. No limit can be switched off by mistake.
fn ms() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(10..=600_000)
}

/// Settings that bound what callers can take.
#[derive(Clone, Debug, Args)]
pub struct BoundsConfig {
    /// Milliseconds from the first byte of a request to the end of its headers
    #[arg(long, env, default_value_t = 5_000, value_parser = ms())]
    pub header_timeout_ms: u32,
    /// Milliseconds from the end of the headers to the end of the body
    #[arg(long, env, default_value_t = 10_000, value_parser = ms())]
    pub body_timeout_ms: u32,
    /// Milliseconds that a connection may be idle between requests, and that a caller may pause while it reads an
    /// answer
    #[arg(long, env, default_value_t = 60_000, value_parser = ms())]
    pub idle_timeout_ms: u32,
    /// Milliseconds that an evaluation may take
    #[arg(long, env, default_value_t = 1_000, value_parser = ms())]
    pub evaluate_timeout_ms: u32,
    /// Milliseconds that a redemption may take
    #[arg(long, env, default_value_t = 3_000, value_parser = ms())]
    pub redeem_timeout_ms: u32,
    /// Milliseconds that any other request may take
    #[arg(long, env, default_value_t = 10_000, value_parser = ms())]
    pub admin_timeout_ms: u32,
    /// Milliseconds that a bulk request may take
    #[arg(long, env, default_value_t = 60_000, value_parser = ms())]
    pub bulk_timeout_ms: u32,
    /// Milliseconds that requests in progress get to finish when the service stops
    #[arg(long, env, default_value_t = 20_000, value_parser = ms())]
    pub drain_timeout_ms: u32,
    /// Milliseconds that a transaction waits for a connection to the database
    #[arg(long, env, default_value_t = 500, value_parser = ms())]
    pub database_acquire_timeout_ms: u32,
    /// Milliseconds that a statement waits for a lock
    #[arg(long, env, default_value_t = 1_000, value_parser = ms())]
    pub database_lock_timeout_ms: u32,
    /// Milliseconds that a statement may take
    #[arg(long, env, default_value_t = 2_000, value_parser = ms())]
    pub database_statement_timeout_ms: u32,
    /// Milliseconds that a statement of a bulk request may take
    #[arg(long, env, default_value_t = 30_000, value_parser = ms())]
    pub database_bulk_timeout_ms: u32,
    /// Milliseconds that an open transaction that loads or works in bulk may be idle before the database ends it;
    /// others at most 2 s
    #[arg(long, env, default_value_t = 10_000, value_parser = ms())]
    pub database_idle_timeout_ms: u32,
    /// Most requests in progress at the same time; further requests are refused at once
    #[arg(long, env, default_value_t = 512, value_parser = value_parser!(u16).range(1..))]
    pub max_in_flight: u16,
    /// Most requests of one tenant in progress at the same time; default: half of MAX_IN_FLIGHT
    #[arg(long, env, value_parser = value_parser!(u16).range(1..))]
    pub max_in_flight_of_tenant: Option<u16>,
    /// Most mebibytes of long answers that wait to be read; at this bound further requests are refused
    #[arg(long, env, default_value_t = 256, value_parser = value_parser!(u16).range(16..))]
    pub max_unsent_mib: u16,
    /// Most mebibytes of one tenant's long answers that wait to be read; default: a quarter of MAX_UNSENT_MIB
    #[arg(long, env, value_parser = value_parser!(u16).range(4..))]
    pub max_unsent_mib_of_tenant: Option<u16>,
    /// Most bytes of a request's headers
    #[arg(long, env, default_value_t = 16_384, value_parser = value_parser!(u16).range(1_024..=49_152))]
    pub max_header_bytes: u16,
    /// Most headers of a request
    #[arg(long, env, default_value_t = 64, value_parser = value_parser!(u16).range(16..=200))]
    pub max_headers: u16,
    /// Most unknown codes that a tenant may present in a minute before its carts with codes are refused; 0 means no
    /// bound
    #[arg(long, env, default_value_t = 600, value_parser = value_parser!(u32).range(..=1_000_000))]
    pub max_unknown_codes_per_minute: u32,
    /// Most mebibytes of rules in memory, by estimate; the rules of the tenants that have been idle longest are dropped
    /// first. A tenant whose rules take more is held alone
    #[arg(long, env, default_value_t = 256, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub max_cache_mb: u32,
}

impl BoundsConfig {
    /// Most bytes of rules in memory.
    pub fn cache_bytes(&self) -> usize {
        usize::try_from(self.max_cache_mb).map_or(usize::MAX, |mb| mb.saturating_mul(1_024 * 1_024))
    }

    /// Most unknown codes that a tenant may present in a minute.
    pub fn unknown_codes(&self) -> u32 {
        match self.max_unknown_codes_per_minute {
            0 => u32::MAX,
            most => most,
        }
    }
}

#[cfg(test)]
pub(crate) fn read(arguments: &[&str]) -> Result<BoundsConfig, String> {
    use clap::FromArgMatches;
    let command = BoundsConfig::augment_args(clap::Command::new("x"));
    let read = command.try_get_matches_from(["x"].iter().chain(arguments));
    let read = read.and_then(|read| BoundsConfig::from_arg_matches(&read));
    read.map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_with_the_range() {
        for (flag, value, range) in [
            ("--header-timeout-ms", "0", "10..=600000"),
            ("--evaluate-timeout-ms", "600001", "10..=600000"),
            ("--max-in-flight", "0", "1..=65535"),
            ("--max-headers", "1000", "16..=200"),
            ("--max-header-bytes", "65536", "1024..=49152"),
            ("--max-unknown-codes-per-minute", "1000001", "0..=1000000"),
            ("--max-cache-mb", "0", "1..=1000000"),
        ] {
            let fault = read(&[flag, value]).unwrap_err();
            assert!(fault.contains(flag) && fault.contains(range), "{fault}");
        }
        assert!(read(&["--body-timeout-ms", "5s"]).is_err());
    }
}
