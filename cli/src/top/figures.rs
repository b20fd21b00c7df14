//! Numbers as they stand in columns.

use crate::output::grouped;

/// What is not known.
pub(super) const UNKNOWN: &str = "–";

pub(super) fn count(count: i64) -> String {
    match u64::try_from(count) {
        Ok(count) => grouped(count),
        Err(_) => format!("-{}", grouped(count.unsigned_abs())),
    }
}

/// Per second: one decimal below 10, where it matters.
pub(super) fn rate(rate: Option<f64>) -> String {
    match rate {
        None => UNKNOWN.to_owned(),
        Some(rate) if rate <= 0.0 => "0".to_owned(),
        Some(rate) if rate < 9.95 => format!("{rate:.1}"),
        Some(rate) => grouped(rate.round() as u64),
    }
}

/// In five columns: `9999`, `12.3k`, `1.23M`.
pub(super) fn short(count: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "T"),
        (1_000_000_000, "G"),
        (1_000_000, "M"),
        (1_000, "k"),
    ];
    // Up to here the number itself is as short.
    if count < 10_000 {
        return count.to_string();
    }
    let unit = UNITS.iter().find(|(size, _)| count >= *size);
    let Some(&(size, unit)) = unit else {
        return count.to_string();
    };
    // Rounded down: a million is not said before it is there.
    let thousandths = count / (size / 1000);
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    match whole {
        0..10 => format!("{whole}.{:02}{unit}", rest / 10),
        10..100 => format!("{whole}.{}{unit}", rest / 100),
        _ => format!("{whole}{unit}"),
    }
}

/// Bytes as people read them.
pub(super) fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{} B", grouped(count)),
        10_000..10_000_000 => format!("{} kB", grouped(count / 1000)),
        _ => format!("{} MB", grouped(count / 1_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_their_columns() {
        assert_eq!(count(-1234), "-1,234");
        let rates = [None, Some(0.0), Some(0.2), Some(9.96), Some(1234.4)];
        assert_eq!(rates.map(rate), [UNKNOWN, "0", "0.2", "10", "1,234"]);
        let counts = [0, 9_999, 12_345, 999_999, 1_239_999, u64::MAX];
        let shorts = ["0", "9999", "12.3k", "999k", "1.23M", "18446744T"];
        assert_eq!(counts.map(short), shorts);
        assert_eq!(bytes(9_999), "9,999 B");
        assert_eq!(bytes(1_000_000), "1,000 kB");
        assert_eq!(bytes(12_345_678), "12 MB");
    }
}
