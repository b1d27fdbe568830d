//! The program: parses the command line, runs one command, and says how it ended.

use std::process::ExitCode;

use clap::Parser;
use luisa::cli::{self, Cli, Verdict};

fn main() -> ExitCode {
    // Whatever is written holds customers' words or secrets: it is for this user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    match cli::run(Cli::parse()) {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::No) => ExitCode::from(1),
        Err(error) => {
            eprintln!("luisa: {error:#}");
            ExitCode::from(cli::exit_code(&error))
        }
    }
}
