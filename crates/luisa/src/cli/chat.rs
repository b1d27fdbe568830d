//! `luisa chat`: LUISA in the terminal, through the same turns as every other channel.
//!
//! Owns the talk: what is typed, what is shown. The decision under each reply is the one that a customer would get.
//! With piped input each line is a message and nothing but the answers is printed, so that scripts can use it.

mod bubble;

use std::io::{BufRead, IsTerminal, Write};
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use luisa_core::outcome::Choice;
use luisa_core::turn::Body;
use luisa_store::{ConversationId, Store};
use reedline::{DefaultPrompt, DefaultPromptSegment, Reedline, Signal};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::runtime::Station;
use crate::runtime::clock::Clock;
use crate::runtime::turn::{self, Answered, Question};
use crate::settings::Settings;
use crate::shop::Shop;
use crate::{catalog, packs};

const HELP: &str = "\
Write as a customer would; a number presses the button with that number.
  /nuevo   begin a new conversation
  /traza   the whole trace of the last message
  /ayuda   this help
  /salir   leave (or Ctrl-D)";

/// Talk to LUISA in the terminal. Nothing reaches WhatsApp, and no team is told.
///
/// With piped input each line is a message, and only the answers are printed.
#[derive(Debug, Args)]
pub struct Chat {
    /// Keep the conversation in the configured database; without it, it is forgotten at the end.
    #[arg(long)]
    keep: bool,
    /// Go on with a conversation of the API channel by its id; implies --keep.
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// Print one JSON object per answer, as POST /api/chat gives it.
    #[arg(long)]
    json: bool,
    /// Show the answers without the decision.
    #[arg(long)]
    quiet: bool,
}

/// What a line asks for.
enum Line {
    Say(Body),
    New,
    Trace,
    Help,
    Leave,
    Nothing,
}

struct Talk {
    runtime: Runtime,
    station: Arc<Station>,
    conversation: ConversationId,
    options: Vec<Choice>,
    last: Option<Answered>,
    /// A temporary database lives as long as the talk.
    _folder: Option<TempDir>,
}

impl Chat {
    /// Runs the command.
    ///
    /// # Errors
    /// A pack or a database that cannot be used.
    pub fn run(&self, settings: Settings) -> anyhow::Result<Verdict> {
        let mut talk = Talk::begin(self, settings)?;
        if std::io::stdin().is_terminal() {
            self.talk_with_person(&mut talk)
        } else {
            self.talk_with_program(&mut talk)
        }
    }

    fn talk_with_person(&self, talk: &mut Talk) -> anyhow::Result<Verdict> {
        let mut out = std::io::stdout();
        let about = &talk.station.shop.pack().about;
        let place =
            if self.conversation.is_some() || self.keep { "kept in the database" } else { "forgotten at the end" };
        writeln!(out, "{} of {}. The conversation is {place}.\n{HELP}\n", about.assistant, about.name)?;
        let mut editor = Reedline::create();
        let prompt = DefaultPrompt::new(DefaultPromptSegment::Basic("you".to_owned()), DefaultPromptSegment::Empty);
        loop {
            match editor.read_line(&prompt).context("the terminal cannot be read")? {
                Signal::Success(line) => {
                    if !self.take(talk, &line)? {
                        return Ok(Verdict::Done);
                    }
                }
                _ => return Ok(Verdict::Done),
            }
        }
    }

    fn talk_with_program(&self, talk: &mut Talk) -> anyhow::Result<Verdict> {
        for line in std::io::stdin().lock().lines() {
            let line = line.context("standard input is not UTF-8 text")?;
            if !self.take(talk, &line)? {
                break;
            }
        }
        Ok(Verdict::Done)
    }

    // False when the talk is over.
    fn take(&self, talk: &mut Talk, line: &str) -> anyhow::Result<bool> {
        let mut out = std::io::stdout();
        match parse(line, &talk.options) {
            Line::Say(body) => self.say(talk, body)?,
            Line::New => {
                talk.restart();
                if !self.json {
                    writeln!(out, "{}", Paint::of(&out).dim("-- a new conversation"))?;
                }
            }
            Line::Trace => talk.show_trace()?,
            Line::Help => writeln!(out, "{HELP}")?,
            Line::Leave => return Ok(false),
            Line::Nothing => {}
        }
        Ok(true)
    }

    fn say(&self, talk: &mut Talk, body: Body) -> anyhow::Result<()> {
        let question = Question { conversation_id: talk.conversation.clone(), body };
        let answered = talk.runtime.block_on(turn::answer(&talk.station, question))?;
        let mut out = std::io::stdout();
        if self.json {
            let answer = crate::http::chat::said(talk.conversation.clone(), &answered);
            writeln!(out, "{}", serde_json::to_string(&answer)?)?;
        } else {
            let paint = Paint::of(&out);
            let mut text = bubble::reply(&answered, paint);
            if !self.quiet {
                text.push_str(&bubble::decision(&answered, paint));
            }
            writeln!(out, "{text}")?;
        }
        out.flush()?;
        let reply = crate::runtime::commit::reply_of(&answered.decision.outcome.answer);
        talk.options = reply.map(|reply| reply.options.clone()).unwrap_or_default();
        talk.last = Some(answered);
        Ok(())
    }
}

impl Talk {
    fn begin(chat: &Chat, mut settings: Settings) -> anyhow::Result<Self> {
        // A talk at the desk is nobody's emergency, and a script may write faster than a customer.
        settings.whatsapp.enabled = false;
        settings.whatsapp.notify.comercial = None;
        settings.whatsapp.notify.tecnica = None;
        settings.pace.api_per_minute = u32::MAX;
        let loaded = packs::load(settings.business_dir.as_deref())?;
        let kept = chat.keep || chat.conversation.is_some();
        let folder =
            if kept { None } else { Some(tempfile::tempdir().context("there is no room for a temporary database")?) };
        let path =
            folder.as_ref().map_or_else(|| settings.database.path.clone(), |folder| folder.path().join("chat.db"));
        let store = Store::open(&path)?;
        let runtime = super::one_thread()?;
        let shop = Arc::new(Shop::open(settings, loaded, store, None, Clock::Real));
        if kept {
            runtime.block_on(catalog::seed(&shop.store, &shop.own_pack(), shop.clock.now()))?;
            runtime.block_on(shop.refresh())?;
        }
        let (station, _bursts) = runtime.block_on(Station::new(shop))?;
        let conversation = chat.conversation.clone().map_or_else(fresh_id, ConversationId::from);
        Ok(Self { runtime, station, conversation, options: Vec::new(), last: None, _folder: folder })
    }

    fn restart(&mut self) {
        self.conversation = fresh_id();
        self.options.clear();
        self.last = None;
    }

    fn show_trace(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        match &self.last {
            Some(answered) => writeln!(out, "{}", serde_json::to_string_pretty(&answered.decision.outcome.traces)?)?,
            None => writeln!(out, "there is no message yet")?,
        }
        Ok(())
    }
}

fn fresh_id() -> ConversationId {
    ConversationId(format!("terminal-{}", Uuid::now_v7().simple()))
}

fn parse(line: &str, options: &[Choice]) -> Line {
    let text = line.trim();
    match text {
        "" => return Line::Nothing,
        "/salir" | "/quit" | "/exit" => return Line::Leave,
        "/nuevo" | "/new" => return Line::New,
        "/traza" | "/trace" => return Line::Trace,
        "/ayuda" | "/help" => return Line::Help,
        _ => {}
    }
    let pressed = text.parse::<usize>().ok().and_then(|n| options.get(n.checked_sub(1)?));
    match pressed {
        Some(Choice { id, title }) => Line::Say(Body::Choice { id: id.clone(), title: title.clone() }),
        None => Line::Say(Body::Text { text: line.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<Choice> {
        [("set:tipo=a", "Familiar"), ("set:tipo=b", "Industrial")]
            .map(|(id, title)| Choice { id: id.to_owned(), title: title.to_owned() })
            .to_vec()
    }

    #[test]
    fn a_number_presses_the_button_with_that_number() {
        let Line::Say(Body::Choice { id, title }) = parse(" 2 ", &options()) else { panic!("not pressed") };
        assert_eq!((id.as_str(), title.as_str()), ("set:tipo=b", "Industrial"));
    }

    #[test]
    fn a_number_without_a_button_is_a_message() {
        for text in ["3", "0", "1230000"] {
            assert!(matches!(parse(text, &options()), Line::Say(Body::Text { .. })), "{text}");
        }
        assert!(matches!(parse("1", &[]), Line::Say(Body::Text { .. })));
    }

    #[test]
    fn commands_are_known_and_blank_lines_say_nothing() {
        assert!(matches!(parse("/salir", &[]), Line::Leave));
        assert!(matches!(parse("/nuevo ", &[]), Line::New));
        assert!(matches!(parse("   ", &[]), Line::Nothing));
    }
}
