//! Random valid documents for the command `evaluate`, for comparing evaluators with one another.
//!
//! Few SKUs, prices and names, so that promotions collide; over time every kind of benefit, condition,
//! schedule, limit and setting. A document follows from its seed alone. Newer terms and suggestions are added to one of three documents
//! each; the others are what they were before there were any.

mod benefit;
mod cart;
mod census;
mod census_drafts;
mod census_terms;
mod conditions;
pub mod dice;
mod drafts;
mod promotion;
mod settings;
mod suggestions;
mod terms;
mod words;

pub use census::{REACHED, census};
pub use census_drafts::{REACHED_DRAFTS, census_drafts};
pub use census_terms::{REACHED_TERMS, census_terms};

use dice::Dice;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The document of a seed: 1 to 8 promotions and a cart of 1 to 6 lines.
pub fn document(seed: u64) -> Value {
    let mut dice = Dice::new(seed);
    let at = cart::instant(&mut dice);
    let gated = dice.chance(40);
    let promotions: Vec<Value> = (1..=dice.between(1, 8))
        .map(|place| promotion::promotion(&mut dice, place, at, gated))
        .collect();
    let codes = codes(&mut dice, &promotions);
    let known = codes.values().filter_map(Value::as_array).flatten();
    let known: Vec<String> = known.filter_map(|code| code.as_str().map(str::to_owned)).collect();
    let mut document = json!({
        "settings": settings::settings(&mut dice),
        "stores": settings::stores(&mut dice),
        "product_lists": settings::product_lists(&mut dice),
        "promotions": promotions,
        "request": cart::request(&mut dice, at, &known, gated),
        "codes": codes,
    });
    let mut dice = Dice::new(seed ^ 0x7e_4215);
    if dice.chance(34) {
        terms::add(&mut dice, &mut document);
    }
    let mut dice = Dice::new(seed ^ 0x5_0661);
    if dice.chance(34) {
        suggestions::add(&mut dice, &mut document);
    }
    document
}

/// The names of a document's promotions.
pub fn names(document: &Value) -> Vec<Value> {
    let promotions = document["promotions"].as_array().expect("promotions");
    promotions.iter().map(|own| own["name"].clone()).collect()
}

/// The document of a seed. To one of four, drafts are added.
pub fn perhaps_with_drafts(seed: u64) -> Value {
    let mut document = document(seed);
    let mut dice = Dice::new(seed ^ 0xd_4af7);
    if dice.chance(25) {
        drafts::add(&mut dice, &mut document);
    }
    document
}

/// Adds drafts to the document of a seed.
pub fn add_drafts(seed: u64, document: &mut Value) {
    drafts::add(&mut Dice::new(seed ^ 0xd_4af7), document);
}

/// The same document, of whose settings the request replaces some: there the document has others, or none.
pub fn with_settings_on_the_cart(seed: u64, document: &Value) -> Value {
    let mut dice = Dice::new(seed ^ 0x5e_7713);
    let others = settings::settings(&mut dice);
    let mut split = document.clone();
    let mut replaced = json!({});
    for (name, value) in document["settings"].as_object().into_iter().flatten() {
        if dice.chance(70) {
            replaced[name] = value.clone();
            split["settings"][name] = others[name].clone();
        }
    }
    split["request"]["settings"] = replaced;
    split
}

/// The document of a seed, with promotions that suggest themselves.
pub fn suggesting(seed: u64) -> Value {
    let mut document = document(seed);
    suggestions::add(&mut Dice::new(seed ^ 0x5_0661), &mut document);
    document
}

/// One or two codes for every `code_linked` promotion.
fn codes(dice: &mut Dice, promotions: &[Value]) -> Map<String, Value> {
    let mut codes = Map::new();
    for (place, promotion) in promotions.iter().enumerate() {
        if promotion["type"] == "code_linked" {
            let own: Vec<String> =
                (0..dice.between(1, 2)).map(|which| format!("SAVE-{place}-{which}")).collect();
            let name = promotion["name"].as_str().expect("a name");
            codes.insert(name.to_owned(), json!(own));
        }
    }
    codes
}

/// The promotion of an entry of a result: a draft where there is one.
fn promotion_of<'d>(document: &'d Value, entry: &Value) -> &'d Value {
    let named = |list: &'d Value, name: fn(usize) -> String| {
        let mut all = list.as_array().into_iter().flatten().enumerate();
        let is_own = |(place, own): &(usize, &Value)| match own["id"].as_str() {
            Some(id) => entry["promotion_id"] == *id,
            None => entry["promotion_id"] == *name(*place),
        };
        all.find(is_own).map(|(_, own)| own)
    };
    let draft = named(&document["request"]["with"], |place| format!("draft:{place}"));
    let stored =
        || named(&document["promotions"], |place| Uuid::from_u128(place as u128).to_string());
    draft.or_else(stored).unwrap_or(&Value::Null)
}
