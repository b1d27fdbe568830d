//! Heard: the asks of a message: what is asked, about what, and what narrows it.
//!
//! Owns the split into sentences and clauses, the choice among topics by what stands beside a word, and the residue:
//! words that ask something which no topic knows. May not look for answers.

use std::ops::Range;

use crate::lexicon::matcher::Hit;
use crate::pack::Pack;
use crate::pack::topics::{Computed, Role, Source, Topic};
use crate::symbol::Symbol;
use crate::taxonomy::Reason;
use crate::understanding::Reading;

/// One thing that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its topic, by place; none when the words ask something that no topic knows.
    pub topic: Option<usize>,
    /// Words of the sentence in which it stands.
    pub sentence: Range<usize>,
    /// The word at which it begins.
    pub at: usize,
    /// The words that ask it.
    pub hits: Vec<Range<usize>>,
    /// Which product, and not whether one.
    pub which: bool,
    /// A number is wanted.
    pub count: bool,
    /// Something in the sentence narrows it that no topic reads: a measure, a person, a fabric.
    pub limited: bool,
    /// The words that nothing explains, from the first to the last.
    pub residue: Range<usize>,
    /// Materials and garments named with it, by place.
    pub materials: Vec<usize>,
}

impl Ask {
    /// Whether its answer is worked out so.
    #[must_use]
    pub fn computes(&self, pack: &Pack, what: Computed) -> bool {
        self.topic.is_some_and(|n| pack.topics.topics[n].source == Source::Computed(what))
    }
}

/// What of a message the topics look at.
struct Words<'a> {
    pack: &'a Pack,
    reading: &'a Reading,
    roles: Vec<(Role, Hit)>,
    during: Option<Reason>,
}

/// A part of a message between two full stops.
struct Sentence {
    words: Range<usize>,
    question: bool,
}

struct Candidate {
    topic: usize,
    hits: Vec<Range<usize>>,
}

/// The asks of a message, in the order in which they stand there. `during` is why a person was called in this chat.
#[must_use]
pub fn hear(pack: &Pack, reading: &Reading, during: Option<Reason>) -> Vec<Ask> {
    let roles = pack.topics.hits(&reading.normalized.words, &reading.keys);
    let words = Words { pack, reading, roles, during };
    let mut asks: Vec<Ask> = Vec::new();
    for sentence in sentences(reading) {
        for ask in words.asks_of(&sentence) {
            if !asks.iter().any(|known| known.topic == ask.topic && known.topic.is_some()) {
                asks.push(ask);
            }
        }
    }
    asks
}

/// An ask of a known topic that is not in the words: `¿y cuál sí tiene?` after a question, `ks-8800` after a price.
#[must_use]
pub fn implied(pack: &Pack, reading: &Reading, id: &str) -> Option<Ask> {
    let topic = pack.topics.topics.iter().position(|topic| topic.id.as_str() == id)?;
    let words =
        Words { pack, reading, roles: pack.topics.hits(&reading.normalized.words, &reading.keys), during: None };
    let sentence = sentences(reading).into_iter().next_back()?;
    let materials = words.materials(&sentence.words);
    let which = words.says_any(&sentence, &["cual", "cuales"]);
    let general = pack.topics.topics[topic].general;
    let residue = words.residue(&sentence, &[], &materials);
    let at = sentence.words.start;
    let limited = general && !residue.is_empty() || words.measured(&sentence);
    let left = residue.first().map_or(0..0, |first| *first..residue.last().map_or(*first, |last| last + 1));
    Some(Ask {
        residue: left,
        topic: Some(topic),
        hits: Vec::new(),
        sentence: sentence.words,
        at,
        which,
        count: false,
        limited,
        materials,
    })
}

/// Whether a message that says nothing else of the store asks one of its topics.
#[must_use]
pub fn asks_topic(pack: &Pack, reading: &Reading) -> bool {
    hear(pack, reading, None).iter().any(|ask| ask.topic.is_some())
}

// Sentences with their question marks; a text whose marks cannot be told apart counts as one question when it has any.
fn sentences(reading: &Reading) -> Vec<Sentence> {
    let words = &reading.normalized.words;
    let mut starts: Vec<usize> = (0..words.len()).filter(|i| words[*i].after_stop || *i == 0).collect();
    starts.push(words.len());
    let ranges: Vec<Range<usize>> = starts.windows(2).map(|pair| pair[0]..pair[1]).filter(|r| !r.is_empty()).collect();
    let marks = question_marks(&reading.normalized.punctuated);
    let told_apart = marks.len() == ranges.len();
    ranges
        .into_iter()
        .enumerate()
        .map(|(n, words)| Sentence {
            words,
            question: if told_apart { marks[n] } else { reading.normalized.signals.question },
        })
        .collect()
}

// Of each sentence with a letter or digit in it, whether a question mark belongs to it.
fn question_marks(text: &str) -> Vec<bool> {
    let mut marks = Vec::new();
    let (mut said, mut asks) = (false, false);
    let chars: Vec<char> = text.chars().collect();
    for (n, c) in chars.iter().enumerate() {
        match c {
            '.' if chars.get(n + 1).is_some_and(char::is_ascii_digit) => {}
            '¿' | '¡' if chars[..n].iter().rev().find(|c| !c.is_whitespace()) == Some(&',') => asks |= *c == '¿',
            '.' | ';' | '?' | '¿' | '!' | '¡' | '\n' => {
                if said {
                    marks.push(asks || *c == '?');
                }
                (said, asks) = (false, *c == '¿');
            }
            c if c.is_alphanumeric() => said = true,
            _ => {}
        }
    }
    if said {
        marks.push(asks);
    }
    marks
}

/// A sentence of so few words asks by naming its matter: `peso y medidas`.
const FEW_WORDS: usize = 5;

impl Words<'_> {
    fn asks_of(&self, sentence: &Sentence) -> Vec<Ask> {
        if !self.is_asking(sentence) {
            return Vec::new();
        }
        let found = self.chosen(sentence);
        let materials = self.materials(&sentence.words);
        let residue = self.residue(sentence, &found, &materials);
        let measured = self.measured(sentence);
        let which = self.says_any(sentence, &["cual", "cuales", "que maquina", "que maquinas"]);
        let count = self.word_in(sentence, &["cuantos", "cuantas", "numero", "cuanto"]);
        let left = residue.first().map_or(0..0, |first| *first..residue.last().map_or(*first, |last| last + 1));
        let ask = |topic: Option<usize>, hits: &[Range<usize>], at: usize, limited: bool| Ask {
            residue: left.clone(),
            topic,
            hits: hits.to_vec(),
            sentence: sentence.words.clone(),
            at,
            which,
            count,
            limited,
            materials: materials.clone(),
        };
        let mut asks: Vec<Ask> = found
            .iter()
            .map(|candidate| {
                let topic = &self.pack.topics.topics[candidate.topic];
                let at = candidate.hits.first().map_or(sentence.words.start, |hit| hit.start);
                // What stands in another clause does not narrow this one.
                let near = |word: &usize| candidate.hits.iter().any(|hit| self.clause(hit.start) == self.clause(*word));
                let narrowed = topic.general && residue.iter().any(near);
                ask(Some(candidate.topic), &candidate.hits, at, narrowed || measured)
            })
            .collect();
        // A few words that nothing explains are told, not asked.
        if asks.is_empty() && !residue.is_empty() && self.is_question(sentence) {
            asks.push(ask(None, &[], sentence.words.start, measured));
        }
        asks.sort_by_key(|ask| ask.at);
        asks
    }

    fn is_question(&self, sentence: &Sentence) -> bool {
        sentence.question || self.hits(&sentence.words).any(|(role, _)| role == Role::Asking)
    }

    fn is_asking(&self, sentence: &Sentence) -> bool {
        // `y me la llevan prendida o yo la armo`.
        let goes_on = self.reading.normalized.words.get(sentence.words.start).is_some_and(|w| w.text == "y");
        self.is_question(sentence) || sentence.words.len() <= FEW_WORDS || goes_on
    }

    fn hits<'a>(&'a self, words: &'a Range<usize>) -> impl Iterator<Item = (Role, &'a Hit)> + 'a {
        self.roles.iter().filter(|(_, hit)| words.start <= hit.start && hit.end <= words.end).map(|(r, h)| (*r, h))
    }

    // The topics that a sentence asks, without those that another makes more precise.
    fn chosen(&self, sentence: &Sentence) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = self
            .pack
            .topics
            .topics
            .iter()
            .enumerate()
            .filter_map(|(n, topic)| self.candidate(n, topic, sentence))
            .collect();
        // Only what stays replaces: first those that nothing replaces, then what they leave.
        let mut kept: Vec<Candidate> = Vec::new();
        while !found.is_empty() {
            // Two that replace each other yield to whatever fewer others replace.
            let claims = |n: &usize| found.iter().filter(|other| self.replaces(other, &found[*n])).count();
            let at = (0..found.len()).min_by_key(claims).unwrap_or(0);
            let one = found.remove(at);
            found.retain(|other| !self.replaces(&one, other));
            kept.push(one);
        }
        kept
    }

    fn candidate(&self, n: usize, topic: &Topic, sentence: &Sentence) -> Option<Candidate> {
        if topic.during.is_some() && topic.during != self.during {
            return None;
        }
        let fitness = topic.source == Source::Computed(Computed::Fitness);
        if fitness && self.materials(&sentence.words).is_empty() {
            return None;
        }
        let said =
            |role: Role| self.hits(&sentence.words).filter(move |(r, _)| *r == role).map(|(_, h)| h.start..h.end);
        let mut hits: Vec<Range<usize>> = said(Role::Ask(n)).collect();
        hits.extend(self.concepts(&topic.concepts.ask, sentence));
        if hits.is_empty() {
            return None;
        }
        let blocked =
            said(Role::Without(n)).next().is_some() || !self.concepts(&topic.concepts.without, sentence).is_empty();
        // What narrows may stand in another sentence of the message.
        let beside = || {
            self.roles.iter().any(|(r, _)| *r == Role::With(n))
                || !self.concepts(&topic.concepts.with, sentence).is_empty()
        };
        if blocked || topic.wants_beside() && !beside() {
            return None;
        }
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        Some(Candidate { topic: n, hits })
    }

    // A more precise topic replaces one that it names, and one whose words are part of its own, in the same clause.
    fn replaces(&self, one: &Candidate, other: &Candidate) -> bool {
        if one.topic == other.topic {
            return false;
        }
        let (precise, vague) = (&self.pack.topics.topics[one.topic], &self.pack.topics.topics[other.topic]);
        let within = |inner: &Range<usize>, outer: &Range<usize>| {
            outer.start <= inner.start && inner.end <= outer.end && inner.len() < outer.len()
        };
        let swallowed = other.hits.iter().all(|hit| one.hits.iter().any(|own| within(hit, own)));
        let same_clause =
            |hit: &Range<usize>| one.hits.iter().any(|own| self.clause(own.start) == self.clause(hit.start));
        // All promotions, and one of them asked by its price: the one is the answer.
        let promotions = vague.source == Source::Computed(Computed::Promotions);
        let named = precise.over.contains(&vague.id) && (promotions || other.hits.iter().all(same_clause));
        let general = vague.general
            && !precise.general
            && precise.scope == vague.scope
            && !vague.over.contains(&precise.id)
            && other.hits.iter().all(same_clause);
        swallowed || named || general
    }

    // Clauses end at a comma and at words that join.
    fn clause(&self, at: usize) -> usize {
        let joins = |word: &str| matches!(word, "y" | "e" | "pero" | "ademas" | "tambien" | "ni");
        let words = &self.reading.normalized.words;
        words[..=at.min(words.len().saturating_sub(1))].iter().filter(|w| w.after_break || joins(&w.text)).count()
    }

    fn concepts(&self, wanted: &[Symbol], sentence: &Sentence) -> Vec<Range<usize>> {
        let inside = |hit: &&Hit| sentence.words.start <= hit.start && hit.end <= sentence.words.end && !hit.negated;
        let all = self.reading.hits.iter().chain(&self.reading.cues);
        all.filter(inside).filter(|hit| wanted.contains(&hit.concept)).map(|hit| hit.start..hit.end).collect()
    }

    fn materials(&self, words: &Range<usize>) -> Vec<usize> {
        let mut found = Vec::new();
        for (role, _) in self.hits(words) {
            if let Role::Material(n) = role
                && !found.contains(&n)
            {
                found.push(n);
            }
        }
        found
    }

    // A number beside a measure: `10 mm`, `18 onzas`.
    fn measured(&self, sentence: &Sentence) -> bool {
        let words = &self.reading.normalized.words[sentence.words.clone()];
        let number = |text: &str| text.bytes().any(|b| b.is_ascii_digit()) || NUMBERS.contains(&text);
        words.windows(2).any(|pair| number(&pair[0].text) && self.pack.topics.is_measure(&pair[1]))
    }

    // Words that carry a matter of their own and belong to nothing that was understood.
    fn residue(&self, sentence: &Sentence, found: &[Candidate], materials: &[usize]) -> Vec<usize> {
        let stated = &self.reading.stated;
        let of_topics = |at: usize| {
            self.roles.iter().any(|(role, hit)| {
                let part = match role {
                    Role::Ask(n) | Role::With(n) => found.iter().any(|c| c.topic == *n),
                    Role::Material(n) => materials.contains(n) && found.iter().any(|c| self.reads_materials(c.topic)),
                    Role::Without(_) => false,
                    Role::Asking => true,
                };
                part && (hit.start..hit.end).contains(&at)
            }) || found.iter().any(|c| c.hits.iter().any(|hit| hit.contains(&at)))
        };
        let named = |at: usize| stated.mentions.iter().any(|m| (m.start..m.end).contains(&at));
        let known = |at: usize| {
            let hits = self.reading.hits.iter().chain(&self.reading.cues);
            hits.filter(|hit| (hit.start..hit.end).contains(&at)).any(|hit| is_no_matter(hit.concept.as_str()))
        };
        let place = |at: usize| {
            stated.values.get(crate::understanding::slots::CITY).and_then(|c| c.as_str()).is_some_and(|city| {
                crate::lexicon::fold::plain(city).split(' ').any(|w| w == self.reading.normalized.words[at].text)
            })
        };
        sentence
            .words
            .clone()
            .filter(|at| {
                let word = &self.reading.normalized.words[*at];
                let number = word.text.bytes().all(|b| b.is_ascii_digit());
                !number
                    && !self.pack.topics.is_small(word)
                    && !of_topics(*at)
                    && !named(*at)
                    && !known(*at)
                    && !place(*at)
            })
            .collect()
    }

    fn reads_materials(&self, topic: usize) -> bool {
        matches!(
            self.pack.topics.topics[topic].source,
            Source::Computed(Computed::Fitness | Computed::Models | Computed::Price | Computed::Compare)
        )
    }

    fn says_any(&self, sentence: &Sentence, phrases: &[&str]) -> bool {
        let text: Vec<&str> =
            self.reading.normalized.words[sentence.words.clone()].iter().map(|w| w.text.as_str()).collect();
        let text = format!(" {} ", text.join(" "));
        phrases.iter().any(|phrase| text.contains(&format!(" {phrase} ")))
    }

    fn word_in(&self, sentence: &Sentence, list: &[&str]) -> bool {
        self.reading.normalized.words[sentence.words.clone()].iter().any(|w| list.contains(&w.text.as_str()))
    }
}

const NUMBERS: &[&str] =
    &["dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "doce", "quince", "veinte"];

// Concepts that point, greet or agree: they ask nothing by themselves.
fn is_no_matter(concept: &str) -> bool {
    matches!(
        concept,
        "saludo"
            | "despedida"
            | "gracias"
            | "acuse"
            | "si"
            | "no"
            | "ustedeo"
            | "tuteo"
            | "afecto"
            | "familia"
            | "luisa"
            | "duena"
            | "ref_esa"
            | "ref_otra"
            | "ref_primera"
            | "ref_segunda"
            | "ref_tercera"
            | "ref_ultima"
            | "ambas"
            | "cual"
            | "maquina"
            | "de_la_foto"
            | "cuenta_con"
            | "correccion"
            | "otra_cosa"
            | "para_quien"
            | "comparar"
            | "la_mejor"
            | "rasgo"
    ) || concept.starts_with("tipo_maquina=")
        || concept.starts_with("marca=")
}
