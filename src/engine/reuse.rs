//! Vectors that one evaluation fills again and again, so that their memory is allocated once.

use std::cell::Cell;

/// Keeps an empty vector with its memory while it is not in use.
pub(crate) struct Reused<T>(Cell<Vec<T>>);

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self(Cell::default())
    }
}

impl<T> Reused<T> {
    /// Takes the vector. Until it is given back, other calls get a new one.
    pub(crate) fn take(&self) -> Vec<T> {
        self.0.take()
    }

    /// Returns a vector, so that the next call of `take` can fill it.
    pub(crate) fn give_back(&self, mut vector: Vec<T>) {
        vector.clear();
        self.0.set(vector);
    }
}
