//! Units of lines (7.3): what is claimed, what a promotion may discount, and in which order units go.

use super::document::{Promotion, World};
use super::number::{Exact, smaller, where_positive};
use num_traits::Zero;
use std::cmp::Ordering;

/// A part of a line whose units are all alike.
#[derive(Clone)]
pub struct Piece {
    pub quantity: Exact,
    /// The claims on each of these units, by the turn at which they were made.
    pub claims: Vec<usize>,
    /// What was taken off all of these units together.
    pub taken: Exact,
}

/// What has happened to a line so far.
#[derive(Clone)]
pub struct LineState {
    pub pieces: Vec<Piece>,
    pub item_discount: Exact,
    pub cart_discount: Exact,
}

/// What has happened to the cart so far.
#[derive(Clone)]
pub struct State {
    pub lines: Vec<LineState>,
    pub shipping_discount: Exact,
    pub turns: usize,
    /// Whether the floors of units are left out of account.
    pub without_floors: bool,
}

impl State {
    /// The untouched cart.
    pub fn untouched(world: &World<'_>) -> State {
        let line = |line: &super::document::Line<'_>| LineState {
            pieces: vec![Piece {
                quantity: line.quantity.clone(),
                claims: Vec::new(),
                taken: Exact::zero(),
            }],
            item_discount: Exact::zero(),
            cart_discount: Exact::zero(),
        };
        State {
            lines: world.lines.iter().map(line).collect(),
            shipping_discount: Exact::zero(),
            turns: 0,
            without_floors: false,
        }
    }

    /// "What is left to pay of a line is its gross (under `percentage_base: net` plus tax and charges)
    /// less the discounts allocated to it so far" (7.1).
    pub fn left_of_line(&self, world: &World<'_>, line: usize) -> Exact {
        let state = &self.lines[line];
        to_pay_at_first(world, line) - &state.item_discount - &state.cart_discount
    }

    /// "Of a unit, the same by unit": what is left to pay of one unit of a piece.
    pub fn left_of_unit(&self, world: &World<'_>, line: usize, piece: usize) -> Exact {
        let piece = &self.lines[line].pieces[piece];
        to_pay_at_first(world, line) / &world.lines[line].quantity - &piece.taken / &piece.quantity
    }

    /// "The room of a line is what is left to pay of it; where its floor is above 0, gross less the discounts allocated
    /// to it so far less floor × quantity, if that is less, and never below 0" (7.1).
    pub fn room_of_line(&self, world: &World<'_>, line: usize) -> Exact {
        let left = where_positive(self.left_of_line(world, line));
        let of = &world.lines[line];
        let state = &self.lines[line];
        let above_floor =
            of.gross() - &state.item_discount - &state.cart_discount - &of.floor * &of.quantity;
        self.bounded(&of.floor, left, above_floor)
    }

    /// "Of a unit of a line with a floor likewise, in sums too": without a floor what is left of a unit can be below 0.
    pub fn room_of_unit(&self, world: &World<'_>, line: usize, piece: usize) -> Exact {
        let left = self.left_of_unit(world, line, piece);
        let of = &world.lines[line];
        let piece = &self.lines[line].pieces[piece];
        let above_floor = &of.price - &piece.taken / &piece.quantity - &of.floor;
        self.bounded(&of.floor, left, above_floor)
    }

    /// What is left to pay, where there is a floor above 0 no more than what is above it.
    fn bounded(&self, floor: &Exact, left: Exact, above_floor: Exact) -> Exact {
        if floor.is_zero() || self.without_floors {
            left
        } else {
            where_positive(smaller(&left, &above_floor))
        }
    }

    /// Everything taken off lines and shipping.
    pub fn discount(&self) -> Exact {
        let of_line = |it: &LineState| &it.item_discount + &it.cart_discount;
        self.lines.iter().map(of_line).sum::<Exact>() + &self.shipping_discount
    }
}

fn to_pay_at_first(world: &World<'_>, line: usize) -> Exact {
    let line = &world.lines[line];
    if world.settings.net { line.gross() + &line.tax + &line.charges } else { line.gross() }
}

/// "A later item-level promotion may discount a line only as the settings allow: with
/// `multiple_promotions_per_line` the line's unclaimed units; without it, no unit of a line that has any
/// claim; with `unit_stacking` also claimed units, up to `max_promotions` per unit."
pub fn may_discount(world: &World<'_>, state: &State, line: usize, piece: &Piece) -> bool {
    let settings = &world.settings;
    if piece.claims.is_empty() {
        let several = settings.multiple_per_line && !world.lines[line].one_promotion;
        let pieces = &state.lines[line].pieces;
        several || pieces.iter().all(|it| it.claims.is_empty())
    } else {
        settings.unit_stacking
            && settings.stacking_bound.is_none_or(|bound| piece.claims.len() < bound)
    }
}

/// Some units of a piece.
#[derive(Clone)]
pub struct Slot {
    pub line: usize,
    pub piece: usize,
    pub quantity: Exact,
}

/// The units of these lines that `takes` takes.
pub fn slots(state: &State, lines: &[usize], takes: impl Fn(usize, &Piece) -> bool) -> Vec<Slot> {
    let mut found = Vec::new();
    for &line in lines {
        for (piece, it) in state.lines[line].pieces.iter().enumerate() {
            if takes(line, it) {
                found.push(Slot { line, piece, quantity: it.quantity.clone() });
            }
        }
    }
    found
}

/// How many units these are.
pub fn quantity(slots: &[Slot]) -> Exact {
    slots.iter().map(|slot| &slot.quantity).sum()
}

/// `pick` "compares unit prices"; "equal prices are taken in cart order"; "within a line, units with the
/// fewest claims go first, of equally many those claimed earlier".
pub fn in_order_of_pick(world: &World<'_>, state: &State, pick: &str, slots: &mut [Slot]) {
    slots.sort_by(|a, b| {
        let (price_a, price_b) = (&world.lines[a.line].price, &world.lines[b.line].price);
        let by_price = match pick {
            "cheapest" => price_a.cmp(price_b),
            "most_expensive" => price_b.cmp(price_a),
            _ => Ordering::Equal,
        };
        by_price.then(a.line.cmp(&b.line)).then_with(|| fewest_claims_first(state, a, b))
    });
}

/// The order of reservations: "the most expensive units first: within a line those that this promotion
/// may not discount, then the most claimed"; units of a `free_product`'s SKU "are reserved last".
pub fn in_order_of_reservation(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    state: &State,
    slots: &mut [Slot],
) {
    let is_product = |slot: &Slot| {
        promotion.benefit.kind == "free_product"
            && world.lines[slot.line].sku == promotion.benefit.product
    };
    let piece = |slot: &Slot| &state.lines[slot.line].pieces[slot.piece];
    let may = |slot: &Slot| may_discount(world, state, slot.line, piece(slot));
    slots.sort_by(|a, b| {
        let (price_a, price_b) = (&world.lines[a.line].price, &world.lines[b.line].price);
        is_product(a)
            .cmp(&is_product(b))
            .then_with(|| price_b.cmp(price_a))
            .then(a.line.cmp(&b.line))
            .then_with(|| may(a).cmp(&may(b)))
            .then_with(|| piece(b).claims.len().cmp(&piece(a).claims.len()))
            .then_with(|| piece(a).claims.cmp(&piece(b).claims))
            .then(a.piece.cmp(&b.piece))
    });
}

fn fewest_claims_first(state: &State, a: &Slot, b: &Slot) -> Ordering {
    let claims = |slot: &Slot| &state.lines[slot.line].pieces[slot.piece].claims;
    let by_count = claims(a).len().cmp(&claims(b).len());
    by_count.then_with(|| claims(a).cmp(claims(b))).then(a.piece.cmp(&b.piece))
}

/// The first `wanted` units, in the order given; fewer when there are fewer.
pub fn first(slots: &[Slot], wanted: &Exact) -> Vec<Slot> {
    between(slots, &Exact::zero(), wanted)
}

/// The units from the `from`-th to the `to`-th, in the order given.
pub fn between(slots: &[Slot], from: &Exact, to: &Exact) -> Vec<Slot> {
    let mut found = Vec::new();
    let mut begin = Exact::zero();
    for slot in slots {
        let end = &begin + &slot.quantity;
        let (low, high) = ((&begin).max(from), (&end).min(to));
        if low < high {
            found.push(Slot { quantity: high - low, ..slot.clone() });
        }
        begin = end;
    }
    found
}

/// A quantity for every piece of every line.
pub type Tally = Vec<Vec<Exact>>;

/// A tally of nothing.
pub fn no_tally(state: &State) -> Tally {
    let zeros = |line: &LineState| vec![Exact::zero(); line.pieces.len()];
    state.lines.iter().map(zeros).collect()
}

/// Adds units to a tally.
pub fn add_to(tally: &mut Tally, slots: &[Slot]) {
    for slot in slots {
        tally[slot.line][slot.piece] += &slot.quantity;
    }
}

/// One tally or the other: "one unit may serve several requirements".
pub fn join(tally: &mut Tally, other: &Tally) {
    for (line, quantities) in other.iter().enumerate() {
        for (piece, quantity) in quantities.iter().enumerate() {
            if tally[line][piece] < *quantity {
                tally[line][piece] = quantity.clone();
            }
        }
    }
}

/// The units without those of the tally.
pub fn without(slots: &[Slot], tally: &Tally) -> Vec<Slot> {
    let less = |slot: &Slot| Slot {
        quantity: &slot.quantity - &tally[slot.line][slot.piece],
        ..slot.clone()
    };
    let rest = slots.iter().map(less);
    rest.filter(|slot| slot.quantity > Exact::zero()).collect()
}
