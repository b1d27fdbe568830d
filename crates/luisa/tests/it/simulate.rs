//! `luisa simulate`: a LUISA that is started for it, and one that runs already.

use std::net::TcpListener;

use serde_json::Value;

use crate::cli::Desk;
use crate::world::World;

#[test]
fn everybody_is_answered_once_and_the_report_says_when() {
    let desk = Desk::new();
    let ended =
        desk.run(&["simulate", "--rate", "20,40", "--seconds", "1", "--json", "--html", "run.html"]).ends_with(0);
    let report: Value = serde_json::from_str(&ended.out()).unwrap();
    let figure = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((figure("messages"), figure("answered")), (60, 60));
    assert_eq!((figure("lost"), figure("doubled"), figure("out_of_order"), figure("refused")), (0, 0, 0, 0));
    assert!(report["answer"]["p99"].as_f64().unwrap() >= report["ack"]["p50"].as_f64().unwrap());
    assert!(report["needs"]["processor_us"].as_u64().unwrap() > 0);
    let page = std::fs::read_to_string(desk.folder().join("run.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 5);
    assert!(!page.contains("<script") && !page.contains("{{"), "it stands alone and is whole");
}

#[test]
fn whatever_goes_wrong_on_the_way_nobody_is_forgotten_or_answered_twice() {
    let desk = Desk::new();
    let trouble = "duplicates,batches,late,week-old,echoes,5xx,broken,failed";
    let ended = desk
        .run(&["simulate", "--rate", "40", "--seconds", "2", "--trouble", trouble, "--share", "20", "--json"])
        .ends_with(0);
    let report: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(report["answered"], report["messages"]);
}

#[tokio::test]
async fn a_luisa_that_does_not_send_to_the_fake_meta_is_written_to_once_and_no_more() {
    let world = World::new().await;
    let luisa = world.serve().await;
    // A port that is free now: her answers go to another fake Meta.
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let desk = Desk::new()
        .with("WHATSAPP_ENABLED", "true")
        .with("WHATSAPP_ACCESS_TOKEN", "token-of-the-tests")
        .with("WHATSAPP_PHONE_NUMBER_ID", luisa_fakes::payload::PHONE_NUMBER_ID)
        .with("WHATSAPP_VERIFY_TOKEN", crate::world::VERIFY)
        .with("WHATSAPP_APP_SECRET", crate::world::SECRET);
    let url = luisa.url.clone();
    let ended = tokio::task::spawn_blocking(move || {
        desk.run(&["simulate", "--url", &url, "--meta", &elsewhere, "--patience", "1"])
    });
    let ended = ended.await.unwrap().ends_with(2);
    assert!(ended.err().contains("WHATSAPP_API_BASE_URL"), "{}", ended.err());
    assert_eq!(world.meta.sent().len(), 1);
}
