//! What people type into fields.

/// A browser's field for times gives `2026-01-31T09:30`, without seconds and zone. Pages say that they mean UTC.
pub(crate) fn with_zone(time: String) -> String {
    match time.len() {
        16 if time.as_bytes()[10] == b'T' => format!("{time}:00Z"),
        19 if time.as_bytes()[10] == b'T' => format!("{time}Z"),
        _ => time,
    }
}

/// Names separated by commas or spaces.
pub(crate) fn names(text: &str) -> Vec<String> {
    let names = text.split([',', ' ']).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_in_utc() {
        for (typed, meant) in [
            ("2026-01-31T09:30", "2026-01-31T09:30:00Z"),
            ("2026-01-31T09:30:01", "2026-01-31T09:30:01Z"),
            ("2026-01-31T09:30:00+01:00", "2026-01-31T09:30:00+01:00"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(with_zone(typed.to_owned()), meant);
        }
    }

    #[test]
    fn names_are_separated_by_commas_and_spaces() {
        assert_eq!(names(" orders, stream,x "), ["orders", "stream", "x"]);
        assert!(names(" , ").is_empty());
    }
}
