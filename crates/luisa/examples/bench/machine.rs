//! What the figures were measured on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Commits that are timed to say how fast this disk is.
const SYNCS: u32 = 200;

/// Where the benchmark keeps its files: on the disk of the project, not in a memory file system.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let folder = target()?.join("bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

/// The folder in which this program was built: `target/release`.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe().context("this program has no path")?;
    let built = me.parent().and_then(Path::parent).context("this program is not in target/release/examples")?;
    Ok(built.to_path_buf())
}

/// Builds the binary that is measured: an example does not build it, and an old one would be measured without a word.
pub(crate) fn build_luisa() -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--package", "luisa", "--bin", "luisa"])
        .status()
        .context("cargo cannot be started")?;
    anyhow::ensure!(built.success(), "luisa was not built: cargo says why above");
    Ok(())
}

/// Processor, memory, disk, versions: one line each.
pub(crate) fn describe() -> anyhow::Result<String> {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let commit = said("git", &["describe", "--always", "--dirty"]);
    let compiler = said("rustc", &["--version"]);
    let sync = sync_time()?;
    Ok(format!(
        "{cores} cores, {cpu}, {memory} of memory, Linux {}\none durable write of 4 KiB: {:.2} ms\nluisa {} ({commit}), {compiler}, {}",
        kernel.trim(),
        sync.as_secs_f64() * 1e3,
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) { "UNOPTIMISED: run it with --release" } else { "release" },
    ))
}

/// How busy the machine is, this program apart at its start: above 0.5 the figures say more of the others' work.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// A value of a `name : value` file of `/proc`.
pub(crate) fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

// The median of appending a page and waiting until it is on the disk.
fn sync_time() -> anyhow::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder()?).context("no file can be made for the disk's figure")?;
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let started = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}
