//! What stands around every page: the shop's name, who is in, the way to the other pages.

use super::access::{Right, Staff};
use super::inbox::unanswered_since;
use super::trouble::Trouble;
use super::words;
use crate::runtime::Station;

/// The pages that the bar at the foot leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Inbox,
    Handoffs,
    Shop,
    Today,
    Accounts,
}

/// Around a page.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) shop: String,
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) tab: Tab,
    pub(super) may_shop: bool,
    pub(super) may_accounts: bool,
    /// The change after which the page was drawn, and how many customers wait.
    pub(super) since: i64,
    pub(super) waiting: u32,
}

impl Frame {
    pub(super) async fn of(station: &Station, staff: &Staff, tab: Tab, title: &str) -> Result<Self, Trouble> {
        let store = &station.shop.store;
        // Before anything of the page is read: what changes meanwhile is told once more.
        let since = store.last_change().await?;
        let waiting = store.how_many_wait(unanswered_since(station.shop.clock.now()), 100).await?;
        Ok(Self {
            title: title.to_owned(),
            shop: station.shop.pack().about.short_name.clone(),
            name: staff.user.name.clone(),
            role: words::role(staff.user.role),
            tab,
            may_shop: staff.may(Right::Shop),
            may_accounts: staff.may(Right::Accounts),
            since,
            waiting,
        })
    }
}
