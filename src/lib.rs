//! Decides, for any shopping cart, which promotions apply and what every line then costs.

pub mod db;
pub mod domain;
pub mod engine;
pub mod wire;
