//! Redeeming a cart: it is priced, added to every counter and recorded, in one atomic step (spec 9).
//!
//! Redemptions that arrive together are committed together. `submit` accepts an order, and `queue` gathers orders by
//! tenant and lane. `batch` commits a group of them in one transaction. `keys` checks whether an order was redeemed
//! before. `decide` prices each order, in the order of arrival, on locked counters.

mod batch;
mod decide;
mod keys;
mod order;
mod queue;
mod submit;

pub use order::Redeemed;
pub use queue::Queues;
