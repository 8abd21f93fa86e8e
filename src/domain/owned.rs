//! Copies borrowed texts, so that they can outlive the body that they were read from.

use std::borrow::Cow;

type Texts<'a> = Vec<Cow<'a, str>>;
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// An owned text.
pub(super) fn text(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Owned texts.
pub(super) fn texts(texts: Texts<'_>) -> Texts<'static> {
    texts.into_iter().map(text).collect()
}

/// Owned keys and values.
pub(super) fn pairs(pairs: Pairs<'_>) -> Pairs<'static> {
    let owned = |(key, value)| (text(key), text(value));
    pairs.into_iter().map(owned).collect()
}
