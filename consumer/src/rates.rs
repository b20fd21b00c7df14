use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::{Duration, Instant},
};

/// Time over which rates are taken.
const WINDOW: Duration = Duration::from_secs(10);
/// Counts closer together than this tell no rate.
const SPAN_MIN: Duration = Duration::from_millis(500);

/// How fast things grow that are counted again and again.
pub(crate) struct Rates<K> {
    /// The oldest first.
    counts: VecDeque<(Instant, HashMap<K, i64>)>,
}

impl<K> Default for Rates<K> {
    fn default() -> Self {
        Self {
            counts: VecDeque::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Rates<K> {
    /// Takes what was counted at `now` and returns how much of each has come per second; nothing for what was not counted
    /// before, and for what has become less: it is another thing of the same name, or was put back.
    pub(crate) fn add(&mut self, now: Instant, counts: HashMap<K, i64>) -> HashMap<K, f64> {
        let is_old = |(at, _): &(Instant, _)| now.duration_since(*at) > WINDOW + SPAN_MIN;
        while self.counts.front().is_some_and(is_old) {
            self.counts.pop_front();
        }
        let rate = |(name, count): (&K, &i64)| {
            let earlier = self.counts.iter().find_map(|(at, counts)| {
                let before = counts.get(name)?;
                Some((now.duration_since(*at), before))
            });
            let (span, before) = earlier?;
            (span >= SPAN_MIN && count >= before)
                .then(|| (name.clone(), (count - before) as f64 / span.as_secs_f64()))
        };
        let rates = counts.iter().filter_map(rate).collect();
        self.counts.push_back((now, counts));
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_known_from_the_second_count_on_and_forgets() {
        let start = Instant::now();
        let mut rates = Rates::default();
        let mut at = |second: u64, counts: &[(&str, i64)]| {
            let counts = counts
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count));
            let mut rates: Vec<_> = rates
                .add(start + Duration::from_secs(second), counts.collect())
                .into_iter()
                .collect();
            rates.sort_by(|a, b| a.0.cmp(&b.0));
            rates
        };
        let rate = |name: &str, rate: f64| (name.to_owned(), rate);
        assert_eq!(at(0, &[("a", 100)]), []);
        assert_eq!(at(2, &[("a", 140), ("b", 7)]), [rate("a", 20.0)]);
        assert_eq!(
            at(4, &[("a", 140), ("b", 7)]),
            [rate("a", 10.0), rate("b", 0.0)]
        );
        // The first count lies too far back by now.
        assert_eq!(at(12, &[("a", 150)]), [rate("a", 1.0)]);
        assert_eq!(at(13, &[("a", 3)]), [], "made anew");
        assert_eq!(at(100, &[("a", 5)]), [], "nobody asked for long");
    }
}
