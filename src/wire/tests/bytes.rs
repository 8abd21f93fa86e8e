//! No bytes make a reader panic, and the two readers of carts never differ. This is tried on random bytes, and on valid
//! bodies that were damaged.

use proptest::prelude::*;
use serde_json::Value as Tree;

use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::redemption::Order;
use crate::wire::activity::ActivityBody;
use crate::wire::body::ReadBody as _;
use crate::wire::code::MAX_CODES;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;
use crate::wire::product_list::MAX_SKUS;
use crate::wire::promotion::Purpose;
use crate::wire::returns::NewReturn;
use crate::wire::{cart, code, csv, issuing, milestone, promotion, settings, store};

/// Valid bodies of all kinds: the examples of the OpenAPI document.
const EXAMPLES: &str = include_str!("../../api/openapi/examples.json");

fn examples() -> Vec<String> {
    let all: Tree = serde_json::from_str(EXAMPLES).expect("examples");
    let groups = all.as_object().expect("schemas").values();
    let each = groups.flat_map(|group| group.as_object().expect("examples").values());
    each.map(|example| match &example["value"] {
        Tree::String(csv) => csv.clone(),
        body => body.to_string(),
    })
    .collect()
}

/// A damage to a body.
#[derive(Clone, Debug)]
enum Harm {
    Put(usize, Vec<u8>),
    Cut(usize, usize),
    Twice(usize, usize),
    Flip(usize, u8),
}

fn harm() -> impl Strategy<Value = Harm> {
    let token = prop::sample::select(vec![
        "null",
        "true",
        "-0",
        "1e9",
        "0.00001",
        "1000000000",
        "\"\"",
        "{}",
        "[]",
        "\"\\u0000\"",
        ",",
        ":",
        "\\",
        "\"",
        "\n",
        "\u{feff}",
        "-",
        "99999999999999999999",
    ]);
    let text = token.prop_map(|token| token.as_bytes().to_vec());
    let put = prop_oneof![text, prop::collection::vec(any::<u8>(), 1..4)];
    prop_oneof![
        (any::<usize>(), put).prop_map(|(at, bytes)| Harm::Put(at, bytes)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, length)| Harm::Cut(at, length)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Harm::Twice(at, length)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, bits)| Harm::Flip(at, bits)),
    ]
}

fn harmed(mut body: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        let (Harm::Put(at, _) | Harm::Cut(at, _) | Harm::Twice(at, _) | Harm::Flip(at, _)) = harm;
        let at = at % (body.len() + 1);
        match harm {
            Harm::Put(_, bytes) => drop(body.splice(at..at, bytes.iter().copied())),
            Harm::Cut(_, length) => drop(body.drain(at..(at + length).min(body.len()))),
            Harm::Twice(_, length) => {
                let part = body[at..(at + length).min(body.len())].to_vec();
                drop(body.splice(at..at, part));
            }
            Harm::Flip(_, bits) => {
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= bits;
                }
            }
        }
    }
    body
}

/// Returns whether it could read the body.
type Reader = fn(Value<'_, '_>, &mut Faults) -> bool;

/// Reads the bytes with every reader of bodies. A reader that fails must report a fault.
fn read_as_everything(bytes: &[u8]) {
    let quick = cart::read_plain(bytes);
    let mut faults = Faults::new();
    let _ = csv::codes(bytes, &mut faults);
    let _ = csv::skus(bytes, MAX_SKUS.min(MAX_CODES), &mut faults);
    let _ = csv::stores(bytes, &mut faults);
    let Ok(json) = Json::parse(bytes) else {
        assert!(quick.is_none(), "read quickly, and no JSON");
        return;
    };
    let root = Value::root(&json);
    let mut faults = Faults::new();
    let slow = cart::parse(root, &mut faults);
    if let Some(quick) = quick {
        assert!(faults.is_empty(), "read quickly, with {faults:?}");
        assert_eq!(Some(quick), slow);
    }
    let read: [(&str, Reader); 11] = [
        ("cart", |v, f| cart::parse(v, f).is_some()),
        ("redemption", |v, f| Order::read(v, f).is_some()),
        ("return", |v, f| NewReturn::read(v, f).is_some()),
        ("activity", |v, f| ActivityBody::read(v, f).is_some()),
        ("issue", |v, f| issuing::IssueBody::read(v, f).is_some()),
        ("issues", |v, f| issuing::BulkIssueBody::read(v, f).is_some()),
        ("codes", |v, f| code::CodesBody::read(v, f).is_some()),
        ("stores", |v, f| store::parse_list(v, f).is_some()),
        ("milestone", |v, f| milestone::parse(v, "m", f).is_some()),
        ("promotion", |v, f| promotion::parse(v, Purpose::Create(&[]), f).terms.is_some()),
        ("stored promotion", |v, f| promotion::parse(v, Purpose::Stored, f).terms.is_some()),
    ];
    for (name, read) in read {
        let mut faults = Faults::new();
        let is_read = read(root, &mut faults);
        assert!(is_read || !faults.is_empty(), "{name}: neither read nor refused");
    }
    let mut faults = Faults::new();
    let defaults = super::settings::defaults();
    let read = settings::parse(root, defaults, settings::Computed::Ignored, &mut faults);
    assert!(read.is_some() || !faults.is_empty());
}

#[test]
fn every_example_is_read() {
    for body in examples() {
        read_as_everything(body.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_harm_to_a_body_makes_a_reader_panic(
        body in prop::sample::select(examples()),
        harms in prop::collection::vec(harm(), 1..6),
    ) {
        read_as_everything(&harmed(body.into_bytes(), &harms));
    }

    #[test]
    fn a_decimal_that_is_read_prints_as_what_reads_the_same(text in "[-+]?[0-9]{0,22}[.,eE]?[0-9]{0,8}|\\PC{0,12}") {
        if let Ok(money) = Money::parse(&text) {
            prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
        }
        if let Ok(number) = Number::parse(&text) {
            prop_assert_eq!(Number::parse(&number.to_string()), Ok(number));
        }
        if let Ok(quantity) = Quantity::parse(&text) {
            prop_assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
        }
    }
}
