//! Moments, and places in the log, as people write them.

use std::time::{Duration, SystemTime};

use contract::{Position, Timestamp};

/// The moment that lies so far back, such as `15m` or `2h`.
pub(crate) fn of_age(text: &str) -> Option<Timestamp> {
    let age = humantime::parse_duration(text).ok()?;
    SystemTime::now().checked_sub(age).map(Timestamp::from)
}

/// For options: a place in the log, also by the age of its records.
pub(crate) fn parse_position(text: &str) -> Result<Position, String> {
    let position = text.parse().ok();
    position
        .or_else(|| of_age(text).map(Position::Time))
        .ok_or_else(|| {
            "give latest, earliest, an offset, a time such as 2026-01-31T09:30:00Z, or an age such as 15m"
                .to_owned()
        })
}

/// For options: a length of time, in seconds when no unit is given.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let length = seconds.or_else(|| humantime::parse_duration(text).ok());
    length.ok_or_else(|| "give a time such as 90, 90s or 5m".to_owned())
}

/// For options: a time, or an age.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    let moment = text.parse().ok().or_else(|| of_age(text));
    moment.ok_or_else(|| {
        "give a time such as 2026-01-31T09:30:00Z, or an age such as 15m or 2h".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ages() {
        let time = "2026-01-31T09:30:00Z";
        assert_eq!(parse(time).map(Timestamp::as_millis), Ok(1_769_851_800_000));
        let age = parse("1h").unwrap();
        let micros = Timestamp::from(SystemTime::now()).micros_since(age);
        assert!(micros >= 3_600_000_000);
        assert!(parse("yesterday").is_err());
    }

    #[test]
    fn positions() {
        for text in ["latest", "earliest", "42"] {
            assert_eq!(
                parse_position(text).map(|p| p.to_string()),
                Ok(text.to_owned())
            );
        }
        let Ok(Position::Time(age)) = parse_position("15m") else {
            panic!("an age is a time")
        };
        let micros = Timestamp::from(SystemTime::now()).micros_since(age);
        assert!(micros >= 15 * 60 * 1_000_000);
        assert!(parse_position("yesterday").is_err() && parse_position("-1").is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        assert!(parse_duration("-1").is_err() && parse_duration("soon").is_err());
    }
}
