//! Kinds that consist of other kinds: lists, maps, parts.

use std::borrow::Cow;
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use rustc_hash::FxHashSet;
use serde_json::{Value as Json, json};

use super::kind::{Describes, Prints, Reads, wrappers};
use super::plain::{Like, text_schema};
use crate::wire::body::schema::{Described, Schemas, nullable};
use crate::wire::body::traits::{PrintBody, ReadBody};
use crate::wire::bounds::TextBound;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::write::Writer;

pub struct List<K> {
    of: K,
    least: usize,
    most: Option<usize>,
}

/// A list whose number of entries is bounded.
pub const fn list<K>(of: K, size: RangeInclusive<usize>) -> List<K> {
    List { of, least: *size.start(), most: Some(*size.end()) }
}

/// A list that answers print.
pub const fn every<K>(of: K) -> List<K> {
    List { of, least: 0, most: None }
}

impl<'t, T, K: Reads<'t, T>> Reads<'t, Vec<T>> for List<K> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Vec<T>> {
        value.list(self.size(), faults, |entry, faults| self.of.read(entry, faults))
    }
}

impl<K> List<K> {
    fn size(&self) -> RangeInclusive<usize> {
        self.least..=self.most.unwrap_or(usize::MAX)
    }
}

macro_rules! prints_list {
    ($($list:ty),+) => {$(
        impl<T, K: Prints<T>> Prints<$list> for List<K> {
            fn print(&self, writer: &mut Writer, value: &$list) {
                writer.list(value.iter(), |writer, entry| self.of.print(writer, entry));
            }
        }
    )+};
}
prints_list!(Vec<T>, &Vec<T>, &[T]);

/// Prints entries that are made while they are printed.
impl<I: IntoIterator, F: Fn() -> I, K: Prints<I::Item>> Prints<F> for List<K> {
    fn print(&self, writer: &mut Writer, entries: &F) {
        writer.list(entries(), |writer, entry| self.of.print(writer, &entry));
    }
}

impl<K: Describes> Describes for List<K> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        let mut schema = json!({"type": "array", "items": self.of.schema(schemas)});
        if let Some(most) = self.most {
            schema["maxItems"] = most.into();
        }
        if self.least > 0 {
            schema["minItems"] = self.least.into();
        }
        schema
    }
}

/// A list without equal entries.
pub struct Distinct<K>(List<K>);

pub const fn distinct<K>(of: K, size: RangeInclusive<usize>) -> Distinct<K> {
    Distinct(list(of, size))
}

impl<'t, T: Clone + Eq + Hash, K: Reads<'t, T>> Reads<'t, Vec<T>> for Distinct<K> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Vec<T>> {
        let mut seen = FxHashSet::default();
        value.list(self.0.size(), faults, |entry, faults| {
            let read = self.0.of.read(entry, faults)?;
            if !seen.insert(read.clone()) {
                faults.repeated(&entry.path);
                return None;
            }
            Some(read)
        })
    }
}

/// Kinds that wrap a list and are printed like it.
macro_rules! printed_as_list {
    ($($kind:ident),+) => {$(
        impl<V, K> Prints<V> for $kind<K>
        where
            List<K>: Prints<V>,
        {
            fn print(&self, writer: &mut Writer, value: &V) {
                self.0.print(writer, value);
            }
        }
    )+};
}
printed_as_list!(Distinct, Keyed);

impl<K: Describes> Describes for Distinct<K> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        let mut schema = self.0.schema(schemas);
        schema["uniqueItems"] = true.into();
        schema
    }
}

pub struct Keyed<K>(List<K>, &'static str);

/// A list of parts with different values of the member `by`, which is a name.
pub const fn keyed<K>(by: &'static str, of: K, size: RangeInclusive<usize>) -> Keyed<K> {
    Keyed(list(of, size), by)
}

impl<'t, T, K: Reads<'t, T>> Reads<'t, Vec<T>> for Keyed<K> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Vec<T>> {
        let Self(list, by) = self;
        let mut seen = FxHashSet::default();
        value.list(list.size(), faults, |entry, faults| {
            let read = list.of.read(entry, faults);
            let path = entry.path.key(by);
            let key = entry.json.member(by).map(|json| Value { json, path });
            // Faults of the name itself are already reported.
            let key = key.and_then(|key| key.text(TextBound::NAME, &mut Faults::new()));
            if key.is_some_and(|key| !seen.insert(key)) {
                faults.repeated(&path);
                return None;
            }
            read
        })
    }
}

/// An object whose keys are data. It is printed in the order of its keys.
pub struct Map<K> {
    of: K,
    most: usize,
}

pub const fn map<K>(of: K, most: usize) -> Map<K> {
    Map { of, most }
}

impl<'t, T, K: Reads<'t, T>> Reads<'t, Vec<(Cow<'t, str>, T)>> for Map<K> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<Vec<(Cow<'t, str>, T)>> {
        value.map(self.most, faults, |key, value, faults| {
            Some((Cow::Borrowed(key), self.of.read(value, faults)?))
        })
    }
}

impl<K: Prints<T>, T> Prints<Vec<(Cow<'_, str>, T)>> for Map<K> {
    fn print(&self, writer: &mut Writer, value: &Vec<(Cow<'_, str>, T)>) {
        let mut sorted: Vec<_> = value.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| key);
        writer.object(|writer| {
            for (key, value) in sorted {
                self.of.print(writer.data_key(key), value);
            }
        });
    }
}

impl<K: Describes> Describes for Map<K> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        json!({
            "type": "object",
            "propertyNames": text_schema(TextBound::NAME),
            "additionalProperties": self.of.schema(schemas),
            "maxProperties": self.most,
        })
    }
}

/// A part with a table of its own.
pub struct Part<B>(PhantomData<B>);

pub const fn part<B: Described>() -> Part<B> {
    Part(PhantomData)
}

impl<'t, T, B: ReadBody<'t, T>> Reads<'t, T> for Part<B> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        B::read(value, faults)
    }
}

impl<T, B: PrintBody<T>> Prints<T> for Part<B> {
    fn print(&self, writer: &mut Writer, value: &T) {
        B::print(writer, value);
    }
}

impl<B: Described> Describes for Part<B> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        schemas.part::<B>()
    }
}

wrappers! {
    /// Has the schema of `kind`; a closure prints it.
    by By;
    /// Has the schema of `kind`; its JSON was printed before.
    raw Raw;
    /// A value of `kind`, or null.
    or_null OrNull;
}

/// Any JSON value. A closure prints it.
pub const ANYTHING: By<Like> = by(Like(|_| json!({"description": ""})));

/// Kinds with the schema of the kind that they wrap.
macro_rules! described_by {
    ($($kind:ident),+) => {$(
        impl<K: Describes> Describes for $kind<K> {
            fn schema(&self, schemas: &mut Schemas) -> Json {
                self.0.schema(schemas)
            }
        }
    )+};
}
described_by!(By, Raw, Keyed);

impl<F: Fn(&mut Writer), K> Prints<F> for By<K> {
    fn print(&self, writer: &mut Writer, print: &F) {
        print(writer);
    }
}

impl<T, K: Prints<T>> Prints<Option<T>> for OrNull<K> {
    fn print(&self, writer: &mut Writer, value: &Option<T>) {
        writer.option(value.as_ref(), |writer, value| self.0.print(writer, value));
    }
}

impl<K: Describes> Describes for OrNull<K> {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        nullable(self.0.schema(schemas))
    }
}

impl<T: AsRef<str>, K> Prints<T> for Raw<K> {
    fn print(&self, writer: &mut Writer, value: &T) {
        writer.raw(value.as_ref());
    }
}
