//! The commands of the service.

fn main() {}
