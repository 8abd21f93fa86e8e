//! The macros that make a reader, a printer and a schema of a table.

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

pub(crate) use {answer, body, described, member_key, member_name, request, union, whole};
