//! Options: what a pressed button can mean.
//!
//! Owns the closed set: an option is one that a question of the pack or a product of the catalog can offer. An id that
//! comes from outside is read here once; whatever else it says, the words that the customer saw on the button count.

use crate::lexicon::fold::plain;
use crate::pack::Pack;
use crate::taxonomy::{Intent, Reason};

/// What pressing an option does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    Yes,
    No,
    /// Fills a slot with a value that a question of the pack offers.
    Set {
        slot: String,
        value: String,
    },
    /// Chooses a product of the catalog, by its id.
    Item(String),
    /// Asks for what the intent says.
    Act(Intent),
    /// Calls a person.
    Human(Reason),
}

const ITEM: &str = "set:item=";

impl Press {
    /// The id of the option that chooses a product.
    #[must_use]
    pub fn item_id(item: &str) -> String {
        format!("{ITEM}{item}")
    }

    /// What an option of this id does, if the store can offer it.
    #[must_use]
    pub fn offered(pack: &Pack, id: &str) -> Option<Self> {
        if let Some(item) = id.strip_prefix(ITEM) {
            return pack.catalog.item(item).map(|item| Self::Item(item.id.clone()));
        }
        let known = pack.questions.values().flat_map(|question| &question.options).any(|option| option.id == id);
        if known { Self::of_pack(id) } else { None }
    }

    /// What a press with this id and these words on the button means; nothing when the store shows no such button.
    #[must_use]
    pub fn of(pack: &Pack, id: &str, title: &str) -> Option<Self> {
        let press = Self::offered(pack, id)?;
        shows(pack, &press, id, title).then_some(press)
    }

    // The id of an option of `questions.toml`.
    fn of_pack(id: &str) -> Option<Self> {
        match id.split_once(':') {
            None if id == "yes" => Some(Self::Yes),
            None if id == "no" => Some(Self::No),
            None if id == "human" => Some(Self::Human(Reason::PideHumano)),
            Some(("act", act)) => Intent::from_id(act).map(Self::Act),
            Some(("human", reason)) => Reason::from_id(reason).map(Self::Human),
            Some(("set", rest)) => {
                let (slot, value) = rest.split_once('=')?;
                Some(Self::Set { slot: slot.to_owned(), value: value.to_owned() })
            }
            _ => None,
        }
    }
}

/// Whether two titles have the same words.
#[must_use]
pub fn same_words(one: &str, other: &str) -> bool {
    words(one) == words(other)
}

fn words(text: &str) -> Vec<String> {
    plain(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

// A button without words is believed; one with words must carry the words that the store gives it.
fn shows(pack: &Pack, press: &Press, id: &str, title: &str) -> bool {
    let said = words(title);
    if said.is_empty() {
        return true;
    }
    match press {
        // The title is a part of the product's name, or its last words cut to the width of a button.
        Press::Item(item) => pack.catalog.item(item).is_some_and(|item| {
            let name = words(&item.name);
            said.iter().all(|word| name.iter().any(|own| own.starts_with(word.as_str())))
        }),
        Press::Yes | Press::No | Press::Set { .. } | Press::Act(_) | Press::Human(_) => {
            let options = pack.questions.values().flat_map(|question| &question.options);
            options.filter(|option| option.id == id).any(|option| words(&option.title) == said)
        }
    }
}
