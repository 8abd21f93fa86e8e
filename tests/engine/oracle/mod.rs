//! A naive evaluator of promotions, written from the specification alone, that the engine is compared
//! with. Exact fractions everywhere; no index, no pruning, no cache: every promotion is evaluated in full.
//!
//! In reading order: [`drafts`] puts drafts where they belong, [`document`] reads the input, [`gates`] and [`schedule`]
//! judge who may have a promotion at all, [`conditions`] and [`select`] what must hold, [`units`], [`needs`] and [`choose`]
//! which units are meant, [`benefits`], [`amounts`] and [`settle`] what is given, [`strategy`] and [`optimal`] what applies
//! together, [`facts`] explains what does not apply, [`suggest`] what else could apply, and [`print`] writes the result.
//! Numbers in comments are sections of the specification.

mod amounts;
mod benefits;
mod choose;
mod conditions;
mod document;
mod drafts;
mod facts;
mod gates;
mod needs;
mod number;
mod optimal;
mod print;
mod schedule;
mod select;
mod settle;
mod strategy;
mod suggest;
mod units;

use serde_json::Value;

/// Evaluates a valid document, as the command `evaluate` takes it (2), under any strategy.
///
/// The result has the form of section 8, without `evaluated_at` and `ruleset_version`. There are no
/// issuances and no activations, and nothing of any limit is used.
pub fn evaluate(document: &Value) -> Value {
    let document = drafts::settled(document);
    let world = document::World::read(&document);
    let verdict = strategy::decide(&world);
    print::result(&world, &verdict, suggest::suggestions(&world, &document, &verdict))
}
