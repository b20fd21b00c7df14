//! Numbers and states as people read them.

use contract::{Problem, Stage, Timestamp};

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
    fn time_of_day_has_milliseconds() {
        let at = Timestamp::from_micros(1_769_851_800_123_456);
        assert_eq!(time_of_day(at), "09:30:00.123 UTC");
    }
}
