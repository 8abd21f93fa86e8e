//! The closed sets that labels are of, and one metric for each value of such a set, made beforehand: whoever counts takes no lock,
//! and every value is shown from the start, as zero.

use std::fmt;

use prometheus_client::metrics::family::{Family, MetricConstructor};

/// One label with its value.
pub type One = [(&'static str, &'static str); 1];

/// A closed set of values of a label.
pub trait Label: Copy + fmt::Debug + PartialEq + 'static {
    const NAME: &'static str;
    /// All of its values.
    const ALL: &'static [Self];

    /// The value as it is shown.
    fn value(self) -> &'static str;
}

/// A metric for each value of a label.
#[derive(Clone, Debug)]
pub struct Each<L, M> {
    all: Vec<(L, M)>,
}

impl<L: Label, M: Clone> Each<L, M> {
    /// Makes them all. The family is what is registered.
    pub(super) fn of<C: MetricConstructor<M>>(family: &Family<One, M, C>) -> Self {
        let made = |label: &L| {
            let metric = family.get_or_create(&[(L::NAME, label.value())]).clone();
            (*label, metric)
        };
        Self { all: L::ALL.iter().map(made).collect() }
    }

    /// The metric of a value; always there, since the set is closed.
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

/// Declares a closed set: its values, and the words that show them.
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
    /// What became of an evaluation.
    Outcome as "outcome" {
        /// Something was taken off, or given.
        Discounted => "discounted",
        FullPrice => "full_price",
        /// The request was not valid for the tenant.
        Refused => "refused",
        /// The service or the database failed.
        Failed => "failed",
    }
}

label! {
    /// What became of a redemption.
    Verdict as "verdict" {
        Recorded => "recorded",
        /// It had been recorded before, and was answered again.
        Replayed => "replayed",
        /// It was refused, and nothing was recorded.
        Refused => "refused",
        /// The service or the database failed.
        Failed => "failed",
    }
}

label! {
    /// What came of an attempt to deliver.
    Attempt as "outcome" {
        /// It was answered with 2xx.
        Arrived => "arrived",
        /// It was answered otherwise, or not at all.
        Failed => "failed",
    }
}

label! {
    /// What came of work that the service does by itself.
    Work as "outcome" {
        Done => "done",
        /// It was not, and will be tried again.
        Failed => "failed",
    }
}

label! {
    /// What became of a long job, an evaluation of a heavy cart for instance.
    Job as "outcome" {
        Done => "done",
        /// Its caller went away, or its time was over, while it was worked on.
        Stopped => "stopped",
        /// Its caller went away, or its time was over, before its turn.
        Skipped => "skipped",
        /// Too many were waiting.
        Refused => "refused",
        Panicked => "panicked",
    }
}

label! {
    /// What a connection to the database does.
    ConnectionState as "state" {
        Busy => "busy",
        /// It waits for work.
        Idle => "idle",
    }
}

label! {
    /// Why a request was turned away before it was worked on.
    Shed as "reason" {
        /// As many requests as the instance works on at the same time were being worked on.
        InFlight => "in_flight",
        /// Too many long jobs were waiting for the pool.
        Pool => "pool",
        /// The instance is stopping.
        Stopping => "stopping",
        /// Its head is larger than is read.
        Head => "head",
    }
}

label! {
    /// What a tenant has had too much of for now (429).
    RateLimit as "kind" {
        Evaluate => "evaluate",
        /// Redemptions, and moves of them.
        Redeem => "redeem",
        Admin => "admin",
        /// Codes that do not exist.
        CodeGuess => "code_guess",
    }
}

label! {
    /// What took too long.
    Timeout as "stage" {
        /// The head of a request came too slowly, and its connection was closed.
        Head => "head",
        /// The body of a request came too slowly (408).
        Body => "body",
        /// Nobody took the next piece of an answer, and its connection was closed.
        Send => "send",
        /// A request that only reads was not answered in time (503).
        Read => "read",
        /// A request that writes was not answered in time (503): nobody knows what became of it.
        Write => "write",
        /// A request was still being worked on when the time for stopping was over.
        Drain => "drain",
    }
}
