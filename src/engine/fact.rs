//! Facts: texts as small numbers, so that no text is compared twice.

use std::borrow::Cow;

use crate::domain::cart::Line;
use crate::domain::selector::TextField;

/// A text of one field that rules name. Equal numbers mean equal field and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fact(u32);

impl Fact {
    pub(crate) fn numbered(number: u32) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }

    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Whether a test holds for one of the texts that the line has in a field.
pub(crate) fn any_text<'l>(
    line: &'l Line<'_>,
    field: &TextField,
    mut test: impl FnMut(&'l str) -> bool,
) -> bool {
    let mut keyed = |entries: &'l [(Cow<'_, str>, Cow<'_, str>)], key: &str| {
        let own = entries.iter().filter(|(own, _)| own == key);
        own.map(|(_, text)| &**text).any(&mut test)
    };
    match field {
        TextField::Sku => test(&line.sku),
        TextField::Product => line.product.as_deref().is_some_and(test),
        TextField::Title => line.title.as_deref().is_some_and(test),
        TextField::Brand => line.brand.as_deref().is_some_and(test),
        TextField::Supplier => line.supplier.as_deref().is_some_and(test),
        TextField::ProductGroup => line.product_group.as_deref().is_some_and(test),
        TextField::Category => line.categories.iter().any(|text| test(text)),
        TextField::Tag => line.tags.iter().any(|text| test(text)),
        TextField::Attribute(key) => keyed(&line.attributes, key),
        TextField::Variant(key) => keyed(&line.variant, key),
    }
}
