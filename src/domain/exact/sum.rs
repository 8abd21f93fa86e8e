//! Sums of many amounts.

use super::{COMMON, Exact};

impl<'a> std::iter::Sum<&'a Exact> for Exact {
    fn sum<I: Iterator<Item = &'a Exact>>(values: I) -> Self {
        let mut values = values;
        // While all values have the common denominator, only numerators are added.
        let mut common = 0_i128;
        for value in values.by_ref() {
            let sum = match value.small() {
                Some((num, COMMON)) => common.checked_add(num),
                Some(_) | None => None,
            };
            match sum {
                Some(sum) => common = sum,
                None => {
                    let rest: Vec<&Exact> = std::iter::once(value).chain(values).collect();
                    return Exact::from_common(common).plus(&in_pairs(&rest));
                }
            }
        }
        Exact::from_common(common)
    }
}

/// Adds half to half. Fractions with unrelated denominators make a long one, and so only the last additions are of long
/// ones.
fn in_pairs(values: &[&Exact]) -> Exact {
    match values {
        [] => Exact::ZERO,
        [only] => (*only).clone(),
        _ => {
            let (first, second) = values.split_at(values.len() / 2);
            in_pairs(first).plus(&in_pairs(second))
        }
    }
}
