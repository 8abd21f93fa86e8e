//! The quick reader of carts. It builds no tree, makes one pass over the bytes, and reads only plain bodies.
//!
//! The quick reader gives up at the first thing that is faulty or merely unusual (an escape in a text, the field `at`).
//! Then the body is read again through the tree, whose reader knows every fault and its place. So the quick reader may
//! give up on anything. But what it accepts, it must read as the tree's reader does: a test compares the two.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::domain::amount::{Money, Number, Quantity, Scaled};
use crate::domain::cart::{
    Cart, Explain, Line, MAX_GROSS, MAX_LINE_ENTRIES, MAX_LINES, MAX_PRESENTED, Request, Shipping,
    Tender, gross,
};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, MAX_ENTRIES, Membership};
use crate::domain::names::Named;
use crate::wire::bounds::{MAX_AMOUNT, MAX_QUANTITY};

/// Most bytes of a text. A text of this many bytes never has more characters than a text may have.
const MAX_TEXT: usize = 255;
/// Most characters of a number.
const MAX_DIGITS: usize = 40;
/// Typical bytes of a line, which determine how much room is reserved.
const LINE_BYTES: usize = 200;
/// Up to this many ids are compared pairwise; more are sorted.
const FEW: usize = 32;

type Texts<'t> = Vec<Cow<'t, str>>;
type Pairs<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// The request in a plain body without faults.
pub fn read(body: &[u8]) -> Option<Request<'_>> {
    let mut scanner = Scanner { text: std::str::from_utf8(body).ok()?, at: 0 };
    let request = scanner.request()?;
    scanner.skip_blanks();
    (scanner.at == body.len()).then_some(request)
}

/// How a field is taken. Its value is `None` if the field is absent or null.
fn needed<T>(value: Option<T>) -> Option<T> {
    value
}

fn optional<T>(value: Option<T>) -> Option<Option<T>> {
    Some(value)
}

fn or_empty<T: Default>(value: Option<T>) -> Option<T> {
    Some(value.unwrap_or_default())
}

/// Reads an object into a struct with the same fields. Each field names how it is taken, and how its value is read.
macro_rules! fields {
    ($scanner:ident, $type:ident { $($field:ident: $take:ident $read:expr,)+ $(; $($rest:tt)+)? }) => {{
        $(let mut $field = None;)+
        $scanner.object(|own, key| match key {
            $(stringify!($field) => own.field(&mut $field, $read),)+
            _ => None,
        })?;
        Some($type { $($field: $take($field.flatten())?,)+ $($($rest)+)? })
    }};
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn request(&mut self) -> Option<Request<'t>> {
        fields!(self, Request {
            cart: needed Self::cart,
            customer: optional Self::customer,
            store: optional Self::name,
            channel: optional Self::name,
            explain: or_empty Self::explain,
            ; at: None
        })
    }

    fn explain(&mut self) -> Option<Explain> {
        Explain::named(self.string()?)
    }

    fn cart(&mut self) -> Option<Cart<'t>> {
        fields!(self, Cart {
            currency: optional |own| Currency::new(own.string()?),
            lines: needed Self::lines,
            shipping: optional Self::shipping,
            tenders: or_empty |own| own.list(MAX_PRESENTED, Self::tender),
            gift_vouchers: or_empty |own| own.list(MAX_PRESENTED, Self::name),
            codes: or_empty |own| own.list(MAX_PRESENTED, Self::name),
        })
    }

    fn lines(&mut self) -> Option<Vec<Line<'t>>> {
        let left = self.text.len().saturating_sub(self.at);
        let room = (left / LINE_BYTES + 1).min(MAX_LINES);
        let lines = self.list_into(Vec::with_capacity(room), MAX_LINES, Self::line)?;
        let fine = !lines.is_empty() && gross(&lines) <= MAX_GROSS && ids_are_unique(&lines);
        fine.then_some(lines)
    }

    fn line(&mut self) -> Option<Line<'t>> {
        fields!(self, Line {
            id: needed Self::name,
            sku: needed Self::name,
            quantity: needed Self::quantity,
            unit_price: needed Self::amount,
            mrp: optional Self::amount,
            tax: or_empty Self::amount,
            charges: or_empty Self::amount,
            product: optional Self::words,
            title: optional Self::words,
            product_group: optional Self::words,
            categories: or_empty Self::line_texts,
            brand: optional Self::words,
            tags: or_empty Self::line_texts,
            supplier: optional Self::words,
            weight: optional |own| own.number(0),
            stock: optional |own| own.number(-MAX_AMOUNT),
            floor_price: optional Self::amount,
            attributes: or_empty |own| own.pairs(MAX_LINE_ENTRIES),
            variant: or_empty |own| own.pairs(MAX_LINE_ENTRIES),
        })
    }

    fn shipping(&mut self) -> Option<Shipping<'t>> {
        fields!(self, Shipping { method: optional Self::words, amount: or_empty Self::amount, })
    }

    fn tender(&mut self) -> Option<Tender<'t>> {
        fields!(self, Tender { mode: needed Self::name, amount: optional Self::amount, })
    }

    fn customer(&mut self) -> Option<Customer<'t>> {
        fields!(self, Customer {
            id: optional Self::name,
            loyalty: or_empty |own| own.list(MAX_ENTRIES, Self::membership),
            groups: or_empty |own| own.list(MAX_ENTRIES, Self::name),
            attributes: or_empty |own| own.pairs(MAX_ENTRIES),
        })
    }

    fn membership(&mut self) -> Option<Membership<'t>> {
        fields!(self, Membership {
            program: needed Self::name,
            tier: optional Self::words,
            supplementary: or_empty |own| own.list(MAX_ENTRIES, Self::name),
        })
    }

    fn line_texts(&mut self) -> Option<Texts<'t>> {
        self.list(MAX_LINE_ENTRIES, Self::words)
    }

    fn pairs(&mut self, most: usize) -> Option<Pairs<'t>> {
        let mut pairs: Pairs<'t> = Vec::new();
        self.object(|own, key| {
            let is_new = pairs.iter().all(|(before, _)| before != key);
            if key.is_empty() || !is_new || pairs.len() >= most {
                return None;
            }
            pairs.push((Cow::Borrowed(key), own.words()?));
            Some(())
        })?;
        Some(pairs)
    }

    /// A text of 1 to 255 characters.
    fn name(&mut self) -> Option<Cow<'t, str>> {
        let text = self.string()?;
        (!text.is_empty()).then_some(Cow::Borrowed(text))
    }

    /// A text of 0 to 255 characters.
    fn words(&mut self) -> Option<Cow<'t, str>> {
        self.string().map(Cow::Borrowed)
    }

    fn amount(&mut self) -> Option<Money> {
        self.decimal(Money::ZERO..=Money::whole(MAX_AMOUNT))
    }

    fn quantity(&mut self) -> Option<Quantity> {
        self.decimal(Quantity::LEAST..=Quantity::whole(MAX_QUANTITY))
    }

    fn number(&mut self, least: i32) -> Option<Number> {
        self.decimal(Number::whole(least)..=Number::whole(MAX_AMOUNT))
    }

    fn decimal<T: Scaled>(&mut self, range: RangeInclusive<T>) -> Option<T> {
        self.skip_blanks();
        let digits = match self.peek()? {
            b'"' => self.string()?,
            _ => self.digits()?,
        };
        let value = T::parse(digits).ok()?;
        range.contains(&value).then_some(value)
    }

    /// The digits of a JSON number. Parsing refuses digits that are no number. An exponent ends the digits, and then no
    /// comma follows.
    fn digits(&mut self) -> Option<&'t str> {
        let rest = self.text.get(self.at..)?;
        let is_part = |byte: u8| byte.is_ascii_digit() || byte == b'.' || byte == b'-';
        let length = rest.bytes().position(|byte| !is_part(byte))?;
        if length > MAX_DIGITS {
            return None;
        }
        self.at += length;
        rest.get(..length)
    }

    /// A text without escapes and control characters, of at most [`MAX_TEXT`] bytes.
    fn string(&mut self) -> Option<&'t str> {
        self.pass(b'"')?;
        let rest = self.text.get(self.at..)?;
        let length = length_of_text(rest.as_bytes())?;
        let ends_well = rest.as_bytes().get(length) == Some(&b'"') && length <= MAX_TEXT;
        self.at += length + 1;
        if ends_well { rest.get(..length) } else { None }
    }

    /// Reads a field that may appear once. `null` counts as absent.
    fn field<T>(
        &mut self,
        field: &mut Option<Option<T>>,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<()> {
        if field.is_some() {
            return None;
        }
        self.skip_blanks();
        if self.peek()? == b'n' {
            let is_null = self.text.get(self.at..)?.starts_with("null");
            self.at += "null".len();
            *field = Some(None);
            return is_null.then_some(());
        }
        *field = Some(Some(read(self)?));
        Some(())
    }

    fn object(&mut self, mut member: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        self.entries(*b"{}", usize::MAX, |own| {
            let key = own.string()?;
            own.pass(b':')?;
            member(own, key)
        })
    }

    fn list<T>(&mut self, most: usize, read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.list_into(Vec::new(), most, read)
    }

    fn list_into<T>(
        &mut self,
        mut values: Vec<T>,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.entries(*b"[]", most, |own| {
            values.push(read(own)?);
            Some(())
        })?;
        Some(values)
    }

    /// Reads entries between these two bytes, separated by commas.
    fn entries(
        &mut self,
        [begin, end]: [u8; 2],
        most: usize,
        mut entry: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.pass(begin)?;
        self.skip_blanks();
        if self.peek()? == end {
            self.at += 1;
            return Some(());
        }
        for _ in 0..most {
            entry(self)?;
            match self.next()? {
                b',' => {}
                found => return (found == end).then_some(()),
            }
        }
        None
    }

    fn pass(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        self.skip_blanks();
        let found = self.peek()?;
        self.at += 1;
        Some(found)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// How many bytes precede the first one that ends a text or is unusual in one. Looks at eight bytes at a time.
fn length_of_text(bytes: &[u8]) -> Option<usize> {
    let (mut length, mut rest) = (0, bytes);
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let ends = ends_of_text(*word);
        if ends != 0 {
            return Some(length + usize::try_from(ends.trailing_zeros() / 8).ok()?);
        }
        (length, rest) = (length + 8, after);
    }
    let last = rest.iter().position(|byte| ends_of_text([*byte; 8]) != 0)?;
    Some(length + last)
}

/// Marks, by its highest bit, the first byte that is a quote, an escape or a control character. Control characters beyond
/// ASCII begin with 0xC2, as some others do. Bytes after the first one may be marked by mistake.
const fn ends_of_text(word: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHEST: u64 = ONES << 7;
    let word = u64::from_le_bytes(word);
    let quote = word ^ (ONES * b'"' as u64);
    let escape = word ^ (ONES * b'\\' as u64);
    let delete = word ^ (ONES * 0x7f);
    let beyond = word ^ (ONES * 0xc2);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let is_zero = (quote.wrapping_sub(ONES) & !quote)
        | (escape.wrapping_sub(ONES) & !escape)
        | (delete.wrapping_sub(ONES) & !delete)
        | (beyond.wrapping_sub(ONES) & !beyond);
    (is_zero | control) & HIGHEST
}

fn ids_are_unique(lines: &[Line<'_>]) -> bool {
    if lines.len() <= FEW {
        let mut before = lines.iter().enumerate();
        return before.all(|(place, line)| lines.iter().take(place).all(|b| b.id != line.id));
    }
    let mut ids: Vec<&str> = lines.iter().map(|line| &*line.id).collect();
    ids.sort_unstable();
    ids.is_sorted_by(|a, b| a < b)
}

#[cfg(test)]
mod tests;
