//! What stands around every page: the shop's name, who is in, the way to the other pages.

use super::access::{Right, Staff};
use super::words;
use crate::runtime::Station;

/// The pages that the bar at the foot leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Accounts,
}

/// Around a page.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) shop: String,
    pub(super) name: String,
    pub(super) role: &'static str,
    pub(super) tab: Tab,
    pub(super) may_accounts: bool,
}

impl Frame {
    pub(super) fn of(station: &Station, staff: &Staff, tab: Tab, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            shop: station.shop.pack().about.short_name.clone(),
            name: staff.user.name.clone(),
            role: words::role(staff.user.role),
            tab,
            may_accounts: staff.may(Right::Accounts),
        }
    }
}
