//! Converts JSON and CSV to domain values and back: for the HTTP API, the database's documents and the `evaluate`
//! command.
//!
//! In reading order: [`json`] (a body as a tree), [`faults`] (faults and their places), [`decode`] (the reader of the
//! tree), [`mod@bounds`] and [`duplicates`] (what it checks), [`mod@write`] (JSON output), [`body`] (tables that give a
//! reader, a printer and a schema), [`problem`] (the answer to faults). Then follows one module for each thing that is
//! read and printed, and [`mod@csv`] for spreadsheets.

pub mod activity;
pub mod audience;
pub mod benefit;
#[expect(clippy::indexing_slicing, reason = "schemas are made of constants, and tests make them")]
pub mod body;
pub mod bounds;
pub mod cart;
pub mod code;
pub mod code_lookup;
pub mod condition;
pub mod csv;
pub mod custom_field;
pub mod customer_promotion;
pub mod decode;
pub mod drafts;
pub mod duplicates;
pub mod evaluation;
pub mod event;
pub mod faults;
pub mod finding;
pub mod issuance;
pub mod issuing;
pub mod json;
pub mod limits;
pub mod milestone;
pub mod problem;
pub mod product_list;
pub mod promotion;
pub mod promotion_status;
pub mod rate;
pub mod redemption;
pub mod returns;
pub mod schedule;
pub mod selector;
pub mod settings;
pub mod store;
pub mod usage;
pub mod write;

#[cfg(test)]
mod tests;
