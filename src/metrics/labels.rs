//! The closed sets of label values. One metric for each value is made beforehand: counting takes no lock, and every
//! value is shown from the start, as zero.

use std::fmt;

use prometheus_client::metrics::family::{Family, MetricConstructor};

/// One label with its value.
pub type One = [(&'static str, &'static str); 1];

/// A closed set of values of a label.
pub trait Label: Copy + fmt::Debug + PartialEq + 'static {
    const NAME: &'static str;
    const ALL: &'static [Self];

    /// The value as the metrics text shows it.
    fn value(self) -> &'static str;
}

/// A metric for each value of a label.
#[derive(Clone, Debug)]
pub struct Each<L, M> {
    all: Vec<(L, M)>,
}

impl<L: Label, M: Clone> Each<L, M> {
    /// Makes the metric of every value, in a family that is registered.
    pub(super) fn of<C: MetricConstructor<M>>(family: &Family<One, M, C>) -> Self {
        let made = |label: &L| {
            let metric = family.get_or_create(&[(L::NAME, label.value())]).clone();
            (*label, metric)
        };
        Self { all: L::ALL.iter().map(made).collect() }
    }

    /// The metric of a value. It always exists, because the set is closed.
    pub fn get(&self, label: L) -> Option<&M> {
        let own = self.all.iter().find(|(own, _)| *own == label);
        own.map(|(_, metric)| metric)
    }
}

impl<L: Label> Each<L, prometheus_client::metrics::counter::Counter> {
    pub fn inc(&self, label: L) {
        if let Some(counter) = self.get(label) {
            counter.inc();
        }
    }
}

/// Declares a closed set: its values and the texts that show them.
macro_rules! label {
    ($(#[$about:meta])* $set:ident as $name:literal {
        $($(#[$what:meta])* $variant:ident => $value:literal,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $set {
            $($(#[$what])* $variant,)*
        }

        impl Label for $set {
            const NAME: &'static str = $name;
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn value(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)*
                }
            }
        }
    };
}

label! {
    /// The outcome of an evaluation.
    Outcome as "outcome" {
        /// At least one promotion applied.
        Discounted => "discounted",
        FullPrice => "full_price",
        /// The request was not valid for the tenant.
        Refused => "refused",
        /// The service or the database failed.
        Failed => "failed",
    }
}

label! {
    /// The outcome of a redemption.
    Verdict as "verdict" {
        Recorded => "recorded",
        /// It had been recorded before, and the same answer was given again.
        Replayed => "replayed",
        /// It was refused, and nothing was recorded.
        Refused => "refused",
        /// The service or the database failed.
        Failed => "failed",
    }
}

label! {
    /// The outcome of an attempt to deliver.
    Attempt as "outcome" {
        /// The receiver answered with 2xx.
        Arrived => "arrived",
        /// The receiver answered otherwise, or not at all.
        Failed => "failed",
    }
}

label! {
    /// The outcome of background work.
    Work as "outcome" {
        Done => "done",
        /// It failed and will be tried again.
        Failed => "failed",
    }
}

label! {
    /// The outcome of a long job, such as an evaluation of a heavy cart.
    Job as "outcome" {
        Done => "done",
        /// Its caller went away, or its time was over, while it ran.
        Stopped => "stopped",
        /// Its caller went away, or its time was over, before it began.
        Skipped => "skipped",
        /// Too many jobs were waiting.
        Refused => "refused",
        Panicked => "panicked",
    }
}

label! {
    /// The state of a connection to the database.
    ConnectionState as "state" {
        Busy => "busy",
        /// It waits for work.
        Idle => "idle",
    }
}

label! {
    /// Why a request was refused before any work on it.
    Shed as "reason" {
        /// The instance already worked on as many requests as it may.
        InFlight => "in_flight",
        /// Too many long jobs were waiting for the pool.
        Pool => "pool",
        /// The instance is stopping.
        Stopping => "stopping",
        /// The request's head exceeds its bound.
        Head => "head",
    }
}

label! {
    /// Which rate of a tenant was exceeded (429).
    RateLimit as "kind" {
        Evaluate => "evaluate",
        /// Redemptions, and changes of their state.
        Redeem => "redeem",
        Admin => "admin",
        /// Presented codes that do not exist.
        CodeGuess => "code_guess",
    }
}

label! {
    /// Which stage of a request took too long.
    Timeout as "stage" {
        /// The head of a request came too slowly, and its connection was closed.
        Head => "head",
        /// The body of a request came too slowly (408).
        Body => "body",
        /// The caller did not read the next piece of an answer, and the connection was closed.
        Send => "send",
        /// A request that only reads was not answered in time (503).
        Read => "read",
        /// A request that writes was not answered in time (503). Its outcome is unknown.
        Write => "write",
        /// A request was still running when the time for stopping was over.
        Drain => "drain",
    }
}
