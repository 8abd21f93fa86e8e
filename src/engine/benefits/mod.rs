//! What promotions give on a basket, with one file for each kind of target.
//!
//! A proposal changes nothing. It says which units it discounts, how much each line gets, and what else it claims. A
//! strategy can compare proposals before it carries one out.

mod amounts;
mod cart;
mod chosen;
mod free_product;
mod groups;
mod items;
mod leftovers;
mod part;
mod plan;
mod propose;
mod reach;
mod shipping;

pub(crate) use leftovers::{Leftover, units_to_apply};
pub(crate) use plan::target_lines;
pub(crate) use propose::{alone, conditions_hold, discountable, lone_discount, propose};
pub(crate) use reach::{ItemReach, LineReach, cart_reach, is_whole, item_reach};
