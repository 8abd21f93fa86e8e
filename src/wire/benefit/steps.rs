//! Steps of a benefit: values that depend on how much is bought (spec 5.4 `steps`).

use crate::domain::amount::Number;
use crate::domain::benefit::{Benefit, MAX_STEPS, Step, StepMeasure, Steps};
use crate::domain::selector::Selector;
use crate::wire::body::*;
use crate::wire::decode::Object;
use crate::wire::faults::{FaultCode, Faults};

/// A benefit, and the steps that decide its value.
pub type Stepped = (Benefit, Option<Steps>);

/// Steps as a body writes them: at least two, ascending.
#[derive(Clone)]
pub(super) struct StepValues {
    measure: StepMeasure,
    of: Option<Selector>,
    first: Step,
    further: Vec<Step>,
}

impl StepValues {
    /// The steps of a benefit whose first step has this value.
    pub(super) fn of(steps: &Steps, value: Number) -> Self {
        let Steps { measure, of, from, further } = steps.clone();
        Self { measure, of, first: Step { from, value }, further }
    }

    pub(super) fn further(self) -> Steps {
        let Self { measure, of, first, further } = self;
        Steps { measure, of, from: first.from, further }
    }

    fn values(&self) -> impl Iterator<Item = &Step> {
        [&self.first].into_iter().chain(&self.further)
    }
}

/// The value of a benefit, or of its first step. Exactly one of the two must be there.
pub(super) fn value(
    object: &mut Object<'_, '_>,
    value: Option<Option<Number>>,
    steps: &Option<Option<StepValues>>,
    faults: &mut Faults,
) -> Option<Number> {
    match (value?, steps.as_ref()?) {
        (Some(value), None) => Some(value),
        (None, Some(steps)) => Some(steps.first.value),
        (None, None) => object.fault("value", faults, FaultCode::Required, "is required"),
        (Some(_), Some(_)) => object.clash("steps", "does not go with value", faults),
    }
}

/// Tables of steps. They differ in the bounds of their values.
macro_rules! steps {
    ($($body:ident $name:literal, $step:ident $step_name:literal: $value:expr, $says:literal;)+) => {$(
        body! {
            /// Values that depend on how much is bought. The last step that is reached decides.
            pub(super) struct $body $name as StepValues {
                /// What is measured: the gross amount or the quantity.
                measure: required(choice::<StepMeasure>()) => steps.measure,
                /// The lines that are measured; null: the whole cart.
                of: optional(part::<Selector>()) => steps.of,
                /// The steps, each from a larger measure on than the one before.
                values: required(list(part::<$step>(), 2..=MAX_STEPS)) => || steps.values(),
            } print |steps| read |object, faults| {
                let values: Vec<Step> = values?;
                let mut sound = true;
                for (place, pair) in values.windows(2).enumerate() {
                    if let [one, next] = pair && next.from <= one.from {
                        let path = object.path().key("values");
                        let (path, message) = (path.index(place + 1), "must be above the one before");
                        faults.add(&path.key("from"), FaultCode::OutOfRange, message);
                        sound = false;
                    }
                }
                let mut values = values.into_iter();
                let first = values.next().filter(|_| sound)?;
                Some(StepValues { measure: measure?, of: of?, first, further: values.collect() })
            }
        }

        body! {
            /// A step of a benefit.
            struct $step $step_name as Step {
                /// Where the step begins: 0 to 1,000,000,000, at most 4 decimals.
                from: required(AMOUNT) => step.from,
                #[doc = $says]
                value: required($value) => step.value,
            } print |step| read |object, faults| { Some(Step { from: from?, value: value? }) }
        }
    )+};
}

steps! {
    PercentageSteps "PercentageSteps", PercentageStep "PercentageStep": PERCENTAGE,
        " Percent: over 0, at most 100, at most 4 decimals.";
    AmountSteps "AmountSteps", AmountStep "AmountStep": POSITIVE_AMOUNT,
        " An amount or points: over 0, at most 1,000,000,000, at most 4 decimals.";
    PriceSteps "PriceSteps", PriceStep "PriceStep": AMOUNT,
        " A price: 0 to 1,000,000,000, at most 4 decimals.";
}
