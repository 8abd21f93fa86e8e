//! A set of lines of one cart, as bits.

use crate::domain::cart::MAX_LINES;

const WORDS: usize = MAX_LINES.div_ceil(64);

/// A set of lines of one cart. A cart has at most [`MAX_LINES`] lines, so the set is a value of fixed size. Combining
/// two sets takes a handful of instructions and never allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct LineSet([u64; WORDS]);

impl LineSet {
    /// The first `count` lines: all lines of a cart with so many.
    pub(crate) fn first(count: usize) -> Self {
        (0..count).collect()
    }

    /// Adds a line. A line beyond the bound of a cart is ignored.
    pub(crate) fn insert(&mut self, line: usize) {
        if let Some(word) = self.0.get_mut(line / 64) {
            *word |= 1 << (line % 64);
        }
    }

    pub(crate) fn contains(&self, line: usize) -> bool {
        self.0.get(line / 64).is_some_and(|word| word & (1 << (line % 64)) != 0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn len(&self) -> usize {
        // Most carts fill one word. Empty words are skipped, since counting bits takes several instructions on the
        // baseline processor.
        let filled = self.0.iter().filter(|word| **word != 0);
        let bits: u32 = filled.map(|word| word.count_ones()).sum();
        usize::try_from(bits).unwrap_or(MAX_LINES)
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    pub(crate) fn without(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    pub(crate) fn is_disjoint(&self, other: &Self) -> bool {
        self.intersection(other).is_empty()
    }

    fn zip(&self, other: &Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = self.0;
        for (word, other) in words.iter_mut().zip(&other.0) {
            *word = combine(*word, *other);
        }
        Self(words)
    }

    /// Iterates over its lines in cart order.
    pub(crate) fn iter(&self) -> Lines {
        Lines { words: self.0, index: 0, left: self.len() }
    }
}

/// Iterates over the lines of a set. Its length is known, so that collections of lines are allocated once.
#[derive(Clone)]
pub(crate) struct Lines {
    /// The lines that are still to come.
    words: [u64; WORDS],
    /// Words before this one are empty.
    index: usize,
    left: usize,
}

impl Iterator for Lines {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while let Some(word) = self.words.get_mut(self.index) {
            if *word != 0 {
                let bit = usize::try_from(word.trailing_zeros()).ok()?;
                *word &= *word - 1;
                self.left = self.left.saturating_sub(1);
                return Some(self.index * 64 + bit);
            }
            if self.left == 0 {
                return None;
            }
            self.index += 1;
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Lines {}

impl FromIterator<usize> for LineSet {
    fn from_iter<I: IntoIterator<Item = usize>>(lines: I) -> Self {
        let mut set = Self::default();
        lines.into_iter().for_each(|line| set.insert(line));
        set
    }
}
