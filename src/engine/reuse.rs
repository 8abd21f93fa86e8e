//! Vectors that one evaluation fills again and again, so that their memory is asked for once.

use std::cell::Cell;

/// An empty vector that keeps its memory while nobody has it.
pub(crate) struct Reused<T>(Cell<Vec<T>>);

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self(Cell::default())
    }
}

impl<T> Reused<T> {
    /// Hands the vector out. Whoever asks meanwhile gets a new one.
    pub(crate) fn take(&self) -> Vec<T> {
        self.0.take()
    }

    /// Takes a vector back, for the next one to fill.
    pub(crate) fn give_back(&self, mut vector: Vec<T>) {
        vector.clear();
        self.0.set(vector);
    }
}
