//! What may be said that no pack holds: the customer's own words, the hour of opening, an act of this turn.
//!
//! Owns the distinction between the pack's sentences, which say whose words they repeat, and free text, which may repeat
//! little. An amount that the customer named is never ours: only a sentence about their purse may repeat it.

use std::collections::HashSet;
use std::ops::Range;

use crate::lexicon::fold::plain;
use crate::money::Cop;
use crate::outcome::Desk;
use crate::stages::draft::Draft;
use crate::stages::replies::{ADMITS, CALENDAR, REPLIES, SAID_BACK, SERVICE_CLOCK};
use crate::stages::scene::Scene;
use crate::understanding::slots::BUDGET;

use super::claims::{Claim, Found, Search};
use super::knowledge::readings;
use super::vocabulary::{GuardRules, Need, Role};

/// What a text may say beyond the pack.
pub(super) enum License<'a> {
    Draft(&'a Draft),
    Free,
}

impl<'a> License<'a> {
    pub(super) fn of_draft(draft: &'a Draft) -> Self {
        Self::Draft(draft)
    }

    pub(super) fn free() -> Self {
        Self::Free
    }

    pub(super) fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }

    /// The first claim that nothing allows.
    pub(super) fn first_unlicensed<'f>(
        &self,
        scene: &Scene<'_>,
        search: &Search,
        unheld: &[&'f Found],
    ) -> Option<&'f Found> {
        if unheld.is_empty() {
            return None;
        }
        let said = OnceSaid::default();
        let rights = self.rights();
        unheld.iter().copied().find(|found| match &found.claim {
            Claim::Act(need, _) => !done(scene, *need),
            claim => match self {
                Self::Draft(_) => {
                    let here = rights.iter().find(|(range, _)| range.contains(&found.at.start));
                    !here.is_some_and(|(_, gaps)| draft_may(scene, gaps, claim, &said))
                }
                Self::Free => !free_may(scene, search, found, &said),
            },
        })
    }

    // Where each sentence of a draft stands in the folded text, with the gaps that it fills.
    fn rights(&self) -> Vec<(Range<usize>, &'static [&'static str])> {
        let Self::Draft(draft) = self else { return Vec::new() };
        let mut at = 0;
        let place = |(id, text): &(crate::symbol::Symbol, String)| {
            let range = at..at + plain(text).len();
            at = range.end + 1;
            let gaps = REPLIES.iter().find(|(known, _)| *known == id.as_str()).map_or(&[][..], |(_, gaps)| *gaps);
            (range, gaps)
        };
        draft.said.iter().map(place).collect()
    }
}

// A sentence of the pack repeats what its gaps hold.
fn draft_may(scene: &Scene<'_>, gaps: &[&str], claim: &Claim, said: &OnceSaid) -> bool {
    let repeats = gaps.iter().any(|gap| SAID_BACK.contains(gap));
    let tells_clock = gaps.iter().any(|gap| SERVICE_CLOCK.contains(gap));
    // Who says that they do not know claims nothing.
    if gaps.contains(&ADMITS) {
        return true;
    }
    let calendar = gaps.iter().any(|gap| CALENDAR.contains(gap));
    match claim {
        Claim::Hour { .. } | Claim::DayHour { .. } | Claim::Date { .. } | Claim::Open { .. } if calendar => true,
        Claim::Hour { minute, vague } | Claim::DayHour { minute, vague, .. } if tells_clock => {
            let hours = &scene.turn.policy.hours;
            let service = [hours.start, hours.end].map(|hour| u16::from(hour.unsigned_abs()) * 60);
            readings(*minute, *vague).any(|minute| service.contains(&minute))
        }
        _ => repeats && said.by(scene).contains(claim),
    }
}

fn free_may(scene: &Scene<'_>, search: &Search, found: &Found, said: &OnceSaid) -> bool {
    let token = search.text.token_at(found.at.start);
    match &found.claim {
        // `su presupuesto de 800 mil`, and no word of a price in the sentence.
        Claim::Money(_) => {
            said.by(scene).contains(&found.claim)
                && search.hits.iter().any(|hit| {
                    hit.role == Role::Budget
                        && hit.end <= found.at.start
                        && found.at.start - hit.end <= 6
                        && search.sentence_of(hit) == found.sentence
                })
                && !search.in_sentence(token, |role| matches!(role, Role::Price | Role::From))
        }
        // `Brother no la manejamos`; never that we have it.
        Claim::Brand(_) => said.by(scene).contains(&found.claim) && search.denied(token),
        Claim::Code(_) | Claim::Count { .. } | Claim::Phone(_) | Claim::Ago { .. } => {
            said.by(scene).contains(&found.claim)
        }
        Claim::Link(link) => link.contains('@') && said.by(scene).contains(&found.claim),
        _ => false,
    }
}

// Whether this turn writes the row that an act needs.
fn done(scene: &Scene<'_>, need: Need) -> bool {
    match need {
        Need::Handoff => matches!(scene.desk, Desk::Open(_) | Desk::Raise(_)),
        Need::Lead => matches!(scene.desk, Desk::Open(_) | Desk::Raise(_) | Desk::Lead { .. }),
        Need::Nothing => false,
    }
}

/// What the customer stated, worked out when it is first needed.
#[derive(Default)]
struct OnceSaid(std::cell::OnceCell<Said>);

struct Said {
    claims: HashSet<Claim>,
    digits: HashSet<String>,
}

impl OnceSaid {
    fn by(&self, scene: &Scene<'_>) -> &Said {
        self.0.get_or_init(|| Said::in_scene(scene))
    }
}

impl Said {
    fn in_scene(scene: &Scene<'_>) -> Self {
        let memory = &scene.memory;
        let mut texts: Vec<String> = scene.turn.messages.iter().map(|m| m.body.text().to_owned()).collect();
        texts.extend(memory.machine.clone());
        texts.extend(memory.order.iter().map(|line| line.quantity.to_string()));
        texts.extend(memory.slots.keys().filter(|id| *id != BUDGET).filter_map(|id| memory.slot(id)));
        let search = Search::of(&texts.join("\n"), &scene.pack.knowledge.vocabulary);
        let mut claims: HashSet<Claim> = search.found.into_iter().map(|found| found.claim).collect();
        let budget = memory.slots.get(BUDGET).and_then(|slot| slot.value.as_i64());
        claims.extend(memory.amounts_said.iter().copied().chain(budget).map(Claim::Money));
        let digits = claims
            .iter()
            .filter_map(|claim| match claim {
                Claim::Count { digits, .. } => Some(digits.clone()),
                _ => None,
            })
            .collect();
        Self { claims, digits }
    }

    fn contains(&self, claim: &Claim) -> bool {
        match claim {
            Claim::Count { digits, .. } => self.digits.contains(digits),
            other => self.claims.contains(other),
        }
    }
}

/// The kind of a claim, for the decision path: never its words, which may be a person's.
pub(super) fn kind(claim: &Claim) -> &'static str {
    match claim {
        Claim::Money(_) => "money",
        Claim::Percent(_) => "percent",
        Claim::Hour { .. } | Claim::DayHour { .. } => "hour",
        Claim::Open { open: true, .. } => "open",
        Claim::Open { open: false, .. } => "closed",
        Claim::Date { .. } => "date",
        Claim::Promise(_) => "promise",
        Claim::Term { .. } | Claim::Ago { .. } => "term",
        Claim::Address(_) => "address",
        Claim::Phone(_) => "phone",
        Claim::Link(_) => "link",
        Claim::Code(_) => "model",
        Claim::Count { .. } => "number",
        Claim::Brand(_) => "brand",
        Claim::Offer(_) => "offer",
        Claim::Act(..) => "act",
    }
}

/// A claim of a sentence of the pack, as its keeper reads it when the pack is loaded.
pub(super) fn label(claim: &Claim, rules: &GuardRules) -> String {
    let clock = |minute: &u16| format!("{}:{:02}", minute / 60, minute % 60);
    match claim {
        Claim::Money(cop) => format!("money:{}", Cop(*cop)),
        Claim::Percent(hundredths) => format!("percent:{}", hundredths / 100),
        Claim::Hour { minute, .. } => format!("hour:{}", clock(minute)),
        Claim::DayHour { day, minute, .. } => format!("hour:{day}@{}", clock(minute)),
        Claim::Open { day, open } => format!("{}:{day}", if *open { "open" } else { "closed" }),
        Claim::Date { day, month } => format!("date:{day}/{month}"),
        Claim::Promise(day) => format!("promise:{day}"),
        Claim::Term { count, unit } | Claim::Ago { count, unit } => format!("term:{count}{unit}"),
        Claim::Address(address) => format!("address:{address}"),
        // A telephone may be a person's.
        Claim::Phone(_) => "phone".to_owned(),
        Claim::Link(_) => "link".to_owned(),
        Claim::Code(code) => format!("model:{code}"),
        Claim::Count { digits, .. } => format!("number:{digits}"),
        Claim::Brand(brand) => format!("brand:{}", rules.not_carried[*brand]),
        Claim::Offer(offer) => format!("offer:{}", rules.offers[*offer]),
        Claim::Act(_, said) => format!("act:{said}"),
    }
}
