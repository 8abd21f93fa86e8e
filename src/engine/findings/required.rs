//! Which leaves every cart must meet, or must not meet, for conditions to hold.

use crate::domain::condition::{Condition, Group, Leaf};
use crate::domain::selector::Match;

/// A leaf that is decided wherever the conditions hold.
#[derive(Clone, Debug)]
pub(super) struct Required<'c> {
    pub(super) leaf: &'c Leaf,
    /// Whether it must be true; else it must be false.
    pub(super) holds: bool,
    pub(super) pointer: String,
}

/// The leaves that are decided wherever a condition holds, in their order. `pointer` leads to the condition.
pub(super) fn required<'c>(condition: Option<&'c Condition>, pointer: &str) -> Vec<Required<'c>> {
    let mut found = Vec::new();
    if let Some(condition) = condition {
        walk(condition, true, pointer, &mut found);
    }
    found
}

fn walk<'c>(condition: &'c Condition, holds: bool, pointer: &str, found: &mut Vec<Required<'c>>) {
    match condition {
        Condition::Leaf(leaf) => found.push(Required { leaf, holds, pointer: pointer.to_owned() }),
        Condition::Group(Group { matching, is, of }) => {
            // A group that must be true decides all children if it asks for all; one that must be false, if for any.
            let decides = match matching {
                Match::All => holds,
                Match::Any => !holds,
            };
            if decides || of.len() == 1 {
                for (index, child) in of.iter().enumerate() {
                    walk(child, *is == holds, &format!("{pointer}/of/{index}"), found);
                }
            }
        }
    }
}
