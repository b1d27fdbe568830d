//! What is in `deploy/`, checked as far as this machine can.
//!
//! Owns the checks. Each one says what it found, or why it was not run: a check that needs a program that is not here is not a success.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};

use crate::corpus;

/// `systemd-analyze security` from 0 (locked up) to 10; ours is 1.2.
const EXPOSURE_LIMIT: &str = "20";
/// The user of the final image.
const USER: &str = "65532:65532";
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How a check ended that did not fail.
enum Found {
    Good(&'static str),
    NotRun(&'static str),
}

type Check = fn(&Path) -> anyhow::Result<Found>;

const CHECKS: [(&str, Check); 6] = [
    ("Caddyfile", caddyfile),
    ("docker-compose.yml", compose),
    ("systemd units", units),
    ("alerts", alerts),
    ("Dockerfile", dockerfile),
    ("the binary as the image's user, with the image's files", as_in_the_image),
];

/// Runs every check; fails when one does.
pub(crate) fn check() -> anyhow::Result<()> {
    let root = corpus::root();
    let mut failed = 0;
    for (name, check) in CHECKS {
        match check(&root) {
            Ok(Found::Good(how)) => println!("deploy: {name}: good ({how})"),
            Ok(Found::NotRun(why)) => println!("deploy: {name}: NOT RUN, {why}"),
            Err(error) => {
                failed += 1;
                println!("deploy: {name}: WRONG: {error:#}");
            }
        }
    }
    ensure!(failed == 0, "{failed} of {} checks of deploy/ failed", CHECKS.len());
    Ok(())
}

fn caddyfile(root: &Path) -> anyhow::Result<Found> {
    if !is_there("caddy", "version") {
        return Ok(Found::NotRun("caddy is not installed"));
    }
    let file = root.join("deploy/Caddyfile");
    let validate = Command::new("caddy")
        .args(["validate", "--adapter", "caddyfile", "--config"])
        .arg(&file)
        .env("DOMAIN", "luisa.example.com")
        .env("LUISA_UPSTREAM", "luisa:8000")
        .output()?;
    good(&validate)?;
    // Prints the file as it should be laid out.
    let laid_out = Command::new("caddy").arg("fmt").arg(&file).output()?;
    ensure!(laid_out.stdout == std::fs::read(&file)?, "run `caddy fmt --overwrite deploy/Caddyfile`");
    Ok(Found::Good("caddy validate, caddy fmt"))
}

fn compose(root: &Path) -> anyhow::Result<Found> {
    let plugin = is_there("docker", "compose");
    if !plugin && !is_there("docker-compose", "version") {
        return Ok(Found::NotRun("neither docker compose nor docker-compose is installed"));
    }
    // A folder of its own: the settings of this machine are none of a check's business.
    let place = Place::new("compose")?;
    for (from, to) in [("docker-compose.yml", "docker-compose.yml"), ("luisa.env.example", ".env")] {
        std::fs::copy(root.join("deploy").join(from), place.0.join(to))?;
    }
    let mut command = if plugin { Command::new("docker") } else { Command::new("docker-compose") };
    command.args(plugin.then_some("compose")).args(["config", "--quiet"]).current_dir(&place.0).env_remove("DOMAIN");
    good(&command.output()?)?;
    Ok(Found::Good(if plugin { "docker compose config" } else { "docker-compose config" }))
}

fn units(root: &Path) -> anyhow::Result<Found> {
    if !is_there("systemd-analyze", "--version") {
        return Ok(Found::NotRun("systemd-analyze is not installed"));
    }
    // With a program that is there in place of ours.
    let place = Place::new("units")?;
    let mut files = Vec::new();
    for name in ["luisa.service", "luisa-backup.service", "luisa-backup.timer"] {
        let text = std::fs::read_to_string(root.join("deploy").join(name))?;
        let file = place.0.join(name);
        let there = text
            .replace("/usr/local/lib/luisa/luisa", "/bin/true")
            .replace("/usr/local/lib/luisa/backup.sh", "/bin/true");
        std::fs::write(&file, there)?;
        files.push(file);
    }
    let verified = Command::new("systemd-analyze").arg("verify").args(&files).output()?;
    good(&verified)?;
    // It warns of unknown words and still calls it a success.
    let said = String::from_utf8_lossy(&verified.stderr);
    let ours = said.lines().find(|line| line.contains("luisa"));
    ensure!(ours.is_none(), "{}", ours.unwrap_or_default());
    let exposure = Command::new("systemd-analyze")
        .args(["security", "--offline=yes", &format!("--threshold={EXPOSURE_LIMIT}")])
        .arg(&files[0])
        .output()?;
    good(&exposure).context("it is less locked up than it was")?;
    Ok(Found::Good("systemd-analyze verify and security"))
}

/// Each alert fires on what it is for, and not otherwise.
fn alerts(root: &Path) -> anyhow::Result<Found> {
    if !is_there("promtool", "--version") {
        return Ok(Found::NotRun("promtool is not installed (Debian's package prometheus has it)"));
    }
    let folder = root.join("deploy/dashboards");
    for asked in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        good(&Command::new("promtool").args(asked).current_dir(&folder).output()?)?;
    }
    Ok(Found::Good("promtool check rules and test rules: each alert fires and keeps quiet"))
}

/// What a linter would say first; building it needs a container engine.
fn dockerfile(root: &Path) -> anyhow::Result<Found> {
    let text = std::fs::read_to_string(root.join("deploy/Dockerfile"))?;
    let last = text.rfind("\nFROM ").context("it has no stage")?;
    let image = &text[last..];
    ensure!(image.contains(&format!("\nUSER {USER}\n")), "the final image runs as root");
    ensure!(
        image.contains("\nHEALTHCHECK ") && image.contains("[\"/usr/local/bin/luisa\", \"health\"]"),
        "no HEALTHCHECK that works without a shell"
    );
    ensure!(!image.contains("\nRUN "), "the final image has no shell to RUN with");
    ensure!(!text.contains(":latest"), "an image without a version");
    let (needed, by) = needed_rust(root)?;
    let least = written_rust(root)?;
    ensure!(least >= needed, "Cargo.toml says Rust {}, and {by} needs {}", spelt(least), spelt(needed));
    for (file, wanted) in [
        ("deploy/Dockerfile", format!("FROM rust:{}-", spelt(least))),
        ("README.md", format!("Rust {} or newer", spelt(least))),
        ("docs/es/despliegue.md", format!("Rust {} o más nuevo", spelt(least))),
        ("docs/es/desarrollo.md", format!("Rust {} o más nuevo", spelt(least))),
    ] {
        let text = std::fs::read_to_string(root.join(file))?;
        ensure!(text.contains(&wanted), "{file} does not say `{wanted}`, as Cargo.toml does");
    }
    Ok(Found::Good("its user, health check and versions were read; no image was built"))
}

type Rust = (u32, u32);

fn spelt((major, minor): Rust) -> String {
    format!("{major}.{minor}")
}

fn rust_of(text: &str) -> Option<Rust> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

// What Cargo.toml promises.
fn written_rust(root: &Path) -> anyhow::Result<Rust> {
    let text = std::fs::read_to_string(root.join("Cargo.toml"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("rust-version = "));
    line.and_then(|line| rust_of(line.trim_matches('"'))).context("Cargo.toml has no rust-version")
}

// The newest Rust that a crate of the lock file asks for, and which crate it is.
fn needed_rust(root: &Path) -> anyhow::Result<(Rust, String)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = ["metadata", "--format-version", "1", "--locked"];
    let output = Command::new(cargo).args(asked).current_dir(root).output()?;
    good(&output)?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let all = metadata["packages"].as_array().into_iter().flatten();
    let asks = all.filter_map(|package| {
        // Our own say what Cargo.toml says.
        package["source"].as_str()?;
        let rust = rust_of(package["rust_version"].as_str()?)?;
        Some((rust, format!("{} {}", package["name"].as_str()?, package["version"].as_str()?)))
    });
    asks.max().context("no crate says which Rust it needs")
}

/// Served and asked for its health within a directory that has what the image has and nothing more, as the user of the image.
fn as_in_the_image(_: &Path) -> anyhow::Result<Found> {
    let binary = std::env::current_exe()?.with_file_name("luisa");
    if !binary.exists() {
        return Ok(Found::NotRun("luisa is not built: cargo build"));
    }
    if !is_there("chroot", "--version") || !crate::test::is_root() {
        return Ok(Found::NotRun("only root may chroot"));
    }
    let place = Place::new("image")?;
    let data = place.0.join("data");
    std::fs::create_dir_all(&data)?;
    install(&binary, &place.0.join("usr/local/bin/luisa"))?;
    for library in libraries(&binary)? {
        install(&library, &place.0.join(library.strip_prefix("/")?))?;
    }
    if Path::new(CERTIFICATES).exists() {
        install(Path::new(CERTIFICATES), &place.0.join(&CERTIFICATES[1..]))?;
    }
    std::os::unix::fs::chown(&data, Some(65532), Some(65532))?;
    let luisa = |command: &str, port: &str| {
        let mut inside = Command::new("chroot");
        inside.arg(format!("--userspec={USER}")).arg(&place.0).args(["/usr/local/bin/luisa", command]).env_clear();
        let path = std::env::var_os("PATH").unwrap_or_default();
        inside.envs([("DB_PATH", "/data/luisa.db"), ("LOG_FORMAT", "json"), ("PORT", port)]).env("PATH", path);
        inside
    };
    let mut serving = Served(luisa("serve", "0").stderr(Stdio::piped()).spawn()?);
    let port = serving.port()?;
    let health = luisa("health", &port).output()?;
    ensure!(health.status.success(), "luisa health: {}", String::from_utf8_lossy(&health.stdout));
    let id = serving.0.id().to_string();
    ensure!(Command::new("kill").args(["-TERM", &id]).status()?.success(), "she cannot be told to stop");
    let ended = serving.0.wait()?;
    ensure!(ended.success(), "she did not end well: {ended}");
    let gone = luisa("health", &port).output()?;
    ensure!(gone.status.code() == Some(1), "luisa health finds a LUISA that has stopped");
    Ok(Found::Good("served, found healthy and stopped in a chroot"))
}

/// A process that does not outlive the check.
struct Served(Child);

impl Served {
    /// The port that the log names when she serves.
    fn port(&mut self) -> anyhow::Result<String> {
        let log = self.0.stderr.take().context("no log")?;
        let mut said = String::new();
        for line in BufReader::new(log).lines() {
            let line = line?;
            let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = event["address"].as_str() {
                return Ok(address.rsplit(':').next().unwrap_or_default().to_owned());
            }
            said.push_str(&line);
        }
        bail!("she did not start: {said}")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Ended already, if all went well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The shared libraries that it is linked with.
fn libraries(binary: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = Command::new("ldd").arg(binary).output().context("ldd cannot be started")?;
    good(&listed)?;
    let text = String::from_utf8(listed.stdout)?;
    Ok(text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
}

fn install(from: &Path, to: &Path) -> anyhow::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    Ok(())
}

/// A folder that goes when the check ends.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("luisa-deploy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What stays of it is the system's to tidy up.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn good(output: &std::process::Output) -> anyhow::Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), said);
    Ok(())
}

fn is_there(program: &str, argument: &str) -> bool {
    crate::test::runs(program, argument)
}
