//! “today”, “in the last 10 minutes”: the time that a question is about.

use std::time::Duration;

use contract::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Window {
    /// From now back.
    Last(Duration),
    /// Since midnight, UTC.
    Today,
    Yesterday,
}

impl Window {
    /// The window that the words name, and which of them do.
    pub(super) fn find<'a>(words: impl Iterator<Item = &'a str>) -> (Option<Self>, Vec<usize>) {
        let words: Vec<&str> = words.collect();
        for (index, word) in words.iter().enumerate() {
            match *word {
                "today" => return (Some(Self::Today), vec![index]),
                "yesterday" => return (Some(Self::Yesterday), vec![index]),
                "last" | "past" => {}
                _ => continue,
            }
            let next = words.get(index + 1).copied().unwrap_or_default();
            if let Some(unit) = unit(next) {
                return (Some(Self::Last(unit)), vec![index, index + 1]);
            }
            let unit = words.get(index + 2).and_then(|word| unit(word));
            if let (Ok(count), Some(unit)) = (next.parse::<u16>(), unit) {
                let length = unit.saturating_mul(u32::from(count));
                return (Some(Self::Last(length)), vec![index, index + 1, index + 2]);
            }
        }
        (None, Vec::new())
    }

    /// From when, and until when.
    pub(super) fn bounds(self, now: Timestamp) -> (Timestamp, Option<Timestamp>) {
        let day_us = DAY.as_micros() as i64;
        let midnight_us = now.as_micros() / day_us * day_us;
        let at = Timestamp::from_micros;
        match self {
            Self::Last(length) => (at(now.as_micros() - length.as_micros() as i64), None),
            Self::Today => (at(midnight_us), None),
            Self::Yesterday => (at(midnight_us - day_us), Some(at(midnight_us))),
        }
    }

    /// As it stands in a sentence.
    pub(super) fn words(self) -> String {
        match self {
            Self::Today => "today".to_owned(),
            Self::Yesterday => "yesterday".to_owned(),
            Self::Last(length) => {
                let (count, unit) = match length.as_secs() {
                    s if s > 0 && s % (7 * 86_400) == 0 => (s / (7 * 86_400), "week"),
                    s if s > 0 && s % 86_400 == 0 => (s / 86_400, "day"),
                    s if s > 0 && s % 3600 == 0 => (s / 3600, "hour"),
                    s if s > 0 && s % 60 == 0 => (s / 60, "minute"),
                    s => (s, "second"),
                };
                match count {
                    1 => format!("in the last {unit}"),
                    count => format!("in the last {count} {unit}s"),
                }
            }
        }
    }
}

fn unit(word: &str) -> Option<Duration> {
    let seconds = match word {
        "second" | "seconds" => 1,
        "minute" | "minutes" | "min" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86_400,
        "week" | "weeks" => 7 * 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_days_are_midnights() {
        let now: Timestamp = "2026-01-31T09:30:00Z".parse().unwrap();
        let text = |window: Window| {
            let (since, until) = window.bounds(now);
            let until = until.map(|until| until.to_string()[..10].to_owned());
            (since.to_string()[..19].to_owned(), until)
        };
        assert_eq!(
            text(Window::Today),
            ("2026-01-31T00:00:00".to_owned(), None)
        );
        assert_eq!(
            text(Window::Yesterday),
            (
                "2026-01-30T00:00:00".to_owned(),
                Some("2026-01-31".to_owned())
            )
        );
        assert_eq!(
            text(Window::Last(Duration::from_secs(5400))),
            ("2026-01-31T08:00:00".to_owned(), None)
        );
    }
}
