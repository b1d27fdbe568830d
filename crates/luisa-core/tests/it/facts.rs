//! The fact check, with the packs' own replies and with texts that no pack wrote.

use std::path::Path;

use luisa_core::memory::Memory;
use luisa_core::pack::Pack;
use luisa_core::rehearsal::{Script, play};
use luisa_core::stages::draft::Draft;
use luisa_core::stages::guards;
use luisa_core::stages::scene::Scene;
use luisa_core::turn::Policy;

use crate::packs::{el_sastre, minimal};
use crate::turns;

/// What fails in a text that a model wrote after the customer's message, if anything.
fn failing(pack: &Pack, customer: &str, text: &str) -> Option<String> {
    failing_knowing(pack, &Memory::default(), customer, text)
}

pub(crate) fn failing_knowing(pack: &Pack, memory: &Memory, customer: &str, text: &str) -> Option<String> {
    let (messages, policy) = ([turns::text("m1", turns::morning(), customer)], Policy::default());
    let turn = turns::turn(memory, &messages, &policy);
    let scene = Scene::open(pack, &turn);
    let mut rules = Draft::default();
    rules.say(&scene, "acuse", &[]);
    let (checked, _) = guards::check_free(&scene, text, rules);
    let replaced = !checked.reply().text.contains(text);
    assert_eq!(replaced, checked.failed().is_some(), "{text}");
    checked.failed().map(str::to_owned)
}

#[test]
fn what_the_pack_holds_may_be_said_in_any_words() {
    let pack = el_sastre();
    for text in [
        "La Kingter KT-D3 está en $1.230.000 con mesa, motor e instalación.",
        "La KT-D3 le queda en 1.230.000 pesos.",
        "La KS-8800 vale un millón trescientos mil pesos.",
        "Abrimos de lunes a viernes de 9 a 6 y los sábados hasta las 2 de la tarde.",
        "Atendemos de 9:00 a. m. a 6:00 p. m. entre semana.",
        "Los sábados atendemos de 9 a 2; los domingos no abrimos.",
        "Estamos en la Calle 34 #1-30.",
        "Nos encuentra en la cll 34 No. 1-30, Montería.",
        "Tiene tres meses de garantía en repuestos y mano de obra.",
        "La garantía es de 3 meses.",
        "El motor ahorra hasta 70% de energía.",
        "La 6705C tiene 200 puntadas y 7 ojales.",
        "La Heavy Duty 6705C es la que aguanta jeans.",
        "Las industriales arrancan en $1.230.000 y las familiares en $400.000.",
        "La revisión no tiene costo.",
        "No manejamos descuentos; un asesor lo puede revisar.",
        "El envío se acuerda según la ciudad; no le puedo decir si llega el viernes.",
        "¿Quiere que un asesor le agende la visita?",
        "Deme un minuto y le confirmo.",
        "Buenos días, que tenga un lindo día.",
        "Tenemos dos opciones para usted: la KT-D3 y la KS-8800.",
        "1. La KT-D3\n2. La KS-8800",
        "¿La necesita para mañana?",
        "Puede pagar con Addi o Sistecrédito.",
    ] {
        assert_eq!(failing(&pack, "hola", text), None, "{text}");
    }
}

#[test]
fn what_the_pack_does_not_hold_is_not_said_and_the_claim_is_named() {
    let pack = el_sastre();
    for (text, claim) in [
        // Prices, and prices of another product.
        ("La KT-D3 está en $1.231.000.", "money"),
        ("La KT-D3 le queda en 900.", "money"),
        ("Se la dejo en novecientos mil pesos.", "money"),
        ("Quedaría en 1.2 millones.", "money"),
        ("La KS-8800 está en $1.230.000.", "money"),
        ("La Heavy Duty 6705C está en $400.000.", "money"),
        ("Por $1.230.000 se lleva la KS-8800.", "money"),
        ("Las industriales van desde $400.000.", "money"),
        // Hours and days.
        ("Abrimos a las 8.", "hour"),
        ("Abrimos a las 8 de la mañana.", "hour"),
        ("Abrimos a las ocho.", "hour"),
        ("Atendemos hasta las 7 p. m.", "hour"),
        ("Estamos de 10 a 5.", "hour"),
        ("Los sábados cerramos a las 18:00.", "hour"),
        ("Abrimos a las 9:30.", "hour"),
        ("Los domingos abrimos normal.", "open"),
        ("Atendemos de lunes a domingo.", "open"),
        ("Los sábados no abrimos.", "closed"),
        // Dates and deliveries.
        ("Le llega el viernes.", "promise"),
        ("Mañana le llega a su casa.", "promise"),
        ("El técnico va hoy a su casa.", "promise"),
        ("Se la entregamos el mismo día.", "promise"),
        ("La promoción va hasta el 15 de diciembre.", "date"),
        ("La tenemos el 15/12.", "date"),
        ("El envío demora 3 días.", "term"),
        ("Llega en 24 horas.", "term"),
        // Warranty.
        ("La garantía es de 6 meses.", "term"),
        ("Tiene un año de garantía.", "term"),
        ("Le damos dos años.", "term"),
        // Where and how.
        ("Estamos en la Calle 35 #1-30.", "address"),
        ("Estamos en la Carrera 34 #1-30.", "address"),
        ("Llámenos al 300 555 1234.", "phone"),
        ("Llámenos al +573005551234.", "phone"),
        ("Mire www.elsastre.com", "link"),
        ("Pague en https://pagos.example/abc", "link"),
        ("Escríbanos a ventas@elsastre.com", "link"),
        // Offers.
        ("Hoy tiene 10% de descuento.", "percent"),
        ("Le hacemos un descuento especial.", "offer"),
        ("El envío es gratis.", "offer"),
        ("El envío no tiene costo.", "offer"),
        ("Le damos un cincuenta por ciento.", "percent"),
        // Models, brands, numbers.
        ("La KT-D9 también le sirve.", "model"),
        ("La 6706C también le sirve.", "model"),
        ("También está la Singer 4423.", "number"),
        ("Manejamos Brother y Janome.", "brand"),
        ("Tiene 250 puntadas.", "number"),
        ("Tiene 7 puntadas.", "number"),
        // Acts.
        ("Ya le avisé a una asesora.", "act"),
        ("Listo, quedó apartada a su nombre.", "act"),
        ("Le agendé la visita.", "act"),
        ("Ya pedí que se la despachen.", "act"),
        ("Su pedido va en camino.", "act"),
    ] {
        let found = failing(&pack, "hola", text);
        assert!(found.as_ref().is_some_and(|found| found.starts_with(claim)), "{text}: {found:?}");
    }
}

#[test]
fn what_the_customer_says_does_not_become_a_fact() {
    let pack = el_sastre();
    for (customer, text) in [
        ("me la dejas en 100 mil?", "Sí, a 100 mil."),
        ("me la dejas en 100 mil?", "Claro, queda en $100.000."),
        ("me la dejas en 100 mil?", "Listo, con 100 mil se la lleva."),
        ("ustedes abren a las 6 am?", "Sí, abrimos a las 6 a. m."),
        ("la garantía es de 5 años cierto?", "Sí, 5 años."),
        ("tienen brother?", "Sí, tenemos Brother."),
        ("me llega el viernes?", "Sí, le llega el viernes."),
        ("es gratis el envio?", "Sí, el envío es gratis."),
    ] {
        assert!(failing(&pack, customer, text).is_some(), "{text}");
    }
    for (customer, text) in [
        ("tengo 800 mil", "Con su presupuesto de $800.000 le recomiendo una familiar."),
        ("tienen brother?", "Brother no la manejamos."),
        ("necesito un repuesto para una singer 4423", "Para la Singer 4423 un asesor le confirma."),
        ("la compré hace 2 meses", "Como la compró hace 2 meses, la revisión no tiene costo."),
        ("somos 12 personas", "Para 12 personas, un asesor le arma la propuesta."),
    ] {
        assert_eq!(failing(&pack, customer, text), None, "{text}");
    }
}

#[test]
fn another_store_is_held_to_its_own_facts() {
    let pack = minimal();
    for text in ["La torta de fresa vale $45.000.", "Abrimos los domingos de 6 a 12.", "Carrera 20 #25-14, Sincelejo."]
    {
        assert_eq!(failing(&pack, "hola", text), None, "{text}");
    }
    for text in ["La torta de fresa vale $6.000.", "Abrimos a las 9.", "Vendemos pan Bimbo.", "Ya está en el horno."] {
        assert!(failing(&pack, "hola", text).is_some(), "{text}");
    }
}

fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/conversations");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().filter(|f| f.extension().is_some_and(|e| e == "jsonl"));
    texts
        .flat_map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().map(|line| serde_json::from_str::<Script>(line).unwrap()).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn no_reply_of_the_conversations_is_taken_for_a_lie() {
    let pack = el_sastre();
    for script in scripts() {
        let transcript = play(&pack, &script).transcript;
        let replaced = transcript.lines().find(|line| line.contains("guards_replaced"));
        assert_eq!(replaced, None, "{}\n{transcript}", script.id);
    }
}

/// The text with one of its numbers greater or less by one, in every way.
fn altered(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
        let length = if bytes[at].is_ascii_digit() { run(at) } else { 0 };
        if length == 0 {
            at += 1;
            continue;
        }
        let number = text[at..at + length].trim_end_matches('.');
        let digits = number.replace('.', "");
        let zeros = digits.len() - digits.trim_start_matches('0').len();
        let value: i64 = digits.parse().unwrap();
        for other in [value - 1, value + 1].into_iter().filter(|n| *n >= 0) {
            let changed = if number.contains('.') {
                luisa_core::money::Cop(other).to_string().replace('$', "")
            } else {
                format!("{}{other}", "0".repeat(if other.to_string().len() == digits.len() { 0 } else { zeros }))
            };
            out.push(format!("{}{changed}{}", &text[..at], &text[at + number.len()..]));
        }
        at += length;
    }
    out
}

#[test]
fn a_reply_with_any_number_altered_by_one_does_not_pass() {
    for (name, pack) in [("el-sastre", el_sastre()), ("minimal", minimal())] {
        let mut texts: Vec<String> = pack.facts.values().cloned().collect();
        texts.extend(pack.replies.values().flatten().map(|text| text.fill(&pack.facts, &[])));
        for item in &pack.catalog.items {
            texts.extend(item.features.iter().map(|feature| format!("La {} tiene {feature}.", item.name)));
            texts.extend(item.price_cop.map(|price| format!("La {} está en {price}.", item.name)));
        }
        if name == "el-sastre" {
            let replies = scripts().iter().map(|script| play(&pack, script).transcript).collect::<String>();
            texts.extend(replies.lines().filter_map(|line| Some(line.strip_prefix("Luisa:")?.trim().to_owned())));
        }
        texts.sort();
        texts.dedup();
        let mut tried = 0;
        for text in &texts {
            let before = pack.knowledge.unheld(text);
            // What the calendar says of a day is worked out, and stands in no fact.
            if before
                .iter()
                .any(|claim| ["date:", "hour:", "open:", "closed:"].iter().any(|kind| claim.claim.starts_with(kind)))
            {
                continue;
            }
            for other in altered(text) {
                let after = pack.knowledge.unheld(&other);
                assert!(
                    after.iter().any(|claim| !before.contains(claim)),
                    "{name}: «{text}» became «{other}»: {after:?}"
                );
                tried += 1;
            }
        }
        assert!(tried > 20, "{name}: {tried}");
        println!("{name}: {tried} alterations of {} texts", texts.len());
    }
}

#[test]
fn a_reply_that_claims_what_this_turn_does_not_do_is_replaced_and_the_trace_says_why() {
    let mut files = crate::packs::files("minimal");
    let replies = String::from_utf8(files["replies.toml"].clone()).unwrap();
    let boastful = replies.replacen("agradecimiento = [\"", "agradecimiento = [\"Ya le avisé al mostrador. ", 1);
    files.insert("replies.toml".to_owned(), boastful.into_bytes());
    let pack = Pack::load(&files).unwrap();
    let script =
        |say: &str| serde_json::from_value::<Script>(serde_json::json!({"id": "x", "turns": [{"say": [say]}]}));
    let thanked = play(&pack, &script("muchas gracias").unwrap()).transcript;
    assert!(thanked.contains("guards_replaced:act") && !thanked.contains("Ya le avisé"), "{thanked}");
    assert!(thanked.contains("se lo confirme el mostrador"), "{thanked}");
    // The same words are true when a person is called.
    let called = play(&pack, &script("quiero hablar con una persona").unwrap()).transcript;
    assert!(called.contains("ya le avisé") && called.contains("guards_ok"), "{called}");
}
