//! Bodies as tables: each names its members once, and from that it is read, printed and documented.
//!
//! A table lists members: a name, how it may be left out ([`members`]), of what kind it is ([`kinds`]), and a sentence
//! about it. `body!` makes all three of it, `request!` what is only read, `answer!` what is only printed, and
//! `described!` what only the document tells, where a printer is written by hand since it is on the hot path.
//! `union!` tells tables apart by the name that each has in one field. [`schema`] collects the document's components.

use serde_json::Value as Json;

use super::decode::{Object, Value};
use super::faults::Faults;
use super::write::Writer;

pub mod enums;
pub mod kinds;
pub mod members;
pub mod schema;

pub use kinds::*;
pub use members::*;
pub use schema::{Fields, Schemas, Side, Titled};

/// What the document says of a body.
pub trait Described {
    /// The component's name; the schema of a part without one stands where the part is used.
    const NAME: &'static str;

    fn schema(schemas: &mut Schemas) -> Json;

    /// Adds the members to those of another body.
    fn describe(_fields: &mut Fields, _schemas: &mut Schemas) {}
}

/// A body that is read as a `T`.
pub trait ReadBody<'t, T>: Described {
    /// Reads the members; the caller reports what nobody asked for.
    fn members(object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T>;

    fn read(value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        let mut object = value.object(faults)?;
        let read = Self::members(&mut object, faults);
        object.finish(faults)?;
        read
    }
}

/// Reads a body of whatever lifetime, which a reader in an argument has to.
pub fn read_body<B, T>(value: Value<'_, '_>, faults: &mut Faults) -> Option<T>
where
    B: for<'t> ReadBody<'t, T>,
{
    B::read(value, faults)
}

/// A body that a `T` is printed as.
pub trait PrintBody<T: ?Sized>: Described {
    fn print_members(writer: &mut Writer, value: &T);

    fn print(writer: &mut Writer, value: &T) {
        writer.object(|writer| Self::print_members(writer, value));
    }

    /// As a document of its own.
    fn document(value: &T) -> String {
        let mut writer = Writer::with_capacity(1_024);
        Self::print(&mut writer, value);
        writer.finish()
    }
}

impl<T: ?Sized, B: PrintBody<T>> PrintBody<&T> for B {
    fn print_members(writer: &mut Writer, value: &&T) {
        B::print_members(writer, *value);
    }
}

/// Reads a document that was stored; an error says what is wrong with it.
pub fn read_stored<T>(
    document: &[u8],
    read: impl FnOnce(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Result<T, String> {
    let json = super::json::Json::parse(document).map_err(|error| format!("{error:?}"))?;
    let mut faults = Faults::new();
    match read(Value::root(&json), &mut faults) {
        Some(read) if faults.is_empty() => Ok(read),
        _ => Err(format!("{:?}", faults.as_slice())),
    }
}

/// The name of a member: its field's, unless another is given.
macro_rules! member_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// Reads the members one after the other, each into a variable of its field's name.
macro_rules! read_each {
    ($object:expr, $faults:expr, $($field:ident $($wire:literal)?: $member:expr,)*) => {
        $(let $field = $crate::wire::body::ReadsMember::read(
            &$member,
            $crate::wire::body::member_name!($field $($wire)?),
            $object,
            $faults,
        );)*
    };
}

/// Prints the members one after the other.
macro_rules! print_each {
    ($writer:expr, $($field:ident $($wire:literal)?: $member:expr => $shown:expr,)*) => {
        $($crate::wire::body::PrintsMember::print(
            &$member,
            $crate::wire::body::member_name!($field $($wire)?),
            $writer,
            &$shown,
        );)*
    };
}

/// What the document says of a table.
macro_rules! described {
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr,)*
    }) => {
        $(#[doc = $says])*
        $vis struct $body;
        $crate::wire::body::described!(@ [$($says)*] $body $name {
            $([$($about)*] $field $($wire)?: $member,)*
        });
    };
    (@ [$($says:literal)*] $body:ident $(<$life:lifetime>)? $name:literal {
        $([$($about:literal)*] $field:ident $($wire:literal)?: $member:expr,)*
    }) => {
        impl $(<$life>)? $crate::wire::body::Described for $body $(<$life>)? {
            const NAME: &'static str = $name;

            fn schema(schemas: &mut $crate::wire::body::Schemas) -> serde_json::Value {
                let mut fields = schemas.fields();
                <Self as $crate::wire::body::Described>::describe(&mut fields, schemas);
                fields.schema(concat!($($says),*))
            }

            fn describe(
                fields: &mut $crate::wire::body::Fields,
                schemas: &mut $crate::wire::body::Schemas,
            ) {
                $($crate::wire::body::DescribesMember::describe(
                    &$member,
                    $crate::wire::body::member_name!($field $($wire)?),
                    concat!($($about),*),
                    fields,
                    schemas,
                );)*
            }
        }
    };
}

/// A body that is read: into a struct that has the members as its fields, or by what `read` makes of them. There each
/// member is an option, which is `None` after a fault.
macro_rules! request {
    ($(#[doc = $says:literal])* $body:ident $(<$life:lifetime>)? $name:literal {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr,)*
    }) => {
        impl<'t> $crate::wire::body::ReadBody<'t, $body $(<$life>)?> for $body $(<$life>)? {
            fn members(
                object: &mut $crate::wire::decode::Object<'_, 't>,
                faults: &mut $crate::wire::faults::Faults,
            ) -> Option<Self> {
                $crate::wire::body::read_each!(object, faults, $($field $($wire)?: $member,)*);
                Some(Self { $($field: $field?),* })
            }
        }
        $crate::wire::body::described!(@ [$($says)*] $body $(<$life>)? $name {
            $([$($about)*] $field $($wire)?: $member,)*
        });
    };
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $read:ty {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr,)*
    } read |$object:ident, $faults:ident| $build:block) => {
        $crate::wire::body::described! {
            $(#[doc = $says])*
            $vis struct $body $name {
                $($(#[doc = $about])* $field $(as $wire)?: $member,)*
            }
        }
        $crate::wire::body::request!(@ $body as $read {
            $($field $($wire)?: $member,)*
        } read |$object, $faults| $build);
    };
    (@ $body:ident as $read:ty {
        $($field:ident $($wire:literal)?: $member:expr,)*
    } read |$object:ident, $faults:ident| $build:block) => {
        impl<'t> $crate::wire::body::ReadBody<'t, $read> for $body {
            #[allow(unused_variables, reason = "what follows from other members is read by the block")]
            fn members(
                $object: &mut $crate::wire::decode::Object<'_, 't>,
                $faults: &mut $crate::wire::faults::Faults,
            ) -> Option<$read> {
                $crate::wire::body::read_each!($object, $faults, $($field $($wire)?: $member,)*);
                $build
            }
        }
    };
}

/// A body that is printed: each member with its value. As `T`, it is a [`PrintBody`] of that, which can be part of others.
macro_rules! answer {
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $printed:ty
        |$value:pat_param| {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr => $shown:expr,)*
    }) => {
        $crate::wire::body::described! {
            $(#[doc = $says])*
            $vis struct $body $name {
                $($(#[doc = $about])* $field $(as $wire)?: $member,)*
            }
        }
        impl $crate::wire::body::PrintBody<$printed> for $body {
            fn print_members(writer: &mut $crate::wire::write::Writer, value: &$printed) {
                let $value = value;
                $crate::wire::body::print_each!(writer, $($field $($wire)?: $member => $shown,)*);
            }
        }
    };
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal
        |$($value:ident: $printed:ty),+| {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr => $shown:expr,)*
    }) => {
        $crate::wire::body::described! {
            $(#[doc = $says])*
            $vis struct $body $name {
                $($(#[doc = $about])* $field $(as $wire)?: $member,)*
            }
        }
        impl $body {
            $vis fn print_members(
                writer: &mut $crate::wire::write::Writer,
                $($value: $printed),+
            ) {
                $crate::wire::body::print_each!(writer, $($field $($wire)?: $member => $shown,)*);
            }

            $vis fn print(
                writer: &mut $crate::wire::write::Writer,
                $($value: $printed),+
            ) {
                writer.object(|writer| Self::print_members(writer, $($value),+));
            }
        }
    };
}

/// A body that goes both ways: a struct that has the members as its fields; or a value that `print` takes apart, one
/// expression for each member, and that `read` puts together as in `request!`. After `or` stands why the pattern of
/// `print` always fits, after `of` what makes of the value what is taken apart.
macro_rules! body {
    ($(#[doc = $says:literal])* $body:ident $(<$life:lifetime>)? $name:literal {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr,)*
    }) => {
        $crate::wire::body::request! {
            $(#[doc = $says])*
            $body $(<$life>)? $name { $($(#[doc = $about])* $field $(as $wire)?: $member,)* }
        }
        impl $(<$life>)? $crate::wire::body::PrintBody<Self> for $body $(<$life>)? {
            fn print_members(writer: &mut $crate::wire::write::Writer, value: &Self) {
                $crate::wire::body::print_each!(
                    writer, $($field $($wire)?: $member => value.$field,)*
                );
            }
        }
    };
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $read:ty {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr => $shown:expr,)*
    } print |$value:pat_param| $(or $never:literal)? $(of ($written:expr))?
      read |$object:ident, $faults:ident| $build:block) => {
        $crate::wire::body::request! {
            $(#[doc = $says])*
            $vis struct $body $name as $read {
                $($(#[doc = $about])* $field $(as $wire)?: $member,)*
            }
            read |$object, $faults| $build
        }
        #[allow(clippy::extra_unused_lifetimes, reason = "what is printed may borrow")]
        impl<'t> $crate::wire::body::PrintBody<$read> for $body {
            #[allow(clippy::unreachable, reason = "the union has chosen the table by the value")]
            fn print_members(writer: &mut $crate::wire::write::Writer, value: &$read) {
                $(let value = &$written(value);)?
                let $value = value $(else { unreachable!($never) })?;
                $crate::wire::body::print_each!(writer, $($field $($wire)?: $member => $shown,)*);
            }
        }
    };
}

/// A body that is one of several tables, told apart by a name in the field `by`. `which` tells the name of a value.
macro_rules! union {
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $read:ty,
        by $tag:literal: $kinds:ident { $($kind:ident: $part:ty,)+ }
        which |$value:pat_param| $which:expr
    ) => {
        $(#[doc = $says])*
        $vis struct $body;

        impl $crate::wire::body::Described for $body {
            const NAME: &'static str = $name;

            fn schema(schemas: &mut $crate::wire::body::Schemas) -> serde_json::Value {
                let parts = [$((
                    $crate::domain::names::Named::name($kinds::$kind),
                    schemas.named::<$part>(),
                )),+];
                $crate::wire::body::schema::one_of($tag, &parts, concat!($($says),*))
            }
        }

        impl<'t> $crate::wire::body::ReadBody<'t, $read> for $body {
            fn members(
                object: &mut $crate::wire::decode::Object<'_, 't>,
                faults: &mut $crate::wire::faults::Faults,
            ) -> Option<$read> {
                let Some(kind) = object.tag($tag, faults) else {
                    // The kind decides what the others may be. Without it, report only members that no kind has.
                    let known = $crate::wire::body::schema::members_of(&[
                        $(<$part as $crate::wire::body::Described>::describe),+
                    ]);
                    for name in &known {
                        object.ignore(name, faults);
                    }
                    return None;
                };
                match kind {
                    $($kinds::$kind => <$part as $crate::wire::body::ReadBody<'t, $read>>::members(
                        object, faults,
                    ),)+
                }
            }
        }

        impl $crate::wire::body::PrintBody<$read> for $body {
            fn print_members(writer: &mut $crate::wire::write::Writer, value: &$read) {
                let $value = value;
                match $which {
                    $($kinds::$kind => <$part as $crate::wire::body::PrintBody<$read>>::print_members(
                        writer, value,
                    ),)+
                }
            }
        }
    };
}

#[allow(unused_imports)]
pub(crate) use {answer, body, described, member_name, print_each, read_each, request, union};
