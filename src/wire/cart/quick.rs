//! The quick way of reading a cart: no tree, in one pass over the bytes, and only for plain bodies.
//!
//! It gives up at the first thing that is faulty or merely unusual (an escape in a text, a time to evaluate as if at);
//! then the body is read again by way of the tree, which knows every fault and its place. So it may refuse what it
//! likes, but what it accepts, it must read as the tree's reader does: a test compares the two.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::{MAX_GROSS, Pairs, Texts, gross};
use crate::domain::amount::{DecimalError, Money, Number, Quantity};
use crate::domain::cart::{
    Cart, Explain, Line, MAX_LINE_ENTRIES, MAX_LINES, MAX_PRESENTED, Request, Shipping, Tender,
};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, MAX_ENTRIES, Membership};
use crate::domain::names::Named;
use crate::wire::decode::{MAX_AMOUNT, MAX_QUANTITY};

/// Most bytes of a text: no text of so many bytes has more characters than it may have.
const MAX_TEXT: usize = 255;
/// Most characters of a number.
const MAX_DIGITS: usize = 40;
/// About so many bytes a line has: room is made for as many.
const LINE_BYTES: usize = 200;
/// So many ids are compared each with each; more are sorted.
const FEW: usize = 32;

/// The request in a plain body without faults.
pub(super) fn read(body: &[u8]) -> Option<Request<'_>> {
    let mut scanner = Scanner { text: std::str::from_utf8(body).ok()?, at: 0 };
    let request = scanner.request()?;
    scanner.skip_blanks();
    (scanner.at == body.len()).then_some(request)
}

/// A field of an object: whether it was there, and its value if that was not null.
struct Field<T> {
    seen: bool,
    value: Option<T>,
}

impl<T> Field<T> {
    const fn new() -> Self {
        Self { seen: false, value: None }
    }
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn request(&mut self) -> Option<Request<'t>> {
        let (mut cart, mut customer, mut store) = (Field::new(), Field::new(), Field::new());
        let (mut channel, mut explain) = (Field::new(), Field::new());
        self.object(|own, key| match key {
            "cart" => own.field(&mut cart, Self::cart),
            "customer" => own.field(&mut customer, Self::customer),
            "store" => own.field(&mut store, Self::name),
            "channel" => own.field(&mut channel, Self::name),
            "explain" => own.field(&mut explain, Self::explain),
            _ => None,
        })?;
        Some(Request {
            cart: cart.value?,
            customer: customer.value,
            store: store.value,
            channel: channel.value,
            at: None,
            explain: explain.value.unwrap_or_default(),
        })
    }

    fn explain(&mut self) -> Option<Explain> {
        let name = self.string()?;
        let mut all = Explain::ALL.iter();
        all.find(|explain| explain.name() == name).copied()
    }

    fn cart(&mut self) -> Option<Cart<'t>> {
        let (mut currency, mut lines, mut shipping) = (Field::new(), Field::new(), Field::new());
        let (mut tenders, mut vouchers, mut codes) = (Field::new(), Field::new(), Field::new());
        self.object(|own, key| match key {
            "currency" => own.field(&mut currency, |own| Currency::new(own.string()?)),
            "lines" => own.field(&mut lines, Self::lines),
            "shipping" => own.field(&mut shipping, Self::shipping),
            "tenders" => own.field(&mut tenders, |own| own.list(MAX_PRESENTED, Self::tender)),
            "gift_vouchers" => own.field(&mut vouchers, |own| own.list(MAX_PRESENTED, Self::name)),
            "codes" => own.field(&mut codes, |own| own.list(MAX_PRESENTED, Self::name)),
            _ => None,
        })?;
        Some(Cart {
            currency: currency.value,
            lines: lines.value?,
            shipping: shipping.value,
            tenders: tenders.value.unwrap_or_default(),
            gift_vouchers: vouchers.value.unwrap_or_default(),
            codes: codes.value.unwrap_or_default(),
        })
    }

    fn lines(&mut self) -> Option<Vec<Line<'t>>> {
        let left = self.text.len().saturating_sub(self.at);
        let mut lines = Vec::with_capacity((left / LINE_BYTES + 1).min(MAX_LINES));
        self.entries(MAX_LINES, |own| {
            lines.push(own.line()?);
            Some(())
        })?;
        let fine = !lines.is_empty() && gross(&lines) <= MAX_GROSS && ids_are_unique(&lines);
        fine.then_some(lines)
    }

    fn line(&mut self) -> Option<Line<'t>> {
        let (mut id, mut sku, mut product) = (Field::new(), Field::new(), Field::new());
        let (mut quantity, mut unit_price, mut mrp) = (Field::new(), Field::new(), Field::new());
        let (mut tax, mut charges, mut title) = (Field::new(), Field::new(), Field::new());
        let (mut product_group, mut brand, mut supplier) =
            (Field::new(), Field::new(), Field::new());
        let (mut categories, mut tags) = (Field::new(), Field::new());
        let (mut weight, mut stock) = (Field::new(), Field::new());
        let (mut attributes, mut variant) = (Field::new(), Field::new());
        self.object(|own, key| match key {
            "id" => own.field(&mut id, Self::name),
            "sku" => own.field(&mut sku, Self::name),
            "quantity" => own.field(&mut quantity, Self::quantity),
            "unit_price" => own.field(&mut unit_price, Self::amount),
            "mrp" => own.field(&mut mrp, Self::amount),
            "tax" => own.field(&mut tax, Self::amount),
            "charges" => own.field(&mut charges, Self::amount),
            "product" => own.field(&mut product, Self::words),
            "title" => own.field(&mut title, Self::words),
            "product_group" => own.field(&mut product_group, Self::words),
            "categories" => own.field(&mut categories, Self::line_texts),
            "brand" => own.field(&mut brand, Self::words),
            "tags" => own.field(&mut tags, Self::line_texts),
            "supplier" => own.field(&mut supplier, Self::words),
            "weight" => own.field(&mut weight, |own| own.number(0)),
            "stock" => own.field(&mut stock, |own| own.number(-MAX_AMOUNT)),
            "attributes" => own.field(&mut attributes, |own| own.pairs(MAX_LINE_ENTRIES)),
            "variant" => own.field(&mut variant, |own| own.pairs(MAX_LINE_ENTRIES)),
            _ => None,
        })?;
        Some(Line {
            id: id.value?,
            sku: sku.value?,
            quantity: quantity.value?,
            unit_price: unit_price.value?,
            mrp: mrp.value,
            tax: tax.value.unwrap_or(Money::ZERO),
            charges: charges.value.unwrap_or(Money::ZERO),
            product: product.value,
            title: title.value,
            product_group: product_group.value,
            categories: categories.value.unwrap_or_default(),
            brand: brand.value,
            tags: tags.value.unwrap_or_default(),
            supplier: supplier.value,
            weight: weight.value,
            stock: stock.value,
            attributes: attributes.value.unwrap_or_default(),
            variant: variant.value.unwrap_or_default(),
        })
    }

    fn shipping(&mut self) -> Option<Shipping<'t>> {
        let (mut method, mut amount) = (Field::new(), Field::new());
        self.object(|own, key| match key {
            "method" => own.field(&mut method, Self::words),
            "amount" => own.field(&mut amount, Self::amount),
            _ => None,
        })?;
        Some(Shipping { method: method.value, amount: amount.value.unwrap_or(Money::ZERO) })
    }

    fn tender(&mut self) -> Option<Tender<'t>> {
        let (mut mode, mut amount) = (Field::new(), Field::new());
        self.object(|own, key| match key {
            "mode" => own.field(&mut mode, Self::name),
            "amount" => own.field(&mut amount, Self::amount),
            _ => None,
        })?;
        Some(Tender { mode: mode.value?, amount: amount.value })
    }

    fn customer(&mut self) -> Option<Customer<'t>> {
        let (mut id, mut loyalty) = (Field::new(), Field::new());
        let (mut groups, mut attributes) = (Field::new(), Field::new());
        self.object(|own, key| match key {
            "id" => own.field(&mut id, Self::name),
            "loyalty" => own.field(&mut loyalty, |own| own.list(MAX_ENTRIES, Self::membership)),
            "groups" => own.field(&mut groups, |own| own.list(MAX_ENTRIES, Self::name)),
            "attributes" => own.field(&mut attributes, |own| own.pairs(MAX_ENTRIES)),
            _ => None,
        })?;
        Some(Customer {
            id: id.value,
            loyalty: loyalty.value.unwrap_or_default(),
            groups: groups.value.unwrap_or_default(),
            attributes: attributes.value.unwrap_or_default(),
        })
    }

    fn membership(&mut self) -> Option<Membership<'t>> {
        let (mut program, mut tier) = (Field::new(), Field::new());
        let mut supplementary = Field::new();
        self.object(|own, key| match key {
            "program" => own.field(&mut program, Self::name),
            "tier" => own.field(&mut tier, Self::words),
            "supplementary" => {
                own.field(&mut supplementary, |own| own.list(MAX_ENTRIES, Self::name))
            }
            _ => None,
        })?;
        Some(Membership {
            program: program.value?,
            tier: tier.value,
            supplementary: supplementary.value.unwrap_or_default(),
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
        self.decimal(Money::parse, Money::ZERO..=Money::whole(MAX_AMOUNT))
    }

    fn quantity(&mut self) -> Option<Quantity> {
        let range = Quantity::from_scaled(1)..=Quantity::whole(MAX_QUANTITY);
        self.decimal(Quantity::parse, range)
    }

    fn number(&mut self, least: i32) -> Option<Number> {
        let range = Number::whole(least)..=Number::whole(MAX_AMOUNT);
        self.decimal(Number::parse, range)
    }

    fn decimal<T: PartialOrd>(
        &mut self,
        parse: fn(&str) -> Result<T, DecimalError>,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        self.skip_blanks();
        let digits = match self.peek()? {
            b'"' => self.string()?,
            _ => self.digits()?,
        };
        let value = parse(digits).ok()?;
        range.contains(&value).then_some(value)
    }

    /// The digits of a JSON number. Parsing refuses what is none; what an exponent begins with ends them, and is no
    /// comma.
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
        #[expect(clippy::indexing_slicing, reason = "the table has a place for every byte")]
        let length = rest.bytes().position(|byte| ENDS_TEXT[usize::from(byte)])?;
        let ends_well = rest.as_bytes().get(length) == Some(&b'"') && length <= MAX_TEXT;
        self.at += length + 1;
        if ends_well { rest.get(..length) } else { None }
    }

    /// A field that may be there once; `null` is as good as its absence.
    fn field<T>(
        &mut self,
        field: &mut Field<T>,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<()> {
        if std::mem::replace(&mut field.seen, true) {
            return None;
        }
        self.skip_blanks();
        if self.peek()? == b'n' {
            let is_null = self.text.get(self.at..)?.starts_with("null");
            self.at += "null".len();
            return is_null.then_some(());
        }
        field.value = Some(read(self)?);
        Some(())
    }

    fn object(&mut self, mut member: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        self.pass(b'{')?;
        self.skip_blanks();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.pass(b':')?;
            member(self, key)?;
            if self.ends(b'}')? {
                return Some(());
            }
        }
    }

    fn list<T>(
        &mut self,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::new();
        self.entries(most, |own| {
            values.push(read(own)?);
            Some(())
        })?;
        Some(values)
    }

    fn entries(
        &mut self,
        most: usize,
        mut entry: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        self.pass(b'[')?;
        self.skip_blanks();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        for _ in 0..most {
            entry(self)?;
            if self.ends(b']')? {
                return Some(());
            }
        }
        None
    }

    /// Whether this list or object ends here; otherwise there is a comma, and it goes on.
    fn ends(&mut self, end: u8) -> Option<bool> {
        self.skip_blanks();
        let found = self.peek()?;
        self.at += 1;
        (found == end || found == b',').then_some(found == end)
    }

    fn pass(&mut self, byte: u8) -> Option<()> {
        self.skip_blanks();
        let found = self.peek()?;
        self.at += 1;
        (found == byte).then_some(())
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

/// The bytes that end a text, or are unusual in one: the quote; the escape; control characters, of which those beyond
/// ASCII begin with 0xC2, as some others do.
#[expect(clippy::indexing_slicing, reason = "a constant is computed when it is compiled")]
const ENDS_TEXT: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends[0x7f] = true;
    ends[0xc2] = true;
    ends
};

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
