//! Parameters that many paths have.

use std::marker::PhantomData;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::domain::names::Named;

/// The parameters of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Query::page` reads")]
pub struct ListParams {
    /// Most items of the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// The `next_cursor` of the previous page.
    #[param(pattern = "^([0-9a-f]{2})+$", max_length = 4096)]
    cursor: Option<String>,
}

/// A parameter that is the name of a value of a closed set.
pub struct OneNamed<T>(PhantomData<T>);

impl<T: Named> PartialSchema for OneNamed<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(T::ALL.iter().map(|value| value.name())))
            .into()
    }
}

impl<T: Named> ToSchema for OneNamed<T> {}
