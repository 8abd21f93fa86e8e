//! What a kind can do: it is read, printed and described.

use serde_json::Value as Json;

use crate::wire::body::schema::Schemas;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::write::Writer;

/// Kinds and members that wrap a kind or another member.
macro_rules! wrappers {
    ($($(#[doc = $says:literal])+ $make:ident $wrapper:ident;)+) => {$(
        $(#[doc = $says])+
        pub struct $wrapper<K>(K);

        $(#[doc = $says])+
        pub const fn $make<K>(kind: K) -> $wrapper<K> {
            $wrapper(kind)
        }
    )+};
}
pub(in crate::wire::body) use wrappers;

pub trait Reads<'t, T> {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T>;
}

pub trait Prints<T> {
    fn print(&self, writer: &mut Writer, value: &T);
}

pub trait Describes {
    fn schema(&self, schemas: &mut Schemas) -> Json;
}

impl<'t, T, K: Reads<'t, T>> Reads<'t, T> for &K {
    fn read(&self, value: Value<'_, 't>, faults: &mut Faults) -> Option<T> {
        (*self).read(value, faults)
    }
}

impl<K: Describes> Describes for &K {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        (*self).schema(schemas)
    }
}
