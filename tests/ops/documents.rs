//! The documents against the program that they describe.

use clap::CommandFactory;
use promotion_engine::config::Cli;

use crate::watched::file;

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
            let readme = file("README.md");
            let mut rows = readme.lines().filter(|line| line.starts_with("| `"));
            assert!(rows.any(|row| row.contains(&name)), "{variable} is not in README.md");
        }
    }
    assert!(settings > 10);
}
