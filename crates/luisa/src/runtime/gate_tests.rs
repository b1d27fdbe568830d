//! The gate shuts, lets one try, and opens.

use std::time::{Duration, Instant};

use super::gate::{AT_ONCE, Gate, News, PROBE_EVERY};

#[test]
fn an_open_gate_lets_as_many_through_as_there_are_places() {
    let (gate, now) = (Gate::default(), Instant::now());
    assert_eq!(gate.places(now, 0), AT_ONCE);
    assert_eq!(gate.places(now, 5), AT_ONCE - 5);
    assert_eq!(gate.places(now, 99), 0);
}

#[test]
fn after_a_stop_one_message_a_minute_tries_until_one_passes() {
    let (mut gate, start) = (Gate::default(), Instant::now());
    assert_eq!(gate.hear(News::Stopped, start), Some(PROBE_EVERY));
    assert_eq!(gate.hear(News::Stopped, start), None, "the others of the same moment say nothing new");
    assert_eq!(gate.places(start + PROBE_EVERY / 2, 0), 0);
    let later = start + PROBE_EVERY;
    assert_eq!((gate.places(later, 0), gate.places(later, 1)), (1, 0));
    assert_eq!(gate.hear(News::Stopped, later), Some(PROBE_EVERY));
    let passed = later + PROBE_EVERY;
    gate.hear(News::Passed, passed);
    assert_eq!(gate.places(passed, 0), AT_ONCE);
}

#[test]
fn a_message_that_set_out_before_the_gate_was_shut_does_not_open_it() {
    let (mut gate, now) = (Gate::default(), Instant::now());
    gate.hear(News::TooFast(None), now);
    gate.hear(News::Passed, now);
    assert_eq!(gate.places(now, 0), 0);
}

#[test]
fn too_fast_waits_longer_each_time_and_never_shorter_than_meta_wants() {
    let (mut gate, mut now) = (Gate::default(), Instant::now());
    let mut waits = Vec::new();
    for _ in 0..8 {
        let wait = gate.hear(News::TooFast(None), now).unwrap();
        waits.push(wait.as_secs());
        now += wait;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    let told = Duration::from_secs(90);
    assert_eq!(gate.hear(News::TooFast(Some(told)), now), Some(told));
}
