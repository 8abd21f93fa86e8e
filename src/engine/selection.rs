//! Selectors, compiled: predicates on a line (spec 5.3).
//!
//! The facts of a cart's lines are sorted, so an `in` or `eq` predicate is a look into a short sorted list and compares
//! no text.

mod number;

use crate::domain::selector::{
    Match, NumberField, NumberTest, Predicate, Selector, TextField, TextTest,
};

use super::fact::Fact;
use super::facts::{FactField, FactTable};
use super::line_set::LineSet;
use super::patterns::Place;
use super::view::CartView;
use super::work::Work;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selection {
    matching: Match,
    include: Box<[LineTest]>,
    exclude: Box<[LineTest]>,
}

#[derive(Clone, Debug, PartialEq)]
enum LineTest {
    /// The line has one of these facts.
    Has(Box<[Fact]>),
    /// The line has the field, and none of these facts.
    HasNone(TextField, Box<[Fact]>),
    /// One of these texts was found in a text of the line.
    Finds(Box<[Fact]>),
    Number(NumberField, NumberTest),
}

impl Selection {
    pub(crate) fn compile(selector: &Selector, facts: &mut FactTable) -> Self {
        let mut compile = |predicates: &[Predicate]| -> Vec<LineTest> {
            predicates.iter().map(|predicate| LineTest::compile(predicate, facts)).collect()
        };
        let include = compile(&selector.include);
        Self {
            matching: selector.matching,
            include: match selector.matching {
                Match::All => include.into(),
                Match::Any => any_of(include),
            },
            exclude: any_of(compile(&selector.exclude)),
        }
    }

    /// The lines that are selected.
    pub(crate) fn select(&self, view: &CartView<'_>, work: &Work<'_>) -> LineSet {
        let select = |test: &LineTest, lines: &LineSet| {
            if work.charge(test.steps(view)) {
                test.select(view, lines)
            } else {
                LineSet::default()
            }
        };
        let include = self.include.iter();
        let included = match self.matching {
            _ if self.include.is_empty() => view.all,
            Match::All => include.fold(view.all, |lines, test| select(test, &lines)),
            Match::Any => include
                .fold(LineSet::default(), |lines, test| lines.union(&select(test, &view.all))),
        };
        let exclude = self.exclude.iter();
        exclude.fold(included, |lines, test| lines.without(&select(test, &lines)))
    }

    /// How many texts it looks for on lines.
    pub(crate) fn sought_texts(&self) -> usize {
        let tests = self.include.iter().chain(&self.exclude);
        tests
            .map(|test| match test {
                LineTest::Finds(facts) => facts.len(),
                LineTest::Has(_) | LineTest::HasNone(..) | LineTest::Number(..) => 0,
            })
            .sum()
    }

    /// Facts of which every selected line has at least one; `None` if no such facts are known.
    pub(crate) fn necessary_facts(&self) -> Option<Vec<Fact>> {
        let keys = |test: &LineTest| match test {
            LineTest::Has(facts) | LineTest::Finds(facts) => Some(facts.to_vec()),
            LineTest::HasNone(..) | LineTest::Number(..) => None,
        };
        match self.matching {
            Match::All => self.include.iter().filter_map(keys).min_by_key(Vec::len),
            Match::Any if self.include.is_empty() => None,
            Match::Any => {
                self.include.iter().map(keys).collect::<Option<Vec<_>>>().map(|keys| keys.concat())
            }
        }
    }
}

/// Tests of which one has to hold. Tests that look for facts are joined into one.
fn any_of(tests: Vec<LineTest>) -> Box<[LineTest]> {
    let (mut has, mut finds, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for test in tests {
        match test {
            LineTest::Has(facts) => has.extend(facts),
            LineTest::Finds(facts) => finds.extend(facts),
            LineTest::HasNone(..) | LineTest::Number(..) => others.push(test),
        }
    }
    let with_facts =
        [(has, LineTest::Has as fn(Box<[Fact]>) -> LineTest), (finds, LineTest::Finds)];
    let with_facts = with_facts.into_iter().filter(|(facts, _)| !facts.is_empty());
    let with_facts = with_facts.map(|(facts, test)| test(sorted(facts)));
    with_facts.chain(others).collect()
}

fn sorted(mut facts: Vec<Fact>) -> Box<[Fact]> {
    facts.sort_unstable();
    facts.dedup();
    facts.into()
}

/// The steps that it takes to look up a fact among many.
const STEPS_A_LOOK: usize = 2;

/// How many texts are looked up in one step.
const TEXTS_A_STEP: usize = 2;

impl LineTest {
    /// The steps that the test takes on a cart.
    fn steps(&self, view: &CartView<'_>) -> usize {
        let own = match self {
            Self::Has(wanted) | Self::HasNone(_, wanted) => {
                view.reading.looks_for_facts(wanted.len()) * STEPS_A_LOOK
            }
            Self::Finds(wanted) => wanted.len() / TEXTS_A_STEP,
            Self::Number(..) => view.lines.len(),
        };
        own + 1
    }

    fn compile(predicate: &Predicate, facts: &mut FactTable) -> Self {
        match predicate {
            Predicate::InList { list } => Self::Has([facts.intern(FactField::List, list)].into()),
            Predicate::Number { field, test } => Self::Number(*field, *test),
            Predicate::Text { field, test } => {
                let mut intern = |texts: &[String]| -> Box<[Fact]> {
                    let own = texts.iter();
                    let own = own.map(|text| facts.intern(FactField::Line(field.clone()), text));
                    sorted(own.collect())
                };
                match test {
                    TextTest::Eq(text) => Self::Has(intern(std::slice::from_ref(text))),
                    TextTest::In(texts) => Self::Has(intern(texts)),
                    TextTest::Ne(text) => {
                        Self::HasNone(field.clone(), intern(std::slice::from_ref(text)))
                    }
                    TextTest::NotIn(texts) => Self::HasNone(field.clone(), intern(texts)),
                    TextTest::Contains(text) => {
                        Self::Finds([facts.intern_pattern(field, Place::Anywhere, text)].into())
                    }
                    TextTest::StartsWith(text) => {
                        Self::Finds([facts.intern_pattern(field, Place::AtTheStart, text)].into())
                    }
                }
            }
        }
    }

    /// The lines of `among` for which the test holds.
    fn select(&self, view: &CartView<'_>, among: &LineSet) -> LineSet {
        match self {
            Self::Has(wanted) => view.reading.with_facts(wanted).intersection(among),
            Self::HasNone(field, unwanted) => {
                let there = view.with_field(field).intersection(among);
                there.without(&view.reading.with_facts(unwanted))
            }
            Self::Finds(wanted) => view.reading.with_found(wanted).intersection(among),
            Self::Number(field, test) => {
                let holds = |line: &usize| number::holds(view.line(*line), *field, *test);
                among.iter().filter(holds).collect()
            }
        }
    }
}
