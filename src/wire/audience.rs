//! Scope and audience: where a promotion applies, and for whom (spec 5.2).

use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::names::{Named, names};
use crate::domain::promotion::{Audience, MAX_SCOPE_ENTRIES, ProgramTest, Scope};

/// Most programs of one audience, and tiers or supplementary programs of one program.
pub(crate) const MAX_PROGRAMS: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    All,
    Loyalty,
}

names! {
    Type { All = "all", Loyalty = "loyalty" }
}

pub fn parse_scope(value: Value<'_, '_>, faults: &mut Faults) -> Option<Scope> {
    let mut object = value.object(faults)?;
    let mut list = |name, faults: &mut Faults| {
        object.or(name, Vec::new(), faults, |value, faults| {
            value.texts(0..=MAX_SCOPE_ENTRIES, TextBound::NAME, faults)
        })
    };
    let stores = list("stores", faults);
    let concepts = list("concepts", faults);
    let zones = list("zones", faults);
    let channels = list("channels", faults);
    object.finish(faults)?;
    Some(Scope { stores: stores?, concepts: concepts?, zones: zones?, channels: channels? })
}

pub fn print_scope(writer: &mut Writer, scope: &Scope) {
    writer.object(|writer| {
        writer.key("stores").texts(&scope.stores);
        writer.key("concepts").texts(&scope.concepts);
        writer.key("zones").texts(&scope.zones);
        writer.key("channels").texts(&scope.channels);
    });
}

pub fn parse_audience(value: Value<'_, '_>, faults: &mut Faults) -> Option<Audience> {
    let mut object = value.object(faults)?;
    let kind = object.required("type", faults, |v, f| v.choice(f));
    let programs = object.or("programs", Vec::new(), faults, |value, faults| {
        value.list(0..=MAX_PROGRAMS, faults, program)
    });
    let groups = object.or("groups", Vec::new(), faults, |value, faults| {
        value.texts(0..=MAX_SCOPE_ENTRIES, TextBound::NAME, faults)
    });
    let asks_for_programs = programs.as_ref().is_some_and(|list| !list.is_empty());
    if kind == Some(Type::All) && asks_for_programs {
        let message = "goes with the type loyalty only";
        object.fault::<()>("programs", faults, FaultCode::UnsupportedCombination, message);
    }
    object.finish(faults)?;
    let programs = programs?;
    Some(Audience {
        loyalty: match kind? {
            Type::All => None,
            Type::Loyalty => Some(programs),
        },
        groups: groups?,
    })
}

fn program(value: Value<'_, '_>, faults: &mut Faults) -> Option<ProgramTest> {
    let mut object = value.object(faults)?;
    let program = object.required("program", faults, |v, f| v.owned(TextBound::NAME, f));
    let mut list = |name, faults: &mut Faults| {
        object.or(name, Vec::new(), faults, |value, faults| {
            value.texts(0..=MAX_PROGRAMS, TextBound::NAME, faults)
        })
    };
    let tiers = list("tiers", faults);
    let supplementary = list("supplementary", faults);
    object.finish(faults)?;
    Some(ProgramTest { program: program?, tiers: tiers?, supplementary: supplementary? })
}

pub fn print_audience(writer: &mut Writer, audience: &Audience) {
    writer.object(|writer| {
        match &audience.loyalty {
            None => writer.key("type").name(Type::All),
            Some(programs) => {
                writer.key("type").name(Type::Loyalty);
                writer.key("programs").list(programs, |writer, test| {
                    writer.object(|writer| {
                        writer.key("program").text(&test.program);
                        writer.key("tiers").texts(&test.tiers);
                        writer.key("supplementary").texts(&test.supplementary);
                    });
                });
            }
        }
        writer.key("groups").texts(&audience.groups);
    });
}
