//! Everything that must hold, with one command: what the tests need is installed, then they run, then the
//! crates that we build on and `deploy/` are checked, then the gate.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::{corpus, deny, deploy, gate};

/// A program that tests run, and the Debian package that has it.
const TOOLS: &[(&str, &str)] = &[
    ("sqlite3", "sqlite3"),
    ("jq", "jq"),
    ("curl", "curl"),
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// For `cargo test`, as `-p luisa-core` or a test's name. The crates, `deploy/` and the gate are checked only when nothing is left out.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CARGO TEST ARGUMENTS")]
    rest: Vec<String>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    install_missing()?;
    let root = corpus::root();
    run_cargo(&root, &["test", "--workspace"], &options.rest)?;
    if options.rest.is_empty() {
        deny::check(&root)?;
        deploy::check()?;
        // Not as a process: the tests have linked this program anew, and its old file is gone.
        gate::run(&gate::Options::default())?;
    }
    Ok(())
}

fn run_cargo(root: &Path, what: &[&str], rest: &[String]) -> anyhow::Result<()> {
    // The cargo that runs us, so that a pinned toolchain stays pinned.
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    finish(Command::new(cargo).args(what).args(rest).current_dir(root), &format!("cargo {}", what.join(" ")))
}

fn finish(command: &mut Command, name: &str) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("{name} cannot be started"))?;
    if !status.success() {
        bail!("{name} failed");
    }
    Ok(())
}

// Only as root on Debian and its kin; others are told what is missing.
fn install_missing() -> anyhow::Result<()> {
    let missing: Vec<&str> =
        TOOLS.iter().filter(|(program, _)| !runs(program, "--version")).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root() || !runs("apt-get", "--version") {
        eprintln!("The tests need {list}: install it, or the tests that use it fail.");
        return Ok(());
    }
    let apt = |arguments: &[&str]| {
        let name = format!("apt-get {}", arguments.join(" "));
        finish(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"), &name)
    };
    apt(&["update", "--quiet"])?;
    let mut install = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    install.extend(missing);
    apt(&install)
}

pub(crate) fn runs(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}
