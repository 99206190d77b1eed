//! `weft config check`.

use std::process::ExitCode;

use crate::config::{Loaded, redacted};

/// Prints the configuration in effect. That it loaded at all means that it is valid.
pub fn run(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    println!("{}", redacted(&loaded.config));
    let problems = loaded.config.validate_serving();
    if problems.is_empty() {
        println!("The configuration is valid.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("The configuration is valid, but `weft serve` would refuse it:");
    for problem in problems {
        println!("  {problem}");
    }
    Ok(ExitCode::from(1))
}
