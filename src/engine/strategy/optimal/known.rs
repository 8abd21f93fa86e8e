//! What is known of components, so that nothing is made or searched twice.

use std::cell::RefCell;
use std::rc::Rc;

use super::component::Component;
use super::search::{Found, Goal};

/// All components with the same weights, and what searches of them found.
pub(super) struct Known {
    pub(super) components: Vec<Component>,
    /// The number of a component, and the result of a search for which no promotion was required.
    found: RefCell<Vec<(usize, Goal, Rc<Found>)>>,
}

impl Known {
    pub(super) fn new(components: Vec<Component>) -> Self {
        Self { components, found: RefCell::default() }
    }

    pub(super) fn found(&self, component: usize, goal: Goal) -> Option<Rc<Found>> {
        let found = self.found.borrow();
        let own = found.iter().find(|(own, asked, _)| (*own, *asked) == (component, goal));
        own.map(|(_, _, found)| Rc::clone(found))
    }

    pub(super) fn keep(&self, component: usize, goal: Goal, found: &Rc<Found>) {
        self.found.borrow_mut().push((component, goal, Rc::clone(found)));
    }
}
