//! What a value takes in memory besides itself.

use smallvec::{Array, SmallVec};

/// The bytes that a vector has allocated, not counting what its entries have.
pub(crate) fn spilled<A: Array>(own: &SmallVec<A>) -> usize {
    if own.spilled() { own.capacity() * size_of::<A::Item>() } else { 0 }
}
