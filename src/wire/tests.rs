//! Bodies: which of them are refused, and which are printed as they were read.

mod benefits;
mod bytes;
mod carts;
mod promotions;
mod refusals;
mod settings;

use serde_json::Value as Tree;

use super::decode::Value;
use super::faults::Faults;
use super::json::Json;
use crate::domain::names::Named as _;

/// Reads a body with `read`. Returns the result, and the faults as `pointer code`.
fn read<T>(body: &str, read: impl FnOnce(Value<'_, '_>, &mut Faults) -> T) -> (T, Vec<String>) {
    let json = Json::parse(body.as_bytes()).expect(body);
    let mut faults = Faults::new();
    let value = read(Value::root(&json), &mut faults);
    let shown = faults.into_vec().into_iter();
    let shown = shown.map(|fault| format!("{} {}", fault.pointer, fault.code.name()));
    (value, shown.collect())
}

/// Cases, one a line: a pointer, the value that is put there, an arrow, and the faults.
fn cases(table: &str) -> impl Iterator<Item = (&str, Tree, Vec<&str>)> {
    table.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let (put, faults) = line.rsplit_once(" -> ").expect(line);
        let (pointer, value) = put.split_once(' ').expect(line);
        (pointer, serde_json::from_str(value).expect(line), faults.split(", ").collect())
    })
}

/// Puts `value` at `pointer`, whose parent must exist. `null` counts as absent.
fn put(body: &mut Tree, pointer: &str, value: &Tree) {
    let (parent, key) = pointer.rsplit_once('/').expect(pointer);
    match body.pointer_mut(parent).expect(pointer) {
        Tree::Object(members) => {
            members.insert(key.to_owned(), value.clone());
        }
        Tree::Array(entries) => entries[key.parse::<usize>().expect(pointer)] = value.clone(),
        other => panic!("{other} at {parent}"),
    }
}
