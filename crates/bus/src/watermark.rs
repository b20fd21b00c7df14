use std::collections::VecDeque;

/// How far one partition may be committed while its records complete in any order.
///
/// The position is the lowest offset that is delivered but not done: a record that takes long holds the commit back, so a
/// crash never loses it. Offsets may have gaps (compaction, transaction markers): only delivered ones count.
#[derive(Debug, Default)]
pub struct Watermark {
    /// Delivered records from the first that is not done, ascending.
    pending: VecDeque<Pending>,
    /// The offset after the highest delivered one.
    next: Option<i64>,
}

#[derive(Debug)]
struct Pending {
    offset: i64,
    done: bool,
}

impl Watermark {
    /// A record was handed out. An offset that goes back (the log was made anew) starts the partition over.
    pub fn delivered(&mut self, offset: i64) {
        if self.next.is_some_and(|next| offset < next) {
            self.pending.clear();
        }
        self.next = Some(offset + 1);
        self.pending.push_back(Pending {
            offset,
            done: false,
        });
    }

    /// The effect of one record is durable. Unknown offsets, such as those from before a rebalance, change nothing.
    pub fn done(&mut self, offset: i64) {
        if let Ok(index) = self
            .pending
            .binary_search_by_key(&offset, |pending| pending.offset)
        {
            self.pending[index].done = true;
        }
        while self.pending.front().is_some_and(|pending| pending.done) {
            self.pending.pop_front();
        }
    }

    /// The effects of all delivered records up to and including `offset` are durable.
    pub fn done_through(&mut self, offset: i64) {
        while self
            .pending
            .front()
            .is_some_and(|pending| pending.done || pending.offset <= offset)
        {
            self.pending.pop_front();
        }
    }

    /// The offset to commit: everything below it is done. `None` before the first delivery.
    pub fn position(&self) -> Option<i64> {
        match self.pending.front() {
            Some(pending) => Some(pending.offset),
            None => self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(offsets: impl IntoIterator<Item = i64>) -> Watermark {
        let mut watermark = Watermark::default();
        for offset in offsets {
            watermark.delivered(offset);
        }
        watermark
    }

    #[test]
    fn never_passes_what_is_not_done() {
        let mut watermark = delivered(10..15);
        assert_eq!(watermark.position(), Some(10));
        for offset in [12, 14, 11] {
            watermark.done(offset);
            assert_eq!(watermark.position(), Some(10), "10 is not done");
        }
        watermark.done(10);
        assert_eq!(watermark.position(), Some(13));
        watermark.done(13);
        assert_eq!(watermark.position(), Some(15));
    }

    #[test]
    fn gaps_in_the_log_do_not_hold_it_back() {
        let mut watermark = delivered([3, 7, 20]);
        watermark.done(3);
        assert_eq!(watermark.position(), Some(7));
        watermark.done_through(20);
        assert_eq!(watermark.position(), Some(21));
    }

    #[test]
    fn done_through_stops_at_its_offset_and_joins_single_completions() {
        let mut watermark = delivered(0..6);
        watermark.done(3);
        watermark.done_through(2);
        assert_eq!(watermark.position(), Some(4));
    }

    #[test]
    fn unknown_and_repeated_completions_change_nothing() {
        let mut watermark = Watermark::default();
        watermark.done(5);
        watermark.done_through(5);
        assert_eq!(watermark.position(), None);
        watermark.delivered(8);
        watermark.done(8);
        watermark.done(8);
        watermark.done(2);
        assert_eq!(watermark.position(), Some(9));
    }

    #[test]
    fn a_log_made_anew_starts_over() {
        let mut watermark = delivered(100..105);
        watermark.delivered(0);
        assert_eq!(watermark.position(), Some(0));
        watermark.done_through(0);
        assert_eq!(watermark.position(), Some(1));
    }

    /// Completion in every order of a small log ends at the same position and never overtakes.
    #[test]
    fn every_order_ends_at_the_end() {
        let mut order: Vec<i64> = (0..6).collect();
        permutations(&mut order, 0, &mut |order| {
            let mut watermark = delivered(0..6);
            let mut done = [false; 6];
            for &offset in order {
                watermark.done(offset);
                done[offset as usize] = true;
                let first_open = done.iter().position(|done| !done).unwrap_or(6);
                assert_eq!(watermark.position(), Some(first_open as i64));
            }
        });
    }

    fn permutations(order: &mut Vec<i64>, from: usize, check: &mut impl FnMut(&[i64])) {
        if from == order.len() {
            return check(order);
        }
        for index in from..order.len() {
            order.swap(from, index);
            permutations(order, from + 1, check);
            order.swap(from, index);
        }
    }
}
