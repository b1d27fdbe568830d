//! The report on the traces and the costs: every figure against a query written by hand over the same database.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::cli::Desk;

/// A database with a few hundred traces of every kind: bursts, calls, faults, personal messages, three days.
struct Books {
    desk: Desk,
    conn: Connection,
}

/// A small generator with a fixed course: the figures are odd, and the same each time.
struct Course(u64);

impl Course {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

const INTENTS: [&str; 7] = ["saludo", "precio", "buscar_industrial", "horario", "reparacion", "otro", "fotos"];
const REPLIES: [&str; 4] =
    ["Claro que sí. ¿Para qué uso?", "Con gusto.", "¿De qué ciudad nos escribe?", "Hasta luego."];

impl Books {
    fn empty() -> Self {
        let desk = Desk::new().with("DB_PATH", "luisa.db").with("OPENAI_MAX_CALLS_PER_CONVERSATION", "2");
        desk.run(&["init-db"]).ends_with(0);
        let conn = Connection::open(desk.folder().join("luisa.db")).unwrap();
        Self { desk, conn }
    }

    fn full() -> Self {
        let books = Self::empty();
        let mut course = Course(7);
        for turn in 0..400_u64 {
            let burst = if course.one_in(5) { 3 } else { 1 };
            books.write_turn(&mut course, turn, burst);
        }
        books
    }

    fn write_turn(&self, course: &mut Course, turn: u64, burst: u64) {
        let chat = format!("wa_{}", course.below(60));
        // Every eleven minutes; the hour of the store is five less.
        let minutes = turn * 11;
        let at = format!("2026-11-{:02} {:02}:{:02}:07.125", 20 + minutes / 1440, minutes / 60 % 24, minutes % 60);
        let reply = (!course.one_in(6)).then(|| match course.below(12) {
            0 => "a".repeat(351),
            1 => "b".repeat(350) + "?",
            other => REPLIES[other as usize % REPLIES.len()].to_owned(),
        });
        let (cached, human) = (course.one_in(9), course.one_in(8));
        let latency_ms = 0.05 + course.below(4000) as f64 / 1000.0;
        let (sent, send_ms) = (reply.is_some().then(|| !course.one_in(10)), 90.0 + course.below(500) as f64);
        let replaced = course.one_in(15);
        for message in 0..burst {
            let class = ["BUSINESS_CONSULT", "BUSINESS_FAQ", "NON_BUSINESS"][course.below(3) as usize];
            let called = message == burst - 1 && course.one_in(4);
            let failed = called && course.one_in(3);
            let verdict = match (called, failed) {
                (true, true) => "openai:rejected:number:99000->",
                (true, false) => "openai:ok->",
                (false, _) => "openai:no:robust_rule->",
            };
            let guards = if replaced { "guards_replaced:number" } else { "guards_ok" };
            let path = format!("rate_ok->class:x->{verdict}reply:precio+ciudad->{guards}->sent");
            let personal = class == "NON_BUSINESS";
            let text =
                ["cuanto vale la fileteadora", "me sirve para lona", "abren el domingo"][course.below(3) as usize];
            let sql = "INSERT INTO interaction_traces (request_id, conversation_id, channel, customer_phone_hash, raw_text,
                normalized_text, classification, classification_score, is_personal, intent, intent_score, handoff_reason,
                selected_asset_id, cache_hit, openai_called, openai_model, openai_input_tokens, openai_output_tokens,
                openai_cost_usd, openai_latency_ms, openai_error, openai_fallback_used, response_text, response_len_chars,
                decision_path, conversation_mode, latency_ms, whatsapp_send_success, whatsapp_send_latency_ms,
                whatsapp_send_error_code, created_at)
                VALUES (?1, ?2, 'whatsapp', 'hash-of-a-phone', ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)";
            let insert = self.conn.execute(
                sql,
                params![
                    format!("r{turn}"),
                    chat,
                    (!personal).then_some(text),
                    class,
                    0.4 + course.below(60) as f64 / 100.0,
                    personal,
                    INTENTS[course.below(7) as usize],
                    0.3 + course.below(70) as f64 / 100.0,
                    course.one_in(7).then_some("cierre"),
                    course.one_in(10).then_some("I007"),
                    cached,
                    called,
                    called.then_some("gpt-6-luna"),
                    called.then(|| course.below(1400) as i64),
                    called.then(|| course.below(180) as i64),
                    called.then(|| (course.below(300_000) + 1) as f64 / 1e9),
                    called.then(|| 300.0 + course.below(4000) as f64),
                    failed.then_some("rejected:number:99000"),
                    failed,
                    reply,
                    reply.as_ref().map(|reply| reply.chars().count() as i64),
                    path,
                    if human { "HUMAN_ACTIVE" } else { "AI_ACTIVE" },
                    latency_ms,
                    sent,
                    sent.map(|_| send_ms),
                    (sent == Some(false)).then_some("131026"),
                    at
                ],
            );
            insert.unwrap();
        }
    }

    fn report(&self, more: &[&str]) -> Value {
        let mut arguments = vec!["traces", "analyze", "--json"];
        arguments.extend(more);
        let ended = self.desk.run(&arguments).ends_with(0);
        assert!(ended.err().is_empty(), "no bar and no news when nobody watches: {}", ended.err());
        serde_json::from_str(&ended.out()).unwrap()
    }

    /// One row of numbers.
    fn sql(&self, sql: &str) -> Vec<f64> {
        let mut query = self.conn.prepare(sql).unwrap();
        let columns = query.column_count();
        query
            .query_row([], |row| {
                (0..columns).map(|at| Ok(row.get::<_, Option<f64>>(at)?.unwrap_or(-1.0))).collect::<Result<Vec<_>, _>>()
            })
            .unwrap()
    }

    /// The figures at these places of the report are those of this query.
    #[track_caller]
    fn agree(&self, report: &Value, places: &[&str], sql: &str) {
        let found: Vec<f64> = places
            .iter()
            .map(|place| report.pointer(place).and_then(Value::as_f64).unwrap_or_else(|| panic!("{place}: {report}")))
            .collect();
        let wanted = self.sql(sql);
        let same = found.len() == wanted.len() && found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-7);
        assert!(same, "{places:?}\nreport {found:?}\n   sql {wanted:?}\n{sql}");
    }
}

/// Rows of turns: what their messages have in common, and whether a model was asked.
const TURNS: &str =
    "WITH turns AS (SELECT min(id) AS id, request_id, conversation_id, response_text, response_len_chars,
    conversation_mode, latency_ms, whatsapp_send_success, whatsapp_send_latency_ms, cache_hit, decision_path,
    max(openai_called) AS called, max(classification = 'BUSINESS_CONSULT') AS consult
    FROM interaction_traces GROUP BY request_id)";

#[test]
fn messages_turns_and_sends_are_counted_as_a_query_counts_them() {
    let books = Books::full();
    let report = books.report(&["--since", "all"]);
    books.agree(
        &report,
        &["/messages/total", "/messages/personal", "/messages/openai_called", "/messages/handoffs", "/messages/errors"],
        "SELECT count(*), sum(is_personal), sum(openai_called), count(handoff_reason),
            sum(coalesce(whatsapp_send_success = 0, 0) OR openai_error IS NOT NULL) FROM interaction_traces",
    );
    books.agree(
        &report,
        &["/messages/turns", "/messages/replies", "/messages/cached", "/messages/sends/ok", "/messages/sends/failed"],
        &format!(
            "{TURNS} SELECT count(*), count(response_text), sum(cache_hit), sum(whatsapp_send_success = 1),
                sum(whatsapp_send_success = 0) FROM turns"
        ),
    );
    books.agree(
        &report,
        &["/messages/pct_answered_by_rules"],
        &format!(
            "{TURNS} SELECT round(100.0 * sum(response_text IS NOT NULL AND NOT called) / count(response_text), 2) FROM turns"
        ),
    );
    for (at, intent) in report["messages"]["intents"].as_array().unwrap().iter().enumerate() {
        let sql =
            format!("SELECT count(*) FROM interaction_traces WHERE intent = '{}'", intent["what"].as_str().unwrap());
        books.agree(&report, &[&format!("/messages/intents/{at}/count")], &sql);
    }
    for hour in 0..24 {
        let sql =
            format!("SELECT count(*) FROM interaction_traces WHERE (substr(created_at, 12, 2) + 19) % 24 = {hour}");
        books.agree(&report, &[&format!("/messages/hours/{hour}/messages")], &sql);
    }
}

#[test]
fn flaws_of_the_answers_are_counted_as_a_query_counts_them() {
    let books = Books::full();
    let report = books.report(&["--since", "all"]);
    books.agree(
        &report,
        &["/quality/too_long", "/quality/longest_chars", "/quality/fact_check_hits"],
        &format!(
            "{TURNS} SELECT sum(response_len_chars > 350), max(response_len_chars),
                sum(response_text IS NOT NULL AND decision_path LIKE '%guards_replaced%') FROM turns"
        ),
    );
    books.agree(
        &report,
        &["/quality/without_question"],
        "SELECT count(*) FROM interaction_traces t WHERE response_text NOT LIKE '%?' AND conversation_mode = 'AI_ACTIVE'
            AND NOT is_personal AND id = (SELECT min(id) FROM interaction_traces f WHERE f.request_id = t.request_id)",
    );
    books.agree(
        &report,
        &["/quality/repeated"],
        &format!(
            "{TURNS}, said AS (SELECT response_text AS text,
                lag(response_text) OVER (PARTITION BY conversation_id ORDER BY id) AS before
                FROM turns WHERE response_text IS NOT NULL) SELECT sum(text = before) FROM said"
        ),
    );
    books.agree(
        &report,
        &["/quality/fallbacks", "/quality/model_texts_rejected", "/quality/rejected_by_claim/0/count"],
        "SELECT sum(openai_fallback_used), sum(openai_called AND decision_path LIKE '%openai:rejected:%'),
            sum(openai_called AND decision_path LIKE '%openai:rejected:number%') FROM interaction_traces",
    );
    books.agree(
        &report,
        &["/unsure/messages"],
        "SELECT count(*) FROM interaction_traces WHERE NOT is_personal AND (classification_score < 0.7 OR intent_score < 0.5)",
    );
}

#[test]
fn the_funnel_is_counted_as_a_query_counts_it() {
    let books = Books::full();
    let report = books.report(&["--since", "all"]);
    let chats = "WITH business AS (SELECT *, (selected_asset_id IS NOT NULL OR intent IN ('precio', 'fotos', 'disponibilidad',
            'especificaciones', 'comprar', 'cotizacion') OR intent LIKE 'buscar_%') AS product
        FROM interaction_traces WHERE classification LIKE 'BUSINESS%'),
        chats AS (SELECT conversation_id, max(intent = 'saludo') AS hello, max(product) AS product,
            max(handoff_reason IS NOT NULL) AS handoff, min(CASE WHEN product THEN id END) AS first_product,
            max(CASE WHEN handoff_reason IS NOT NULL THEN id END) AS last_handoff FROM business GROUP BY conversation_id)";
    books.agree(
        &report,
        &[
            "/funnel/conversations",
            "/funnel/greeting",
            "/funnel/product",
            "/funnel/handoff",
            "/funnel/product_then_handoff",
            "/funnel/greeting_product_handoff",
        ],
        &format!(
            "{chats} SELECT count(*), sum(hello), sum(product), sum(handoff), sum(coalesce(last_handoff >= first_product, 0)),
                sum(hello AND coalesce(last_handoff >= first_product, 0)) FROM chats"
        ),
    );
}

#[test]
fn percentiles_are_the_nearest_rank_of_each_step() {
    let books = Books::full();
    let report = books.report(&["--since", "all"]);
    let steps = report["performance"]["steps"].as_array().unwrap();
    for (step, column, kind) in [
        ("decision_by_rules", "latency_ms", "NOT called AND NOT cache_hit"),
        ("decision_from_cache", "latency_ms", "NOT called AND cache_hit"),
        ("decision_with_model", "latency_ms", "called"),
        ("whatsapp_send", "whatsapp_send_latency_ms", "whatsapp_send_latency_ms IS NOT NULL"),
    ] {
        let at = steps.iter().position(|known| known["step"] == step).unwrap();
        for percent in [50, 90, 95, 99] {
            let sql = format!(
                "{TURNS}, ranked AS (SELECT {column} AS ms, row_number() OVER (ORDER BY {column}) AS rank,
                    count(*) OVER () AS n FROM turns WHERE {kind})
                SELECT ms, n FROM ranked WHERE rank = (n * {percent} + 99) / 100"
            );
            let places = [format!("/performance/steps/{at}/p{percent}_ms"), format!("/performance/steps/{at}/count")];
            books.agree(&report, &[&places[0], &places[1]], &sql);
        }
    }
    books.agree(
        &report,
        &["/performance/slowest/0/trace_id"],
        &format!(
            "{TURNS} SELECT id FROM turns ORDER BY latency_ms + coalesce(whatsapp_send_latency_ms, 0) DESC LIMIT 1"
        ),
    );
}

#[test]
fn calls_that_the_gate_should_not_have_made_are_found_with_what_they_cost() {
    let books = Books::full();
    let report = books.report(&["--since", "all"]);
    // In the order of the check: a call counts for the first reason that holds. Words that were refused do not say what for.
    let why = "CASE WHEN conversation_mode = 'HUMAN_ACTIVE' AND NOT handed THEN 'a_person_led'
        WHEN cache_hit THEN 'answered_from_cache'
        WHEN is_personal AND NOT consult AND decision_path LIKE '%openai:ok%' THEN 'personal_message'
        WHEN NOT consult AND decision_path LIKE '%openai:ok%' THEN 'not_a_consultation' END";
    let calls = format!(
        "WITH rows AS (SELECT *, max(classification = 'BUSINESS_CONSULT') OVER turn AS consult,
            max(handoff_reason IS NOT NULL) OVER turn AS handed
            FROM interaction_traces WINDOW turn AS (PARTITION BY request_id)),
        calls AS (SELECT openai_cost_usd AS usd, {why} AS why, (SELECT count(*) FROM interaction_traces e
            WHERE e.openai_called AND e.conversation_id = t.conversation_id AND e.id < t.id
            AND e.created_at > strftime('%Y-%m-%d %H:%M:%f', t.created_at, '-24 hours')) AS earlier
            FROM rows t WHERE openai_called)"
    );
    books.agree(
        &report,
        &["/gate/calls", "/gate/should_not_have_been_made", "/gate/wasted_usd"],
        &format!("{calls} SELECT count(*), sum(why IS NOT NULL OR earlier >= 2), sum(CASE WHEN why IS NOT NULL OR earlier >= 2 THEN usd END) FROM calls"),
    );
    for (at, wrong) in report["gate"]["reasons"].as_array().unwrap().iter().enumerate() {
        let name = wrong["why"].as_str().unwrap();
        let holds = match name {
            "over_calls_per_conversation" => "why IS NULL AND earlier >= 2".to_owned(),
            other => format!("why = '{other}'"),
        };
        let sql = format!("{calls} SELECT count(*) FROM calls WHERE {holds}");
        books.agree(&report, &[&format!("/gate/reasons/{at}/calls")], &sql);
    }
    let reasons = report["gate"]["reasons"].as_array().unwrap();
    assert!(reasons.len() == 5, "{reasons:?}");
}

#[test]
fn costs_by_day_intent_and_conversation_add_up_and_say_what_the_rules_saved() {
    let books = Books::full();
    let ended = books.desk.run(&["costs", "--since", "all", "--json"]).ends_with(0);
    let costs: Value = serde_json::from_str(&ended.out()).unwrap();
    books.agree(
        &costs,
        &[
            "/total/calls",
            "/total/input_tokens",
            "/total/output_tokens",
            "/total/usd",
            "/mean_per_call_usd",
            "/conversations",
        ],
        "SELECT sum(openai_called), sum(openai_input_tokens), sum(openai_output_tokens), sum(openai_cost_usd),
            sum(openai_cost_usd) / sum(openai_called), count(DISTINCT conversation_id) FROM interaction_traces",
    );
    for (at, day) in costs["days"].as_array().unwrap().iter().enumerate() {
        let sql = format!(
            "SELECT sum(openai_called), sum(openai_cost_usd) FROM interaction_traces
                WHERE openai_called AND date(created_at, '-5 hours') = '{}'",
            day["what"].as_str().unwrap()
        );
        books.agree(&costs, &[&format!("/days/{at}/calls"), &format!("/days/{at}/usd")], &sql);
    }
    for (list, column) in [("intents", "intent"), ("dearest_conversations", "conversation_id")] {
        let dearest = costs[list][0]["what"].as_str().unwrap();
        let sql = format!(
            "SELECT sum(openai_cost_usd), (SELECT max(usd) FROM (SELECT sum(openai_cost_usd) AS usd
                FROM interaction_traces GROUP BY {column})) FROM interaction_traces WHERE {column} = '{dearest}'"
        );
        let place = format!("/{list}/0/usd");
        books.agree(&costs, &[&place, &place], &sql);
    }
    books.agree(
        &costs,
        &["/saved/consultations_by_rules", "/saved/usd"],
        &format!(
            "{TURNS} SELECT sum(consult AND response_text IS NOT NULL AND NOT called),
                sum(consult AND response_text IS NOT NULL AND NOT called)
                * (SELECT sum(openai_cost_usd) / sum(openai_called) FROM interaction_traces) FROM turns"
        ),
    );
    let text = books.desk.run(&["costs", "--since", "all"]).ends_with(0).out();
    assert!(text.contains("by day") && text.contains("saved at the average call"), "{text}");
}

#[test]
fn a_span_takes_what_is_in_it_and_nothing_else() {
    let books = Books::full();
    let report = books.report(&["--since", "2026-11-21", "--until", "2026-11-22T00:00:00-05:00"]);
    books.agree(
        &report,
        &["/messages/total"],
        "SELECT count(*) FROM interaction_traces WHERE created_at >= '2026-11-21 05:00' AND created_at < '2026-11-22 05:00'",
    );
    assert_eq!(report["messages"]["days"].as_array().unwrap().len(), 1, "{report}");
    for wrong in [&["--since", "gestern"][..], &["--since", "2026-11-22", "--until", "2026-11-21"]] {
        let arguments: Vec<&str> = ["traces", "analyze"].iter().chain(wrong).copied().collect();
        assert!(!books.desk.run(&arguments).ends_with(2).err().is_empty(), "{wrong:?}");
    }
}

#[test]
fn on_an_empty_database_there_is_no_data_rather_than_zeros_that_look_like_some() {
    let books = Books::empty();
    let report = books.report(&[]);
    assert_eq!((&report["messages"]["total"], &report["first_at"]), (&json!(0), &Value::Null));
    for share in ["/messages/pct_personal", "/quality/pct_too_long", "/cost/mean_per_call_usd", "/cost/saved/usd"] {
        assert_eq!(report.pointer(share), Some(&Value::Null), "{share}: {report}");
    }
    assert_eq!(books.desk.run(&["traces", "analyze"]).ends_with(0).out().trim(), "no messages in this span");
    books.desk.run(&["costs"]).ends_with(0);
    books.desk.run(&["traces", "analyze", "--html", "r.html"]).ends_with(0);
    let page = std::fs::read_to_string(books.desk.folder().join("r.html")).unwrap();
    assert!(page.contains("no llegó ningún mensaje"), "{page}");
    let nowhere = Desk::new().with("DB_PATH", "missing.db");
    let err = nowhere.run(&["traces", "analyze"]).ends_with(2).err();
    assert!(err.contains("missing.db") && !nowhere.folder().join("missing.db").exists(), "{err}");
}

#[test]
fn the_page_stands_alone_and_shows_no_person() {
    let books = Books::full();
    let sql = "UPDATE interaction_traces SET classification_score = 0.5, is_personal = 0, classification = 'BUSINESS_CONSULT',
        normalized_text = 'dirección de pedro ' || id || ' por la cra ' || id, raw_text = 'secret', intent_score = 0.6
        WHERE id % 3 = 0";
    books.conn.execute(sql, []).unwrap();
    books
        .conn
        .execute("UPDATE interaction_traces SET normalized_text = 'soy maría la de 573005550101' WHERE id = 3", [])
        .unwrap();
    let page = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["traces", "analyze", "--since", "all", "--html", "r.html"].iter().chain(more).copied().collect();
        books.desk.run(&arguments).ends_with(0);
        std::fs::read_to_string(books.desk.folder().join("r.html")).unwrap()
    };
    let plain = page(&[]);
    for outside in ["<script", "http://", "https://", "<link", "@import", "url("] {
        assert!(!plain.contains(outside), "{outside}");
    }
    for person in ["573005550101", "maría", "hash-of-a-phone", "wa_1", "secret"] {
        assert!(!plain.contains(person), "{person}");
    }
    assert!(
        plain.contains("dirección de pedro") && plain.contains("prefers-color-scheme: dark"),
        "shared words name a group"
    );
    assert_eq!(plain.matches("<svg").count(), plain.matches("</svg>").count());
    assert!(plain.matches("<svg").count() >= 4 && plain.contains("no tiene textos"), "{plain}");
    let with_texts = page(&["--with-texts"]);
    assert!(with_texts.contains("dirección de pedro # por la cra #"), "digits are masked");
    assert!(!with_texts.contains("573005550101") && with_texts.contains("tiene textos de clientes"));
}

#[test]
fn the_terminal_report_is_plain_when_it_is_piped() {
    let books = Books::full();
    let out = books.desk.run(&["traces", "analyze", "--since", "all"]).ends_with(0).out();
    for part in ["activity", "funnel", "quality", "little confidence", "gate", "cost of the model", "how fast"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains('\u{1b}'), "{out}");
}
