//! What a body can do besides having a schema: it is read, and printed.

use super::schema::Described;
use crate::wire::decode::{Object, Value};
use crate::wire::faults::Faults;
use crate::wire::json::Json;
use crate::wire::write::Writer;

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
    let json = Json::parse(document).map_err(|error| format!("{error:?}"))?;
    let mut faults = Faults::of_stored();
    match read(Value::root(&json), &mut faults) {
        Some(read) if faults.is_empty() => Ok(read),
        _ => Err(format!("{:?}", faults.as_slice())),
    }
}
