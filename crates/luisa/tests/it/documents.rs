//! The commands in the documents work as they are printed: those in blocks that begin with "```bash run", and every query
//! for `sqlite3` in a line of text.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use luisa_fakes::graph_error;

use crate::hush;
use crate::world::{Luisa, SOON, World};

/// Something to be typed, and where it stands.
struct Printed {
    place: String,
    command: String,
}

/// The blocks that are marked, and the queries in lines of text.
fn printed(path: &Path) -> Vec<Printed> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy();
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((n, line)) = lines.next() {
        let place = format!("{name} line {}", n + 1);
        if line.trim_start().starts_with("```") {
            let block: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| !line.trim_start().starts_with("```")).collect();
            if line.trim() == "```bash run" {
                found.push(Printed { place, command: block.join("\n") });
            }
            continue;
        }
        let spans = line.split('`').skip(1).step_by(2).filter(|span| span.starts_with("sqlite3 data/luisa.db"));
        found.extend(spans.map(|span| Printed { place: place.clone(), command: span.to_owned() }));
    }
    found
}

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    all.push(root.join("README.md"));
    all.sort();
    all
}

/// An hour in a shop: an answer, a handoff, a personal message, a message that nobody could be reached with.
async fn lived_in(world: &World) -> Luisa {
    let luisa = world.serve().await;
    world.meta.fail_next_to("573005550002", 1, graph_error(131026));
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    luisa.customer(2).says("hola, a cómo la kingter KT-D3?").await.unwrap();
    luisa.customer(3).says("necesito hablar con una persona").await.unwrap();
    luisa.customer(4).says("mami ya salí del colegio, me recoges?").await.unwrap();
    luisa.turns(4).await;
    luisa.log().line("whatsapp_send_failed", |_| true).await;
    world.eventually("SELECT max(state) FROM outbox WHERE error_code = '131026'", Some("dead")).await;
    world.meta.wait_for_sent(3, SOON).await.unwrap();
    luisa
}

#[tokio::test]
async fn every_command_that_is_marked_works_as_printed() {
    let world = World::new().await;
    let luisa = lived_in(&world).await;
    let folder = world.folder.path();
    fs::write(folder.join("luisa.log"), luisa.log().all().join("\n") + "\n").unwrap();
    fs::create_dir(folder.join("backups")).unwrap();
    let commands: Vec<Printed> = documents().iter().flat_map(|path| printed(path)).collect();
    assert!(commands.len() >= 8, "only {} commands are found", commands.len());
    let mut broken = String::new();
    for Printed { place, command } in commands {
        if let Err(why) = typed(&world, &luisa, &command).await {
            writeln!(broken, "{place}: {why}\n{command}\n").unwrap();
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

/// Types it into a shell that is in LUISA's folder; it must end well and say something.
async fn typed(world: &World, luisa: &Luisa, command: &str) -> Result<(), String> {
    let address = luisa.url.trim_start_matches("http://");
    let folder = world.folder.path();
    // What stands for this machine's own: the address, the disk for backups. `curl` alone would be content with a 404.
    let command =
        command.replace("localhost:8000", address).replace("/backups/", &format!("{}/backups/", folder.display()));
    let script = format!("set -euo pipefail\ncurl() {{ command curl --fail \"$@\"; }}\n{command}\n");
    let luisa = world.command();
    let program = Path::new(luisa.as_std().get_program()).parent().unwrap();
    let port = address.rsplit(':').next().unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(folder).env_clear().envs(world.settings()).env("PORT", port);
    shell.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", program.display()));
    let output =
        tokio::task::spawn_blocking(move || shell.output()).await.unwrap().map_err(|error| error.to_string())?;
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    hush::assert_hushed(err.lines(), &hush::secrets(&world.settings().collect::<Vec<_>>()));
    if !output.status.success() {
        return Err(format!("it ends with {:?}: {err}", output.status.code()));
    }
    if output.stdout.is_empty() { Err(format!("it says nothing: {err}")) } else { Ok(()) }
}

#[test]
fn marked_blocks_and_queries_are_found_and_the_rest_is_not() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "```bash run\necho one\necho two\n```\n```bash\nrm -rf /\n```\nsee `sqlite3 data/luisa.db \"SELECT 1;\"` and `luisa chat`\n";
    fs::write(file.path(), text).unwrap();
    let commands: Vec<String> = printed(file.path()).into_iter().map(|printed| printed.command).collect();
    assert_eq!(commands, ["echo one\necho two", "sqlite3 data/luisa.db \"SELECT 1;\""]);
}
