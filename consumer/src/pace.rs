use std::time::Instant;

/// So much of a second's allowance may come at once.
const BURST: f64 = 0.1;

/// Lets so many pass per second, spread over the second.
pub(crate) struct Pace {
    per_second: f64,
    /// How many may pass now.
    allowance: f64,
    counted_at: Instant,
}

impl Pace {
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            allowance: burst(per_second),
            counted_at: now,
        }
    }

    /// Whether one more may pass.
    pub(crate) fn allows(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.counted_at);
        let grown = self.allowance + since.as_secs_f64() * self.per_second;
        self.allowance = grown.min(burst(self.per_second));
        self.counted_at = now;
        let allows = self.allowance >= 1.0;
        if allows {
            self.allowance -= 1.0;
        }
        allows
    }
}

fn burst(per_second: f64) -> f64 {
    (per_second * BURST).max(1.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn so_many_pass_per_second_and_no_more() {
        let start = Instant::now();
        for (per_second, expected) in [(1, 10..=11), (7, 70..=71), (200, 2000..=2020)] {
            let mut pace = Pace::new(per_second, start);
            // Ten thousand a second, for ten seconds.
            let passed = (0..100_000)
                .filter(|i| pace.allows(start + Duration::from_micros(i * 100)))
                .count();
            assert!(expected.contains(&passed), "{per_second}/s: {passed}");
        }
    }

    #[test]
    fn what_comes_slowly_passes() {
        let start = Instant::now();
        let mut pace = Pace::new(10, start);
        assert!((0..100).all(|i| pace.allows(start + Duration::from_millis(i * 101))));
    }
}
