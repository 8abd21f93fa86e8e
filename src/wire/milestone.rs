//! Milestones (spec 11): the body of one, its stored form, and what is answered.

use chrono::{DateTime, SecondsFormat, Utc};

use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults, Path};
use super::json::Json;
use super::limits;
use super::selector::{self, ListReference};
use super::write::Writer;
use crate::domain::activity::{MAX_TARGETS, Milestone, Target};
use crate::domain::amount::Number;

/// Largest value of a target (spec 14).
pub(crate) const MAX_VALUE: i32 = 1_000_000_000;

/// Reads the body of the milestone `name`, which it may repeat, as `GET` prints it. Computed fields are ignored.
pub fn parse(
    value: Value<'_, '_>,
    name: &str,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Milestone> {
    let mut body = value.object(faults)?;
    let own = body.optional("name", faults, |v, f| v.owned(TextBound::NAME, f));
    if matches!(own, Some(Some(own)) if own != name) {
        let message = "is not the name of the path";
        body.fault::<()>("name", faults, FaultCode::UnsupportedCombination, message);
    }
    let measure = body.required("measure", faults, |v, f| v.choice(f));
    let of = body.optional("of", faults, |value, faults| selector::parse(value, lists, faults));
    let window = body.optional("window", faults, limits::refresh);
    let targets = body.required("targets", faults, |value, faults| {
        let path = *value.path();
        let targets = value.list(1..=MAX_TARGETS, faults, target)?;
        refuse_twice(&targets, &path, faults)?;
        Some(targets)
    });
    body.ignore("created_at", faults);
    body.ignore("updated_at", faults);
    body.finish(faults)?;
    Some(Milestone {
        name: name.to_owned(),
        measure: measure?,
        of: of?,
        window: window?,
        targets: targets?,
    })
}

fn target(value: Value<'_, '_>, faults: &mut Faults) -> Option<Target> {
    let mut object = value.object(faults)?;
    let name = object.required("name", faults, |v, f| v.owned(TextBound::NAME, f));
    let value = object.required("value", faults, |value, faults| {
        value.number(Number::from_scaled(1)..=Number::whole(MAX_VALUE), faults)
    });
    object.finish(faults)?;
    Some(Target { name: name?, value: value? })
}

fn refuse_twice(targets: &[Target], path: &Path<'_>, faults: &mut Faults) -> Option<()> {
    let mut unique = Some(());
    for (place, target) in targets.iter().enumerate() {
        if targets.iter().take(place).any(|own| own.name == target.name) {
            let at = path.index(place);
            faults.add(&at.key("name"), FaultCode::NotUnique, "is there twice");
            unique = None;
        }
    }
    unique
}

/// Prints a milestone as it is stored.
pub fn stored(milestone: &Milestone) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| write_terms(writer, milestone));
    writer.finish()
}

/// Reads what [`stored`] printed.
pub fn parse_stored(document: &str, name: &str) -> Result<Milestone, String> {
    let json = Json::parse(document.as_bytes()).map_err(|error| format!("{error:?}"))?;
    let mut faults = Faults::new();
    let read = parse(Value::root(&json), name, &mut Vec::new(), &mut faults);
    read.ok_or_else(|| format!("{:?}", faults.as_slice()))
}

/// Prints a milestone as it is answered.
pub fn write(
    writer: &mut Writer,
    milestone: &Milestone,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
) {
    writer.object(|writer| {
        writer.key("name").text(&milestone.name);
        write_terms(writer, milestone);
        writer.key("created_at").plain(instant(created_at));
        writer.key("updated_at").plain(instant(updated_at));
    });
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn write_terms(writer: &mut Writer, milestone: &Milestone) {
    writer.key("measure").name(milestone.measure);
    let of = milestone.of.as_ref();
    writer.key("of").option(of, selector::print);
    let window = milestone.window;
    writer.key("window").option(window, limits::print_refresh);
    writer.key("targets").list(&milestone.targets, |writer, target| {
        writer.object(|writer| {
            writer.key("name").text(&target.name);
            writer.key("value").plain(target.value);
        });
    });
}
