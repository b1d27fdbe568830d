//! The table of prices, the arithmetic of dollars and the estimate of tokens.

use jiff::civil::date;
use luisa_llm::price::estimate_tokens;
use luisa_llm::{NanoUsd, Prices, PricesError, Usage};

fn usage(input: u32, cached: u32, output: u32) -> Usage {
    Usage { input, cached, output, reasoning: 0 }
}

fn table(rows: &str) -> Result<Prices, PricesError> {
    Prices::parse(&format!("checked = \"2027-02-01\"\n{rows}"))
}

#[test]
fn the_embedded_table_has_a_date_the_default_model_and_the_known_ends() {
    let prices = Prices::embedded();
    assert!(prices.checked >= date(2026, 11, 1));
    let luna = prices.find("gpt-6-luna").unwrap();
    assert_eq!((luna.shutdown, luna.days_left(date(2026, 11, 20))), (None, None));
    let mini = prices.find("gpt-4o-mini-2024-07-18").unwrap();
    assert_eq!(mini.days_left(date(2027, 1, 4)), Some(10));
    assert_eq!(mini.days_left(date(2027, 1, 15)), Some(-1));
    assert_eq!(prices.find("gpt-4o-mini-audio"), None);
    assert_eq!(prices.find("llama"), None);
}

#[test]
fn a_known_usage_costs_what_the_makers_table_says() {
    let prices = Prices::embedded();
    let cost = |model: &str, usage: &Usage| prices.find(model).unwrap().cost(usage).to_string();
    assert_eq!(cost("gpt-6-luna", &usage(1_000_000, 0, 1_000_000)), "0.6");
    assert_eq!(cost("gpt-6-luna", &usage(1_500, 1_024, 120)), "0.00011784");
    assert_eq!(cost("gpt-6.1-terra", &usage(1_000, 0, 100)), "0.0015");
    assert_eq!(cost("gpt-4o-mini", &usage(1, 1, 0)), "0.000000075");
    assert_eq!(cost("gpt-5-nano", &usage(1, 1, 0)), "0.000000005");
    assert_eq!(cost("gpt-6-luna", &usage(10, 99, 0)), "0.0000001", "more cached than there were");
    assert_eq!(cost("gpt-6-luna", &Usage::default()), "0");
    assert_eq!(cost("gpt-4o", &usage(u32::MAX, 0, u32::MAX)), "53687.0911875");
}

#[test]
fn parts_of_a_billionth_round_up() {
    let prices = table("[[model]]\nid = \"m\"\nin = \"0.0375\"\ncached = 0\nout = 0.0001").unwrap();
    let model = prices.find("m").unwrap();
    assert_eq!(model.cost(&usage(1, 0, 0)), NanoUsd(38));
    assert_eq!(model.cost(&usage(2, 0, 0)), NanoUsd(75));
    assert_eq!(model.cost(&usage(0, 0, 1)), NanoUsd(1));
}

#[test]
fn dollars_are_read_and_written_exactly() {
    let good = [("0.10", 100_000_000), ("1", 1_000_000_000), ("0.000000001", 1), (" 2.5 ", 2_500_000_000), ("0", 0)];
    for (text, nanos) in good {
        assert_eq!(text.parse(), Ok(NanoUsd(nanos)), "{text}");
    }
    for bad in ["", ".", "1.", ".5", "-1", "1e3", "0.0000000001", "1,5", "+1", "18446744074", "$1"] {
        assert!(bad.parse::<NanoUsd>().is_err(), "{bad}");
    }
    assert_eq!(NanoUsd::from_usd(0.1), Some(NanoUsd(100_000_000)));
    for bad in [-0.01, f64::NAN, f64::INFINITY, 1e30] {
        assert_eq!(NanoUsd::from_usd(bad), None);
    }
    let tenths: NanoUsd = std::iter::repeat_n(NanoUsd(100_000_000), 10).sum();
    assert_eq!((tenths.to_string(), tenths.as_usd()), ("1".into(), 1.0));
    assert_eq!(NanoUsd(u64::MAX).plus(NanoUsd(1)), NanoUsd(u64::MAX));
}

#[test]
fn a_newer_table_wins_and_keeps_what_it_does_not_name() {
    let newer = table("[[model]]\nid = \"gpt-6-luna\"\nin = 0.20\ncached = 0.02\nout = 1.0").unwrap();
    let both = Prices::embedded().overridden_by(newer);
    assert_eq!(both.checked, date(2027, 2, 1));
    assert_eq!(both.find("gpt-6-luna").unwrap().input.to_string(), "0.2");
    assert!(both.find("gpt-4o-mini").is_some());
}

#[test]
fn a_broken_table_is_refused_with_the_place() {
    let row = |price: &str| format!("[[model]]\nid = \"m\"\nin = {price}\ncached = 0\nout = 0\n");
    for bad in ["\"cheap\"", "-1", "true", "1e-15"] {
        let expected = PricesError::Price { model: "m".into(), field: "in" };
        assert_eq!(table(&row(bad)).unwrap_err(), expected, "{bad}");
    }
    assert_eq!(table(&row("1").repeat(2)).unwrap_err(), PricesError::Twice("m".into()));
    assert!(matches!(table("[[model]]\nid = \"m\""), Err(PricesError::Toml(_))));
    assert!(matches!(Prices::parse(""), Err(PricesError::Toml(_))));
}

#[test]
fn tokens_are_estimated_by_characters_not_bytes() {
    assert_eq!(estimate_tokens(""), 0);
    assert_eq!(estimate_tokens("a"), 1);
    assert_eq!(estimate_tokens(&"ñ".repeat(39)), 10);
    assert_eq!(estimate_tokens(&"a".repeat(1_200)), 308);
}
