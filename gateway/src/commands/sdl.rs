//! `weft sdl`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
};

use clap::Args;

/// What `weft sdl` was told.
#[derive(Debug, Args)]
pub struct SdlArgs {
    /// With the directives of federation, for composition into a supergraph.
    #[arg(long)]
    federation: bool,
}

/// Prints the schema of the graph.
pub fn run(args: &SdlArgs) -> anyhow::Result<ExitCode> {
    let sdl = if args.federation { resolvers::sdl::federation() } else { resolvers::sdl::public() };
    // A reader that closes early, such as `head`, is no error.
    let _ = stdout().write_all(sdl.as_bytes());
    Ok(ExitCode::SUCCESS)
}
