//! Numbers and states as people read them.

use contract::{Problem, Timestamp};

use crate::entry::Entry;

/// What IsDone says. `problem` is why the consumer could not be asked.
pub(crate) fn answer(entry: &Entry, problem: Option<&Problem>) -> String {
    if let Some(reason) = entry.death() {
        return format!("No: it could not be processed and lies among the dead letters: {reason}");
    }
    if entry.is_done() {
        return match entry.total_us() {
            Some(total_us) => format!(
                "Yes, done: consumed {} after it was {}.",
                duration(total_us),
                entry.first_stage()
            ),
            None => "Yes, done: consumed.".to_owned(),
        };
    }
    match problem {
        Some(problem) => format!("It is safe in the log, but nobody can say if it is done. {}", problem.detail),
        None => "Not yet: it is safe in the log, and the consumer has not come to it. Ask again in a moment.".to_owned(),
    }
}

/// `0.84 ms`, `12.3 ms`, `1.25 s`.
pub(crate) fn duration(micros: u64) -> String {
    let millis = micros as f64 / 1000.0;
    if millis < 9.995 {
        format!("{millis:.2} ms")
    } else if millis < 999.95 {
        format!("{millis:.1} ms")
    } else {
        format!("{:.2} s", millis / 1000.0)
    }
}

/// `1,234,567`; below 10, one decimal where it is not whole.
pub(crate) fn number(value: f64) -> String {
    if value < 9.95 && value.fract() >= 0.05 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `09:30:00.123 UTC`: the same on the server and in any browser.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} UTC", text.get(11..23).unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits() {
        assert_eq!(duration(0), "0.00 ms");
        assert_eq!(duration(842), "0.84 ms");
        assert_eq!(duration(12_345), "12.3 ms");
        assert_eq!(duration(1_250_000), "1.25 s");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.5), "0.5");
        assert_eq!(number(999.0), "999");
        assert_eq!(number(1_234_567.0), "1,234,567");
    }

    #[test]
    fn time_of_day_has_milliseconds() {
        let at = Timestamp::from_micros(1_769_851_800_123_456);
        assert_eq!(time_of_day(at), "09:30:00.123 UTC");
    }
}
