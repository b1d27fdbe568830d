//! `luisa pack`: the files of the business pack, to be changed.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use crate::cli::Verdict;
use crate::packs;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Pack {
    /// Write the pack's files into DIR: hours, photos, replies and all else, to change and serve with BUSINESS_DIR=DIR.
    Export(Export),
}

#[derive(Debug, Args)]
pub struct Export {
    /// A folder that is empty or not there yet.
    dir: PathBuf,
}

impl Pack {
    /// Runs the command.
    ///
    /// # Errors
    /// A pack that cannot be read, a folder that has something in it or cannot be written.
    pub fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let Self::Export(Export { dir }) = self;
        let name = dir.display();
        if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{name} no está vacía; escoja otra carpeta");
        }
        let files = packs::files(settings.business_dir.as_deref())?;
        for (path, bytes) in &files {
            let to = dir.join(path);
            if let Some(folder) = to.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("no se pudo crear {}", folder.display()))?;
            }
            std::fs::write(&to, bytes).with_context(|| format!("no se pudo escribir {}", to.display()))?;
        }
        let n = files.len();
        writeln!(std::io::stdout(), "{name}: {n} archivos. Para usarlos: BUSINESS_DIR={name}")?;
        Ok(Verdict::Done)
    }
}
