//! Numbers and states as people read them.

use contract::{Problem, Stage, Timestamp, cluster::Retention};

use crate::{entry::Entry, flow::Seer};

/// What IsDone says. `problem` is why the consumer could not be asked.
pub(crate) fn answer(entry: &Entry, seer: Seer, problem: Option<&Problem>) -> String {
    if let Some(reason) = entry.death() {
        return format!("No: it could not be processed and lies among the dead letters: {reason}");
    }
    if entry.is_answerable() {
        let when = when(entry, Stage::Indexed);
        return format!("Yes, done: indexed{when}. Now it can be asked about.");
    }
    if entry.has_reached(Stage::Consumed) {
        let consumed = format!("consumed{}", when(entry, Stage::Consumed));
        if let Some(reason) = entry.index_error() {
            return format!("Yes, done: {consumed}. It cannot be asked about: {reason}.");
        }
        return match seer.excuse() {
            Some(excuse) if seer.is_there() => {
                format!("Almost: {consumed}. It cannot be asked about yet: the {excuse}.")
            }
            Some(excuse) => {
                format!("Yes, done: {consumed}. It cannot be asked about: the {excuse}.")
            }
            None if entry.is_done(seer) => format!("Yes, done: {consumed}."),
            None => format!("Almost: {consumed}. The seer has not come to it yet."),
        };
    }
    match problem {
        Some(problem) => format!("It is safe in the log, but nobody can say if it is done. {}", problem.detail),
        None => "Not yet: it is safe in the log, and the consumer has not come to it. Ask again in a moment.".to_owned(),
    }
}

/// ` 3.40 ms after it was accepted`, where that is known.
fn when(entry: &Entry, stage: Stage) -> String {
    match entry.us_until(stage) {
        Some(us) => format!(" {} after it was {}", duration(us), entry.first_stage()),
        None => String::new(),
    }
}

/// `0.84 ms`, `12.3 ms`, `1.25 s`.
pub(crate) fn duration(micros: u64) -> String {
    // With whole numbers: what formats fractions is large, and would be loaded with every first page.
    match micros {
        0..9_995 => format!("{} ms", hundredths((micros + 5) / 10)),
        9_995..999_950 => format!("{} ms", tenths((micros + 50) / 100)),
        _ => format!("{} s", hundredths((micros + 5_000) / 10_000)),
    }
}

/// `1,234,567`; below 10, one decimal where it is not whole.
pub(crate) fn number(value: f64) -> String {
    if value < 9.95 && value.fract() >= 0.05 {
        return tenths((value * 10.0).round() as u64);
    }
    let digits = (value.round() as u64).to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// What may not be known.
pub(crate) fn known(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// `842 bytes`, `12.3 KB`, `1.2 GB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if count < 1000 {
        return format!("{count} bytes");
    }
    // In tenths of the unit, and rounded only once.
    let mut unit = 100;
    let mut name = UNITS[0];
    for next in &UNITS[1..] {
        if (count + unit / 2) / unit < 10_000 {
            break;
        }
        unit *= 1000;
        name = next;
    }
    format!("{} {name}", tenths((count + unit / 2) / unit))
}

/// How long messages are kept, such as `7 days or 1.0 GB a partition`.
pub(crate) fn retention(retention: Retention) -> String {
    let age = retention.age_ms.map(span);
    let size = retention.partition_bytes.map(|size| {
        let size = bytes(u64::try_from(size).unwrap_or_default());
        format!("{size} a partition")
    });
    let limits: Vec<String> = [age, size].into_iter().flatten().collect();
    let limits = limits.join(" or ");
    match (retention.compacted, limits.is_empty()) {
        (false, true) => "for ever".to_owned(),
        (false, false) => limits,
        (true, true) => "the last of each key".to_owned(),
        (true, false) => format!("the last of each key, {limits}"),
    }
}

/// `7 days`, `90 minutes`, `500 ms`: exactly, in the largest unit that can.
pub(crate) fn span(millis: i64) -> String {
    const UNITS: [(i64, &str); 4] = [
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1000, "second"),
    ];
    let unit = UNITS
        .iter()
        .find(|(unit, _)| millis >= *unit && millis % unit == 0);
    match unit {
        Some((unit, name)) if millis / unit == 1 => format!("1 {name}"),
        Some((unit, name)) => format!("{} {name}s", millis / unit),
        None => format!("{millis} ms"),
    }
}

fn hundredths(count: u64) -> String {
    format!("{}.{:02}", count / 100, count % 100)
}

fn tenths(count: u64) -> String {
    format!("{}.{}", count / 10, count % 10)
}

/// `09:30:00.123 UTC`: the same on the server and in any browser.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(11..23).unwrap_or(&text))
}

/// `2026-01-31 09:30`, in UTC.
pub(crate) fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits() {
        assert_eq!(duration(0), "0.00 ms");
        assert_eq!(duration(842), "0.84 ms");
        assert_eq!(duration(9_994), "9.99 ms");
        assert_eq!(duration(9_995), "10.0 ms");
        assert_eq!(duration(12_345), "12.3 ms");
        assert_eq!(duration(999_949), "999.9 ms");
        assert_eq!(duration(999_950), "1.00 s");
        assert_eq!(duration(1_250_000), "1.25 s");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(9.94), "9.9");
        assert_eq!(number(9.96), "10");
        assert_eq!(number(999.0), "999");
        assert_eq!(number(1_234_567.0), "1,234,567");
    }

    #[test]
    fn sizes_keep_a_tenth() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1000), "1.0 KB");
        assert_eq!(bytes(12_345), "12.3 KB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(1_250_000_000), "1.3 GB");
        assert_eq!(bytes(5_000_000_000_000_000), "5000.0 TB");
    }

    #[test]
    fn spans_and_retentions_are_exact() {
        assert_eq!(span(604_800_000), "7 days");
        assert_eq!(span(86_400_000), "1 day");
        assert_eq!(span(5_400_000), "90 minutes");
        assert_eq!(span(1500), "1500 ms");
        let kept = |age_ms, partition_bytes, compacted| {
            retention(Retention {
                age_ms,
                partition_bytes,
                compacted,
            })
        };
        assert_eq!(kept(None, None, false), "for ever");
        assert_eq!(
            kept(Some(3_600_000), Some(2000), false),
            "1 hour or 2.0 KB a partition"
        );
        assert_eq!(kept(None, None, true), "the last of each key");
        assert_eq!(
            kept(Some(1000), None, true),
            "the last of each key, 1 second"
        );
    }

    #[test]
    fn time_of_day_has_milliseconds() {
        let at = Timestamp::from_micros(1_769_851_800_123_456);
        assert_eq!(time_of_day(at), "09:30:00.123 UTC");
        assert_eq!(minute(at), "2026-01-31 09:30");
    }
}
