//! The project's own commands.
//!
//! Owns nothing of the product: it trains the understanding of a pack from the corpus, keeps its figures from falling,
//! and runs the tests.

mod correct;
mod corpus;
mod deny;
mod deploy;
mod gate;
mod printed;
mod test;
mod train;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains `understanding.model` of a pack from `corpus/train` and prints the figures on writers left out.
    Train(train::Options),
    /// Takes labelled corrections into the training corpus.
    Correct(correct::Options),
    /// Fails when the figures of `corpus/test` fell, or when train and test share a message.
    Gate(gate::Options),
    /// Fails when a crate that we build on is not as `deny.toml` wants it.
    Deny(deny::Options),
    /// Checks what is in `deploy/` as far as this machine can, and says what it could not.
    DeployCheck,
    /// Installs what the tests need (as root on Debian), runs all tests, then `deny`, `deploy-check` and the gate.
    Test(test::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Train(options) => train::run(&options),
        Command::Correct(options) => correct::run(&options),
        Command::Gate(options) => gate::run(&options),
        Command::Deny(options) => deny::run(&options),
        Command::DeployCheck => deploy::check(),
        Command::Test(options) => test::run(&options),
    }
}
