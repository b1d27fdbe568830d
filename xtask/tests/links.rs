//! Every link between the documents leads somewhere: the file is there, and so is the heading.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What of a document others may point to, and what it points to itself.
struct Document {
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self { anchors: BTreeSet::new(), links: Vec::new() };
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => document.anchor(&heading.take().unwrap_or_default()),
                Event::Text(words) | Event::Code(words) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.to_string());
                }
                _ => {}
            }
        }
        document
    }

    /// As GitHub makes them: small letters, without punctuation, a number behind those that are there already.
    fn anchor(&mut self, heading: &str) {
        let kept = heading.to_lowercase().replace(' ', "-");
        let slug: String = kept.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect();
        let names = std::iter::once(slug.clone()).chain((1..).map(|n| format!("{slug}-{n}")));
        let free = names.into_iter().find(|name| !self.anchors.contains(name));
        self.anchors.extend(free);
    }
}

/// The links of `documents` that lead nowhere. `exists` says of other paths whether they are there.
fn broken(documents: &BTreeMap<PathBuf, Document>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, document) in documents {
        for link in document.links.iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { joined(path, file) };
            let there = match documents.get(&target) {
                Some(other) => anchor.is_empty() || other.anchors.contains(anchor),
                None => anchor.is_empty() && exists(&target),
            };
            if !there {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    broken
}

/// `docs/a.md` and `../b.md` give `b.md`.
fn joined(from: &Path, link: &str) -> PathBuf {
    let mut path = from.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path
}

#[test]
fn no_link_between_the_documents_is_broken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let listed = Command::new("git").args(["ls-files", "--", "*.md"]).current_dir(root).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let documents: BTreeMap<PathBuf, Document> = listed
        .lines()
        .map(|path| (path.into(), Document::read(&fs::read_to_string(root.join(path)).unwrap())))
        .collect();
    assert!(documents.contains_key(Path::new("README.md")), "git lists the documents: {listed}");
    let broken = broken(&documents, |path| root.join(path).exists());
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn a_link_to_nothing_is_found_and_one_to_something_is_not() {
    let document = Document::read(
        "# One `two`, three!\n## Again\n## Again\n[a](#one-two-three) [b](#again-1) [c](../other.md#there) [d](pic.png)\n\
        [e](#again-2) [f](../other.md#gone) [g](none.md) [h](https://example.org/none)",
    );
    let other = Document::read("# There\n");
    let documents = BTreeMap::from([("docs/it.md".into(), document), ("other.md".into(), other)]);
    let broken = broken(&documents, |path| path == Path::new("docs/pic.png"));
    assert_eq!(broken, ["docs/it.md: #again-2", "docs/it.md: ../other.md#gone", "docs/it.md: none.md"]);
}
