//! Bodies as tables. A table lists the members of a body once, and the reader, the printer and the schema all follow
//! from it.
//!
//! A member has a name, a presence ([`members`]), a kind ([`kinds`]) and a sentence that describes it. `body!` makes a
//! reader, a printer and a schema of a table. `request!` omits the printer, `answer!` omits the reader, and
//! `described!` makes the schema only. `union!` chooses between tables by the name in one field. [`schema`] collects
//! the components of the document.

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
pub use schema::{Fields, Schemas, Side, Titled, one_name, or_text};

/// A body that has a schema.
pub trait Described {
    /// The component's name. A part without a name is described where it is used.
    const NAME: &'static str;

    fn schema(schemas: &mut Schemas) -> Json;

    /// Adds the members of this body to those of another body.
    fn describe(_fields: &mut Fields, _schemas: &mut Schemas) {}
}

/// A body that is read into a `T`.
pub trait ReadBody<'t, T>: Described {
    /// Reads the members. The caller reports unknown fields.
    fn members(object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<T>;

    fn read(value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        let mut object = value.object(faults)?;
        let read = Self::members(&mut object, faults);
        object.finish(faults)?;
        read
    }
}

/// Reads a body of any lifetime, for use as a function argument.
pub fn read_body<B, T>(value: Value<'_, '_>, faults: &mut Faults) -> Option<T>
where
    B: for<'t> ReadBody<'t, T>,
{
    B::read(value, faults)
}

/// A body that prints a `T`.
pub trait PrintBody<T: ?Sized>: Described {
    fn print_members(writer: &mut Writer, value: &T);

    fn print(writer: &mut Writer, value: &T) {
        writer.object(|writer| Self::print_members(writer, value));
    }

    /// Prints a document of its own.
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

/// Reads a stored document. An error says what is wrong with it.
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

/// The name of a member: the name of its field, unless the table gives another.
macro_rules! member_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// The same as it is printed.
macro_rules! member_key {
    ($field:ident) => {
        $crate::wire::write::Key(concat!(",\"", stringify!($field), "\":"))
    };
    ($field:ident $name:literal) => {
        $crate::wire::write::Key(concat!(",\"", $name, "\":"))
    };
}

/// The schema of a table.
macro_rules! described {
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal { $($members:tt)* }) => {
        $(#[doc = $says])*
        $vis struct $body;
        $crate::wire::body::described!(@ [$($says)*] $body $name { $($members)* });
    };
    (@ [$($says:literal)*] $body:ident $(<$of:tt>)? $name:literal {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr
            $(=> $shown:expr)?,)*
    }) => {
        #[allow(clippy::extra_unused_lifetimes, reason = "a struct may borrow")]
        impl<'t> $crate::wire::body::Described for $body $(<$of>)? {
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

/// A body that is read: into a struct with the members as its fields, or into a value that the block `read` builds. In
/// the block each member is an option, which is `None` after a fault. `check` may look at the members before they
/// become a struct.
macro_rules! request {
    ($(#[doc = $says:literal])* $body:ident $(<$of:tt>)? $name:literal { $($members:tt)* }
        $(check |$object:ident, $faults:ident| $check:block)?) => {
        $crate::wire::body::described!(@ [$($says)*] $body $(<$of>)? $name { $($members)* });
        $crate::wire::body::request!(@ $body $(<$of>)? as Self { $($members)* }
            $(check |$object, $faults| $check)?);
    };
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $read:ty {
        $($members:tt)*
    } read |$object:ident, $faults:ident| $build:block) => {
        $crate::wire::body::described! {
            $(#[doc = $says])*
            $vis struct $body $name { $($members)* }
        }
        $crate::wire::body::request!(@ $body as $read { $($members)* }
            read |$object, $faults| $build);
    };
    (@ $body:ident $(<$of:tt>)? as $read:ty {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr
            $(=> $shown:expr)?,)*
    } $(check |$checked:ident, $found:ident| $check:block)?
      $(read |$object:ident, $faults:ident| $build:block)?) => {
        impl<'t> $crate::wire::body::ReadBody<'t, $read> for $body $(<$of>)? {
            #[allow(unused_variables, reason = "what follows from other members is read by the block")]
            fn members(
                object: &mut $crate::wire::decode::Object<'_, 't>,
                faults: &mut $crate::wire::faults::Faults,
            ) -> Option<$read> {
                $(let $field = $crate::wire::body::ReadsMember::read(
                    &$member,
                    $crate::wire::body::member_name!($field $($wire)?),
                    object,
                    faults,
                );)*
                $(let ($checked, $found) = (&mut *object, &mut *faults);
                $check)?
                $crate::wire::body::request!(@
                    [$($field)*] $((object, faults) |$object, $faults| $build)?)
            }
        }
    };
    (@ [$($field:ident)*]) => {
        Some(Self { $($field: $field?),* })
    };
    (@ [$($field:ident)*] ($own:ident, $found:ident) |$object:ident, $faults:ident| $build:block) => {{
        let ($object, $faults) = ($own, $found);
        $build
    }};
}

/// Builds a struct from fields that were read, each an option. After a semicolon follow the fields whose values are
/// known. The result is `None` if one of the options is.
macro_rules! whole {
    ($type:ident { $($field:ident),+ $(; $($rest:tt)+)? }) => {
        Some($type { $($field: $field?,)+ $($($rest)+)? })
    };
}

/// A body that is printed: each member with the expression of its value.
macro_rules! answer {
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $printed:ty
        |$value:pat_param| { $($members:tt)* }) => {
        $crate::wire::body::described! {
            $(#[doc = $says])*
            $vis struct $body $name { $($members)* }
        }
        $crate::wire::body::answer!(@ $body as $printed |$value| { $($members)* });
    };
    (@ $body:ident $(<$of:tt>)? as $printed:ty
        |$value:pat_param| $(or $never:literal)? $(of ($written:expr))? {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr
            => $shown:expr,)*
    }) => {
        #[allow(clippy::extra_unused_lifetimes, reason = "what is printed may borrow")]
        impl<'t> $crate::wire::body::PrintBody<$printed> for $body $(<$of>)? {
            #[allow(clippy::unreachable, reason = "the union has chosen the table by the value")]
            fn print_members(writer: &mut $crate::wire::write::Writer, value: &$printed) {
                $(let value = &$written(value);)?
                let $value = value $(else { unreachable!($never) })?;
                $($crate::wire::body::PrintsMember::print(
                    &$member,
                    $crate::wire::body::member_key!($field $($wire)?),
                    writer,
                    &$shown,
                );)*
            }
        }
    };
}

/// A body that is read and printed: a struct with the members as its fields, or a value that `print` takes apart, with
/// one expression for each member, and that the block `read` builds as in `request!`. The text after `or` says why the
/// pattern of `print` always matches. The function after `of` converts the value before it is taken apart.
macro_rules! body {
    ($(#[doc = $says:literal])* $body:ident $(<$of:tt>)? $name:literal {
        $($(#[doc = $about:literal])* $field:ident $(as $wire:literal)?: $member:expr,)*
    } $(check |$object:ident, $faults:ident| $check:block)?) => {
        $crate::wire::body::request! {
            $(#[doc = $says])*
            $body $(<$of>)? $name { $($(#[doc = $about])* $field $(as $wire)?: $member,)* }
            $(check |$object, $faults| $check)?
        }
        $crate::wire::body::answer!(@ $body $(<$of>)? as Self |value| {
            $($field $(as $wire)?: $member => value.$field,)*
        });
    };
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $read:ty {
        $($members:tt)*
    } print |$value:pat_param| $(or $never:literal)? $(of ($written:expr))?
      read |$object:ident, $faults:ident| $build:block) => {
        $crate::wire::body::request! {
            $(#[doc = $says])*
            $vis struct $body $name as $read { $($members)* }
            read |$object, $faults| $build
        }
        $crate::wire::body::answer!(@ $body as $read |$value| $(or $never)? $(of ($written))? {
            $($members)*
        });
    };
}

/// A body that is one of several tables. The name in the field `by` decides which. `which` gives the name for a value.
macro_rules! union {
    ($(#[doc = $says:literal])* $vis:vis struct $body:ident $name:literal as $read:ty,
        by $tag:literal: $kinds_vis:vis enum $kinds:ident {
            $($($kind:ident = $kind_name:literal),+ => $part:ty,)+
        }
        which |$value:pat_param| $which:expr
    ) => {
        $crate::domain::names::names! { $kinds_vis enum $kinds { $($($kind = $kind_name),+),+ } }

        $(#[doc = $says])*
        $vis struct $body;

        impl $crate::wire::body::Described for $body {
            const NAME: &'static str = $name;

            fn schema(schemas: &mut $crate::wire::body::Schemas) -> serde_json::Value {
                let parts = [$($(($kind_name, schemas.named::<$part>())),+),+];
                $crate::wire::body::schema::one_of($tag, &parts, concat!($($says),*))
            }
        }

        impl<'t> $crate::wire::body::ReadBody<'t, $read> for $body {
            fn members(
                object: &mut $crate::wire::decode::Object<'_, 't>,
                faults: &mut $crate::wire::faults::Faults,
            ) -> Option<$read> {
                match object.tag($tag, faults) {
                    $(Some($($kinds::$kind)|+) => {
                        <$part as $crate::wire::body::ReadBody<'t, $read>>::members(object, faults)
                    })+
                    // The name decides what the other fields may be. Without it, report only fields that no table has.
                    None => {
                        let known = $crate::wire::body::schema::members_of(&[
                            $(<$part as $crate::wire::body::Described>::describe),+
                        ]);
                        for name in &known {
                            object.ignore(&[name], faults);
                        }
                        None
                    }
                }
            }
        }

        impl $crate::wire::body::PrintBody<$read> for $body {
            fn print_members(writer: &mut $crate::wire::write::Writer, value: &$read) {
                let $value = value;
                match $which {
                    $($($kinds::$kind)|+ => {
                        <$part as $crate::wire::body::PrintBody<$read>>::print_members(writer, value)
                    })+
                }
            }
        }
    };
}

#[allow(unused_imports)]
pub(crate) use {answer, body, described, member_key, member_name, request, union, whole};
