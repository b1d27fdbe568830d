//! The gate from outside: every yes and no with its reason, and what time, money and failures do to it.

use super::*;
use crate::call::Failure;

const CENT: NanoUsd = NanoUsd(10_000_000);

fn at(text: &str) -> Zoned {
    let text = format!("{text}-05:00[America/Bogota]");
    text.parse().unwrap()
}

fn noon() -> Zoned {
    at("2026-11-20T12:00:00")
}

fn later(now: &Zoned, seconds: i64) -> Zoned {
    now + SignedDuration::from_secs(seconds)
}

fn limits() -> Limits {
    Limits {
        enabled: true,
        calls_per_conversation: 4,
        conversation_ttl: Duration::from_secs(24 * 3_600),
        daily_budget: Some(NanoUsd::from_usd(1.0).unwrap()),
        monthly_budget: Some(NanoUsd::from_usd(20.0).unwrap()),
        concurrent_calls: 16,
        input_chars: 1_200,
        least_time: Duration::from_secs(1),
        canary: Canary::default(),
        breaker: BreakerLimits::default(),
    }
}

fn gate(limits: Limits) -> Gate {
    Gate::new(limits, GateState::default())
}

fn wish(now: &Zoned) -> GateInput<'_> {
    GateInput {
        conversation_id: "wa_1",
        phone_last_four: Some("0001"),
        input_chars: 100,
        time_left: Duration::from_secs(7),
        dearest_cost: NanoUsd(100_000),
        now,
    }
}

/// Asks as somebody new every time, so that no conversation runs out of calls.
fn ask(gate: &mut Gate, now: &Zoned) -> Result<Permit, Reason> {
    let id = format!("wa_{}", gate.next_number);
    let admission = gate.admit(&GateInput { conversation_id: &id, ..wish(now) });
    admission.permit.ok_or(admission.decision.reason)
}

fn fail(gate: &mut Gate, failure: &Failure, now: &Zoned) {
    let permit = ask(gate, now).unwrap();
    gate.note_failure(permit, failure, now);
}

fn refused(gate: &mut Gate, now: &Zoned) -> Reason {
    ask(gate, now).unwrap_err()
}

const BROKEN: Failure = Failure::ServerError { status: 503 };

#[test]
fn every_reason_has_its_own_stable_id_and_only_four_say_yes() {
    let ids: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.id()).collect();
    assert_eq!(ids.len(), Reason::ALL.len());
    let snake = |id: &&str| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    assert!(ids.iter().all(snake), "{ids:?}");
    assert_eq!(Reason::ALL.iter().filter(|reason| reason.allows()).count(), 4);
}

#[test]
fn a_wish_is_measured_before_anything_is_spent() {
    let now = noon();
    let gate_open = gate(limits());
    let cases = [
        (wish(&now), Reason::WithinLimits),
        (GateInput { input_chars: 1_200, ..wish(&now) }, Reason::WithinLimits),
        (GateInput { input_chars: 1_201, ..wish(&now) }, Reason::InputTooLong),
        (GateInput { time_left: Duration::from_millis(999), ..wish(&now) }, Reason::NoTimeLeft),
        (GateInput { dearest_cost: NanoUsd(1_000_000_001), ..wish(&now) }, Reason::DailyBudgetSpent),
    ];
    for (wish, reason) in cases {
        assert_eq!(gate_open.decide(&wish), GateDecision::of(reason));
    }
    let off = gate(Limits { enabled: false, ..limits() });
    assert_eq!(off.decide(&wish(&now)), GateDecision { allowed: false, reason: Reason::Disabled });
}

#[test]
fn a_conversation_has_its_calls_and_gets_them_back_with_time() {
    let mut gate = gate(limits());
    let start = noon();
    for call in 0..4 {
        let now = later(&start, call * 60);
        let permit = gate.admit(&wish(&now)).permit.unwrap();
        gate.note_failure(permit, &Failure::Empty, &now);
    }
    let evening = later(&start, 3_600);
    assert_eq!(gate.decide(&wish(&evening)).reason, Reason::ConversationCallsSpent);
    let other = GateInput { conversation_id: "wa_2", ..wish(&evening) };
    assert!(gate.decide(&other).allowed);
    let first_is_a_day_old = later(&start, 24 * 3_600);
    assert!(gate.decide(&wish(&first_is_a_day_old)).allowed);
    let second_is_not = later(&start, 24 * 3_600 - 1);
    assert!(!gate.decide(&wish(&second_is_not)).allowed);
}

#[test]
fn the_days_budget_ends_the_calls_and_midnight_in_the_shop_renews_it() {
    let mut gate = gate(Limits { daily_budget: Some(CENT), ..limits() });
    let evening = at("2026-11-20T23:59:00");
    gate.note_cost(NanoUsd(9_900_000), &evening);
    let exactly = GateInput { dearest_cost: NanoUsd(100_000), ..wish(&evening) };
    assert!(gate.decide(&exactly).allowed);
    gate.note_cost(NanoUsd(1), &evening);
    assert_eq!(gate.decide(&exactly).reason, Reason::DailyBudgetSpent);
    assert_eq!(gate.spent_today(&evening), NanoUsd(9_900_001));
    let midnight = later(&evening, 60);
    assert!(gate.decide(&wish(&midnight)).allowed);
    assert_eq!((gate.spent_today(&midnight), gate.spent_this_month(&midnight)), (NanoUsd::ZERO, NanoUsd(9_900_001)));
}

#[test]
fn the_months_budget_adds_up_its_days() {
    let mut gate = gate(Limits { monthly_budget: Some(NanoUsd(3 * CENT.0)), ..limits() });
    for day in 28..=30 {
        gate.note_cost(CENT, &at(&format!("2026-11-{day}T10:00:00")));
    }
    let last_day = at("2026-11-30T11:00:00");
    assert_eq!(gate.decide(&wish(&last_day)).reason, Reason::MonthlyBudgetSpent);
    let december = at("2026-12-01T00:00:00");
    assert!(gate.decide(&wish(&december)).allowed);
    gate.note_cost(CENT, &december);
    assert_eq!(gate.spent_this_month(&december), CENT);
}

#[test]
fn a_clock_that_steps_back_refills_nothing_and_one_that_was_years_ahead_blocks_nothing() {
    let mut gate = gate(Limits { daily_budget: Some(CENT), ..limits() });
    gate.note_cost(CENT, &at("2026-11-21T00:00:01"));
    let before_midnight = at("2026-11-20T23:59:59");
    assert_eq!(gate.decide(&wish(&before_midnight)).reason, Reason::DailyBudgetSpent);
    gate.note_cost(CENT, &at("2099-01-01T00:00:00"));
    assert!(gate.admit(&wish(&noon())).decision.allowed);
}

#[test]
fn calls_under_way_hold_their_dearest_cost_until_they_are_back() {
    let mut gate = gate(Limits { daily_budget: Some(NanoUsd(250_000)), ..limits() });
    let now = noon();
    let first = ask(&mut gate, &now).unwrap();
    let _second = ask(&mut gate, &now).unwrap();
    assert_eq!(refused(&mut gate, &now), Reason::DailyBudgetSpent);
    gate.note_success(first, &now);
    gate.note_cost(NanoUsd(20_000), &now);
    assert!(ask(&mut gate, &now).is_ok());
}

#[test]
fn only_so_many_ask_at_once_and_a_lost_permit_frees_its_place() {
    let mut gate = gate(Limits { concurrent_calls: 2, ..limits() });
    let now = noon();
    let first = ask(&mut gate, &now).unwrap();
    let lost = ask(&mut gate, &now).unwrap();
    assert_eq!(refused(&mut gate, &now), Reason::TooManyAtOnce);
    gate.note_success(first, &now);
    let _third = ask(&mut gate, &later(&now, 60)).unwrap();
    assert_eq!(refused(&mut gate, &later(&now, 119)), Reason::TooManyAtOnce);
    drop(lost);
    assert!(ask(&mut gate, &later(&now, 120)).is_ok());
}

#[test]
fn five_failures_in_a_row_open_the_breaker_and_a_good_probe_closes_it() {
    let mut gate = gate(limits());
    let now = noon();
    for _ in 0..4 {
        fail(&mut gate, &BROKEN, &now);
    }
    let permit = ask(&mut gate, &now).unwrap();
    gate.note_success(permit, &now);
    for _ in 0..4 {
        fail(&mut gate, &Failure::Timeout, &now);
    }
    assert_eq!(gate.breaker(&now), BreakerState::Closed);
    fail(&mut gate, &Failure::Empty, &now);
    assert_eq!(refused(&mut gate, &later(&now, 29)), Reason::BreakerOpen);

    let rested = later(&now, 30);
    assert_eq!(gate.breaker(&rested), BreakerState::HalfOpen { cause: Cause::Failures });
    assert_eq!(gate.decide(&wish(&rested)).reason, Reason::BreakerProbe);
    let probe = ask(&mut gate, &rested).unwrap();
    assert_eq!(refused(&mut gate, &rested), Reason::BreakerProbing);
    gate.note_success(probe, &rested);
    assert_eq!(gate.decide(&wish(&rested)).reason, Reason::WithinLimits);
}

#[test]
fn every_failed_probe_doubles_the_rest_up_to_the_long_one() {
    let mut gate = gate(limits());
    let mut now = noon();
    for _ in 0..5 {
        fail(&mut gate, &BROKEN, &now);
    }
    for rest in [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600] {
        assert_eq!(refused(&mut gate, &later(&now, rest - 1)), Reason::BreakerOpen, "{rest}");
        now = later(&now, rest);
        fail(&mut gate, &BROKEN, &now);
    }
}

#[test]
fn late_answers_to_calls_from_before_the_rest_do_not_end_it() {
    let mut gate = gate(limits());
    let now = noon();
    let late = ask(&mut gate, &now).unwrap();
    let later_still = ask(&mut gate, &now).unwrap();
    for _ in 0..5 {
        fail(&mut gate, &BROKEN, &now);
    }
    gate.note_success(late, &later(&now, 5));
    assert_eq!(refused(&mut gate, &later(&now, 6)), Reason::BreakerOpen);
    gate.note_failure(later_still, &BROKEN, &later(&now, 29));
    assert!(ask(&mut gate, &later(&now, 30)).is_ok());
}

#[test]
fn a_probe_that_never_comes_back_is_followed_by_another() {
    let mut gate = gate(limits());
    let now = noon();
    for _ in 0..5 {
        fail(&mut gate, &BROKEN, &now);
    }
    drop(ask(&mut gate, &later(&now, 30)).unwrap());
    assert_eq!(refused(&mut gate, &later(&now, 100)), Reason::BreakerProbing);
    assert!(ask(&mut gate, &later(&now, 150)).is_ok());
}

#[test]
fn an_empty_account_rests_long_and_pages_the_owner_once_until_it_was_well_again() {
    let mut gate = gate(limits());
    let now = noon();
    fail(&mut gate, &Failure::QuotaExhausted, &now);
    assert_eq!(gate.take_notices(), [Notice::QuotaExhausted]);
    assert_eq!(refused(&mut gate, &later(&now, 3_599)), Reason::QuotaExhausted);
    fail(&mut gate, &Failure::QuotaExhausted, &later(&now, 3_600));
    assert_eq!(gate.take_notices(), []);
    let paid = later(&now, 7_200);
    let probe = ask(&mut gate, &paid).unwrap();
    gate.note_success(probe, &paid);
    fail(&mut gate, &Failure::QuotaExhausted, &paid);
    assert_eq!(gate.take_notices(), [Notice::QuotaExhausted]);
}

#[test]
fn a_refused_key_and_a_gone_model_rest_long_too() {
    let details = String::new();
    let cases = [
        (Failure::Unauthorized { status: 401, details: details.clone() }, Notice::AccessRefused),
        (Failure::NotFound { details }, Notice::ModelGone),
    ];
    for (failure, notice) in cases {
        let mut gate = gate(limits());
        let now = noon();
        fail(&mut gate, &failure, &now);
        assert_eq!(gate.take_notices(), [notice]);
        assert_eq!(refused(&mut gate, &later(&now, 3_599)), Reason::AccessRefused);
    }
}

#[test]
fn a_rate_limit_rests_as_long_as_told_and_never_shortens_a_longer_rest() {
    let mut gate = gate(limits());
    let now = noon();
    let told = |seconds| Failure::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
    let late = ask(&mut gate, &now).unwrap();
    fail(&mut gate, &told(20), &now);
    gate.note_failure(late, &told(1), &now);
    assert_eq!(refused(&mut gate, &later(&now, 19)), Reason::RateLimited);
    assert!(ask(&mut gate, &later(&now, 20)).is_ok());
}

#[test]
fn a_model_that_refuses_is_a_provider_that_works() {
    let mut gate = gate(limits());
    let now = noon();
    for _ in 0..20 {
        fail(&mut gate, &Failure::RefusedByModel, &now);
    }
    assert_eq!(gate.breaker(&now), BreakerState::Closed);
}

#[test]
fn a_spent_budget_is_told_once_a_day() {
    let mut gate = gate(Limits { daily_budget: Some(CENT), ..limits() });
    let now = noon();
    gate.note_cost(CENT, &now);
    for _ in 0..3 {
        assert_eq!(refused(&mut gate, &now), Reason::DailyBudgetSpent);
    }
    assert_eq!(gate.take_notices(), [Notice::DailyBudgetSpent]);
    assert_eq!(refused(&mut gate, &now), Reason::DailyBudgetSpent);
    assert_eq!(gate.take_notices(), []);
    let tomorrow = at("2026-11-21T08:00:00");
    gate.note_cost(CENT, &tomorrow);
    assert_eq!(refused(&mut gate, &tomorrow), Reason::DailyBudgetSpent);
    assert_eq!(gate.take_notices(), [Notice::DailyBudgetSpent]);
}

#[test]
fn the_canary_takes_ids_last_digits_and_a_share() {
    let now = noon();
    let with = |entries: &[&str]| gate(Limits { canary: Canary::parse(entries).unwrap(), ..limits() });
    let reason = |entries: &[&str]| with(entries).decide(&wish(&now)).reason;
    assert_eq!(reason(&[]), Reason::WithinLimits);
    assert_eq!(reason(&["wa_1"]), Reason::CanaryListed);
    assert_eq!(reason(&["wa_2", "0001"]), Reason::CanaryListed);
    assert_eq!(reason(&["wa_2", "0002"]), Reason::NotInCanary);
    assert_eq!(reason(&["100%"]), Reason::CanaryShare);
    assert_eq!(reason(&["0%"]), Reason::NotInCanary);
    let nobodys_phone = GateInput { phone_last_four: None, ..wish(&now) };
    assert_eq!(with(&["0001"]).decide(&nobodys_phone).reason, Reason::NotInCanary);
    for bad in ["101%", "-1%", "%", "", "two words"] {
        assert_eq!(Canary::parse(&[bad]), Err(BadCanary(bad.to_owned())));
    }
}

#[test]
fn a_share_is_about_as_large_as_it_says_and_always_the_same_people() {
    let quarter = Canary::parse(&["25%"]).unwrap();
    let half = Canary::parse(&["50%"]).unwrap();
    let is_in = |canary: &Canary, n: u32| canary.chooses(&format!("wa_57300555{n:04}"), None).is_some();
    let chosen: Vec<u32> = (0..10_000).filter(|n| is_in(&quarter, *n)).collect();
    assert!((2_300..=2_700).contains(&chosen.len()), "{}", chosen.len());
    assert!(chosen.iter().all(|n| is_in(&half, *n)), "who is in stays in when the share grows");
    assert_eq!(chosen[..5], [12, 19, 21, 23, 25], "a changed hash would change the people between two versions");
}

#[test]
fn a_restart_forgets_neither_money_nor_calls_nor_the_breaker() {
    let mut before = gate(limits());
    let now = noon();
    for _ in 0..4 {
        let permit = before.admit(&wish(&now)).permit.unwrap();
        before.note_success(permit, &now);
    }
    before.note_cost(CENT, &now);
    let calls_kept = serde_json::to_string(before.state()).unwrap();
    let after = Gate::new(limits(), serde_json::from_str(&calls_kept).unwrap());
    assert_eq!(after.decide(&wish(&now)).reason, Reason::ConversationCallsSpent);
    assert_eq!(after.spent_today(&now), CENT);

    fail(&mut before, &Failure::QuotaExhausted, &now);
    let stored = serde_json::to_string(before.state()).unwrap();
    let mut after = Gate::new(limits(), serde_json::from_str(&stored).unwrap());
    assert_eq!(refused(&mut after, &now), Reason::QuotaExhausted);
    assert_eq!(after.take_notices(), [Notice::QuotaExhausted]);
}

#[test]
fn a_state_of_another_version_is_read_as_far_as_it_is_known() {
    let text = r#"{"version":1,"ledger":{"day":"2026-11-20","day_spent":7},"new":[1]}"#;
    let gate = Gate::new(limits(), serde_json::from_str(text).unwrap());
    assert_eq!(gate.spent_today(&noon()), NanoUsd(7));
    assert!(gate.decide(&wish(&noon())).allowed);
}
