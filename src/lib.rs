//! Decides, for any shopping cart, which promotions apply and what every line then costs.

pub mod api;
pub mod app;
pub mod cache;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod descriptors;
pub mod document;
pub mod domain;
pub mod engine;
pub mod export;
pub mod jobs;
pub mod metrics;
pub mod probe;
pub mod reconcile;
pub mod service;
pub mod telemetry;
pub mod tls;
pub mod wire;
