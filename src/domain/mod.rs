//! What things are: the values that every other layer speaks of. No I/O, clock, SQL or HTTP.

pub mod id;
