//! What the checks found: a line each, and whether LUISA may go.
//!
//! Owns the words "go" and "no-go" and how a finding is shown. May not find anything.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::cli::paint::Paint;

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Weight {
    /// Customers would notice: no-go.
    Hard,
    /// Somebody should look at it.
    Warning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Failed,
    /// It does not apply, or what it needs failed before it.
    Skipped,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) weight: Weight,
    pub(super) verdict: Verdict,
    pub(super) detail: String,
    /// What to do.
    pub(super) remedy: Option<String>,
}

/// Something to be found out.
#[derive(Debug, Clone)]
pub(super) struct Check {
    name: String,
    weight: Weight,
}

impl Check {
    pub(super) fn hard(name: impl Into<String>) -> Self {
        Self { name: name.into(), weight: Weight::Hard }
    }

    pub(super) fn warning(name: impl Into<String>) -> Self {
        Self { name: name.into(), weight: Weight::Warning }
    }

    pub(super) fn ok(self, detail: impl Into<String>) -> Finding {
        self.found(Verdict::Ok, detail.into(), None)
    }

    pub(super) fn failed(self, detail: impl Into<String>, remedy: impl Into<String>) -> Finding {
        self.found(Verdict::Failed, detail.into(), Some(remedy.into()))
    }

    pub(super) fn skipped(self, detail: impl Into<String>) -> Finding {
        self.found(Verdict::Skipped, detail.into(), None)
    }

    fn found(self, verdict: Verdict, detail: String, remedy: Option<String>) -> Finding {
        Finding { check: self.name, weight: self.weight, verdict, detail, remedy }
    }
}

/// All findings.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// No hard check failed.
    pub(super) go: bool,
    base_url: String,
    took_ms: u64,
    checks: Vec<Finding>,
}

impl Report {
    pub(super) fn of(base_url: &str, took: Duration, checks: Vec<Finding>) -> Self {
        let go = failed(&checks, Weight::Hard).next().is_none();
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Self { go, base_url: base_url.to_owned(), took_ms, checks }
    }

    pub(super) fn print(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        let width = self.checks.iter().map(|found| found.check.chars().count()).max().unwrap_or(0);
        writeln!(out, "LUISA at {}", self.base_url)?;
        for Finding { check, weight, verdict, detail, remedy } in &self.checks {
            let mark = match (verdict, weight) {
                (Verdict::Ok, _) => paint.good("ok  "),
                (Verdict::Failed, Weight::Hard) => paint.bad("FAIL"),
                (Verdict::Failed, Weight::Warning) => paint.warn("warn"),
                (Verdict::Skipped, _) => paint.dim("-   "),
            };
            writeln!(out, "  {mark}  {check:<width$}  {detail}")?;
            if let Some(remedy) = remedy {
                writeln!(out, "        {:<width$}  → {remedy}", "")?;
            }
        }
        let hard: Vec<&str> = failed(&self.checks, Weight::Hard).map(|found| found.check.as_str()).collect();
        let warnings = failed(&self.checks, Weight::Warning).count();
        let seconds = self.took_ms as f64 / 1e3;
        let warned = if warnings == 1 { "1 warning".to_owned() } else { format!("{warnings} warnings") };
        if hard.is_empty() {
            writeln!(out, "{} {warned}, {seconds:.1} s", paint.good("GO."))
        } else {
            writeln!(out, "{} failed: {}. {warned}, {seconds:.1} s", paint.bad("NO-GO."), hard.join(", "))
        }
    }
}

fn failed(checks: &[Finding], weight: Weight) -> impl Iterator<Item = &Finding> {
    checks.iter().filter(move |found| found.weight == weight && found.verdict == Verdict::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(checks: Vec<Finding>) -> String {
        let mut out = Vec::new();
        let report = Report::of("http://x", Duration::from_millis(1_250), checks);
        report.print(&mut out, Paint::plain()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_hard_failure_is_a_no_go_that_names_it_and_says_what_to_do() {
        let text = printed(vec![Check::hard("health").ok("up"), Check::hard("faq horario").failed("wrong", "mend it")]);
        assert!(text.contains("  ok    health       up\n"), "{text}");
        assert!(text.contains("  FAIL  faq horario  wrong\n                     → mend it\n"), "{text}");
        assert!(text.ends_with("NO-GO. failed: faq horario. 0 warnings, 1.2 s\n"), "{text}");
    }

    #[test]
    fn warnings_and_what_was_skipped_do_not_stop_her() {
        let text = printed(vec![Check::warning("backup").failed("never", "make one"), Check::hard("x").skipped("off")]);
        assert!(text.contains("  warn  backup  never\n") && text.contains("  -     x       off\n"), "{text}");
        assert!(text.ends_with("GO. 1 warning, 1.2 s\n"), "{text}");
    }
}
