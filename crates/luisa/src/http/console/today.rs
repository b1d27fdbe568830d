//! Today: who waits, what came, who was called and how it ended, what was asked for and what it cost.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp, ToSpan};
use luisa_store::DayFigures;

use super::access::Staff;
use super::frame::{Frame, Tab};
use super::trouble::{Trouble, rendered};
use super::words;
use crate::runtime::Station;

const DAYS: i64 = 7;

#[derive(Template)]
#[template(path = "console/today.html")]
struct TodayPage {
    frame: Frame,
    today: DayFigures,
    cost: String,
    to_person: String,
    week: Vec<DayLine>,
    products: Vec<(String, i64)>,
}

struct DayLine {
    day: String,
    messages: i64,
    handoffs: i64,
    sold: i64,
    /// Of the busiest day, in hundredths.
    share: i64,
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
) -> Result<Response, Trouble> {
    let frame = Frame::of(&station, &staff, Tab::Today, "Hoy").await?;
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let zone = &station.shop.settings.hours.zone;
    let start = |days: i64| -> Timestamp {
        let midnight = now.to_zoned(zone.clone()).start_of_day().and_then(|day| day.checked_sub(days.days()));
        midnight.map_or(now, |day| day.timestamp())
    };
    let today = store.day_figures(start(0), now).await?;
    let mut week = Vec::new();
    for days in (0..DAYS).rev() {
        let until = if days == 0 { now } else { start(days - 1) };
        let figures = store.day_figures(start(days), until).await?;
        let noon = start(days).saturating_add(SignedDuration::from_hours(12)).unwrap_or(now);
        let DayFigures { messages, handoffs, sold, .. } = figures;
        week.push(DayLine { day: words::day(noon, zone), messages, handoffs, sold, share: 0 });
    }
    let most = week.iter().map(|line| line.messages).max().unwrap_or(0).max(1);
    for line in &mut week {
        line.share = line.messages * 100 / most;
    }
    let products = store.day_figures(start(DAYS - 1), now).await?.products;
    let cost = format!("US$ {:.2}", today.model_usd);
    let to_person = today.minutes_to_person.map_or("sin datos".to_owned(), |minutes| format!("{minutes} min"));
    Ok(rendered(&TodayPage { frame, today, cost, to_person, week, products }))
}
