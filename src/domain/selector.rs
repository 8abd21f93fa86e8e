//! Selectors: which lines of a cart are meant (spec 5.3).

use super::amount::Number;

/// Whether all or any of several tests must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    All,
    Any,
}

/// Most predicates of one selector, `include` and `exclude` together (spec 14).
pub const MAX_PREDICATES: usize = 50;
/// Most values of one predicate or text condition (spec 14).
pub const MAX_VALUES: usize = 10_000;

/// A line is selected if `include` is empty or holds, and no predicate of `exclude` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Whether all or any of `include` must hold.
    pub matching: Match,
    pub include: Vec<Predicate>,
    pub exclude: Vec<Predicate>,
}

impl Selector {
    pub const EVERY_LINE: Self =
        Self { matching: Match::All, include: Vec::new(), exclude: Vec::new() };

    /// All predicates, those of `include` first.
    pub fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        self.include.iter().chain(&self.exclude)
    }

    /// The product lists that the predicates name.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.predicates().filter_map(|predicate| match predicate {
            Predicate::InList { list } => Some(list.as_str()),
            Predicate::Text { .. } | Predicate::Number { .. } => None,
        })
    }
}

/// One test of a line. If the line lacks the field, the test is false for every operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// A text, or a list of texts.
    Text {
        /// The field that is tested.
        field: TextField,
        /// What it must be.
        test: TextTest,
    },
    /// The line's SKU is in a named product list.
    InList { list: String },
    Number {
        /// The field that is tested.
        field: NumberField,
        /// What it must be.
        test: NumberTest,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextField {
    Sku,
    Product,
    Title,
    Brand,
    Supplier,
    ProductGroup,
    /// One of the line's categories.
    Category,
    /// One of the line's tags.
    Tag,
    /// The attribute with this key.
    Attribute(String),
    /// The variant value with this key.
    Variant(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberField {
    UnitPrice,
    Mrp,
    Quantity,
    /// `weight` of one unit
    Weight,
    Stock,
    /// mrp − unit price
    PriceDiscount,
    /// 100 × (mrp − unit price) / mrp
    PriceDiscountPercent,
}

/// What a text must be. Texts are compared exactly, case included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest {
    Eq(String),
    /// Any other text. In a list, every text must differ.
    Ne(String),
    In(Vec<String>),
    /// None of these. In a list, no text may be one of these.
    NotIn(Vec<String>),
    /// The text contains this.
    Contains(String),
    StartsWith(String),
}

/// What a number must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberTest {
    /// Compared with one value.
    Compare(Comparison),
    /// Between two values, both included.
    Between(Number, Number),
}

/// A comparison with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub op: NumberOperator,
    pub value: Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberOperator {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
}

impl NumberOperator {
    /// Whether `actual` compared with the value as `ordering` satisfies this.
    pub const fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Gt => ordering.is_gt(),
            Self::Gte => ordering.is_ge(),
            Self::Lt => ordering.is_lt(),
            Self::Lte => ordering.is_le(),
        }
    }
}
