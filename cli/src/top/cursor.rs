use std::ops::Range;

/// Which row of a list is chosen, and which rows are on the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    index: usize,
    /// The first row on the screen.
    top: usize,
    /// Rows of a screen, as last drawn.
    height: usize,
}

impl Cursor {
    pub(super) fn index(&self) -> usize {
        self.index
    }

    pub(super) fn go_to(&mut self, index: usize) {
        self.index = index;
    }

    pub(super) fn stay_within(&mut self, length: usize) {
        self.index = self.index.min(length.saturating_sub(1));
    }

    pub(super) fn up(&mut self, _length: usize) {
        self.index = self.index.saturating_sub(1);
    }

    pub(super) fn down(&mut self, length: usize) {
        self.index += 1;
        self.stay_within(length);
    }

    pub(super) fn page_up(&mut self, _length: usize) {
        self.index = self.index.saturating_sub(self.height.max(1));
    }

    pub(super) fn page_down(&mut self, length: usize) {
        self.index += self.height.max(1);
        self.stay_within(length);
    }

    pub(super) fn first(&mut self, _length: usize) {
        self.index = 0;
    }

    pub(super) fn last(&mut self, length: usize) {
        self.index = length.saturating_sub(1);
    }

    /// The rows to draw on a screen of `height` rows: the chosen one is among them, and they move no more than they must.
    pub(super) fn window(&mut self, length: usize, height: usize) -> Range<usize> {
        self.stay_within(length);
        self.height = height;
        let lowest_top = (self.index + 1).saturating_sub(height.max(1));
        self.top = self.top.clamp(lowest_top, self.index);
        // A screen is not left half empty while there are rows above.
        self.top = self.top.min(length.saturating_sub(height));
        self.top..length.min(self.top + height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_follows_the_chosen_row() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.window(10, 4), 0..4);
        for _ in 0..4 {
            cursor.down(10);
        }
        assert_eq!(cursor.window(10, 4), 1..5);
        cursor.up(10);
        assert_eq!(cursor.window(10, 4), 1..5);
        cursor.last(10);
        assert_eq!((cursor.window(10, 4), cursor.index()), (6..10, 9));
        cursor.page_up(10);
        assert_eq!((cursor.window(10, 4), cursor.index()), (5..9, 5));
        // Fewer rows, a larger screen, none at all.
        assert_eq!((cursor.window(3, 4), cursor.index()), (0..3, 2));
        cursor.page_down(3);
        assert_eq!(cursor.window(0, 4), 0..0);
        assert_eq!(cursor.window(5, 0), 0..0);
        cursor.last(5);
        assert_eq!(cursor.window(5, 0), 4..4);
    }
}
