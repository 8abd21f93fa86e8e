//! The program. All of it is in the library, because what a program instantiates itself is compiled a second time.

use std::process::ExitCode;

use promotion_engine::commands;

/// An evaluation makes many small, short-lived values. An allocator for such values saves a tenth of its time, and more
/// where the C library's allocator is slow (docs/PERFORMANCE.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    commands::run_command()
}
