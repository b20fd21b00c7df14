//! Times in numbers.

use contract::Stage;

use crate::burst::Series;

/// Upper ends of the buckets, in microseconds.
const LIMITS_US: [u64; 14] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000,
    5_000_000, 10_000_000, 20_000_000,
];

/// Of times in microseconds, in any order, which are put in order.
pub(super) fn series(stage: Stage, times_us: &mut [u64]) -> Series {
    times_us.sort_unstable();
    let mut buckets = vec![0; LIMITS_US.len() + 1];
    for time_us in &*times_us {
        buckets[LIMITS_US.partition_point(|limit| limit < time_us)] += 1;
    }
    Series {
        stage,
        count: times_us.len() as u32,
        buckets,
        p50_us: percentile(times_us, 50),
        p99_us: percentile(times_us, 99),
    }
}

/// The smallest of the times that `percent` of them do not exceed (nearest rank). 0 of none.
fn percentile(sorted_us: &[u64], percent: usize) -> u64 {
    let rank = (sorted_us.len() * percent).div_ceil(100);
    sorted_us
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_buckets_and_percentiles() {
        let mut times: Vec<u64> = (1..=100).map(|n| n * 100).collect();
        times.push(60_000_000);
        let told = series(Stage::Consumed, &mut times);
        assert_eq!(told.count, 101);
        // Up to 1, 2, 5 and 10 ms.
        assert_eq!(told.buckets[..4], [10, 10, 30, 50]);
        assert_eq!(told.buckets.last(), Some(&1));
        assert_eq!((told.p50_us, told.p99_us), (5_100, 10_000));
        let none = series(Stage::Indexed, &mut []);
        assert_eq!((none.count, none.p50_us, none.p99_us), (0, 0, 0));
    }
}
