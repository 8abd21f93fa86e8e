//! A histogram of integers. Observing takes no lock, because every request does it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The histogram. Clones share it.
#[derive(Clone, Debug)]
pub struct Distribution {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Upper bounds, included, ascending.
    bounds: &'static [u32],
    /// How many observed units make one shown unit.
    scale: f64,
    /// One count for each bound, and one for larger numbers.
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

impl Distribution {
    pub fn of_counts(bounds: &'static [u32]) -> Self {
        Self::new(bounds, 1.0)
    }

    /// A histogram of durations. The bounds are microseconds; the output is in seconds.
    pub fn of_times(bounds: &'static [u32]) -> Self {
        Self::new(bounds, 1e6)
    }

    fn new(bounds: &'static [u32], scale: f64) -> Self {
        let inner = Inner {
            bounds,
            scale,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    pub fn observe(&self, number: u64) {
        let inner = &self.inner;
        let place = inner.bounds.partition_point(|bound| u64::from(*bound) < number);
        if let Some(count) = inner.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
            inner.sum.fetch_add(number, Ordering::Relaxed);
        }
    }

    pub fn observe_time(&self, time: Duration) {
        self.observe(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }
}

impl TypedMetric for Distribution {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Distribution {
    fn encode(&self, mut encoder: MetricEncoder) -> fmt::Result {
        let inner = &self.inner;
        let bounds = inner.bounds.iter().map(|bound| f64::from(*bound));
        let bounds = bounds.map(|bound| bound / inner.scale).chain([f64::INFINITY]);
        let counts = inner.counts.iter().map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        // Exact up to 2^53, which is 285 years of microseconds.
        let sum = inner.sum.load(Ordering::Relaxed) as f64 / inner.scale;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn a_number_counts_up_to_its_bound() {
        let times = Distribution::of_times(&[100, 1_000]);
        for micros in [0, 100, 101, 1_000, 1_001, 5_000_000] {
            times.observe_time(Duration::from_micros(micros));
        }
        let mut registry = Registry::default();
        registry.register("took_seconds", "How long it took", times);
        let mut text = String::new();
        text::encode(&mut text, &registry).unwrap();
        for line in [
            "took_seconds_sum 5.002202",
            "took_seconds_count 6",
            "took_seconds_bucket{le=\"0.0001\"} 2",
            "took_seconds_bucket{le=\"0.001\"} 4",
            "took_seconds_bucket{le=\"+Inf\"} 6",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }
}
