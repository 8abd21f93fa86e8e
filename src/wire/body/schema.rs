//! JSON Schema 2020-12 of bodies: the components of the OpenAPI document.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::domain::names::Named;

/// A body that has a schema.
pub trait Described {
    /// The component's name. A part without a name is described where it is used.
    const NAME: &'static str;

    fn schema(schemas: &mut Schemas) -> Json;

    /// Adds the members of this body to those of another body.
    fn describe(_fields: &mut Fields, _schemas: &mut Schemas) {}
}

/// The direction of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// To the service: optional members may be absent or null, and decimals are texts or numbers.
    Request,
    /// From the service: every field is present, and decimals are texts.
    #[default]
    Answer,
}

/// A closed set with a component of its own.
pub trait Titled: Named {
    const TITLE: &'static str;
}

/// The components that are described so far, and the side that is being described.
#[derive(Default)]
pub struct Schemas {
    side: Side,
    components: BTreeMap<String, Json>,
}

impl Schemas {
    pub const fn side(&self) -> Side {
        self.side
    }

    pub fn fields(&self) -> Fields {
        Fields { side: self.side, properties: Map::new(), required: Vec::new() }
    }

    pub fn into_components(self) -> BTreeMap<String, Json> {
        self.components
    }

    /// Runs `describe` for one side.
    pub fn on<T>(&mut self, side: Side, describe: impl FnOnce(&mut Self) -> T) -> T {
        let around = std::mem::replace(&mut self.side, side);
        let described = describe(self);
        self.side = around;
        described
    }

    /// Adds a component that no table describes.
    pub fn insert(&mut self, name: &str, schema: Json) {
        self.components.insert(name.to_owned(), schema);
    }

    /// The schema of a part: a reference to its component, or the schema itself if the part has no name.
    pub fn part<B: Described>(&mut self) -> Json {
        if B::NAME.is_empty() { B::schema(self) } else { reference(&self.named::<B>()) }
    }

    /// The name of a part's component. Each side has a component of its own.
    pub fn named<B: Described>(&mut self) -> String {
        let name = match self.side {
            Side::Request => format!("{}Input", B::NAME),
            Side::Answer => B::NAME.to_owned(),
        };
        if !self.components.contains_key(&name) {
            // Reserve the name before describing the part, since a part may contain itself.
            self.insert(&name, Json::Null);
            let schema = B::schema(self);
            self.insert(&name, schema);
        }
        name
    }
}

/// The members of an object that is being described.
pub struct Fields {
    side: Side,
    properties: Map<String, Json>,
    required: Vec<Json>,
}

impl Fields {
    pub const fn side(&self) -> Side {
        self.side
    }

    /// Adds a member. If another body has the same member, the new description replaces the earlier one.
    pub fn add(&mut self, name: &str, schema: Json, required: bool) {
        self.properties.insert(name.to_owned(), schema);
        if required && !self.required.iter().any(|own| own == name) {
            self.required.push(name.into());
        }
    }

    /// The schema. Only requests forbid other fields, because later releases may add fields to answers.
    pub fn schema(self, says: &str) -> Json {
        let mut schema = json!({"type": "object", "properties": self.properties});
        if self.side == Side::Request {
            schema["additionalProperties"] = false.into();
        }
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        described(schema, says)
    }
}

/// The names of all members that these tables allow in requests.
pub fn members_of(tables: &[fn(&mut Fields, &mut Schemas)]) -> Vec<String> {
    Schemas::default().on(Side::Request, |schemas| {
        let mut fields = schemas.fields();
        for describe in tables {
            describe(&mut fields, schemas);
        }
        fields.properties.into_iter().map(|(name, _)| name).collect()
    })
}

/// Adds a description to a schema. Even a reference may have one.
pub fn described(mut schema: Json, says: &str) -> Json {
    let says = says.trim();
    if !says.is_empty() {
        schema["description"] = says.into();
    }
    schema
}

/// The schema of a value that may also be null.
pub fn nullable(mut schema: Json) -> Json {
    if let Some(kind) = schema.get("type").filter(|kind| kind.is_string()) {
        schema["type"] = json!([kind, "null"]);
        if let Some(names) = schema.get_mut("enum").and_then(Json::as_array_mut) {
            names.push(Json::Null);
        }
    } else if schema.get("$ref").is_some() || schema.get("oneOf").is_some() {
        schema = json!({"anyOf": [schema, {"type": "null"}]});
    }
    // Everything else may be null already.
    schema
}

/// The schema of an object in whose place there may be a text. An extension has the text, because generators make
/// unusable types of such a union.
pub fn or_text(mut object: Json, text: Json) -> Json {
    object["x-or-text"] = text;
    object
}

/// A schema of the components.
pub fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// One of several components. Each has a different constant in the field `tag`.
pub fn one_of(tag: &str, parts: &[(&str, String)], says: &str) -> Json {
    let (mut mapping, mut of) = (Map::new(), Vec::new());
    for (value, name) in parts {
        let part = reference(name);
        mapping.insert((*value).to_owned(), part["$ref"].clone());
        if !of.contains(&part) {
            of.push(part);
        }
    }
    let schema = json!({"oneOf": of, "discriminator": {"propertyName": tag, "mapping": mapping}});
    described(schema, says)
}

/// One of these names.
pub fn one_name(names: &[&str]) -> Json {
    json!({"type": "string", "enum": names})
}
