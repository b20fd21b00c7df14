//! Moments as people write them.

use std::time::SystemTime;

use contract::Timestamp;

/// The moment that lies so far back, such as `15m` or `2h`.
pub(crate) fn of_age(text: &str) -> Option<Timestamp> {
    let age = humantime::parse_duration(text).ok()?;
    SystemTime::now().checked_sub(age).map(Timestamp::from)
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
}
