//! Texts that no longer borrow from the body that they were read from.

use std::borrow::Cow;

type Texts<'a> = Vec<Cow<'a, str>>;
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A text of its own.
pub(super) fn text(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Texts of their own.
pub(super) fn texts(texts: Texts<'_>) -> Texts<'static> {
    texts.into_iter().map(text).collect()
}

/// Keys and values of their own.
pub(super) fn pairs(pairs: Pairs<'_>) -> Pairs<'static> {
    let owned = |(key, value)| (text(key), text(value));
    pairs.into_iter().map(owned).collect()
}
