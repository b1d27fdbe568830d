//! What a run is told of, and what it must not overlook.

use super::*;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn an_answer_ends_the_wait_and_is_timed_from_the_moment_at_which_the_message_was_due() {
    let mut ledger = Ledger::default();
    ledger.wrote("573005550001", at(100));
    ledger.acknowledged(&Ack { dues: vec![at(100)], delay: Duration::ZERO, at: at(104), tries: Some(1) });
    assert_eq!(ledger.waiting(), 1);
    ledger.answered("573005550001", Some("o1"), at(130));
    let report = ledger.report();
    assert_eq!((report.answered, report.lost, report.doubled), (1, 0, 0));
    assert_eq!((report.ack.p50, report.answer.p99), (Some(4.0), Some(30.0)));
    assert!(report.is_clean());
}

#[test]
fn who_got_no_answer_was_lost_unless_meta_swallowed_it_or_never_delivered_the_message() {
    let mut ledger = Ledger::default();
    for who in ["573005550001", "573005550002", "573005550003"] {
        ledger.wrote(who, at(0));
    }
    ledger.hidden("573005550002");
    ledger.acknowledged(&Ack { dues: vec![at(0)], delay: Duration::ZERO, at: at(9), tries: None });
    let report = ledger.report();
    assert_eq!((report.lost, report.hidden, report.refused), (1, 1, 1));
    assert!(!report.is_clean());
}

#[test]
fn a_second_answer_and_the_same_one_again_are_both_doubled() {
    let mut ledger = Ledger::default();
    ledger.wrote("573005550001", at(0));
    ledger.answered("573005550001", Some("o1"), at(1));
    ledger.answered("573005550001", Some("o1"), at(2));
    ledger.answered("573005550001", Some("o2"), at(3));
    assert_eq!(ledger.report().doubled, 2);
}

#[test]
fn an_answer_that_overtakes_an_earlier_one_of_its_chat_is_out_of_order() {
    let mut ledger = Ledger::default();
    ledger.wrote("573005550001", at(0));
    ledger.wrote("573005550001", at(1));
    ledger.answered("573005550001", Some("o2"), at(2));
    ledger.answered("573005550001", Some("o1"), at(3));
    assert_eq!(ledger.report().out_of_order, 1);
}

#[test]
fn a_chat_that_a_person_has_is_not_judged_and_a_stranger_is_nobody() {
    let mut ledger = Ledger::default();
    ledger.wrote_without_claim("573005550001");
    ledger.answered("573005550001", Some("o1"), at(1));
    ledger.answered("573005559001", Some("o2"), at(1));
    assert!(ledger.report().is_clean());
}

#[test]
fn every_second_has_its_own_figures_and_a_quiet_one_keeps_its_queue() {
    let mut ledger = Ledger::default();
    ledger.wrote("573005550001", at(0));
    ledger.look(at(500));
    ledger.answered("573005550001", None, at(2_500));
    ledger.look(at(2_600));
    let report = ledger.report();
    let of = |second: &Second| (second.written, second.answered, second.waiting, second.answer.p50);
    let all: Vec<_> = report.series.iter().map(of).collect();
    assert_eq!(all, [(1, 0, 1, None), (0, 0, 1, None), (0, 1, 0, Some(2_500.0))]);
}
