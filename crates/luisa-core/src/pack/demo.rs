//! `demo.toml`: made-up customers of the store, who play by themselves on the demo page.
//!
//! Owns the form of the file, which a pack may leave out. They write like anybody else: nothing here may touch a decision.

use serde::{Deserialize, Serialize};

/// The API takes 30 messages of a conversation per minute; a visitor's patience ends sooner.
const MOST_MESSAGES: usize = 20;

/// `demo.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoFile {
    #[serde(default)]
    pub(super) customer: Vec<DemoCustomer>,
}

/// A customer who plays by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoCustomer {
    pub name: String,
    /// What a visitor can see in this chat.
    pub shows: String,
    /// What they write, in order. A text that is the title of an offered option presses it.
    pub says: Vec<String>,
}

/// What is wrong with them, one sentence each.
pub(super) fn problems(customers: &[DemoCustomer]) -> Vec<String> {
    let mut found = Vec::new();
    for (n, customer) in customers.iter().enumerate() {
        let name = &customer.name;
        if name.trim().is_empty() || customer.shows.trim().is_empty() {
            found.push(format!("customer {}: `name` and `shows` cannot be empty; write both", n + 1));
        }
        if customers.iter().take(n).any(|earlier| earlier.name == *name) {
            found.push(format!("`{name}` is there twice; give one another name"));
        }
        let messages = customer.says.len();
        if messages == 0 || messages > MOST_MESSAGES {
            found.push(format!("`{name}` says {messages} messages; write 1 to {MOST_MESSAGES}"));
        }
        if customer.says.iter().any(|text| text.trim().is_empty()) {
            found.push(format!("`{name}` says an empty message; remove it"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(name: &str, says: &[&str]) -> DemoCustomer {
        let says = says.iter().map(|text| (*text).to_owned()).collect();
        DemoCustomer { name: name.to_owned(), shows: "A sale".to_owned(), says }
    }

    #[test]
    fn customers_who_write_are_in_order() {
        assert_eq!(problems(&[customer("Ana", &["hola"]), customer("Luz", &["hola", "gracias"])]), [""; 0]);
    }

    #[test]
    fn what_a_visitor_could_not_play_is_named() {
        let long = ["hola"; MOST_MESSAGES + 1];
        for (customers, word) in [
            (vec![customer("", &["hola"])], "customer 1"),
            (vec![customer("Ana", &[])], "0 messages"),
            (vec![customer("Ana", &long)], "21 messages"),
            (vec![customer("Ana", &["hola", " "])], "empty message"),
            (vec![customer("Ana", &["hola"]), customer("Ana", &["hola"])], "twice"),
        ] {
            let found = problems(&customers);
            assert!(found.len() == 1 && found[0].contains(word), "{word}: {found:?}");
        }
    }
}
