//! One thing broken at a time in the bakery's pack: the fault must say where it is and what to do.
//!
//! Owns the ways in which the person who keeps a pack goes wrong, and what they read then.
use std::fmt::Write as _;

use luisa_core::pack::{Pack, PackFault, PackFiles};

use crate::packs::files;

/// What goes wrong, in which file, what is replaced by what, what the line to name contains, and the key to mention.
type Row = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>, &'static str);

/// Slips in `pack.toml`.
const IN_PACK_TOML: &[Row] = &[
    ("a quote left open", "pack.toml", "\"Espi\"", "\"Espi", Some("assistant"), "string"),
    ("a key nobody knows", "pack.toml", "owner = ", "color = \"rojo\"\nowner = ", Some("color"), "color"),
    ("no owner", "pack.toml", "owner = \"Rosa\"\n", "", None, "owner"),
    ("a format of the future", "pack.toml", "format = 1", "format = 9", Some("format ="), "format 9"),
    (
        "a time zone that is none",
        "pack.toml",
        "America/Bogota",
        "America/Sincelejo",
        Some("time_zone"),
        "America/Sincelejo",
    ),
    ("personal at any chance", "pack.toml", "doubt_from = 0.25", "doubt_from = 0.75", Some("doubt_from"), "doubt_from"),
    ("a team without a name", "pack.toml", "tecnica = \"equipo del horno\"\n", "", Some("[teams]"), "tecnica"),
    ("a team nobody knows", "pack.toml", "tecnica = ", "cocina = \"x\"\ntecnica = ", Some("cocina"), "cocina"),
    (
        "a family's question that is not there",
        "pack.toml",
        "\"uso_torta\"",
        "\"uso_galleta\"",
        Some("uso_galleta"),
        "uso_galleta",
    ),
    ("a use of no family", "pack.toml", "family = \"torta\"", "family = \"galleta\"", Some("galleta"), "galleta"),
    (
        "a fact that is not there",
        "pack.toml",
        "\"incluye_torta\"",
        "\"incluye_vela\"",
        Some("incluye_vela"),
        "incluye_vela",
    ),
    ("a slot that no buyer is asked for", "pack.toml", "\"ciudad\"]", "\"barrio\"]", Some("qualify"), "`barrio`"),
];

/// Slips in what is said.
const IN_TEXTS: &[Row] = &[
    ("a reply taken out", "replies.toml", "horario = [", "orario = [", None, "`horario`"),
    (
        "a gap nobody fills",
        "replies.toml",
        "foto = [\"Mire qué provocativo: {producto}.\"]",
        "foto = [\"Mire {tamano}.\"]",
        Some("{tamano}"),
        "{tamano}",
    ),
    (
        "a fact nobody wrote",
        "replies.toml",
        "{dato.pagos}.\"]\ncredito",
        "{dato.bancos}.\"]\ncredito",
        Some("dato.bancos"),
        "dato.bancos",
    ),
    (
        "a warranty that is no fact",
        "replies.toml",
        "no_manejamos = [\"Eso no lo vendemos",
        "no_manejamos = [\"Tiene 6 meses de garantía",
        Some("no_manejamos ="),
        "term:6M",
    ),
    (
        "a promise that nobody keeps",
        "questions.toml",
        "¿Le ayudo con algo más?",
        "Ya está en el horno, ¿algo más?",
        Some("[question.algo_mas]"),
        "act:ya esta en el horno",
    ),
    ("a brace left open", "replies.toml", "Vale {precio}.", "Vale {precio.", Some("precio_corto ="), "precio_corto"),
    (
        "a reply without a wording",
        "replies.toml",
        "foto_recibida = [\"Gracias por la foto.\"]",
        "foto_recibida = []",
        Some("foto_recibida"),
        "foto_recibida",
    ),
    ("a question taken out", "questions.toml", "[question.algo_mas]", "[question.algo_menos]", None, "`algo_mas`"),
    (
        "a title too long for a button",
        "questions.toml",
        "\"Sí, como esa\"",
        "\"Sí, una como la de esa foto\"",
        Some("Sí, una como la de esa foto"),
        "que_maquina",
    ),
    (
        "a button that does nothing known",
        "questions.toml",
        "{ id = \"act:comprar\"",
        "{ id = \"buy:comprar\"",
        Some("buy:comprar"),
        "buy:comprar",
    ),
    (
        "a button for an intent that is none",
        "questions.toml",
        "act:comprar",
        "act:vender",
        Some("act:vender"),
        "`vender`",
    ),
    (
        "a button for a reason that is none",
        "questions.toml",
        "human:cierre\", title = \"Sí, por favor\"",
        "human:compra\", title = \"Sí, por favor\"",
        Some("human:compra"),
        "`compra`",
    ),
    (
        "a button for a family nobody named",
        "questions.toml",
        "pan o torta?\"]\noptions = [\n  { id = \"set:tipo_producto=pan\"",
        "pan o torta?\"]\noptions = [\n  { id = \"set:tipo_producto=galleta\"",
        Some("set:tipo_producto=galleta"),
        "`galleta`",
    ),
    (
        "a button for a slot nobody knows",
        "questions.toml",
        "set:uso=diario\", title = \"Para el antojo\"",
        "set:usos=diario\", title = \"Para el antojo\"",
        Some("set:usos=diario"),
        "`usos`",
    ),
    (
        "a fact that LUISA asks for",
        "facts.toml",
        "[fact.repuestos_marcas]",
        "[fact.marcas]",
        None,
        "`repuestos_marcas`",
    ),
    (
        "a fact nobody confirmed",
        "facts.toml",
        "say = \"efectivo y Nequi\"\nchecked = \"2026-11-20\"",
        "say = \"efectivo y Nequi\"",
        Some("[fact.pagos]"),
        "checked",
    ),
    ("a length in words", "guards.toml", "600", "\"mucho\"", Some("max_chars"), "mucho"),
];

/// Slips in what is understood.
const IN_RULES: &[Row] = &[
    (
        "a concept nobody defined",
        "rules.toml",
        "any = [\"promo\"]",
        "any = [\"promos\"]",
        Some("promos"),
        "asks for offers",
    ),
    (
        "an intent nobody knows",
        "rules.toml",
        "intent = \"promociones\"",
        "intent = \"rebajas\"",
        Some("rebajas"),
        "rebajas",
    ),
    (
        "a rule that decides nothing",
        "rules.toml",
        "any = [\"promo\"]\nintent = \"promociones\"",
        "any = [\"promo\"]",
        Some("asks for offers"),
        "asks for offers",
    ),
    (
        "a reason without a row",
        "handoff.toml",
        "[[handoff]]\nreason = \"parte_de_pago\"",
        "[[handoff]]\nreason = \"proveedor\"",
        None,
        "parte_de_pago",
    ),
    (
        "a priority nobody knows",
        "handoff.toml",
        "priority = \"urgent\"",
        "priority = \"ya\"",
        Some("priority = \"ya\""),
        "ya",
    ),
    (
        "a search for a family nobody named",
        "rules.toml",
        "intent = \"buscar_pan\"",
        "intent = \"buscar_galleta\"",
        Some("buscar_galleta"),
        "buscar_galleta",
    ),
    (
        "a gap that staff would send as it stands",
        "handoff.toml",
        "Hola{nombre_coma}, le escribe La Espiga. Vi",
        "Hola {nombre}, le escribe La Espiga. Vi",
        Some("{nombre}"),
        "{nombre}",
    ),
    (
        "a lead that is no slot",
        "handoff.toml",
        "¿Qué pasó?\"\nlead = [\"nombre\"]",
        "¿Qué pasó?\"\nlead = [\"telefono\"]",
        Some("telefono"),
        "`telefono`",
    ),
    ("no negations", "lexicon.toml", "negations = ", "negation = ", Some("negation ="), "negation"),
];

/// Slips in what is sold, and where.
const IN_THE_CATALOG: &[Row] = &[
    ("an id twice", "catalog.csv", "P002,La Espiga", "P001,La Espiga", Some("Torta de fresa"), "P001"),
    ("a price in words", "catalog.csv", ",6000,", ",seis mil,", Some("seis mil"), "price_cop"),
    ("a price of nothing", "catalog.csv", ",6000,", ",0,", Some("P001"), "price_cop"),
    ("maybe active", "catalog.csv", ",si,P001", ",quizas,P001", Some("quizas"), "active"),
    ("a family nobody named", "catalog.csv", ",torta,torta de", ",galleta,torta de", Some("galleta"), "galleta"),
    ("a use nobody named", "catalog.csv", "diario", "merienda", Some("merienda"), "merienda"),
    ("a cell too few", "catalog.csv", ",,45000", ",45000", Some("P002"), "fields"),
    ("a column taken out", "catalog.csv", "priority,aliases", "priority", Some("priority"), "aliases"),
    ("a town without its department", "municipios.csv", "Corozal,Sucre,", "Corozal", Some("Corozal"), "fields"),
];

/// Files that are gone.
const GONE: &[(&str, &str, &str)] = &[
    ("no pack.toml", "pack.toml", "missing"),
    ("no replies", "replies.toml", "missing"),
    ("no catalog", "catalog.csv", "missing"),
    ("a picture that is not there", "media/P002.png", "media/P002"),
];

/// Files whose content is no good at all.
fn spoilt() -> [(&'static str, &'static str, Vec<u8>, &'static str); 4] {
    let twice =
        [files("minimal")["facts.toml"].as_slice(), b"\n[fact.pagos]\nsay = \"oro\"\nchecked = \"2026-11-20\"\n"]
            .concat();
    [
        ("a fact written twice", "facts.toml", twice, "pagos"),
        ("another encoding", "guards.toml", b"max_chars = 600\npromises = [\"qued\xf3\"]\n".to_vec(), "UTF-8"),
        (
            "a village of no town",
            "corregimientos.csv",
            "nombre,municipio,departamento\nChochó,Sinceleho,Sucre\n".into(),
            "Sinceleho",
        ),
        ("a picture too heavy for a chat", "media/P002.png", vec![0; 400 * 1024], "bytes"),
    ]
}

/// What faults do not say yet: the slip, and what is missing or wrong of its file, line, key or remedy. To be emptied.
const LACKING: &[(&str, &str)] = &[];

/// How a remedy begins, after the problem and a semicolon.
const REMEDIES: &[&str] = &[
    "; close it",
    "; correct",
    "; give",
    "; it reads",
    "; keep",
    "; name",
    "; save",
    "; say",
    "; use",
    "; write",
    "LUISA needs it, write",
    "see docs/packs.md",
    " must be",
    "WhatsApp takes",
];

/// A broken pack and what its fault must name.
struct Slip {
    what: &'static str,
    file: &'static str,
    line: Option<usize>,
    key: &'static str,
    faults: Vec<PackFault>,
}

fn faults(what: &str, pack: &PackFiles) -> Vec<PackFault> {
    match Pack::load(pack) {
        Ok(_) => panic!("{what}: the pack loads as if nothing were wrong"),
        Err(faults) => faults,
    }
}

fn slip_of(&(what, file, from, to, mark, key): &Row) -> Slip {
    let mut pack = files("minimal");
    let old = String::from_utf8(pack[file].clone()).unwrap();
    assert_eq!(old.matches(from).count(), 1, "{what}: «{from}» must be there once");
    let new = old.replacen(from, to, 1);
    let line = mark.map(|mark| {
        let at = new.lines().position(|line| line.contains(mark));
        at.unwrap_or_else(|| panic!("{what}: no line with «{mark}»")) + 1
    });
    pack.insert(file.to_owned(), new.into_bytes());
    Slip { what, file, line, key, faults: faults(what, &pack) }
}

fn slips() -> Vec<Slip> {
    let rows = [IN_PACK_TOML, IN_TEXTS, IN_RULES, IN_THE_CATALOG].concat();
    let mut all: Vec<Slip> = rows.iter().map(slip_of).collect();
    for (what, file, key) in GONE {
        let mut pack = files("minimal");
        assert!(pack.remove(*file).is_some(), "{file} was never there");
        // The catalog is what misses the picture.
        let file = if file.starts_with("media/") { "catalog.csv" } else { file };
        let faults = faults(what, &pack);
        all.push(Slip { what, file, line: None, key, faults });
    }
    for (what, file, content, key) in spoilt() {
        let mut pack = files("minimal");
        pack.insert(file.to_owned(), content);
        let faults = faults(what, &pack);
        all.push(Slip { what, file, line: None, key, faults });
    }
    all
}

impl Slip {
    /// What the best of its faults does not say.
    fn lacks(&self) -> Vec<&'static str> {
        let lacks = |fault: &PackFault| {
            let mut lacks = Vec::new();
            if fault.file != self.file {
                lacks.push("file");
            }
            if self.line.is_some() && fault.line != self.line {
                lacks.push("line");
            }
            if !fault.problem.contains(self.key) {
                lacks.push("key");
            }
            if !REMEDIES.iter().any(|r| fault.problem.contains(r)) {
                lacks.push("remedy");
            }
            lacks
        };
        self.faults.iter().map(lacks).min_by_key(Vec::len).unwrap_or_default()
    }
}

#[test]
fn every_fault_names_file_line_key_and_remedy() {
    let lacking: Vec<(&str, &str)> =
        slips().iter().flat_map(|slip| slip.lacks().into_iter().map(|lack| (slip.what, lack))).collect();
    assert_eq!(lacking, LACKING, "a fault says less than it did (mend it), or more (take it off the list)");
}

#[test]
fn what_the_keeper_of_a_pack_reads() {
    let mut read = String::new();
    for slip in slips() {
        if LACKING.iter().any(|(what, _)| *what == slip.what) {
            continue;
        }
        let _ = writeln!(read, "# {}", slip.what);
        // The number itself is checked above; here it would change with every line added to the bakery's pack.
        for fault in &slip.faults {
            let line = fault.line.map_or("", |_| " line N");
            let _ = writeln!(read, "{}{line}: {}", fault.file, fault.problem);
        }
    }
    insta::assert_snapshot!(read, @r##"
    # a quote left open
    pack.toml line N: invalid basic string, expected `"`; correct it as docs/packs.md shows
    # a key nobody knows
    pack.toml line N: unknown field `color`, expected one of `format`, `name`, `short_name`, `assistant`, `owner`, `city`, `department`, `time_zone`, `family_slot`, `qualify`, `personal`, `teams`, `store_hours`, `priorities`, `family`, `use`; correct it as docs/packs.md shows
    # no owner
    pack.toml line N: missing field `owner`; correct it as docs/packs.md shows
    # a format of the future
    pack.toml line N: format 9 is not known to this build; it reads format 1
    # a time zone that is none
    pack.toml line N: time_zone `America/Sincelejo` is not a known zone; write for example America/Bogota
    # personal at any chance
    pack.toml line N: doubt_from 0.75 must be between 0 and 0.5, sure_from 0.75 between 0.5 and 1
    # a team without a name
    pack.toml line N: [teams] lacks `tecnica`; say how customers call that team
    # a team nobody knows
    pack.toml line N: unknown value `cocina`: expected one of comercial, tecnica; correct it as docs/packs.md shows
    # a family's question that is not there
    pack.toml line N: family `torta`: ask_use `uso_galleta` is not in questions.toml; write [question.uso_galleta]
    # a use of no family
    pack.toml line N: use `celebracion`: family `galleta` is not a [[family]]; use pan, torta
    # a fact that is not there
    pack.toml line N: family `torta`: includes `incluye_vela` is not in facts.toml; write [fact.incluye_vela]
    # a slot that no buyer is asked for
    pack.toml line N: qualify: nobody is asked for the slot `barrio`; use tipo_producto, uso, volumen, ciudad
    # a reply taken out
    replies.toml: reply `horario` is missing; LUISA needs it, write `horario = ["…"]` under [reply]
    replies.toml line N: reply `orario` is not one that LUISA uses; correct its name or remove it
    # a gap nobody fills
    replies.toml line N: `foto`: nothing is known to fill {tamano}; use {producto}, or facts as {dato.…}
    # a fact nobody wrote
    replies.toml line N: `formas_pago`: nothing is known to fill {dato.bancos}; use facts as {dato.…}
    # a warranty that is no fact
    replies.toml line N: `no_manejamos` states term:6M in `Tiene 6 meses de garantía; lo nuestro es el horno.`, which no fact or product holds; write it in facts.toml or say less
    # a promise that nobody keeps
    questions.toml line N: `algo_mas` states act:ya esta en el horno in `Ya está en el horno, ¿algo más?`, which no fact or product holds; write it in facts.toml or say less
    # a brace left open
    replies.toml line N: `precio_corto`: `{` without `}` in `Vale {precio.`; close it
    # a reply without a wording
    replies.toml line N: `foto_recibida` has no text; write at least one wording
    # a question taken out
    questions.toml: question `algo_mas` is missing; LUISA needs it, write [question.algo_mas]
    # a title too long for a button
    questions.toml line N: question `que_maquina`: title `Sí, una como la de esa foto` has 27 characters; WhatsApp takes 1 to 20
    # a button that does nothing known
    questions.toml line N: question `inicio`: option id `buy:comprar` must begin with set:, act: or human:, or be yes, no or human
    # a button for an intent that is none
    questions.toml line N: question `inicio`: option id `act:vender` does `vender`, which is no intent of this store; write one that docs/packs.md lists
    # a button for a reason that is none
    questions.toml line N: question `separar`: option id `human:compra` calls a person for `compra`, which is no reason; use urgente, reclamo, pide_humano, proyecto_negocio, servicio_diferencial, reparacion, cierre, logistica, estado_pedido, parte_de_pago, proveedor
    # a button for a family nobody named
    questions.toml line N: question `tipo`: option id `set:tipo_producto=galleta` sets the family `galleta`, which is not in pack.toml; use pan, torta
    # a button for a slot nobody knows
    questions.toml line N: question `uso_torta`: option id `set:usos=diario` must be set:<slot>=<value>, and not `usos`; use tipo_producto, uso, volumen, ciudad, marca, modelo, presupuesto, nombre, barrio
    # a fact that LUISA asks for
    facts.toml: fact `repuestos_marcas` is missing; LUISA needs it, write [fact.repuestos_marcas]: brands whose spare parts the store has, or that it has none
    # a fact nobody confirmed
    facts.toml line N: fact `pagos`: `checked` is missing; write the day on which the store confirmed it
    # a length in words
    guards.toml line N: invalid type: string "mucho", expected usize; correct it as docs/packs.md shows
    # a concept nobody defined
    rules.toml line N: rule `asks for offers`: concept `promos` is not in lexicon.toml; write it under [concept] or correct it
    # an intent nobody knows
    rules.toml line N: unknown intent `rebajas`; correct it as docs/packs.md shows
    # a rule that decides nothing
    rules.toml line N: rule `asks for offers` decides nothing; give it a class, an intent or a handoff
    # a reason without a row
    handoff.toml: reason `parte_de_pago` is missing; write a [[handoff]] for it
    # a priority nobody knows
    handoff.toml line N: unknown value `ya`: expected one of low, medium, high, urgent; correct it as docs/packs.md shows
    # a search for a family nobody named
    rules.toml line N: rule `wants bread`: intent `buscar_galleta` is of no family; use pan, torta
    # a gap that staff would send as it stands
    handoff.toml line N: handoff `urgente`: nothing is known to fill `{nombre}` in suggested; use {nombre_coma} only
    # a lead that is no slot
    handoff.toml line N: handoff `urgente`: lead `telefono` is not a slot; use tipo_producto, uso, volumen, ciudad, marca, modelo, presupuesto, nombre, barrio
    # no negations
    lexicon.toml line N: unknown field `negation`, expected one of `negations`, `fillers`, `abbreviations`, `slot`, `concept`, `construction`, `known_words`, `private`, `name_cues`, `titles`, `given_names`, `not_names`; correct it as docs/packs.md shows
    # an id twice
    catalog.csv line N: id `P001` is there twice; give each product its own
    # a price in words
    catalog.csv line N: price_cop `seis mil` is not a whole number; write digits only, or leave it empty
    # a price of nothing
    catalog.csv line N: price_cop `0` must be above zero, or empty when unknown
    # maybe active
    catalog.csv line N: active `quizas` must be `si` or `no`
    # a family nobody named
    catalog.csv line N: product `P002`: family `galleta` is not in pack.toml; use pan, torta
    # a use nobody named
    catalog.csv line N: product `P001`: use `merienda` is not in pack.toml; write a [[use]] for it
    # a cell too few
    catalog.csv line N: fields: 16 in the row, 17 in the header; write one comma between two columns
    # a column taken out
    catalog.csv line N: column `aliases` is missing; write it in the header
    # a town without its department
    municipios.csv line N: fields: 1 in the row, 3 in the header; write one comma between two columns
    # no pack.toml
    pack.toml: the file is missing; every pack needs it, see docs/packs.md
    # no replies
    replies.toml: the file is missing; every pack needs it, see docs/packs.md
    # no catalog
    catalog.csv: the file is missing; every pack needs it, see docs/packs.md
    # a picture that is not there
    catalog.csv line N: product `P002`: there is no picture; give it media/P002.png or .jpg
    # a fact written twice
    facts.toml line N: `pagos` is there twice; keep one of the two
    # another encoding
    guards.toml: it is not UTF-8 text (invalid utf-8 sequence of 1 bytes from index 33); save it as UTF-8
    # a village of no town
    corregimientos.csv line N: village `Chochó`: municipality `Sinceleho` of `Sucre` is not in municipios.csv; correct the names
    # a picture too heavy for a chat
    media/P002.png: the picture has 409600 bytes; keep it under 307200
    "##);
}

#[test]
fn every_fact_that_the_stages_ask_for_is_demanded_of_a_pack() {
    let stages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stages");
    let mut asked = std::collections::BTreeSet::new();
    let entries = std::fs::read_dir(stages).unwrap().map(|entry| entry.unwrap().path());
    for file in entries.filter(|path| path.is_file()) {
        let source = std::fs::read_to_string(file).unwrap();
        asked.extend(source.split(".fact(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    let demanded: std::collections::BTreeSet<String> =
        luisa_core::pack::check::FACTS.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert!(!asked.is_empty(), "the hunt finds nothing");
    assert_eq!(asked, demanded, "what the stages ask for by name must be in FACTS, and nothing else");
}

#[test]
fn all_faults_are_told_at_once() {
    let mut pack = files("minimal");
    for (file, from, to) in [
        ("pack.toml", "America/Bogota", "America/Sincelejo"),
        ("replies.toml", "horario = [", "orario = ["),
        ("rules.toml", "any = [\"promo\"]", "any = [\"promos\"]"),
        ("catalog.csv", "diario", "merienda"),
    ] {
        let text = String::from_utf8(pack[file].clone()).unwrap().replacen(from, to, 1);
        pack.insert(file.to_owned(), text.into_bytes());
    }
    let found = faults("four things", &pack);
    assert!(found[0].to_string().starts_with("pack.toml line 10: time_zone"), "{}", found[0]);
    for file in ["pack.toml", "replies.toml", "rules.toml", "catalog.csv"] {
        assert!(found.iter().any(|f| f.file == file), "{file} is not among {found:#?}");
    }
}

#[test]
fn a_check_that_could_not_be_passed_is_a_fault_of_the_pack() {
    let rows = [
        (
            "say = \"a qué hora abren?\"\nintent = \"horario\"",
            "say = \"x\"\nintent = \"precio\"",
            "`precio` is not the intent",
        ),
        ("fact = \"horario\"", "fact = \"horas\"", "the fact `horas` is not in facts.toml"),
        ("item = \"P002\"", "item = \"P999\"", "`P999` is not in catalog.csv"),
        ("[greeting]", "[saludo]", "saludo"),
    ];
    for (from, to, said) in rows {
        let mut pack = files("minimal");
        let text = String::from_utf8(pack["checks.toml"].clone()).unwrap();
        assert!(text.contains(from), "{from}");
        pack.insert("checks.toml".to_owned(), text.replacen(from, to, 1).into_bytes());
        let faults = faults(to, &pack);
        assert!(faults.iter().all(|fault| fault.file == "checks.toml"), "{faults:?}");
        assert!(faults.iter().any(|fault| fault.problem.contains(said)), "{faults:?}");
    }
    let mut pack = files("minimal");
    pack.remove("checks.toml");
    assert!(Pack::load(&pack).is_ok(), "a pack may do without");
}
