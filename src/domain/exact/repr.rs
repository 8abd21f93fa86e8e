//! The representation of an exact amount.

use std::num::NonZeroU64;

use num_rational::BigRational;

#[derive(Clone, Debug)]
pub(super) enum Repr {
    /// The fraction is not always in lowest terms.
    Small {
        num: Wide,
        den: NonZeroU64,
    },
    Big(Box<BigRational>),
}

/// An `i128` with the alignment of a machine word, so that types that contain it have no padding.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(8))]
pub(super) struct Wide(pub(super) i128);

impl Repr {
    #[inline]
    pub(super) const fn small(num: i128, den: NonZeroU64) -> Self {
        Self::Small { num: Wide(num), den }
    }

    pub(super) fn big(num: i128, den: i128) -> Self {
        Self::Big(Box::new(BigRational::new(num.into(), den.into())))
    }
}
