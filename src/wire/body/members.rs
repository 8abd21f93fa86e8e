//! How a member may be left out: whether it must be there, may be null, or has a default.

use super::schema::{described, nullable};
use super::{
    Described, Describes, Fields, NAME, PrintBody, Prints, ReadBody, Reads, Schemas, Side,
};
use crate::domain::names::Named;
use crate::wire::decode::{Object, TextBound};
use crate::wire::faults::Faults;
use crate::wire::write::Writer;

/// A member that is read as a `T`.
pub trait ReadsMember<'t, T> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T>;
}

/// A member that a `T` is printed as.
pub trait PrintsMember<T> {
    fn print(&self, name: &'static str, writer: &mut Writer, value: &T);
}

pub trait DescribesMember {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas);
}

/// Members that are made of a kind or of another member.
macro_rules! members {
    ($($(#[doc = $says:literal])+ $make:ident $member:ident;)+) => {$(
        $(#[doc = $says])+
        pub struct $member<K>(K);

        $(#[doc = $says])+
        pub const fn $make<K>(kind: K) -> $member<K> {
            $member(kind)
        }
    )+};
}

members! {
    /// Always there.
    required Required;
    /// May be null; in requests it may be absent too.
    optional Optional;
    /// May be absent; in requests it may be null too.
    absent Absent;
    /// Empty by default: in requests it may be absent or null, in answers it is there.
    or_empty OrEmpty;
    /// Empty by default; then answers leave it out.
    unless_empty UnlessEmpty;
    /// In requests it may be absent or null. Answers have it: whoever prints them puts it there where the value lacks it.
    filled Filled;
    /// Answers have it; requests may send it back, to be ignored.
    computed Computed;
    /// Documented and printed as `member` is; how it is read follows from other members, so the table's block reads it.
    later Later;
}

/// Members that are read as an option: `None` where they are absent or null.
macro_rules! read_as_option {
    ($($member:ident),+) => {$(
        impl<'t, T, K: Reads<'t, T>> ReadsMember<'t, Option<T>> for $member<K> {
            fn read(
                &self,
                name: &str,
                object: &mut Object<'_, 't>,
                faults: &mut Faults,
            ) -> Option<Option<T>> {
                object.optional(name, faults, |value, faults| self.0.read(value, faults))
            }
        }
    )+};
}
read_as_option!(Optional, Absent, Filled);

/// Members that answers always have.
macro_rules! always_printed {
    ($($member:ident),+) => {$(
        impl<T, K: Prints<T>> PrintsMember<T> for $member<K> {
            fn print(&self, name: &'static str, writer: &mut Writer, value: &T) {
                self.0.print(writer.key(name), value);
            }
        }
    )+};
}
always_printed!(Required, OrEmpty, Computed);

/// Members that answers leave out where there is no value.
macro_rules! printed_if_there {
    ($($member:ident),+) => {$(
        impl<T, K: Prints<T>> PrintsMember<Option<T>> for $member<K> {
            fn print(&self, name: &'static str, writer: &mut Writer, value: &Option<T>) {
                if let Some(value) = value {
                    self.0.print(writer.key(name), value);
                }
            }
        }
    )+};
}
printed_if_there!(Absent, Filled);

impl<'t, T, K: Reads<'t, T>> ReadsMember<'t, T> for Required<K> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        object.required(name, faults, |value, faults| self.0.read(value, faults))
    }
}

impl<K: Describes> DescribesMember for Required<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        fields.add(name, described(self.0.schema(schemas), about), true);
    }
}

impl<T, K: Prints<T>> PrintsMember<Option<T>> for Optional<K> {
    fn print(&self, name: &'static str, writer: &mut Writer, value: &Option<T>) {
        writer.key(name).option(value.as_ref(), |writer, value| self.0.print(writer, value));
    }
}

impl<K: Describes> DescribesMember for Optional<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        let schema = nullable(self.0.schema(schemas));
        fields.add(name, described(schema, about), fields.side() == Side::Answer);
    }
}

impl<K: Describes> DescribesMember for Absent<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        describe_absent(&self.0, name, about, fields, schemas);
    }
}

fn describe_absent(
    kind: &impl Describes,
    name: &str,
    about: &str,
    fields: &mut Fields,
    schemas: &mut Schemas,
) {
    let mut schema = kind.schema(schemas);
    if fields.side() == Side::Request {
        schema = nullable(schema);
    }
    fields.add(name, described(schema, about), false);
}

/// See [`or`].
pub struct Or<K, T>(K, T);

/// Has a default: in requests it may be absent or null, in answers it is there.
pub const fn or<K, T>(kind: K, default: T) -> Or<K, T> {
    Or(kind, default)
}

impl<'t, T: Clone, K: Reads<'t, T>> ReadsMember<'t, T> for Or<K, T> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        Some(Absent(&self.0).read(name, object, faults)?.unwrap_or_else(|| self.1.clone()))
    }
}

impl<V, T, K: Prints<V>> PrintsMember<V> for Or<K, T> {
    fn print(&self, name: &'static str, writer: &mut Writer, value: &V) {
        self.0.print(writer.key(name), value);
    }
}

impl<T, K: Describes + Prints<T>> DescribesMember for Or<K, T> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        if fields.side() == Side::Answer {
            return fields.add(name, described(self.0.schema(schemas), about), true);
        }
        let about = with_default(about, &self.0, &self.1);
        describe_absent(&self.0, name, &about, fields, schemas);
    }
}

/// Tells the default in words, since many generators take a field that has one for required, or cannot write one that is
/// no text. A default that is empty, or has members, is told by the sentence itself.
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

impl<'t, T: Default, K: Reads<'t, T>> ReadsMember<'t, T> for OrEmpty<K> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        Some(Absent(&self.0).read(name, object, faults)?.unwrap_or_default())
    }
}

impl<K: Describes> DescribesMember for OrEmpty<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        match fields.side() {
            Side::Request => describe_absent(&self.0, name, about, fields, schemas),
            Side::Answer => fields.add(name, described(self.0.schema(schemas), about), true),
        }
    }
}

impl<'t, T: Default, K: Reads<'t, T>> ReadsMember<'t, T> for UnlessEmpty<K> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        OrEmpty(&self.0).read(name, object, faults)
    }
}

impl<T: Default + PartialEq, K: Prints<T>> PrintsMember<T> for UnlessEmpty<K> {
    fn print(&self, name: &'static str, writer: &mut Writer, value: &T) {
        if *value != T::default() {
            self.0.print(writer.key(name), value);
        }
    }
}

impl<K: Describes> DescribesMember for UnlessEmpty<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        describe_absent(&self.0, name, about, fields, schemas);
    }
}

impl<K: Describes> DescribesMember for Filled<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        OrEmpty(&self.0).describe(name, about, fields, schemas);
    }
}

/// See [`ignored`].
pub struct Ignored;

/// Another table prints it. Requests may send it back, and it is ignored.
pub const fn ignored() -> Ignored {
    Ignored
}

impl<'t> ReadsMember<'t, ()> for Ignored {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<()> {
        object.ignore(name, faults);
        Some(())
    }
}

impl PrintsMember<()> for Ignored {
    fn print(&self, _: &'static str, _: &mut Writer, (): &()) {}
}

impl DescribesMember for Ignored {
    fn describe(&self, name: &str, _: &str, fields: &mut Fields, _: &mut Schemas) {
        if fields.side() == Side::Request {
            let schema = serde_json::json!({"description": "As it was read; ignored."});
            fields.add(name, schema, false);
        }
    }
}

impl<'t, K> ReadsMember<'t, ()> for Computed<K> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<()> {
        object.ignore(name, faults);
        Some(())
    }
}

impl<K: Describes> DescribesMember for Computed<K> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        match fields.side() {
            Side::Request => Ignored.describe(name, about, fields, schemas),
            Side::Answer => fields.add(name, described(self.0.schema(schemas), about), true),
        }
    }
}

impl<'t, M> ReadsMember<'t, ()> for Later<M> {
    fn read(&self, _: &str, _: &mut Object<'_, 't>, _: &mut Faults) -> Option<()> {
        Some(())
    }
}

impl<T, M: PrintsMember<T>> PrintsMember<T> for Later<M> {
    fn print(&self, name: &'static str, writer: &mut Writer, value: &T) {
        self.0.print(name, writer, value);
    }
}

impl<M: DescribesMember> DescribesMember for Later<M> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        self.0.describe(name, about, fields, schemas);
    }
}

/// See [`on_request`] and [`on_answer`].
pub struct On<M>(Side, M);

/// Only requests have it; answers do not print it.
pub const fn on_request<M>(member: M) -> On<M> {
    On(Side::Request, member)
}

/// Only answers have it: in requests it is an unknown field.
pub const fn on_answer<M>(member: M) -> On<M> {
    On(Side::Answer, member)
}

impl<'t, T: Default, M: ReadsMember<'t, T>> ReadsMember<'t, T> for On<M> {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        match self.0 {
            Side::Request => self.1.read(name, object, faults),
            Side::Answer => Some(T::default()),
        }
    }
}

impl<T, M: PrintsMember<T>> PrintsMember<T> for On<M> {
    fn print(&self, name: &'static str, writer: &mut Writer, value: &T) {
        match self.0 {
            Side::Request => {}
            Side::Answer => self.1.print(name, writer, value),
        }
    }
}

impl<M: DescribesMember> DescribesMember for On<M> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        if fields.side() == self.0 {
            self.1.describe(name, about, fields, schemas);
        }
    }
}

/// See [`tag`].
pub struct Tag<T>(T);

/// The name by which a union knows this table; the union has read it.
pub const fn tag<T: Named>(name: T) -> Tag<T> {
    Tag(name)
}

impl<'t, T> ReadsMember<'t, ()> for Tag<T> {
    fn read(&self, _: &str, _: &mut Object<'_, 't>, _: &mut Faults) -> Option<()> {
        Some(())
    }
}

impl<T: Named> PrintsMember<()> for Tag<T> {
    fn print(&self, name: &'static str, writer: &mut Writer, (): &()) {
        writer.key(name).name(self.0);
    }
}

impl<T: Named> DescribesMember for Tag<T> {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, _: &mut Schemas) {
        let schema = serde_json::json!({"type": "string", "const": self.0.name()});
        fields.add(name, described(schema, about), true);
    }
}

/// See [`all_of`].
pub struct AllOf<B>(std::marker::PhantomData<B>);

/// Not one member, but all of another body.
pub const fn all_of<B: Described>() -> AllOf<B> {
    AllOf(std::marker::PhantomData)
}

impl<'t, T, B: ReadBody<'t, T>> ReadsMember<'t, T> for AllOf<B> {
    fn read(&self, _: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T> {
        B::members(object, faults)
    }
}

impl<T, B: PrintBody<T>> PrintsMember<&T> for AllOf<B> {
    fn print(&self, _: &'static str, writer: &mut Writer, value: &&T) {
        B::print_members(writer, value);
    }
}

impl<B: Described> DescribesMember for AllOf<B> {
    fn describe(&self, _: &str, _: &str, fields: &mut Fields, schemas: &mut Schemas) {
        B::describe(fields, schemas);
    }
}

/// See [`PATH_NAME`].
pub struct PathName;

/// What the path names, which requests may repeat: that it is no other is seen by
/// [`refuse_other_name`](crate::wire::decode::refuse_other_name).
pub const PATH_NAME: PathName = PathName;

impl<'t> ReadsMember<'t, ()> for PathName {
    fn read(&self, name: &str, object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<()> {
        let read =
            object.optional(name, faults, |value, faults| value.text(TextBound::NAME, faults));
        read.map(|_| ())
    }
}

impl DescribesMember for PathName {
    fn describe(&self, name: &str, about: &str, fields: &mut Fields, schemas: &mut Schemas) {
        describe_absent(&NAME, name, about, fields, schemas);
    }
}
