//! The report as one page that stands alone: no script, nothing from outside, light and dark.
//!
//! Owns the Spanish of the report and its order: what needs a look comes first. Every figure is the report's.

use super::chart::{self, Column, Range};
use super::money::Spend;
use super::phrases::{Group, Texts};
use super::{Count, Report, percent};

const PAGE: &str = include_str!("page.html");
const MONTHS: [&str; 12] = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
const WEEKDAYS: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];

/// Whose report it is, and what it may show.
#[derive(Debug, Clone, Copy)]
pub struct Cover<'a> {
    pub store: &'a str,
    pub texts: Texts,
}

/// The whole page.
#[must_use]
pub fn page(report: &Report, cover: Cover<'_>) -> String {
    let period = match (&report.first_at, &report.last_at) {
        (Some(first), Some(last)) => format!("del {} al {}", minute(first), minute(last)),
        _ => "sin mensajes en este periodo".to_owned(),
    };
    let body = if report.messages.total == 0 {
        section("Sin datos", "<p>En este periodo no llegó ningún mensaje.</p>")
    } else {
        let parts = [cards, findings, activity, funnel, quality, unsure, cost, performance];
        parts.map(|part| part(report)).join("\n")
    };
    let privacy = match cover.texts {
        Texts::Never => "Este informe no tiene textos, nombres ni números de clientes.",
        Texts::Masked => {
            "Este informe tiene textos de clientes con los números tapados: guárdelo como guarda sus chats."
        }
    };
    PAGE.replace("{{store}}", &escape(cover.store))
        .replace("{{period}}", &escape(&period))
        .replace("{{privacy}}", privacy)
        .replace("{{body}}", &body)
}

fn cards(report: &Report) -> String {
    let (m, c) = (&report.messages, &report.cost);
    let by_rules = report.performance.steps.iter().find(|step| step.step == "decision_by_rules");
    let all = [
        (number(m.total), "mensajes"),
        (number(c.conversations), "conversaciones"),
        (share(m.pct_answered_by_rules), "de las respuestas sin modelo"),
        (cents(c.total.usd), "gastó el modelo"),
        (by_rules.map_or_else(none, |step| millis(step.p95_ms)), "decide por reglas (p95)"),
        (number(m.handoffs), "mensajes pidieron una persona"),
    ];
    let cards = all.map(|(value, name)| format!("<div class=\"card\"><b>{value}</b><span>{name}</span></div>"));
    format!("<div class=\"cards\">{}</div>", cards.concat())
}

/// What needs a look, in words; what is in order is said as well.
fn findings(report: &Report) -> String {
    let (q, g, m) = (&report.quality, &report.gate, &report.messages);
    let all = [
        (g.should_not_have_been_made, "llamadas al modelo que no debían hacerse", "ninguna llamada al modelo de más"),
        (m.sends.failed, "respuestas que WhatsApp no entregó", "WhatsApp aceptó todas las respuestas"),
        (q.too_long, "respuestas de más de 350 caracteres", "ninguna respuesta de más de 350 caracteres"),
        (q.without_question, "respuestas que no terminan en pregunta", "todas las respuestas terminan en pregunta"),
        (q.repeated, "respuestas iguales a la anterior del mismo chat", "ninguna respuesta repetida"),
        (q.fact_check_hits, "textos que la revisión de datos cambió", "la revisión de datos no cambió ningún texto"),
        (q.fallbacks, "veces respondieron las reglas en lugar del modelo", "el modelo no falló"),
        (report.unsure.messages, "mensajes que se entendieron con duda", "ningún mensaje se entendió con duda"),
    ];
    let (open, fine): (Vec<_>, Vec<_>) = all.into_iter().partition(|(count, _, _)| *count > 0);
    let open = open.iter().map(|(count, what, _)| format!("<li><strong>{}</strong> {what}</li>", number(*count)));
    let open: String = open.collect();
    let fine: Vec<&str> = fine.iter().map(|(_, _, fine)| *fine).collect();
    let fine =
        if fine.is_empty() { String::new() } else { format!("<li class=\"good\">En orden: {}.</li>", fine.join("; ")) };
    section("Para revisar", &format!("<ul class=\"findings\">{open}{fine}</ul>"))
}

fn activity(report: &Report) -> String {
    let m = &report.messages;
    let mut body = String::new();
    if m.days.len() > 1 {
        let days: Vec<Column> = m
            .days
            .iter()
            .map(|day| Column {
                label: short_day(&day.day),
                title: format!(
                    "{}: {} mensajes, {} piden persona",
                    day.day,
                    number(day.messages),
                    number(day.handoffs)
                ),
                value: day.messages as f64,
                part: day.handoffs as f64,
            })
            .collect();
        body.push_str("<h3>Mensajes por día</h3>");
        body.push_str(&scroll(&chart::columns("Mensajes por día", &days, |value| number(value as u64))));
        body.push_str(&key(&[("", "mensajes"), ("p", "de ellos, piden una persona")]));
    }
    body.push_str("<h3>Cuándo escriben los clientes</h3>");
    body.push_str(&scroll(&chart::week("Mensajes por día de la semana y hora", &WEEKDAYS, &m.week)));
    let intents: Vec<Count> = m.intents.iter().filter(|count| count.what != "ninguno").take(12).cloned().collect();
    let left = counts("Qué son", &m.classes, class) + &counts("Por qué se llamó a una persona", &m.handoff_reasons, id);
    let left = left + &counts("Errores de envío de WhatsApp", &m.send_errors, id);
    body.push_str(&two(&left, &counts("Qué quieren", &intents, id)));
    section("Actividad", &body)
}

fn funnel(report: &Report) -> String {
    let f = &report.funnel;
    let row = |name: &str, count: u64, whole: u64, of: &str| {
        let width = percent(count, whole).unwrap_or_default();
        let of = if of.is_empty() { String::new() } else { format!("{} {of}", share(percent(count, whole))) };
        format!(
            "<div><span>{name}<small>{of}</small></span><em style=\"--w:{width:.1}%\"></em><b>{}</b></div>",
            number(count)
        )
    };
    let body = [
        row("Conversaciones sobre la tienda", f.conversations, f.conversations, ""),
        row("Saludaron", f.greeting, f.conversations, "de las conversaciones"),
        row("Hablaron de un producto", f.product, f.conversations, "de las conversaciones"),
        row("Producto y después una persona", f.product_then_handoff, f.conversations, "de las conversaciones"),
    ]
    .concat();
    let after = share(f.pct_product_then_handoff);
    let all = share(f.pct_handoff);
    let text = format!(
        "<p class=\"soft\">De quienes hablaron de un producto, {after} pasó a una persona. En total pasaron {} conversaciones ({all}).</p>",
        number(f.handoff)
    );
    section("Del saludo a la venta", &format!("<div class=\"steps\">{body}</div>{text}"))
}

fn quality(report: &Report) -> String {
    let q = &report.quality;
    let rows = [
        ("Más de 350 caracteres", q.too_long, q.pct_too_long),
        ("No terminan en pregunta", q.without_question, q.pct_without_question),
        ("Iguales a la anterior del chat", q.repeated, q.pct_repeated),
        ("Cambiadas por la revisión de datos", q.fact_check_hits, percent(q.fact_check_hits, q.replies)),
        ("De las reglas en lugar del modelo", q.fallbacks, percent(q.fallbacks, q.replies)),
        ("Textos del modelo rechazados", q.model_texts_rejected, None),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, count, pct)| {
            format!(
                "<tr><td>{name}<td class=\"n\">{}<td class=\"n\">{}",
                number(*count),
                pct.map_or_else(String::new, |p| share(Some(p)))
            )
        })
        .collect();
    let table = format!(
        "<table><thead><tr><th>De {} respuestas<th class=\"n\">veces<th class=\"n\">parte</thead><tbody>{rows}</tbody></table>",
        number(q.replies)
    );
    let details = [
        counts("Largas, por respuesta", &q.too_long_by_reply, id),
        counts("Sin pregunta, por intención", &q.without_question_by_intent, id),
        counts("Repetidas, por respuesta", &q.repeated_by_reply, id),
        counts("Revisión de datos, por hallazgo", &q.fact_check_by_claim, id),
        counts("Fallas del modelo", &q.fallbacks_by_error, id),
        counts("Textos rechazados, por motivo", &q.rejected_by_claim, id),
    ];
    section("Calidad de las respuestas", &format!("{table}<div class=\"two\">{}</div>", details.map(boxed).concat()))
}

fn unsure(report: &Report) -> String {
    let u = &report.unsure;
    let intro = format!(
        "<p class=\"soft\">{} mensajes ({} de los de la tienda) se entendieron con poca seguridad. Los que comparten palabras están juntos: son \
         candidatos para una regla. Solo se muestran palabras que usaron tres conversaciones o más.</p>",
        number(u.messages),
        share(u.pct_of_business)
    );
    let rows: String = u.groups.iter().map(group).collect();
    let table = if rows.is_empty() {
        String::new()
    } else {
        format!(
            "<div class=\"scroll\"><table><thead><tr><th>Dicen<th>Se tomaron por<th class=\"n\">mensajes<th class=\"n\">chats<th class=\"n\">seguridad</thead><tbody>{rows}</tbody></table></div>\
             <p class=\"soft\">Sin nada en común: {}.</p>",
            number(u.ungrouped)
        )
    };
    section("Mensajes entendidos con duda", &(intro + &table))
}

fn group(group: &Group) -> String {
    let taken: Vec<String> = group.intents.iter().map(|count| escape(&count.what)).collect();
    let examples: String =
        group.examples.iter().map(|text| format!("<br><span class=\"soft\">{}</span>", escape(text))).collect();
    format!(
        "<tr><td>«{}»{examples}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}",
        escape(&group.phrase),
        taken.join(", "),
        number(group.messages),
        number(group.conversations),
        decimal(group.mean_score, 2)
    )
}

fn cost(report: &Report) -> String {
    let (c, g) = (&report.cost, &report.gate);
    let saved = c.saved.usd.map_or_else(String::new, |saved| {
        format!(" A ese precio, las que respondieron las reglas habrían costado <strong>{}</strong>.", usd(saved))
    });
    let text = format!(
        "<p>{} llamadas, {} tokens de entrada y {} de salida: <strong>{}</strong>. Cada llamada costó {} en promedio y cada conversación {}. \
         Las reglas respondieron {} consultas ({}).{saved}</p>",
        number(c.total.calls),
        number(c.total.input_tokens.unsigned_abs()),
        number(c.total.output_tokens.unsigned_abs()),
        usd(c.total.usd),
        c.mean_per_call_usd.map_or_else(none, usd),
        c.mean_per_conversation_usd.map_or_else(none, usd),
        number(c.saved.consultations_by_rules),
        share(c.saved.pct_by_rules)
    );
    let days: Vec<Column> = c.days.iter().map(spend_column).collect();
    let chart = if days.len() > 1 {
        let svg = chart::columns("Gasto por día en dólares", &days, |value| decimal(value, 3));
        format!("<h3>Gasto por día, en dólares</h3>{}", scroll(&svg))
    } else {
        String::new()
    };
    let wrong: Vec<Count> =
        g.reasons.iter().map(|wrong| Count { what: wrong_call(wrong.why).to_owned(), count: wrong.calls }).collect();
    let right = counts("Llamadas que no debían hacerse", &wrong, id) + &counts("Por qué no se llamó", &g.refusals, id);
    section("Costo del modelo", &(text + &chart + &two(&spends("Por intención", &c.intents), &right)))
}

fn spend_column(spend: &Spend) -> Column {
    Column {
        label: short_day(&spend.what),
        title: format!("{}: {}, {} llamadas", spend.what, usd(spend.usd), number(spend.calls)),
        value: spend.usd,
        part: 0.0,
    }
}

fn performance(report: &Report) -> String {
    let p = &report.performance;
    let ranges: Vec<Range> = p
        .steps
        .iter()
        .map(|step| Range {
            label: timed_step(step.step).to_owned(),
            title: format!(
                "p50 {}, p95 {}, p99 {}, máximo {}",
                millis(step.p50_ms),
                millis(step.p95_ms),
                millis(step.p99_ms),
                millis(step.max_ms)
            ),
            p50: step.p50_ms,
            p95: step.p95_ms,
            p99: step.p99_ms,
        })
        .collect();
    let rows: String = p
        .steps
        .iter()
        .map(|s| {
            let times = [s.p50_ms, s.p90_ms, s.p95_ms, s.p99_ms, s.max_ms];
            let cells = times.map(|ms| format!("<td class=\"n\">{}", millis(ms))).concat();
            format!("<tr><td>{}<td class=\"n\">{}{cells}", timed_step(s.step), number(s.count))
        })
        .collect();
    let slow: String = p
        .slowest
        .iter()
        .map(|s| {
            format!(
                "<tr><td>{}<td><code>{}</code><td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}",
                escape(&s.at),
                escape(&s.intent),
                s.trace_id,
                millis(s.decision_ms),
                s.send_ms.map_or_else(none, millis)
            )
        })
        .collect();
    let body = format!(
        "{}{}<div class=\"scroll\"><table><thead><tr><th>Paso<th class=\"n\">veces<th class=\"n\">p50<th class=\"n\">p90<th class=\"n\">p95<th class=\"n\">p99<th class=\"n\">máximo</thead><tbody>{rows}</tbody></table></div>\
         <h3>Los turnos más lentos</h3><div class=\"scroll\"><table><thead><tr><th>Hora<th>Intención<th class=\"n\">traza<th class=\"n\">decisión<th class=\"n\">envío</thead><tbody>{slow}</tbody></table></div>",
        scroll(&chart::ranges("Tiempo de cada paso", &ranges)),
        key(&[("", "la mitad tarda menos (p50)"), ("p", "19 de cada 20 (p95)"), ("s", "hasta 99 de cada 100")]),
    );
    section("Rapidez", &body)
}

fn section(title: &str, body: &str) -> String {
    format!("<section><h2>{title}</h2>{body}</section>")
}

fn scroll(svg: &str) -> String {
    format!("<div class=\"scroll\">{svg}</div>")
}

fn two(left: &str, right: &str) -> String {
    format!("<div class=\"two\"><div>{left}</div><div>{right}</div></div>")
}

fn boxed(part: String) -> String {
    if part.is_empty() { part } else { format!("<div>{part}</div>") }
}

fn key(marks: &[(&str, &str)]) -> String {
    let marks: String =
        marks.iter().map(|(class, text)| format!("<span><i class=\"{class}\"></i>{text}</span>")).collect();
    format!("<p class=\"key\">{marks}</p>")
}

fn counts(title: &str, all: &[Count], named: fn(&str) -> String) -> String {
    let Some(most) = all.iter().map(|count| count.count).max() else { return String::new() };
    let rows: String = all
        .iter()
        .map(|count| {
            let width = percent(count.count, most).unwrap_or_default();
            let (name, times) = (named(&count.what), number(count.count));
            format!("<tr><td>{name}<td class=\"m\"><div style=\"width:{width:.1}%\"></div><td class=\"n\">{times}")
        })
        .collect();
    format!("<h3>{title}</h3><table><tbody>{rows}</tbody></table>")
}

fn spends(title: &str, all: &[Spend]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let rows: String = all
        .iter()
        .take(12)
        .map(|spend| {
            let (calls, usd) = (number(spend.calls), usd(spend.usd));
            format!("<tr><td>{}<td class=\"n\">{calls}<td class=\"n\">{usd}", id(&spend.what))
        })
        .collect();
    format!(
        "<h3>{title}</h3><table><thead><tr><th><th class=\"n\">llamadas<th class=\"n\">gasto</thead><tbody>{rows}</tbody></table>"
    )
}

fn id(what: &str) -> String {
    // A break after each part of a long path, and none within a word.
    if what == "-" {
        return "sin nombre".to_owned();
    }
    format!("<code>{}</code>", escape(what).replace('+', "+<wbr>"))
}

fn class(id: &str) -> String {
    let name = match id {
        "BUSINESS_FAQ" => "preguntas frecuentes",
        "BUSINESS_CONSULT" => "consultas",
        "NON_BUSINESS" => "personales o de otra cosa",
        "EMPTY_OR_GIBBERISH" => "vacíos o sin sentido",
        other => other,
    };
    escape(name)
}

fn timed_step(step: &str) -> &str {
    match step {
        "decision_by_rules" => "Decidir por reglas",
        "decision_from_cache" => "Decidir desde la caché",
        "decision_with_model" => "Decidir con el modelo",
        "model_call" => "Llamada al modelo",
        "whatsapp_send" => "Envío a WhatsApp",
        other => other,
    }
}

fn wrong_call(why: &str) -> &str {
    match why {
        "a_person_led" => "una persona llevaba el chat",
        "answered_from_cache" => "la respuesta estaba en la caché",
        "personal_message" => "mensaje personal",
        "not_a_consultation" => "no era una consulta",
        "over_input_limit" => "mensaje más largo que el límite",
        "over_calls_per_conversation" => "más llamadas que las permitidas por chat",
        other => other,
    }
}

/// `2026-11-25` is `25 nov`.
fn short_day(day: &str) -> String {
    let month =
        day.get(5..7).and_then(|month| month.parse::<usize>().ok()).and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    match (month, day.get(8..)) {
        (Some(month), Some(day)) => format!("{} {month}", day.trim_start_matches('0')),
        _ => day.to_owned(),
    }
}

/// `2026-11-25 09:03:07` without its seconds.
fn minute(at: &str) -> &str {
    at.get(..16).unwrap_or(at)
}

/// For HTML, inside and outside of quotes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// As it is written in Colombia: 1.234.567.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

fn decimal(value: f64, places: usize) -> String {
    format!("{value:.places$}").replace('.', ",")
}

fn share(pct: Option<f64>) -> String {
    pct.map_or_else(none, |pct| format!("{}\u{a0}%", decimal(pct, 1)))
}

fn usd(value: f64) -> String {
    let places = if value >= 1.0 || value == 0.0 { 2 } else { 5 };
    format!("USD\u{a0}{}", decimal(value, places))
}

/// For a card: what is under a cent is no matter at a glance.
fn cents(value: f64) -> String {
    if value > 0.0 && value < 0.005 {
        "<\u{a0}USD\u{a0}0,01".to_owned()
    } else {
        format!("USD\u{a0}{}", decimal(value, 2))
    }
}

fn millis(ms: f64) -> String {
    if ms >= 1000.0 {
        format!("{}\u{a0}s", decimal(ms / 1000.0, 1))
    } else if ms >= 10.0 {
        format!("{}\u{a0}ms", decimal(ms, 0))
    } else {
        format!("{}\u{a0}ms", decimal(ms, 2))
    }
}

fn none() -> String {
    "—".to_owned()
}
