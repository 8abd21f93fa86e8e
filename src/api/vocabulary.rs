//! The vocabulary: the names that a tenant uses, for drop-downs (spec 15.4).

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use utoipa::IntoParams;

use super::extract::QueryRead;
use super::page::Wanted;
use super::{handler::*, schema};
use crate::db::Page;
use crate::db::vocabulary::{ListedName, NameFilter};
use crate::domain::names::Named as _;
use crate::domain::vocabulary::{Name as KnownName, NameField, NameSource};
use crate::wire;
use crate::wire::body::*;
use crate::wire::decode::Value;
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::vocabulary::NewName;

type Fields = OneNamed<NameField>;

/// Which names are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads")]
pub struct NameParams {
    /// The names of this field. Without it, every field that has names is listed with their number.
    #[param(inline)]
    field: Option<Fields>,
    /// Only names that contain this text, in any case, themselves or in their titles.
    #[param(max_length = 255)]
    q: Option<String>,
    /// Only values under this key. Only with the fields `attribute` and `variant`.
    #[param(max_length = 255)]
    key: Option<String>,
}

/// The key of attributes and variants.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Key` reads")]
pub struct KeyParams {
    /// The key of the values. Only with the fields `attribute` and `variant`; to import values of these it is required.
    #[param(max_length = 255)]
    key: Option<String>,
}

/// List the names of a field, or the fields
///
/// With `field`: its names in their order, each with `value`, `title`, `source` and `last_seen`. Without: each field that
/// has names, with `field` and `values`, their number. `source` is the first of these that has the name: `stores`,
/// `promotions` (settings too), `redemptions`, `import`. `last_seen` is exact to an hour; null: it was neither seen in a
/// cart nor imported.
#[utoipa::path(get, path = "/v1/vocabulary", operation_id = "list_vocabulary", tag = "vocabulary",
    security(("key" = ["admin", "viewer"])), params(NameParams, ListParams),
    responses((status = 200, description = "A page of names, or the fields.", body = schema::VocabularyPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, mut query: Query) -> Answered {
    let field = query.choice::<NameField>("field");
    let (q, key) = (query.text("q").filter(|q| !q.is_empty()), query.text("key"));
    if key.is_some() && !field.is_some_and(NameField::has_keys) {
        let message = "goes with the fields attribute and variant only";
        query.fault("key", FaultCode::UnsupportedCombination, message);
    }
    if q.is_some() && field.is_none() {
        query.fault("q", FaultCode::UnsupportedCombination, "goes with field only");
    }
    let wanted: Wanted<String> = query.into_page(reader.cursors())?;
    let (service, tenant) = (api.service(), reader.tenant());
    let Some(field) = field else {
        let counts = api.within(Deadline::Read, service.count_names(tenant)).await?;
        return Ok(page::answer(&fields_page(&counts), &wanted.seal, EntryBody::print));
    };
    let filter = NameFilter { field, key, folded: q.map(|q| q.to_lowercase()) };
    let names = service.names(tenant, filter, wanted.after, wanted.limit);
    let found = api.within(Deadline::Read, names).await?;
    Ok(page::answer(&found, &wanted.seal, |writer, name| {
        EntryBody::print(writer, &Entry::Name(name));
    }))
}

fn fields_page(counts: &BTreeMap<NameField, i64>) -> Page<Entry<'static>, String> {
    let entry = |(field, count): (&NameField, &i64)| Entry::Field(*field, *count);
    Page { items: counts.iter().map(entry).collect(), next: None, place: |_| String::new() }
}

/// Import names of a field, adding to what is there
///
/// `{"values": [{"value", "title"}]}`, or `text/csv` with the columns `value` and `title`. If a field would have more than
/// 10,000 imported and seen names (`sku` 200,000), those that were not seen for longest make room.
#[utoipa::path(put, path = "/v1/vocabulary/{field}", operation_id = "import_vocabulary", tag = "vocabulary",
    security(("key" = ["admin"])),
    params(("field" = String, Path, description = "The field."), KeyParams),
    request_body(content((schema::VocabularyInput = "application/json"), (String = "text/csv"))),
    responses((status = 200, description = "How many names were imported.", body = schema::VocabularyPut), Writing))]
pub async fn put(
    api: Api,
    admin: Caller<Admin>,
    Name(field): Name,
    Key(key): Key,
    body: Bulk,
) -> Answered {
    let field = named(&field)?;
    let key = match (field.has_keys(), key) {
        (true, None) => {
            return Err(ApiError::fault("/key", FaultCode::Required, "is required for this field"));
        }
        (false, Some(_)) => return Err(misplaced_key()),
        (_, key) => key.unwrap_or_default(),
    };
    let (tenant, most) = (admin.tenant(), field.most());
    let read = move |value: Value<'_, '_>, faults: &mut Faults| {
        wire::vocabulary::parse(value, most, faults)
    };
    let names = match body.text()? {
        JsonOrCsv::Json(bytes) => api.decode(tenant, bytes, read).await?,
        JsonOrCsv::Csv(bytes) => {
            api.read(tenant, bytes, move |bytes| imported(bytes, most)).await?
        }
    };
    let mut titles: BTreeMap<String, Option<String>> = BTreeMap::new();
    for (value, title) in names {
        let own = titles.entry(value).or_default();
        *own = title.filter(|title| !title.is_empty()).or(own.take());
    }
    let count = titles.len();
    let names = titles.into_iter();
    let names = names.map(|(value, title)| KnownName { field, key: key.clone(), value, title });
    let put = api.service().import_names(admin.actor(), field, names.collect());
    api.within(Deadline::BulkWrite, put).await?;
    ok(VocabularyPut::document(&count))
}

fn imported(bytes: &Bytes, most: usize) -> Result<Vec<NewName>, ApiError> {
    let mut faults = Faults::new();
    let names = wire::csv::names(bytes, most, &mut faults);
    names.filter(|_| faults.is_empty()).ok_or(ApiError::Invalid(faults))
}

/// Forget the imported and seen names of a field; names of stores, settings and promotions stay
#[utoipa::path(delete, path = "/v1/vocabulary/{field}", operation_id = "forget_vocabulary", tag = "vocabulary",
    security(("key" = ["admin"])),
    params(("field" = String, Path, description = "The field."), KeyParams),
    responses((status = 204, description = "Forgotten."), Writing))]
pub async fn delete(api: Api, admin: Caller<Admin>, Name(field): Name, Key(key): Key) -> Answered {
    let field = named(&field)?;
    if key.is_some() && !field.has_keys() {
        return Err(misplaced_key());
    }
    let forgotten = api.service().forget_names(admin.actor(), field, key);
    api.within(Deadline::BulkWrite, forgotten).await?;
    done()
}

fn named(field: &str) -> Result<NameField, ApiError> {
    NameField::named(field).ok_or(ApiError::NotFound)
}

fn misplaced_key() -> ApiError {
    let message = "goes with the fields attribute and variant only";
    ApiError::fault("/key", FaultCode::UnsupportedCombination, message)
}

/// The key of the values, if it is given. No other parameter is allowed.
#[derive(Clone, Debug)]
pub struct Key(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut query = Query::read(&parts.uri);
        let key = query.text("key");
        query.finish()?;
        parts.extensions.insert(QueryRead);
        Ok(Self(key))
    }
}

/// A name of a field, or a field with the number of its names.
pub enum Entry<'e> {
    Name(&'e ListedName),
    Field(NameField, i64),
}

impl<'e> Entry<'e> {
    fn name(&self) -> Option<&'e ListedName> {
        match self {
            Self::Name(name) => Some(name),
            Self::Field(..) => None,
        }
    }

    fn field(&self) -> Option<(NameField, i64)> {
        match self {
            Self::Name(_) => None,
            Self::Field(field, count) => Some((*field, *count)),
        }
    }
}

answer! {
    /// A name of the vocabulary; or a field with the number of its names, if no field was asked for.
    pub struct EntryBody "VocabularyEntry" as Entry<'_> |entry| {
        /// The name.
        value: absent(WORDS) => entry.name().map(|name| name.value.as_str()),
        /// What people call it, if that is known.
        title: sparse(WORDS) => entry.name().map(|name| name.title.as_deref()),
        /// Where the name comes from. `promotions` are settings too.
        source: absent(choice::<NameSource>()) => entry.name().map(|name| name.source),
        /// When it was last seen in a redeemed cart, exact to an hour, or imported; null: never.
        last_seen: sparse(INSTANT) => entry.name().map(|name| name.last_seen),
        /// A field that has names. Only if no field was asked for.
        field: absent(choice::<NameField>()) => entry.field().map(|(field, _)| field),
        /// The number of the field's names.
        values: absent(SIZE) => entry.field().map(|(_, count)| count),
    }
}

answer! {
    pub struct VocabularyPut "VocabularyPut" as usize |count| {
        /// How many names were imported.
        count: required(SIZE) => *count,
    }
}
