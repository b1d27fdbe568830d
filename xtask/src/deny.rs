//! What the crates that we build on may be: licences, banned and doubled crates, where they come from.
//!
//! Owns the reading of `deny.toml`, in cargo-deny's format, so that the rules hold without installing it: that takes longer than
//! all our tests. Known vulnerabilities are cargo-deny's alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::corpus;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Asks cargo-deny, which must be installed (`cargo install --locked cargo-deny`), for known vulnerabilities too; it fetches their list.
    #[arg(long)]
    advisories: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = corpus::root();
    check(&root)?;
    if options.advisories {
        let asked = Command::new("cargo").args(["deny", "check", "advisories"]).current_dir(&root).status();
        if !asked.context("cargo cannot be started")?.success() {
            bail!(
                "cargo-deny found something, is not installed (`cargo install --locked cargo-deny`), or had no list of advisories"
            );
        }
    }
    Ok(())
}

/// Fails with every crate that may not be as it is.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let path = root.join("deny.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let rules: Rules =
        toml::from_str(&text).with_context(|| format!("{} is not as cargo-deny wants it", path.display()))?;
    let mut crates = BTreeMap::new();
    for target in &rules.graph.targets {
        for package in metadata(root, target)?.packages {
            crates.insert((package.name.clone(), package.version.clone()), package);
        }
    }
    let crates: Vec<Package> = crates.into_values().filter(|package| package.source.is_some()).collect();
    let mut faults = Vec::new();
    rules.licences(&crates, &mut faults)?;
    rules.bans(&crates, &mut faults);
    rules.doubles(&crates, &mut faults);
    rules.sources(&crates, &mut faults);
    if !faults.is_empty() {
        bail!("deny.toml forbids:\n  {}", faults.join("\n  "));
    }
    println!(
        "{} crates: licences, bans, doubles and sources as deny.toml wants them; advisories not checked.",
        crates.len()
    );
    Ok(())
}

fn metadata(root: &Path, target: &str) -> anyhow::Result<Metadata> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let asked = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", target])
        .current_dir(root)
        .output()
        .context("cargo cannot be started")?;
    if !asked.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&asked.stderr));
    }
    serde_json::from_slice(&asked.stdout).context("cargo metadata is not as expected")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// None for the crates of this workspace.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Named>,
    skip: Vec<Named>,
}

/// `name`, or `name@version` with as much of the version as matters.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "crate")]
    spec: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

impl Named {
    fn is(&self, package: &Package) -> bool {
        match self.spec.split_once('@') {
            None => self.spec == package.name,
            Some((name, version)) => {
                let rest = package.version.strip_prefix(version);
                name == package.name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }
        }
    }
}

impl Rules {
    fn licences(&self, crates: &[Package], faults: &mut Vec<String>) -> anyhow::Result<()> {
        let mut used = BTreeSet::new();
        for package in crates {
            let name = format!("{} {}", package.name, package.version);
            let Some(written) = &package.license else {
                faults.push(format!("{name} names no licence"));
                continue;
            };
            let licence = Expression::parse_mode(written, ParseMode::LAX)
                .with_context(|| format!("{name}: licence {written}"))?;
            let good = licence.evaluate(|wanted| {
                let wanted = wanted.to_string();
                let allowed = self.licenses.allow.iter().find(|allowed| **allowed == wanted);
                used.extend(allowed);
                allowed.is_some()
            });
            if !good {
                faults.push(format!("{name} is under {written}: not in [licenses] allow"));
            }
        }
        let idle = self.licenses.allow.iter().filter(|allowed| !used.contains(allowed));
        faults.extend(idle.map(|allowed| format!("[licenses] allow has {allowed}, which no crate needs: take it out")));
        Ok(())
    }

    fn bans(&self, crates: &[Package], faults: &mut Vec<String>) {
        for package in crates {
            let banned = self.bans.deny.iter().find(|ban| ban.is(package));
            faults.extend(banned.map(|ban| format!("{} is banned: {}", package.name, ban.reason)));
        }
    }

    /// One crate in two versions is built and shipped twice.
    fn doubles(&self, crates: &[Package], faults: &mut Vec<String>) {
        let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
        let skipped = |package: &Package| self.bans.skip.iter().any(|skip| skip.is(package));
        for package in crates.iter().filter(|package| !skipped(package)) {
            versions.entry(&package.name).or_default().push(package);
        }
        for (name, all) in versions.into_iter().filter(|(_, all)| all.len() > 1) {
            let all: Vec<&str> = all.iter().map(|package| package.version.as_str()).collect();
            faults.push(format!(
                "{name} is here in versions {}: bring them together, or skip one in [bans] with its reason",
                all.join(", ")
            ));
        }
        let idle = self.bans.skip.iter().filter(|skip| !crates.iter().any(|package| skip.is(package)));
        faults.extend(idle.map(|skip| {
            format!("[bans] skip has {} ({}), which is not here any more: take it out", skip.spec, skip.reason)
        }));
    }

    fn sources(&self, crates: &[Package], faults: &mut Vec<String>) {
        for package in crates {
            let source = package.source.as_deref().unwrap_or_default();
            let known = source
                .strip_prefix("registry+")
                .is_some_and(|from| self.sources.allow_registry.iter().any(|known| known == from));
            if !known {
                faults.push(format!(
                    "{} {} comes from {source}: not in [sources] allow-registry",
                    package.name, package.version
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"
        [graph]
        targets = ["x86_64-unknown-linux-gnu"]
        [licenses]
        allow = ["MIT", "Apache-2.0"]
        [bans]
        deny = [{ crate = "openssl-sys", reason = "no" }]
        skip = [{ crate = "rand@0.9", reason = "old friends" }]
        [sources]
        allow-registry = ["https://index"]
    "#;

    fn package(name: &str, version: &str, licence: &str, source: &str) -> Package {
        let (name, version) = (name.to_owned(), version.to_owned());
        Package { name, version, license: Some(licence.to_owned()), source: Some(source.to_owned()) }
    }

    fn faults(crates: &[Package]) -> Vec<String> {
        let rules: Rules = toml::from_str(RULES).unwrap();
        let mut faults = Vec::new();
        rules.licences(crates, &mut faults).unwrap();
        rules.bans(crates, &mut faults);
        rules.doubles(crates, &mut faults);
        rules.sources(crates, &mut faults);
        faults
    }

    #[test]
    fn what_is_as_wanted_passes_and_each_fault_is_named() {
        let home = "registry+https://index";
        let good = [
            package("a", "1.0.0", "MIT/Apache-2.0", home),
            package("b", "1.0.0", "(GPL-3.0 OR Apache-2.0) AND MIT", home),
            package("rand", "0.9.5", "MIT", home),
            package("rand", "0.10.4", "MIT", home),
        ];
        assert_eq!(faults(&good), Vec::<String>::new());
        let mut bad = Vec::from(good);
        bad.push(package("c", "1.0.0", "GPL-3.0", home));
        bad.push(package("openssl-sys", "0.9.1", "MIT", home));
        bad.push(package("a", "2.0.0", "MIT", home));
        bad.push(package("d", "1.0.0", "MIT", "git+https://elsewhere"));
        let faults = faults(&bad).join("\n");
        for named in [
            "c 1.0.0 is under GPL-3.0",
            "openssl-sys is banned",
            "a is here in versions 1.0.0, 2.0.0",
            "d 1.0.0 comes from",
        ] {
            assert!(faults.contains(named), "{named}: {faults}");
        }
        assert_eq!(faults.lines().count(), 4, "{faults}");
    }

    #[test]
    fn a_rule_that_nothing_needs_any_more_is_named() {
        let faults = faults(&[package("a", "1.0.0", "MIT", "registry+https://index")]).join("\n");
        assert!(faults.contains("Apache-2.0, which no crate needs") && faults.contains("rand@0.9"), "{faults}");
    }
}
