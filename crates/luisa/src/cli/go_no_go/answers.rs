//! Does LUISA answer as her store wants? Asked as a customer, in conversations of the check's own.
//!
//! Owns what an answer must be. What is asked and what must follow comes from the pack that she serves.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::report::{Check, Finding};
use super::running::{Running, Trouble};

/// What the pack wants to be asked.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Script {
    greeting: Said,
    personal: Said,
    faq: Vec<Faq>,
    product: Option<Shown>,
    handoff: Option<Called>,
    /// Sentences whose price no product has.
    #[serde(default)]
    stale_prices: Vec<Stale>,
}

#[derive(Debug, Clone, Deserialize)]
struct Stale {
    file: String,
    id: String,
    claim: String,
}

impl Script {
    /// Whether every price that a sentence states is one of the catalog.
    pub(super) fn prices(&self) -> Finding {
        let check = Check::warning("prices");
        if self.stale_prices.is_empty() {
            return check.ok("every price in a sentence is one of the catalog");
        }
        let told = |stale: &Stale| format!("{} `{}` says {}", stale.file, stale.id, stale.claim);
        let told = self.stale_prices.iter().map(told).collect::<Vec<_>>().join("; ");
        check.failed(
            format!("{told}: no product costs that, so it is not said"),
            "change these sentences in the business pack, or let a fact take the price from the catalog: docs/packs.md",
        )
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Said {
    say: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Faq {
    say: String,
    intent: String,
    holds: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Shown {
    say: String,
    picture: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Called {
    say: String,
    reason: String,
}

/// Of a reply, in a line of the report.
const SHOWN_CHARS: usize = 60;

/// Findings, and the decisions they rest on.
#[derive(Default)]
struct Asked {
    findings: Vec<Finding>,
    requests: Vec<String>,
}

const UNDERSTANDING: &str =
    "talk to her with `luisa chat` and look at lexicon.toml, rules.toml and checks.toml of the business pack";
const WORDS: &str = "look at facts.toml, replies.toml and checks.toml of the business pack";

/// Asks everything at once, each in its own conversation; then looks for the traces, and removes the conversations.
pub(super) async fn check(luisa: &Arc<Running>, script: Script, cache: bool) -> Vec<Finding> {
    let script = Arc::new(script);
    let mut asking = Vec::new();
    let start = |what: What| {
        let (luisa, script) = (Arc::clone(luisa), Arc::clone(&script));
        tokio::spawn(async move { what.ask(&luisa, &script).await })
    };
    asking.push(start(What::Greeting));
    asking.push(start(What::Personal));
    asking.extend((0..script.faq.len()).map(|n| start(What::Faq(n))));
    asking.push(start(What::Cache(cache)));
    asking.push(start(What::Product));
    asking.push(start(What::Handoff));
    let mut all = Asked::default();
    for task in asking {
        let asked = task.await.unwrap_or_default();
        all.findings.extend(asked.findings);
        all.requests.extend(asked.requests);
    }
    all.findings.push(traces(luisa, &all.requests).await);
    all.findings
}

/// Removes what this run wrote.
pub(super) async fn clean_up(luisa: &Running) -> Finding {
    let check = Check::warning("cleanup");
    match luisa.remove().await {
        Ok(rows) => check.ok(format!("the check's own {} conversations are removed again", rows["conversations"])),
        Err(trouble) => check.failed(
            format!("the check's own conversations are still there: {trouble}"),
            "check again: the next run removes what is older than an hour",
        ),
    }
}

#[derive(Debug, Clone, Copy)]
enum What {
    Greeting,
    Personal,
    Faq(usize),
    Cache(bool),
    Product,
    Handoff,
}

impl What {
    async fn ask(self, luisa: &Running, script: &Script) -> Asked {
        match self {
            Self::Greeting => greeting(luisa, &script.greeting).await,
            Self::Personal => personal(luisa, &script.personal).await,
            Self::Faq(n) => match script.faq.get(n) {
                Some(faq) => question(luisa, faq, n).await,
                None => Asked::default(),
            },
            Self::Cache(on) => match script.faq.first() {
                Some(faq) if on => cached(luisa, faq).await,
                Some(_) => Asked::only(Check::hard("faq cache").skipped("CACHE_ENABLED=false")),
                None => Asked::default(),
            },
            Self::Product => match &script.product {
                Some(shown) => product(luisa, shown).await,
                None => Asked::only(Check::warning("product").skipped("checks.toml has no [product]")),
            },
            Self::Handoff => match &script.handoff {
                Some(called) => handoff(luisa, called).await,
                None => Asked::only(Check::warning("handoff").skipped("checks.toml has no [handoff]")),
            },
        }
    }
}

impl Asked {
    fn only(finding: Finding) -> Self {
        Self { findings: vec![finding], requests: Vec::new() }
    }

    /// The finding about answers that came: what is wrong with them, or in short what they said.
    fn about(check: Check, answers: &[Value], verdict: Result<String, Wrong>) -> Self {
        let requests = answers.iter().filter_map(|answer| answer["request_id"].as_str().map(str::to_owned)).collect();
        let finding = match verdict {
            Ok(detail) => check.ok(detail),
            Err(Wrong { what, remedy }) => check.failed(what, remedy),
        };
        Self { findings: vec![finding], requests }
    }

    fn none(check: Check, trouble: &Trouble) -> Self {
        Self::only(check.failed(trouble.to_string(), trouble.remedy()))
    }
}

/// What is wrong with an answer.
struct Wrong {
    what: String,
    remedy: &'static str,
}

fn wrong(what: String, remedy: &'static str) -> Wrong {
    Wrong { what, remedy }
}

async fn greeting(luisa: &Running, said: &Said) -> Asked {
    let check = Check::hard("greeting");
    match luisa.ask("greeting", &said.say).await {
        Ok(answer) => {
            let verdict = understood(&answer, &said.say, "intent", "saludo").and_then(|()| replied(&answer, &said.say));
            Asked::about(check, &[answer], verdict)
        }
        Err(trouble) => Asked::none(check, &trouble),
    }
}

async fn personal(luisa: &Running, said: &Said) -> Asked {
    let check = Check::hard("personal filter");
    let answer = match luisa.ask("personal", &said.say).await {
        Ok(answer) => answer,
        Err(trouble) => return Asked::none(check, &trouble),
    };
    let kept_out = || {
        understood(&answer, &said.say, "classification", "NON_BUSINESS")?;
        if !answer["handoff"].is_null() || answer["openai_called"] == true {
            let what = format!("«{}» called a person or the model, though it is personal", said.say);
            return Err(wrong(what, UNDERSTANDING));
        }
        Ok("a personal message is kept out of the pipeline".to_owned())
    };
    let verdict = kept_out();
    Asked::about(check, &[answer], verdict)
}

async fn question(luisa: &Running, faq: &Faq, n: usize) -> Asked {
    let check = Check::hard(format!("faq {}", faq.intent));
    match luisa.ask(&format!("faq{n}"), &faq.say).await {
        Ok(answer) => {
            let verdict = fixed(&answer, faq);
            Asked::about(check, &[answer], verdict)
        }
        Err(trouble) => Asked::none(check, &trouble),
    }
}

/// The same question in two conversations: the second answer is the first one's.
async fn cached(luisa: &Running, faq: &Faq) -> Asked {
    let check = Check::hard("faq cache");
    let mut answers = Vec::new();
    for chat in ["cache1", "cache2"] {
        match luisa.ask(chat, &faq.say).await {
            Ok(answer) => answers.push(answer),
            Err(trouble) => return Asked::none(check, &trouble),
        }
    }
    let verdict = match answers.last() {
        Some(second) if second["cache_hit"] == true => {
            fixed(second, faq).map(|_| "the second answer is from the cache".to_owned())
        }
        Some(_) | None => {
            let what = format!("«{}» asked twice is not answered from the cache", faq.say);
            Err(wrong(what, "the first [[faq]] of checks.toml must be one that the cache keeps: see docs/packs.md"))
        }
    };
    Asked::about(check, &answers, verdict)
}

fn fixed(answer: &Value, faq: &Faq) -> Result<String, Wrong> {
    understood(answer, &faq.say, "intent", &faq.intent)?;
    understood(answer, &faq.say, "classification", "BUSINESS_FAQ")?;
    let said = replied(answer, &faq.say)?;
    match &faq.holds {
        Some(fact) if !text(answer).contains(fact.as_str()) => {
            let what = format!("«{}» is answered without «{fact}»: «{}»", faq.say, short(text(answer)));
            Err(wrong(what, WORDS))
        }
        Some(_) | None => Ok(said),
    }
}

async fn product(luisa: &Running, shown: &Shown) -> Asked {
    let check = Check::warning("product");
    let answer = match luisa.ask("product", &shown.say).await {
        Ok(answer) => answer,
        Err(trouble) => return Asked::none(check, &trouble),
    };
    let picture = answer["asset"]["image_id"].as_str();
    let verdict = match (&shown.picture, picture) {
        (Some(wanted), Some(got)) if wanted == got => Ok(format!("«{}» shows {got}", shown.say)),
        (Some(wanted), got) => {
            let what = format!("«{}» shows {}, not {wanted}", shown.say, got.unwrap_or("no picture"));
            Err(wrong(what, "look at catalog.csv, lexicon.toml and checks.toml of the business pack"))
        }
        (None, _) => Err(wrong("the product of checks.toml has no picture".to_owned(), "name one that has")),
    };
    Asked::about(check, &[answer], verdict)
}

/// A person is called, it is written down, and she does not sell over them.
async fn handoff(luisa: &Running, called: &Called) -> Asked {
    let check = Check::warning("handoff");
    let chat = "handoff";
    let first = match luisa.ask(chat, &called.say).await {
        Ok(answer) => answer,
        Err(trouble) => return Asked::none(check, &trouble),
    };
    let (then, listed) = match (luisa.ask(chat, &called.say).await, luisa.get("/api/handoffs").await) {
        (Ok(then), Ok(listed)) => (then, listed),
        (Err(trouble), _) | (_, Err(trouble)) => return Asked::none(check, &trouble),
    };
    let id = luisa.run.conversation(chat);
    let stored = listed["handoffs"].as_array().into_iter().flatten().any(|row| row["conversation_id"] == id.as_str());
    let reason = first["handoff"]["reason"].as_str().unwrap_or("no one");
    let verdict = if reason != called.reason {
        Err(wrong(format!("«{}» calls {reason}, not {}", called.say, called.reason), UNDERSTANDING))
    } else if first["mode"] != "HUMAN_ACTIVE" || then["mode"] != "HUMAN_ACTIVE" {
        let what = "after the handoff the chat is not the person's".to_owned();
        Err(wrong(what, "that is a bug: report it with the traces"))
    } else if !stored {
        Err(wrong("the handoff is not in /api/handoffs".to_owned(), "look at her log: it says why"))
    } else {
        let team = first["handoff"]["team"].as_str().unwrap_or_default();
        Ok(format!("«{}» calls the team `{team}` for {reason}; the check itself tells nobody", called.say))
    };
    Asked::about(check, &[first, then], verdict)
}

async fn traces(luisa: &Running, requests: &[String]) -> Finding {
    let check = Check::hard("trace");
    let stored = match luisa.traces().await {
        Ok(stored) => stored,
        Err(trouble) => return check.failed(trouble.to_string(), trouble.remedy()),
    };
    let stored: Vec<&Value> = stored["traces"].as_array().into_iter().flatten().collect();
    let explained = |request: &&String| {
        let of = stored.iter().find(|row| row["request_id"] == request.as_str());
        of.is_some_and(|row| row["decision_path"].as_str().is_some_and(|path| path.contains("->")))
    };
    let found = requests.iter().filter(explained).count();
    match requests.len() {
        0 => check.failed("nothing was answered, so nothing could leave a trace", "mend what failed above"),
        asked if found == asked => check.ok(format!("{found} answers, each with its trace")),
        asked => {
            check.failed(format!("{asked} answers, {found} traces"), "look at her log, and at the room on the disk")
        }
    }
}

fn understood(answer: &Value, say: &str, field: &str, wanted: &str) -> Result<(), Wrong> {
    let got = answer[field].as_str().unwrap_or("nothing");
    if got == wanted {
        Ok(())
    } else {
        Err(wrong(format!("«{say}» is taken for `{got}`, not `{wanted}`"), UNDERSTANDING))
    }
}

fn replied(answer: &Value, say: &str) -> Result<String, Wrong> {
    let said = text(answer).trim();
    if said.is_empty() {
        return Err(wrong(format!("«{say}» gets no reply"), WORDS));
    }
    Ok(format!("«{say}» → «{}»", short(said)))
}

/// Enough to see what was said.
fn short(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    let kept: String = line.chars().take(SHOWN_CHARS).collect();
    if kept.len() < line.len() { format!("{kept}…") } else { kept }
}

fn text(answer: &Value) -> &str {
    answer["response"].as_str().unwrap_or_default()
}
