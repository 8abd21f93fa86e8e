//! The documents against the program that they describe.

use clap::CommandFactory;
use promotion_engine::config::Cli;
use promotion_engine::domain::evaluation::ReasonCode;
use promotion_engine::domain::names::Named;

use crate::dashboard::file;

#[test]
fn every_setting_is_listed() {
    let command = Cli::command();
    let mut settings = 0;
    for command in command.get_subcommands() {
        for argument in command.get_arguments() {
            let Some(variable) = argument.get_env().and_then(|own| own.to_str()) else {
                continue;
            };
            settings += 1;
            let name = format!("`{variable}`");
            let manual = file("docs/OPERATING.md");
            let mut rows = manual.lines().filter(|line| line.starts_with("| `"));
            assert!(rows.any(|row| row.contains(&name)), "{variable} is not in docs/OPERATING.md");
        }
    }
    assert!(settings > 10);
}

#[test]
fn every_reason_is_explained() {
    let concepts = file("docs/CONCEPTS.md");
    for reason in ReasonCode::ALL {
        let name = format!("`{}`", reason.name());
        assert!(concepts.contains(&name), "{name} is not in docs/CONCEPTS.md");
    }
}
