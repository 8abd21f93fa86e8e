//! Prints an evaluation as a receipt: what every line costs, how much each promotion took off it, which promotions
//! nearly applied, and why the others did not.

use std::fmt::Write;
use std::str::FromStr;

use chrono::DateTime;
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde_json::Value;

/// Characters of a row.
const WIDTH: usize = 80;
/// Characters of an amount.
const AMOUNT: usize = 10;
/// Amounts of a row: gross, item-level discounts, the line's share of cart-level discounts, and what is left to pay.
const COLUMNS: usize = 4;
/// Characters before the first amount.
const LABEL: usize = WIDTH - COLUMNS * AMOUNT;
/// Characters before a promotion's name.
const INDENT: usize = 4;
/// Characters of a promotion's name in a row that also shows its reason.
const NAME: usize = 48;

/// Prints the answer to a request, with the shop's name at its head and times in the shop's zone.
pub fn print(shop: &str, zone: Tz, request: &Value, result: &Value) -> String {
    let mut receipt = Receipt { text: String::with_capacity(4_096), result };
    receipt.head(shop, zone, request);
    for line in list(result, "lines") {
        receipt.line(line, request);
    }
    receipt.totals();
    receipt.free_items();
    receipt.near_misses();
    receipt.others();
    receipt.text
}

struct Receipt<'r> {
    text: String,
    result: &'r Value,
}

impl<'r> Receipt<'r> {
    fn head(&mut self, shop: &str, zone: Tz, request: &Value) {
        let time =
            DateTime::parse_from_rfc3339(text(self.result, "evaluated_at")).unwrap_or_default();
        let time = time.with_timezone(&zone).format("%-d %B %Y, %H:%M");
        let place = format!("store {} · {time}", text(request, "store"));
        self.rule('═');
        self.row(&format!(
            "{shop}{place:>width$}",
            width = WIDTH.saturating_sub(shop.chars().count())
        ));
        self.rule('═');
        self.columns("", ["gross", "off", "of cart", "to pay"]);
    }

    /// A line of the cart, and what each item-level promotion takes off it.
    fn line(&mut self, line: &Value, request: &Value) {
        let id = text(line, "id");
        let asked = list(&request["cart"], "lines").find(|asked| text(asked, "id") == id);
        let title = asked.map_or(text(line, "sku"), |asked| text(asked, "title"));
        let label = format!("{} × {title}", text(line, "quantity"));
        let mut own = Vec::new();
        let mut of_cart = Decimal::ZERO;
        for allocation in list(line, "allocations") {
            match self.applied(text(allocation, "promotion_id")) {
                Some(applied) if text(applied, "level") == "item" => {
                    own.push((text(applied, "name"), negative(text(allocation, "amount"))));
                }
                _ => of_cart += amount(text(allocation, "amount")),
            }
        }
        let of_cart = negative(&of_cart.to_string());
        self.columns(
            &label,
            [&grouped(text(line, "gross")), "", &of_cart, &grouped(text(line, "payable"))],
        );
        for (name, off) in own {
            self.part(name, &off, 2);
        }
    }

    fn totals(&mut self) {
        let totals = &self.result["totals"];
        let (gross, shipping) = (text(totals, "gross"), text(totals, "shipping"));
        let (off, of_cart) = (text(totals, "item_discount"), text(totals, "cart_discount"));
        let pays = (amount(gross) - amount(off) - amount(of_cart)).to_string();
        self.rule('─');
        self.columns(
            "All lines",
            [&grouped(gross), &negative(off), &negative(of_cart), &grouped(&pays)],
        );
        self.of_level("cart", 3);
        for (label, member) in [("Taxes", "tax"), ("Charges", "charges")] {
            if !amount(text(totals, member)).is_zero() {
                self.columns(label, ["", "", "", &grouped(text(totals, member))]);
            }
        }
        if !amount(shipping).is_zero() {
            let off = text(totals, "shipping_discount");
            let pays = (amount(shipping) - amount(off)).to_string();
            self.columns("Shipping", [&grouped(shipping), "", "", &grouped(&pays)]);
            self.of_level("shipping", 2);
        }
        self.rule('─');
        let saved = format!("To pay, after {} off", grouped(text(totals, "discount")));
        self.columns(&saved, ["", "", "", &format!("₹ {}", grouped(text(totals, "payable")))]);
        self.rule('═');
    }

    /// The promotions of a level, each with its whole discount, or the points that it awards.
    fn of_level(&mut self, level: &str, column: usize) {
        for applied in
            list(self.result, "applied").filter(|applied| text(applied, "level") == level)
        {
            let points = text(applied, "points");
            let given = if amount(points).is_zero() {
                negative(text(applied, "discount"))
            } else {
                format!("+{points} pts")
            };
            self.part(text(applied, "name"), &given, column);
        }
    }

    fn free_items(&mut self) {
        for item in list(self.result, "free_items") {
            let promotion = self.applied(text(item, "promotion_id"));
            let name = promotion.map_or("", |applied| text(applied, "name"));
            self.text.push_str("\nFree, to be added to the cart\n");
            self.row(&format!("  {} × {}", text(item, "quantity"), text(item, "sku")));
            self.row(&format!("    {name}"));
        }
    }

    fn near_misses(&mut self) {
        for (place, suggestion) in list(self.result, "suggestions").enumerate() {
            if place == 0 {
                self.text.push_str("\nNearly\n");
            }
            self.row(&format!("  {}", text(suggestion, "message")));
            self.row(&format!("    {}", text(suggestion, "name")));
        }
    }

    /// Promotions that did not apply and are not among the suggestions.
    fn others(&mut self) {
        let result = self.result;
        let is_near = |promotion: &Value| {
            let id = text(promotion, "promotion_id");
            list(result, "suggestions").any(|near| text(near, "promotion_id") == id)
        };
        let others = list(result, "not_applied").filter(|promotion| !is_near(promotion));
        for (place, promotion) in others.enumerate() {
            if place == 0 {
                self.text.push_str("\nNot on this cart\n");
            }
            let reason = text(promotion, "reason").replace('_', " ");
            self.row(&format!("  {:<NAME$}  {reason}", text(promotion, "name")));
        }
    }

    fn applied(&self, promotion: &str) -> Option<&'r Value> {
        list(self.result, "applied").find(|applied| text(applied, "promotion_id") == promotion)
    }

    fn columns(&mut self, label: &str, amounts: [&str; COLUMNS]) {
        let mut row = format!("{label:<LABEL$}");
        for amount in amounts {
            let _ = write!(row, "{amount:>AMOUNT$}");
        }
        self.row(&row);
    }

    /// A promotion, and what it takes off, aligned to the end of the column with this number.
    fn part(&mut self, name: &str, off: &str, column: usize) {
        let width = LABEL + column * AMOUNT - INDENT;
        let beside = width.saturating_sub(name.chars().count());
        self.row(&format!("{:INDENT$}{name}{off:>beside$}", ""));
    }

    fn rule(&mut self, character: char) {
        let rule: String = std::iter::repeat_n(character, WIDTH).collect();
        self.row(&rule);
    }

    fn row(&mut self, row: &str) {
        self.text.push_str(row.trim_end());
        self.text.push('\n');
    }
}

/// A member that is a list; a missing one is empty.
fn list<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value[member].as_array().into_iter().flatten()
}

/// A member that is a text; a missing one is empty.
fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_default()
}

fn amount(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap_or_default()
}

/// A discount with a minus sign; empty if it is zero.
fn negative(text: &str) -> String {
    if amount(text).is_zero() { String::new() } else { format!("-{}", grouped(text)) }
}

/// An amount with its digits in groups, as India writes them: 12,34,567.00.
fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::with_capacity(text.len() + 4);
    for (place, digit) in whole.char_indices() {
        let left = whole.len() - place;
        if place > 0 && left >= 3 && left % 2 == 1 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        let _ = write!(grouped, ".{fraction}");
    }
    grouped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_grouped_as_india_writes_them() {
        for (plain, written) in [
            ("0.00", "0.00"),
            ("999.50", "999.50"),
            ("1000", "1,000"),
            ("12345.00", "12,345.00"),
            ("123456.00", "1,23,456.00"),
            ("12345678.9", "1,23,45,678.9"),
        ] {
            assert_eq!(grouped(plain), written);
        }
    }

    #[test]
    fn a_line_shows_what_made_its_price() {
        let request = json!({"store": "S", "cart": {"lines": [{"id": "1", "title": "Tee"}]}});
        let applied = |id: &str, level: &str, discount: &str| {
            json!({"promotion_id": id, "name": format!("Promotion {id}"), "level": level,
                   "discount": discount, "points": "0"})
        };
        let result = json!({
            "evaluated_at": "2026-06-03T18:20:11.402Z",
            "lines": [{"id": "1", "sku": "T", "quantity": "2", "gross": "2000.00", "discount": "300.00",
                       "payable": "1700.00", "allocations": [
                {"promotion_id": "a", "amount": "200.00"}, {"promotion_id": "b", "amount": "100.00"}]}],
            "applied": [applied("a", "item", "200.00"), applied("b", "cart", "100.00")],
            "totals": {"gross": "2000.00", "item_discount": "200.00", "cart_discount": "100.00",
                       "shipping": "0.00", "shipping_discount": "0.00", "discount": "300.00",
                       "tax": "0.00", "charges": "0.00", "payable": "1700.00"},
            "suggestions": [{"promotion_id": "c", "name": "Promotion c", "message": "One more tee"}],
            "not_applied": [
                {"promotion_id": "c", "name": "Promotion c", "reason": "conditions_not_met"},
                {"promotion_id": "d", "name": "Promotion d", "reason": "outside_schedule"}],
        });
        let receipt = print("Shop", Tz::Asia__Kolkata, &request, &result);
        let rows: Vec<String> = receipt
            .lines()
            .map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        for row in [
            "Shop store S · 3 June 2026, 23:50",
            "2 × Tee 2,000.00 -100.00 1,700.00",
            "Promotion a -200.00",
            "All lines 2,000.00 -200.00 -100.00 1,700.00",
            "Promotion b -100.00",
            "To pay, after 300.00 off ₹ 1,700.00",
            "One more tee",
            "Promotion c",
            "Promotion d outside schedule",
        ] {
            assert!(rows.iter().any(|found| found == row), "{row} is not in\n{receipt}");
        }
        assert!(
            !receipt.contains("conditions not met"),
            "near misses are not said twice\n{receipt}"
        );
        assert!(receipt.lines().all(|row| row.chars().count() <= WIDTH), "{receipt}");
    }
}
