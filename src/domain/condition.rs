//! What must hold for a promotion to apply: groups and leaves (spec 5.3).

use super::amount::{Money, Number};
use super::selector::{Comparison, Match, NumberOperator, Selector};

/// Most leaves that one promotion's conditions may have (spec 5.3).
pub const MAX_LEAVES: usize = 10;
/// Deepest nesting of groups (spec 5.3).
pub const MAX_GROUP_DEPTH: usize = 5;

/// A node of the tree of conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Group(Group),
    Leaf(Leaf),
}

/// A group is true if all, or any, of its children evaluate to `is`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub matching: Match,
    /// What the children must evaluate to.
    pub is: bool,
    pub of: Vec<Condition>,
}

impl Condition {
    /// All leaves, in the order in which they stand.
    pub fn leaves(&self) -> Vec<&Leaf> {
        fn walk<'c>(condition: &'c Condition, leaves: &mut Vec<&'c Leaf>) {
            match condition {
                Condition::Leaf(leaf) => leaves.push(leaf),
                Condition::Group(group) => group.of.iter().for_each(|child| walk(child, leaves)),
            }
        }
        let mut leaves = Vec::new();
        walk(self, &mut leaves);
        leaves
    }

    /// The node that a path of child indexes leads to.
    pub fn at(&self, path: &[usize]) -> Option<&Self> {
        path.iter().try_fold(self, |node, child| match node {
            Self::Group(group) => group.of.get(*child),
            Self::Leaf(_) => None,
        })
    }
}

/// A test of the cart or the customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A measure of the whole cart.
    Cart {
        measure: CartMeasure,
        /// What it must be.
        compare: Comparison,
    },
    /// A measure of the selected lines.
    Lines {
        measure: LineMeasure,
        of: Selector,
        /// What it must be.
        compare: Comparison,
    },
    /// Whether the cart has a selected line.
    Item {
        of: Selector,
        /// `true`: it must have one; `false`: it must have none.
        found: bool,
    },
    /// How the cart is paid. False without tenders.
    PaymentMode { test: ModeTest },
    /// One of these gift vouchers is on the cart.
    GiftVoucher {
        /// Voucher codes. They are compared without regard to the case of ASCII letters.
        values: Vec<String>,
    },
    /// A text of the request or the customer's groups.
    Member {
        /// The text that is tested.
        subject: MemberSubject,
        /// `not_in` instead of `in`.
        negated: bool,
        values: Vec<String>,
    },
    /// An attribute of the customer. False if the customer lacks it.
    CustomerAttribute {
        key: String,
        /// What it must be.
        test: AttributeTest,
    },
}

impl Leaf {
    /// Whether this is a *line condition*, which can be a requirement (spec 5.4): one that looks at selected lines.
    /// `item` with `found: false` is not one.
    pub const fn is_line_condition(&self) -> bool {
        match self {
            Self::Lines { .. } | Self::Item { found: true, .. } => true,
            Self::Cart { .. }
            | Self::Item { found: false, .. }
            | Self::PaymentMode { .. }
            | Self::GiftVoucher { .. }
            | Self::Member { .. }
            | Self::CustomerAttribute { .. } => false,
        }
    }

    /// The selector of a leaf that has one.
    pub const fn selector(&self) -> Option<&Selector> {
        match self {
            Self::Lines { of, .. } | Self::Item { of, .. } => Some(of),
            Self::Cart { .. }
            | Self::PaymentMode { .. }
            | Self::GiftVoucher { .. }
            | Self::Member { .. }
            | Self::CustomerAttribute { .. } => None,
        }
    }
}

/// Measures of the whole cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartMeasure {
    Amount,
    /// Σ gross less item-level discounts for a cart-level promotion; for an item-level one the same as `Amount`.
    Subtotal,
    /// Σ mrp × quantity. A line without mrp counts with its unit price.
    Mrp,
    Quantity,
    /// Σ weight × quantity.
    Weight,
    /// The number of distinct SKUs.
    ItemCount,
}

impl CartMeasure {
    /// Whether it is an amount of money, and printed as one.
    pub const fn is_amount(self) -> bool {
        match self {
            Self::Amount | Self::Subtotal | Self::Mrp => true,
            Self::Quantity | Self::Weight | Self::ItemCount => false,
        }
    }
}

/// Measures of selected lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineMeasure {
    Amount,
    Quantity,
    /// Lines are distinct by product, or by SKU where they have no product.
    DistinctProducts,
    DistinctVariants,
}

impl LineMeasure {
    /// Whether it is an amount of money, and printed as one.
    pub const fn is_amount(self) -> bool {
        match self {
            Self::Amount => true,
            Self::Quantity | Self::DistinctProducts | Self::DistinctVariants => false,
        }
    }
}

/// Which tenders count (spec 5.3 `payment_mode`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModeTest {
    /// The mode of a tender is one of these. With an amount, the matching tenders together must reach it.
    In(Vec<String>, Option<Money>),
    /// The mode of a tender begins with one of these. An amount works as in `In`.
    StartsWith(Vec<String>, Option<Money>),
    /// There are tenders, and none has one of these modes.
    NotIn(Vec<String>),
}

/// The texts that `in` and `not_in` test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberSubject {
    ShippingMethod,
    Channel,
    CustomerGroup,
}

/// What a customer's attribute must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeTest {
    Text(super::selector::TextTest),
    /// Compared as a number (`gt`, `gte`, `lt`, `lte`). False if the attribute is not a number.
    Number(Order, Number),
}

/// The operators that read an attribute as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Order {
    /// The operator on numbers with the same meaning.
    pub const fn operator(self) -> NumberOperator {
        match self {
            Self::Gt => NumberOperator::Gt,
            Self::Gte => NumberOperator::Gte,
            Self::Lt => NumberOperator::Lt,
            Self::Lte => NumberOperator::Lte,
        }
    }
}
