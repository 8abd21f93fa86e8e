//! `no_message` and `placeholder`: texts for the shopper.

use crate::domain::finding::{Concern, Finding};

/// The words in braces that suggestions replace.
const PLACEHOLDERS: [&str; 2] = ["shortfall", "gain"];
const OF_SUGGESTIONS: &str = "/suggestion_message";

/// It suggests itself, and has nothing to say.
pub(super) fn no_message(suggest: bool, of_suggestions: &str) -> Option<Finding> {
    let pointer = OF_SUGGESTIONS.to_owned();
    (suggest && of_suggestions.is_empty())
        .then_some(Finding { pointer, concern: Concern::NoMessage })
}

/// Words in braces that are not replaced there: one finding for each text.
pub(super) fn placeholders(message: &str, of_suggestions: &str) -> Vec<Finding> {
    let is_known = |word: &&str| PLACEHOLDERS.contains(word);
    let in_message = in_braces(message).find(is_known).map(|word| Finding {
        pointer: "/message".to_owned(),
        concern: Concern::PlaceholderOfSuggestions(word.to_owned()),
    });
    let unknown = in_braces(of_suggestions).find(|word| !is_known(word));
    let unknown = unknown.map(|word| Finding {
        pointer: OF_SUGGESTIONS.to_owned(),
        concern: Concern::UnknownPlaceholder(word.to_owned()),
    });
    in_message.into_iter().chain(unknown).collect()
}

/// The texts in braces, if there is something in them.
fn in_braces(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('}').filter_map(|part| Some(part.rsplit_once('{')?.1));
    let complete = text.matches('}').count();
    parts.take(complete).filter(|word| !word.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_suggests_has_something_to_say() {
        let table = [
            (true, "", true),
            (true, "Add one more", false),
            (true, " ", false),
            (false, "", false),
        ];
        for (suggest, text, is_found) in table {
            assert_eq!(no_message(suggest, text).is_some(), is_found, "{suggest} {text:?}");
        }
    }

    #[test]
    fn suggestions_replace_two_words_only() {
        let table = [
            ("Add {shortfal} more", Some("shortfal")),
            ("Add {Shortfall} more", Some("Shortfall")),
            ("{gain}, {shortfall} and {name}", Some("name")),
            ("Add {shortfall} more and save {gain}", None),
            ("{} and { }", None),
            ("{shortfall", None),
            ("shortfal}", None),
        ];
        for (text, word) in table {
            let concern = word.map(|word| Concern::UnknownPlaceholder(word.to_owned()));
            let found = placeholders("", text).pop().map(|finding| finding.concern);
            assert_eq!(found, concern, "{text}");
        }
    }
}
