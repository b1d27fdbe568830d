//! What the server and the test share: the record, the shelf, and the faults that are waiting.
//!
//! Owns which fault is next and what happens to an accepted message. May not speak HTTP.

use super::behaviour::{Behaviour, Endpoint};
use super::check::{Checked, is_scoped_id, phone_digits};
use super::record::{Recorded, Sent};
use super::refusal::Refusal;
use super::shelf::Shelf;
use super::statuses::{Job, Postman};
use crate::ledger::{Ledger, locked};
use crate::payload::{DISPLAY_PHONE_NUMBER, PHONE_NUMBER_ID, Person, WABA_ID, Wamids};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The ids under which the service knows the fake.
#[derive(Clone, Debug)]
pub struct Account {
    pub phone_number_id: String,
    pub waba_id: String,
    pub display_phone_number: String,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            phone_number_id: PHONE_NUMBER_ID.to_owned(),
            waba_id: WABA_ID.to_owned(),
            display_phone_number: DISPLAY_PHONE_NUMBER.to_owned(),
        }
    }
}

pub(super) type Script = Box<dyn Fn(&Value) -> Behaviour + Send + Sync>;

pub(super) struct World {
    pub(super) account: Account,
    pub(super) base_url: String,
    pub(super) ledger: Arc<Ledger<Recorded>>,
    pub(super) shelf: Mutex<Shelf>,
    pub(super) controls: Mutex<Controls>,
    pub(super) postman: Mutex<Option<Postman>>,
    wamids: Mutex<Wamids>,
}

#[derive(Default)]
pub(super) struct Controls {
    pub(super) faults: Vec<Fault>,
    pub(super) script: Option<Script>,
    pub(super) token: Option<String>,
    pub(super) app_secret: Option<String>,
}

/// A behaviour that waits for its calls.
pub(super) struct Fault {
    pub(super) endpoint: Endpoint,
    /// Only for messages to this phone or user id.
    pub(super) person: Option<String>,
    pub(super) left: usize,
    pub(super) behaviour: Behaviour,
}

impl World {
    pub(super) fn new(account: Account, base_url: String) -> Self {
        Self {
            account,
            base_url,
            ledger: Arc::new(Ledger::new(Recorded::default())),
            shelf: Mutex::default(),
            controls: Mutex::default(),
            postman: Mutex::default(),
            // Drawn: a service whose database outlives this fake must never see an id twice.
            wamids: Mutex::new(Wamids::new(rand::random())),
        }
    }

    pub(super) fn expected_token(&self) -> Option<String> {
        locked(&self.controls).token.clone()
    }

    /// Waiting faults first, in the order they were set; then the script; then acceptance.
    pub(super) fn behaviour(&self, endpoint: Endpoint, raw: &Value) -> Behaviour {
        let mut controls = locked(&self.controls);
        let next = controls.faults.iter().position(|fault| fault.is_for(endpoint, raw));
        if let Some(place) = next {
            let fault = &mut controls.faults[place];
            let behaviour = fault.behaviour.clone();
            fault.left = fault.left.saturating_sub(1);
            if fault.left == 0 {
                controls.faults.remove(place);
            }
            return behaviour;
        }
        match (&controls.script, endpoint) {
            (Some(script), Endpoint::Send) => script(raw),
            _ => Behaviour::Accept,
        }
    }

    /// Takes the message as the real one would, and gives the answer.
    pub(super) fn take(&self, raw: Value, checked: Checked, failure: Option<Refusal>) -> Value {
        let wamid = locked(&self.wamids).fresh();
        let sent = Sent {
            at: Instant::now(),
            to: checked.to,
            recipient: checked.recipient,
            kind: checked.kind,
            text: checked.content.text,
            buttons: checked.content.buttons,
            image: checked.content.image,
            template: checked.content.template,
            opaque: checked.opaque,
            context: checked.context,
            raw,
            wamid,
        };
        let answer = accepted(&sent);
        // The trap of business-scoped ids: accepted like any other, and never heard of again.
        let lost = sent.to.as_deref().is_some_and(is_scoped_id);
        if lost {
            self.ledger.write(|recorded| recorded.lost.push(sent));
            return answer;
        }
        let job = Job { wamid: sent.wamid.clone(), person: addressee(&sent), opaque: sent.opaque.clone(), failure };
        self.ledger.write(|recorded| recorded.sent.push(sent));
        if let Some(postman) = locked(&self.postman).as_mut() {
            postman.hand_over(job);
        }
        answer
    }
}

impl Fault {
    fn is_for(&self, endpoint: Endpoint, raw: &Value) -> bool {
        if self.endpoint != endpoint {
            return false;
        }
        let Some(person) = &self.person else { return true };
        let matches = |key: &str| raw[key].as_str().is_some_and(|to| to.trim_start_matches('+') == person);
        matches("to") || matches("recipient")
    }
}

fn accepted(sent: &Sent) -> Value {
    let contact = match (&sent.to, &sent.recipient) {
        (Some(to), _) => json!({ "input": to, "wa_id": phone_digits(to).unwrap_or_else(|| to.clone()) }),
        (None, user_id) => json!({ "input": user_id, "user_id": user_id }),
    };
    let mut message = json!({ "id": sent.wamid });
    if sent.kind == "template" {
        message["message_status"] = json!("accepted");
    }
    json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [message] })
}

fn addressee(sent: &Sent) -> Person {
    Person { wa_id: sent.to.as_deref().and_then(phone_digits), user_id: sent.recipient.clone(), ..Person::default() }
}
