//! The heap memory of values.

use smallvec::{Array, SmallVec};

/// The bytes that a vector has allocated, without those that its entries have allocated.
pub(crate) fn spilled<A: Array>(own: &SmallVec<A>) -> usize {
    if own.spilled() { own.capacity() * size_of::<A::Item>() } else { 0 }
}
