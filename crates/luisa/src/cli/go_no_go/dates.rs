//! What ends, and when: Graph version, model, the age of what we know of prices.
//!
//! Owns how early a warning comes. The dates are data (`data/dates.toml`, and the models' in `luisa-llm`).

use jiff::civil::Date;
use luisa_llm::Prices;
use serde::Deserialize;

use super::report::{Check, Finding};
use crate::settings::{OpenAi, WhatsApp};

const DATES: &str = include_str!("../../../data/dates.toml");
/// Time to read a changelog and try the next version.
const GRAPH_DAYS: i32 = 90;
/// Time to try another model.
const MODEL_DAYS: i32 = 45;
/// Older knowledge is a guess.
const STALE_DAYS: i32 = 180;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dates {
    checked: Date,
    graph: Vec<GraphVersion>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GraphVersion {
    version: String,
    ends: Option<Date>,
}

pub(super) fn check(whatsapp: &WhatsApp, openai: &OpenAi, today: Date) -> Vec<Finding> {
    let dates: Dates = toml::from_str(DATES).expect("a test reads data/dates.toml");
    let prices = Prices::embedded();
    vec![graph(&dates, whatsapp, today), model(&prices, openai, today), age("price data", prices.checked, today)]
}

fn graph(dates: &Dates, whatsapp: &WhatsApp, today: Date) -> Finding {
    let check = Check::warning("graph version");
    let version = &whatsapp.api_version;
    let Some(known) = dates.graph.iter().find(|known| known.version == *version) else {
        let detail = format!("{version} is not among the versions known on {}", dates.checked);
        return check.failed(detail, "look it up in Meta's changelog; set WHATSAPP_API_VERSION to a current one");
    };
    let Some(ends) = known.ends else {
        if days(dates.checked, today) > STALE_DAYS {
            let detail = format!("{version}: no end was announced on {}, which is long ago", dates.checked);
            return check.failed(detail, "look it up in Meta's changelog, or take a newer luisa");
        }
        return check.ok(format!("{version}, no end announced as of {}", dates.checked));
    };
    let left = days(today, ends);
    let remedy = "set WHATSAPP_API_VERSION to a newer one, and check again";
    match left {
        ..=0 => check.failed(format!("{version} has ended on {ends}"), remedy),
        _ if left < GRAPH_DAYS => check.failed(format!("{version} ends on {ends}, in {left} days"), remedy),
        _ => check.ok(format!("{version} until {ends}")),
    }
}

fn model(prices: &Prices, openai: &OpenAi, today: Date) -> Finding {
    let check = Check::warning("model's end");
    if !openai.enabled {
        return check.skipped("OPENAI_ENABLED=false");
    }
    let mut models = vec![openai.model.as_str(), openai.model_classifier.as_str()];
    models.dedup();
    let remedy = "set OPENAI_MODEL (and OPENAI_MODEL_CLASSIFIER) to a current one";
    for name in &models {
        let Some(known) = prices.find(name) else {
            let detail = format!("{name} is not among the models known on {}", prices.checked);
            return check.failed(detail, "its end and its price are unknown: look them up at its maker's");
        };
        if let (Some(left), Some(ends)) = (known.days_left(today), known.shutdown)
            && left < MODEL_DAYS
        {
            let detail = if left <= 0 {
                format!("{name} has ended on {ends}")
            } else {
                format!("{name} ends on {ends}, in {left} days")
            };
            return check.failed(detail, remedy);
        }
    }
    check.ok(format!("{}: no end within {MODEL_DAYS} days", models.join(", ")))
}

fn age(name: &str, checked: Date, today: Date) -> Finding {
    let check = Check::warning(name);
    let old = days(checked, today);
    if old > STALE_DAYS {
        return check.failed(
            format!("as of {checked}, {old} days ago"),
            "take a newer luisa, or compare it with the maker's page",
        );
    }
    check.ok(format!("as of {checked}"))
}

fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::report::Verdict;
    use super::*;
    use crate::settings::{Settings, Vars};

    fn settings(vars: &[(&str, &str)]) -> Settings {
        let vars: Vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::from_vars(vars).unwrap()
    }

    fn found(vars: &[(&str, &str)], today: Date) -> Vec<(Verdict, String)> {
        let settings = settings(vars);
        let findings = check(&settings.whatsapp, &settings.openai, today);
        findings.into_iter().map(|found| (found.verdict, found.detail)).collect()
    }

    #[test]
    fn a_version_is_warned_of_before_it_ends_and_not_years_before() {
        let v22 = [("WHATSAPP_API_VERSION", "v22.0")];
        let (early, late, gone) = (date(2026, 11, 26), date(2027, 3, 1), date(2027, 5, 20));
        assert_eq!(found(&v22, early)[0], (Verdict::Ok, "v22.0 until 2027-05-20".to_owned()));
        assert_eq!(found(&v22, late)[0], (Verdict::Failed, "v22.0 ends on 2027-05-20, in 80 days".to_owned()));
        assert_eq!(found(&v22, gone)[0], (Verdict::Failed, "v22.0 has ended on 2027-05-20".to_owned()));
        assert_eq!(found(&[("WHATSAPP_API_VERSION", "v12.0")], early)[0].0, Verdict::Failed);
        assert_eq!(found(&[], early)[0].0, Verdict::Ok);
        assert_eq!(found(&[], date(2027, 9, 1))[0].0, Verdict::Failed, "nobody has looked for too long");
    }

    #[test]
    fn a_model_is_warned_of_before_it_ends_when_it_is_used() {
        let mini = [("OPENAI_ENABLED", "true"), ("OPENAI_API_KEY", "k"), ("OPENAI_MODEL", "gpt-4o-mini")];
        assert_eq!(found(&mini, date(2026, 11, 26))[1].0, Verdict::Ok);
        let (verdict, detail) = found(&mini, date(2026, 12, 20))[1].clone();
        assert_eq!((verdict, detail.as_str()), (Verdict::Failed, "gpt-4o-mini ends on 2027-01-14, in 25 days"));
        assert_eq!(found(&[], date(2026, 12, 20))[1].0, Verdict::Skipped);
    }

    #[test]
    fn prices_grow_old() {
        assert_eq!(found(&[], date(2026, 11, 26))[2].0, Verdict::Ok);
        assert_eq!(found(&[], date(2027, 11, 26))[2].0, Verdict::Failed);
    }
}
