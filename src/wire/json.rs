//! Strict JSON as a small tree that borrows from the body.
//!
//! Numbers stay texts (spec 1). Members keep their order and their duplicates, which the readers of
//! [`decode`](super::decode) report. `jiter` finds the tokens. Bytes that are not UTF-8, and nesting beyond
//! [`MAX_DEPTH`], are refused here.

use std::borrow::Cow;

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use super::faults::{Fault, FaultCode, push_key};

/// Deepest nesting of lists and objects (spec 14).
pub const MAX_DEPTH: usize = 24;

pub type Member<'a> = (Cow<'a, str>, Json<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'a> {
    Null,
    Bool(bool),
    /// A number, as its digits.
    Number(&'a str),
    /// A text. It has memory of its own only if it contains escapes.
    String(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    /// An object: its members in order, including duplicates.
    Object(Vec<Member<'a>>),
}

/// Why a body could not become a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// The body is not JSON (400 `not_json`). The text says where and why.
    NotJson(String),
    /// The body is JSON, but exceeds a bound of spec 14 (422).
    Fault(Fault),
}

impl<'a> Json<'a> {
    pub fn parse(body: &'a [u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(body)
            .map_err(|error| JsonError::NotJson(format!("not UTF-8: {error}")))?;
        let mut reader =
            Reader { text, tokens: Jiter::new(body), values: Vec::new(), members: Vec::new() };
        reader.document().map_err(|stop| match stop {
            Stop::Token(error) => JsonError::NotJson(error.description(&reader.tokens)),
            Stop::Bound { pointer, message } => JsonError::Fault(Fault {
                pointer,
                code: FaultCode::OutOfRange,
                message: message.into(),
            }),
        })
    }

    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Self]> {
        match self {
            Self::Array(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The type of the value, for messages.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

enum Stop {
    Token(JiterError),
    /// The pointer grows at its front while the reader leaves the enclosing levels.
    Bound {
        pointer: String,
        message: &'static str,
    },
}

impl Stop {
    fn below(self, key: &str) -> Self {
        match self {
            Self::Token(_) => self,
            Self::Bound { pointer, message } => {
                let mut longer = String::new();
                push_key(&mut longer, key);
                longer.push_str(&pointer);
                Self::Bound { pointer: longer, message }
            }
        }
    }
}

impl From<JiterError> for Stop {
    fn from(error: JiterError) -> Self {
        match error.error_type {
            // The number is valid JSON, but has thousands of digits and exceeds every bound.
            JiterErrorType::JsonError(JsonErrorType::NumberOutOfRange) => {
                Self::Bound { pointer: String::new(), message: "too many digits" }
            }
            JiterErrorType::JsonError(_) | JiterErrorType::WrongType { .. } => Self::Token(error),
        }
    }
}

/// Entries and members wait on two stacks until their list or object ends. So each list is allocated once.
struct Reader<'a> {
    text: &'a str,
    tokens: Jiter<'a>,
    values: Vec<Json<'a>>,
    members: Vec<Member<'a>>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Json<'a>, Stop> {
        let first = self.tokens.peek()?;
        let value = self.value(first, 0)?;
        self.tokens.finish()?;
        Ok(value)
    }

    fn value(&mut self, peek: Peek, depth: usize) -> Result<Json<'a>, Stop> {
        match peek {
            Peek::String => {
                let decoded = self.tokens.known_str()?;
                Ok(Json::String(borrowed(self.text, decoded)))
            }
            Peek::Null => {
                self.tokens.known_null()?;
                Ok(Json::Null)
            }
            Peek::True | Peek::False => Ok(Json::Bool(self.tokens.known_bool(peek)?)),
            Peek::Array => self.array(deeper(depth)?),
            Peek::Object => self.object(deeper(depth)?),
            number => {
                let start = self.tokens.current_index();
                self.tokens.known_number_bytes(number)?;
                let digits = self.text.get(start..self.tokens.current_index());
                Ok(Json::Number(digits.unwrap_or_default()))
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, Stop> {
        let base = self.values.len();
        let mut next = self.tokens.known_array()?;
        while let Some(peek) = next {
            let index = self.values.len().saturating_sub(base);
            let value = self.value(peek, depth).map_err(|stop| stop.below(&index.to_string()))?;
            self.values.push(value);
            next = self.tokens.array_step()?;
        }
        Ok(Json::Array(self.values.drain(base..).collect()))
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, Stop> {
        let base = self.members.len();
        let mut next = self.tokens.known_object()?;
        while let Some(key) = next {
            let key = borrowed(self.text, key);
            let peek = self.tokens.peek()?;
            let value = match self.value(peek, depth) {
                Ok(value) => value,
                Err(stop) => return Err(stop.below(&key)),
            };
            self.members.push((key, value));
            next = self.tokens.next_key()?;
        }
        Ok(Json::Object(self.members.drain(base..).collect()))
    }
}

fn deeper(depth: usize) -> Result<usize, Stop> {
    if depth >= MAX_DEPTH {
        return Err(Stop::Bound { pointer: String::new(), message: "nested more than 24 deep" });
    }
    Ok(depth + 1)
}

/// Borrows a text without escapes from the body, where it lives as long as the body. The tokenizer lends it only until
/// the next token, so it is found again by its address.
fn borrowed<'a>(text: &'a str, decoded: &str) -> Cow<'a, str> {
    let place = decoded.as_ptr().addr().checked_sub(text.as_ptr().addr());
    let within = place.and_then(|start| text.get(start..start.checked_add(decoded.len())?));
    match within {
        Some(slice) if slice.as_ptr().addr() == decoded.as_ptr().addr() => Cow::Borrowed(slice),
        Some(_) | None => Cow::Owned(decoded.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).expect(text)
    }

    #[test]
    fn a_tree_borrows_its_texts_and_keeps_digits_order_and_duplicates() {
        let Json::Object(members) = read(r#" {"a": 1.50, "b": ["x", "\u00e9\n", ""], "a": null} "#)
        else {
            panic!("an object");
        };
        assert_eq!(members[0], ("a".into(), Json::Number("1.50")));
        assert_eq!(members[2], ("a".into(), Json::Null));
        let Json::Array(texts) = &members[1].1 else {
            panic!("a list");
        };
        assert!(matches!(&texts[0], Json::String(Cow::Borrowed("x"))));
        assert!(matches!(&texts[1], Json::String(Cow::Owned(text)) if text == "é\n"));
        assert_eq!(texts[2], Json::String("".into()));
    }

    #[test]
    fn what_is_not_strict_json_is_refused() {
        let short = [
            "", " ", "{", "[1,]", "{a:1}", "'a'", "NaN", "Infinity", "[NaN]", "01", "-", "1.",
            ".5", "+1", "1e", "0x1", "nul", "truer", "1 2", "{} {}", "\"\\x\"", "\"a\nb\"", "\"a",
            "[1 2]", "// c\n1",
        ];
        let long = [
            "{\"a\":1,}",
            "-Infinity",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\u{feff}{}",
            "{\"a\" 1}",
        ];
        for text in short.into_iter().chain(long) {
            assert!(matches!(Json::parse(text.as_bytes()), Err(JsonError::NotJson(_))), "{text}");
        }
        assert!(Json::parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn depth_is_bounded_and_says_where() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        let text = format!("{{\"a\":[0,{}]}}", nested(MAX_DEPTH - 1));
        let Err(JsonError::Fault(fault)) = Json::parse(text.as_bytes()) else {
            panic!("a fault");
        };
        assert_eq!(fault.pointer, "/a/1".to_owned() + &"/0".repeat(MAX_DEPTH - 2));
        assert!(Json::parse(nested(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_number_of_thousands_of_digits_is_out_of_range() {
        let text = format!("{{\"a\": {}}}", "9".repeat(5_000));
        let Err(JsonError::Fault(fault)) = Json::parse(text.as_bytes()) else {
            panic!("a fault");
        };
        assert_eq!((fault.pointer.as_str(), fault.code), ("/a", FaultCode::OutOfRange));
    }

    proptest! {
        #[test]
        fn no_input_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Json::parse(&body);
        }

        /// Texts of the characters that JSON uses are accepted if and only if another strict reader accepts them.
        #[test]
        fn accepts_what_another_strict_reader_accepts(
            text in "[\\[\\]{},:\"\\\\ 0-9.eE+a\\-]{0,12}|\\[(-?[0-9]{1,3}(\\.[0-9]{0,2})?,?){0,4}\\]|\"[\\\\u0-9d]{0,9}\""
        ) {
            let ours = Json::parse(text.as_bytes()).is_ok();
            let theirs = match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(_) => true,
                // That reader parses numbers into floats, and refuses numbers that are too large for one.
                Err(error) => error.to_string().starts_with("number out of range"),
            };
            prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
