//! `weft sdl`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

/// Prints the schema of the graph.
pub fn run() -> anyhow::Result<ExitCode> {
    // A reader that closes early, such as `head`, is no error.
    let _ = stdout().write_all(resolvers::sdl().as_bytes());
    Ok(ExitCode::SUCCESS)
}
