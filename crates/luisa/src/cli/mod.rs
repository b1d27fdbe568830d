//! The commands: their list, what they share, and what each leaves to the others.
//!
//! Results go to standard output, logs to standard error. A command answers with a verdict or an error; the exit code
//! follows in `main`.

pub mod serve;
pub mod init_db;
pub mod chat;
pub mod eval;
pub mod snapshot;
pub mod go_no_go;
pub mod backup;
pub mod catalog;
pub mod console;
pub mod replay;
pub mod health;
pub mod privacy;
pub mod stuck;
pub mod traces;
pub mod handoffs;
pub mod chats;
pub mod facts;
pub mod closed;
pub mod pack;
mod database;
mod supervisor;
pub mod costs;
pub mod simulate;
mod ledger;
pub mod queries;
mod report;
mod since;
mod paint;

use std::io;

use anyhow::Context;
use clap::{CommandFactory as _, Parser, Subcommand};
use tracing::{Level, warn};

use crate::settings::{Log, SettingFault, Settings};
use crate::telemetry;

/// `EX_TEMPFAIL`: the service manager starts again.
const NOT_NOW: u8 = 75;

const NOTES: &str = "\
Settings come from the environment and from .env in the working directory; .env.example explains each.
Results go to standard output, logs to standard error.
Exit codes: 0 done, 1 the answer is no, 2 wrong use or settings, 75 not now: trying again later may do.";

/// LUISA answers a store's customers on WhatsApp, sells with them, and calls a person when one is needed.
#[derive(Debug, Parser)]
#[command(name = "luisa", version, after_help = NOTES, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve everything in one process; what `luisa` does without a command.
    Serve,
    /// Create or migrate the database; safe to repeat.
    InitDb,
    /// Talk to LUISA in the terminal, with the decision shown.
    Chat(chat::Chat),
    /// Score the understanding on labelled messages (JSONL).
    Eval(eval::Eval),
    /// Look after a LUISA in service.
    Ops {
        #[command(subcommand)]
        command: Ops,
    },
    /// What the traces tell.
    Traces {
        #[command(subcommand)]
        command: traces::Traces,
    },
    /// Questions that LUISA could not answer, and their answers.
    Queries(queries::Queries),
    /// What the model cost, and what the rules saved.
    Costs(costs::Costs),
    /// Let made-up customers write to a LUISA, and count who was answered and when.
    Simulate(simulate::Simulate),
    /// Check a running LUISA: go or no-go.
    GoNoGo(go_no_go::GoNoGo),
    /// Copy the database, verified, also while it is served; or put a copy back.
    Backup(backup::Backup),
    /// Decide stored messages again by today's rules, and show what would change. Changes nothing.
    Replay(replay::Replay),
    /// The products as a file of a spreadsheet program, in and out.
    Catalog {
        #[command(subcommand)]
        command: catalog::Catalog,
    },
    /// Who waits for a person, and the end of it.
    Handoffs {
        #[command(subcommand)]
        command: handoffs::Handoffs,
    },
    /// One chat, found by phone or id.
    Chats {
        #[command(subcommand)]
        command: chats::Chats,
    },
    /// What LUISA states of the store: hours, address, payment.
    Facts {
        #[command(subcommand)]
        command: facts::Facts,
    },
    /// The store's days off.
    Closed(closed::Closed),
    /// The store as files.
    Pack {
        #[command(subcommand)]
        command: pack::Pack,
    },
    /// Who may use the console: one-time links, users, sessions.
    Console {
        #[command(subcommand)]
        command: console::Console,
    },
    /// Print the completions of a shell: `luisa completions bash > /etc/bash_completion.d/luisa`.
    Completions { shell: clap_complete::Shell },
    /// Say whether the LUISA of these settings is ready: exit code 0 or 1.
    Health,
    /// What has not left and does not leave by itself: see it, send it again, drop it.
    Stuck {
        #[command(subcommand)]
        command: stuck::Stuck,
    },
    /// Give one person their data, or erase it.
    Privacy {
        #[command(subcommand)]
        command: privacy::Privacy,
    },
}

#[derive(Debug, Subcommand)]
enum Ops {
    /// The last 60 minutes in figures, from the configured database.
    Snapshot(snapshot::Snapshot),
}

impl Command {
    // A tool's news is its result: the events of a served LUISA would only stand in between.
    fn log(&self, log: Log) -> Log {
        let level =
            if matches!(self, Self::Serve) || log.level > Level::INFO { log.level } else { log.level.min(Level::WARN) };
        Log { level, ..log }
    }
}

/// How a command ended that was not stopped by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// The command asks something, and the answer is no.
    No,
}

/// Settings that cannot be used: every fault, one per line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\nluisa: "))]
struct WrongSettings(Vec<SettingFault>);

/// Runs a command to its end.
///
/// # Errors
/// What stood in the way, in one sentence that says what to do.
pub fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let command = cli.command.unwrap_or(Command::Serve);
    if let Command::Completions { shell } = &command {
        clap_complete::generate(*shell, &mut Cli::command(), "luisa", &mut io::stdout());
        return Ok(Verdict::Done);
    }
    let settings = Settings::from_env().map_err(WrongSettings)?;
    telemetry::start(&command.log(settings.server.log));
    for note in &settings.notes {
        warn!("{note}");
    }
    let result = match command {
        Command::Serve => threads()?.block_on(serve::run(settings)).map(|()| Verdict::Done),
        Command::InitDb => one_thread()?.block_on(init_db::run(&settings)),
        Command::Chat(chat) => chat.run(settings),
        Command::Eval(eval) => eval.run(&settings),
        Command::Replay(replay) => one_thread()?.block_on(replay.run(&settings)),
        Command::Catalog { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Handoffs { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Chats { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Facts { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Closed(closed) => one_thread()?.block_on(closed.run(&settings)),
        Command::Pack { command } => command.run(&settings),
        Command::Completions { .. } => Ok(Verdict::Done),
        Command::Console { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Stuck { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Privacy { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Traces { command } => one_thread()?.block_on(command.run(&settings)),
        Command::Costs(costs) => one_thread()?.block_on(costs.run(&settings)),
        Command::Simulate(simulate) => threads()?.block_on(simulate.run(&settings)),
        Command::Queries(queries) => one_thread()?.block_on(queries.run(&settings)),
        Command::Health => health::run(&settings),
        Command::Backup(backup) => backup.run(&settings),
        Command::GoNoGo(check) => one_thread()?.block_on(check.run(&settings)),
        Command::Ops { command: Ops::Snapshot(snapshot) } => one_thread()?.block_on(snapshot.run(&settings)),
    };
    // Whoever reads us may stop when they have seen enough (`luisa … | head`).
    match result {
        Err(error) if broken_pipe(&error) => Ok(Verdict::Done),
        other => other,
    }
}

/// What the exit code says of an error.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if serve::time_cures(error) { NOT_NOW } else { 2 }
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// What somebody else wrote, without the signs that a terminal obeys.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

fn threads() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("the operating system refused threads")
}

fn one_thread() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().context("the operating system refused an event loop")
}
