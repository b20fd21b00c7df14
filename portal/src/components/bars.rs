use leptos::prelude::*;

use crate::erase::Erase;

const WIDTH: usize = 600;
const HEIGHT: usize = 48;

/// Counts as bars side by side, as wide as there is room. `highest` is the count that fills the height, `label` says what the picture
/// shows.
pub(crate) fn bars(counts: &[u64], highest: u64, label: String) -> AnyView {
    view! {
        <svg class="bars" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=label>
            <path d=path(counts, highest)></path>
        </svg>
    }
    .erase()
}

fn path(counts: &[u64], highest: u64) -> String {
    let bars = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let bars = bars.map(|(index, count)| {
        let left = index * WIDTH / counts.len();
        let right = (index + 1) * WIDTH / counts.len();
        // A pixel at least: one message is to be seen beside a thousand.
        let height = (count.saturating_mul(HEIGHT as u64) / highest.max(1)).max(1);
        let width = (right - left).saturating_sub(1).max(1);
        format!("M{left} {HEIGHT}v-{height}h{width}v{height}z")
    });
    bars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_counts() {
        assert_eq!(
            path(&[0, 1, 1000], 1000),
            "M200 48v-1h199v1zM400 48v-48h199v48z"
        );
        assert_eq!(path(&[], 0), "");
    }
}
