//! Presence of members: whether a member is required, may be null, or has a default.

use super::kinds::{Describes, NAME, Prints, Reads, wrappers};
use super::schema::{Described, Fields, Schemas, Side, described, nullable};
use super::traits::{PrintBody, ReadBody};
use crate::domain::names::Named;
use crate::wire::bounds::TextBound;
use crate::wire::decode::Object;
use crate::wire::faults::Faults;
use crate::wire::write::{Key, Writer};

/// A member that is read into a `T`.
pub trait ReadsMember<'t, T> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T>;
}

/// A member that prints a `T`.
pub trait PrintsMember<T> {
    fn print(&self, name: Key, writer: &mut Writer, value: &T);
}

pub trait DescribesMember {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas);
}

wrappers! {
    /// Always present.
    required Required;
    /// May be null; in requests it may be absent too.
    optional Optional;
    /// May be absent; in requests it may be null too.
    absent Absent;
    /// Only in answers: it may be absent, and it may be null.
    sparse Sparse;
    /// Empty by default: in requests it may be absent or null, in answers it is present.
    or_empty OrEmpty;
    /// Empty by default: in requests it may be absent or null, in answers an empty one is absent.
    unless_empty UnlessEmpty;
    /// In requests it may be absent or null. In answers it is present: if the value lacks it, the caller of the printer
    /// must add it.
    filled Filled;
    /// Like `member`, but a stored document has it only where it is not empty. So the release before, which does not
    /// know it, can read what does not use it.
    recent Recent;
    /// Present in answers. Requests may send it back, and it is ignored.
    computed Computed;
    /// Documented and printed like `member`. The block of the table reads it, because other members decide how it is
    /// read.
    later Later;
    /// Only in requests. Answers do not print it.
    on_request OnRequest;
}

/// Implements reading for members.
macro_rules! reads {
    ($($($member:ident),+ as $type:ty where T: $bound:path:
        |$own:ident, $name:ident, $object:ident, $faults:ident| $read:expr;)+) => {$($(
        impl<'t, T: $bound, K: Reads<'t, T>> ReadsMember<'t, $type> for $member<K> {
            fn read(
                &self,
                $name: &str,
                $object: &mut Object<'_, 't>,
                $faults: &mut Faults,
            ) -> Option<$type> {
                let $own = self;
                $read
            }
        }
    )+)+};
}
reads! {
    Required as T where T: Sized: |own, name, object, faults|
        object.required(name, faults, |value, faults| own.0.read(value, faults));
    Optional, Absent, Filled as Option<T> where T: Sized: |own, name, object, faults|
        object.optional(name, faults, |value, faults| own.0.read(value, faults));
    OrEmpty, UnlessEmpty as T where T: Default: |own, name, object, faults|
        Some(Absent(&own.0).read(name, object, faults)?.unwrap_or_default());
}

/// Implements printing for members.
macro_rules! prints {
    ($($($member:ident),+ as $type:ty:
        |$own:ident, $name:ident, $writer:ident, $value:ident| $print:expr;)+) => {$($(
        impl<T, K: Prints<T>> PrintsMember<$type> for $member<K> {
            fn print(&self, $name: Key, $writer: &mut Writer, $value: &$type) {
                let $own = self;
                $print
            }
        }
    )+)+};
}
prints! {
    Required, OrEmpty, Computed as T: |own, name, writer, value|
        own.0.print(writer.member(name), value);
    Optional as Option<T>: |own, name, writer, value|
        writer.member(name).option(value.as_ref(), |writer, value| own.0.print(writer, value));
    Sparse as Option<Option<T>>: |own, name, writer, value|
        if let Some(value) = value {
            writer.member(name).option(value.as_ref(), |writer, value| own.0.print(writer, value));
        };
    Absent, Filled as Option<T>: |own, name, writer, value|
        if let Some(value) = value {
            own.0.print(writer.member(name), value);
        };
}

impl<T: Default + PartialEq, K: Prints<T>> PrintsMember<T> for UnlessEmpty<K> {
    fn print(&self, name: Key, writer: &mut Writer, value: &T) {
        if *value != T::default() {
            self.0.print(writer.member(name), value);
        }
    }
}

impl<'t, T, M: ReadsMember<'t, T>> ReadsMember<'t, T> for Recent<M> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        self.0.read(name, object, faults)
    }
}

impl<T: Default + PartialEq, M: PrintsMember<T>> PrintsMember<T> for Recent<M> {
    fn print(&self, name: Key, writer: &mut Writer, value: &T) {
        if !writer.is_for_storage() || *value != T::default() {
            self.0.print(name, writer, value);
        }
    }
}

impl<M: DescribesMember> DescribesMember for Recent<M> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        self.0.describe(name, about, fields, schemas);
    }
}

/// Implements the schema of members: for each side whether they may be null, and whether they are required.
macro_rules! described_as {
    ($($($member:ident),+: |$side:ident| $presence:expr;)+) => {$($(
        impl<K: Describes> DescribesMember for $member<K> {
            fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
                let $side = fields.side();
                describe(&self.0, $presence, name, about, fields, schemas);
            }
        }
    )+)+};
}
described_as! {
    Required: |_side| (false, true);
    Optional: |side| (true, side == Side::Answer);
    Sparse: |_side| (true, false);
    Absent, UnlessEmpty: |side| (side == Side::Request, false);
    OrEmpty, Filled: |side| (side == Side::Request, side == Side::Answer);
}

fn describe(
    kind: &impl Describes,
    (null, needed): (bool, bool),
    name: &str,
    about: &str,
    fields: &mut Fields,
    schemas: &mut Schemas,
) {
    let schema = kind.schema(schemas);
    let schema = if null { nullable(schema) } else { schema };
    fields.add(name, described(schema, about), needed);
}

pub struct Or<K, T>(K, T);

/// Has a default: in requests it may be absent or null, in answers it is present.
pub const fn or<K, T>(kind: K, default: T) -> Or<K, T> {
    Or(kind, default)
}

impl<'t, T: Clone, K: Reads<'t, T>> ReadsMember<'t, T> for Or<K, T> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        Some(Absent(&self.0).read(name, object, faults)?.unwrap_or_else(|| self.1.clone()))
    }
}

impl<V, T, K: Prints<V>> PrintsMember<V> for Or<K, T> {
    fn print(&self, name: Key, writer: &mut Writer, value: &V) {
        self.0.print(writer.member(name), value);
    }
}

impl<T, K: Describes + Prints<T>> DescribesMember for Or<K, T> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        let about = match fields.side() {
            Side::Request => with_default(about, &self.0, &self.1),
            Side::Answer => about.to_owned(),
        };
        OrEmpty(&self.0).describe(name, &about, fields, schemas);
    }
}

/// Describes the default in words. Many generators would treat a field with a `default` keyword as required, or cannot
/// write a default that is not a text. Defaults that are empty, or are objects or lists, must be part of the sentence
/// itself.
fn with_default<T>(about: &str, kind: &impl Prints<T>, default: &T) -> String {
    let mut writer = Writer::default();
    kind.print(&mut writer, default);
    let printed = writer.finish();
    let printed = printed.trim_matches('"');
    if printed.is_empty() || printed == "null" || printed.starts_with(['{', '[']) {
        return about.to_owned();
    }
    format!("{about} Default: `{printed}`.")
}

pub struct Ignored;

/// A member that another table prints. Requests may send it back, and it is ignored.
pub const fn ignored() -> Ignored {
    Ignored
}

pub struct Tag<T>(T);

/// The name that tells a union to use this table. The union has already read it.
pub const fn tag<T: Named>(name: T) -> Tag<T> {
    Tag(name)
}

pub struct PathName;

/// The name in the path. Requests may repeat it. [`refuse_other_name`](crate::wire::decode::refuse_other_name) refuses
/// any other name.
pub const PATH_NAME: PathName = PathName;

/// Members whose value is not read, and what is done instead.
macro_rules! read_as_nothing {
    ($($member:ident $(<$of:ident>)?: |$name:ident, $object:ident, $faults:ident| $read:expr;)+) => {$(
        impl<'t $(, $of)?> ReadsMember<'t, ()> for $member $(<$of>)? {
            fn read(&self, $name: &str, $object: &mut Object<'_, 't>, $faults: &mut Faults) -> Option<()> {
                $read;
                Some(())
            }
        }
    )+};
}
read_as_nothing! {
    Ignored: |name, object, faults| object.ignore(&[name], faults);
    Computed<K>: |name, object, faults| object.ignore(&[name], faults);
    Later<M>: |_name, _object, _faults| {};
    Tag<T>: |_name, _object, _faults| {};
    PathName: |name, object, faults| {
        object.optional(name, faults, |value, faults| value.text(TextBound::NAME, faults))?;
    };
}

impl PrintsMember<()> for Ignored {
    fn print(&self, _: Key, _: &mut Writer, (): &()) {}
}

impl DescribesMember for Ignored {
    fn describe(&self, name: &str, _: &str, fields: &mut Fields, _: &mut Schemas) {
        if fields.side() == Side::Request {
            let schema =
                serde_json::json!({"description": "Ignored; may be sent back as it was read."});
            fields.add(name, schema, false);
        }
    }
}

impl<K: Describes> DescribesMember for Computed<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        match fields.side() {
            Side::Request => Ignored.describe(name, about, fields, schemas),
            Side::Answer => Required(&self.0).describe(name, about, fields, schemas),
        }
    }
}

impl<T: Named> PrintsMember<()> for Tag<T> {
    fn print(&self, name: Key, writer: &mut Writer, (): &()) {
        writer.member(name).name(self.0);
    }
}

impl<T: Named> DescribesMember for Tag<T> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, _: &mut Schemas) {
        let schema = serde_json::json!({"type": "string", "const": self.0.name()});
        fields.add(name, described(schema, about), true);
    }
}

impl DescribesMember for PathName {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        Absent(&NAME).describe(name, about, fields, schemas);
    }
}

impl<T, M: PrintsMember<T>> PrintsMember<T> for Later<M> {
    fn print(&self, name: Key, writer: &mut Writer, value: &T) {
        self.0.print(name, writer, value);
    }
}

impl<M: DescribesMember> DescribesMember for Later<M> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        self.0.describe(name, about, fields, schemas);
    }
}

impl<'t, T, M: ReadsMember<'t, T>> ReadsMember<'t, T> for OnRequest<M> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        self.0.read(name, object, faults)
    }
}

impl<M> PrintsMember<()> for OnRequest<M> {
    fn print(&self, _: Key, _: &mut Writer, (): &()) {}
}

impl<M: DescribesMember> DescribesMember for OnRequest<M> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        if fields.side() == Side::Request {
            self.0.describe(name, about, fields, schemas);
        }
    }
}

pub struct AllOf<B>(std::marker::PhantomData<B>);

/// All members of another body.
pub const fn all_of<B: Described>() -> AllOf<B> {
    AllOf(std::marker::PhantomData)
}

impl<'t, T, B: ReadBody<'t, T>> ReadsMember<'t, T> for AllOf<B> {
    fn read(&self, _: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        B::members(object, faults)
    }
}

impl<T, B: PrintBody<T>> PrintsMember<&T> for AllOf<B> {
    fn print(&self, _: Key, writer: &mut Writer, value: &&T) {
        B::print_members(writer, value);
    }
}

impl<B: Described> DescribesMember for AllOf<B> {
    fn describe(&self, _: &str, _: &str, fields: &mut Fields, schemas: &mut Schemas) {
        B::describe(fields, schemas);
    }
}
