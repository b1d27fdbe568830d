//! Settings of LUISA's own service hours. The store's hours, which customers ask about, are facts of the pack.

use jiff::tz::TimeZone;
use luisa_core::turn::ServiceHours;

use super::reader::Reader;

/// When LUISA answers, in the store's time.
#[derive(Debug, Clone)]
pub struct Hours {
    /// `BUSINESS_HOURS_ENABLED`: false answers at any time.
    pub enabled: bool,
    /// `BUSINESS_HOURS_START`: first hour, 0–23.
    pub start: i8,
    /// `BUSINESS_HOURS_END`: hour at which service ends, 1–24.
    pub end: i8,
    /// `BUSINESS_HOURS_NEW_CONVERSATION_CUTOFF`: from this hour on no new conversation is begun.
    pub new_conversation_cutoff: i8,
    /// `BUSINESS_TIMEZONE`
    pub zone: TimeZone,
}

impl Hours {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let hours = Self {
            enabled: reader.flag("BUSINESS_HOURS_ENABLED", false),
            start: reader.number("BUSINESS_HOURS_START", 8, 0..=23, "hour of the day"),
            end: reader.number("BUSINESS_HOURS_END", 21, 1..=24, "hour of the day"),
            new_conversation_cutoff: reader.number(
                "BUSINESS_HOURS_NEW_CONVERSATION_CUTOFF",
                18,
                0..=24,
                "hour of the day",
            ),
            zone: zone(reader),
        };
        let Self { start, end, new_conversation_cutoff: cutoff, .. } = hours;
        if start >= end {
            reader.fault(
                "BUSINESS_HOURS_END",
                &end.to_string(),
                &format!("later than BUSINESS_HOURS_START, which is {start}"),
                "Correct one of the two.",
            );
        } else if !(start..=end).contains(&cutoff) {
            reader.fault(
                "BUSINESS_HOURS_NEW_CONVERSATION_CUTOFF",
                &cutoff.to_string(),
                &format!("from BUSINESS_HOURS_START to BUSINESS_HOURS_END, {start} to {end}"),
                "Correct it, or remove it to have the default 18.",
            );
        }
        hours
    }

    /// As the core takes them.
    #[must_use]
    pub fn service(&self) -> ServiceHours {
        ServiceHours {
            enabled: self.enabled,
            start: self.start,
            end: self.end,
            new_conversation_cutoff: self.new_conversation_cutoff,
            zone: self.zone.clone(),
            closed: std::sync::Arc::default(),
        }
    }
}

fn zone(reader: &mut Reader) -> TimeZone {
    let name = "BUSINESS_TIMEZONE";
    let value = reader.text_or(name, "America/Bogota");
    TimeZone::get(&value).unwrap_or_else(|_| {
        reader.fault(
            name,
            &value,
            "a time zone of the IANA list",
            "Write BUSINESS_TIMEZONE=America/Bogota, or remove it to have that default.",
        );
        luisa_core::turn::bogota()
    })
}
