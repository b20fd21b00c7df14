//! A list that can be sorted, filtered and walked through: topics, groups, the partitions of a group.

use std::{cmp::Ordering, ops::Range};

use super::cursor::Cursor;

/// A row of a list.
pub(super) trait Row {
    const COLUMNS: &'static [Column];

    /// What it is known by while others come and go; what a filter looks at.
    fn name(&self) -> &str;

    /// By one of the columns, ascending.
    fn compare(&self, other: &Self, column: usize) -> Ordering;

    /// What stands in each column; the first one is a name.
    fn cells(&self) -> Vec<String>;
}

pub(super) struct Column {
    pub(super) title: &'static str,
    /// Numbers stand at the right, and the largest comes first.
    pub(super) is_number: bool,
}

impl Column {
    pub(super) const fn name(title: &'static str) -> Self {
        Self {
            title,
            is_number: false,
        }
    }

    pub(super) const fn number(title: &'static str) -> Self {
        Self {
            title,
            is_number: true,
        }
    }
}

pub(super) struct Listing<R> {
    all: Vec<R>,
    /// Those that match the filter, in the order in which they are shown.
    shown: Vec<usize>,
    /// Stays chosen wherever it moves.
    chosen: Option<String>,
    pub(super) cursor: Cursor,
    /// Only names with this are shown, in capital or small letters.
    filter: String,
    sorted_by: usize,
    descending: bool,
}

impl<R: Row> Listing<R> {
    pub(super) fn sorted_by(column: usize) -> Self {
        Self {
            all: Vec::new(),
            shown: Vec::new(),
            chosen: None,
            cursor: Cursor::default(),
            filter: String::new(),
            sorted_by: column,
            descending: R::COLUMNS[column].is_number,
        }
    }

    pub(super) fn replace(&mut self, rows: Vec<R>) {
        self.all = rows;
        self.arrange();
    }

    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Those that the filter leaves out, too.
    pub(super) fn len_of_all(&self) -> usize {
        self.all.len()
    }

    pub(super) fn chosen(&self) -> Option<&R> {
        let index = self.shown.get(self.cursor.index())?;
        self.all.get(*index)
    }

    /// The rows that fit on a screen, and which of all shown they are.
    pub(super) fn window(&mut self, height: usize) -> (Range<usize>, impl Iterator<Item = &R>) {
        let window = self.cursor.window(self.shown.len(), height);
        let rows = self.shown[window.clone()].iter();
        (window, rows.map(|index| &self.all[*index]))
    }

    pub(super) fn walk(&mut self, step: impl FnOnce(&mut Cursor, usize)) {
        step(&mut self.cursor, self.shown.len());
        self.chosen = self.chosen().map(|row| row.name().to_owned());
    }

    pub(super) fn sort(&self) -> (usize, bool) {
        (self.sorted_by, self.descending)
    }

    pub(super) fn sort_by_next(&mut self) {
        self.sorted_by = (self.sorted_by + 1) % R::COLUMNS.len();
        self.descending = R::COLUMNS[self.sorted_by].is_number;
        self.arrange();
    }

    pub(super) fn reverse(&mut self) {
        self.descending = !self.descending;
        self.arrange();
    }

    pub(super) fn filter(&self) -> &str {
        &self.filter
    }

    pub(super) fn set_filter(&mut self, filter: &str) {
        self.filter = filter.to_owned();
        self.arrange();
    }

    fn arrange(&mut self) {
        let (rows, filter) = (&self.all, self.filter.to_lowercase());
        let mut shown: Vec<_> = (0..rows.len())
            .filter(|&index| rows[index].name().to_lowercase().contains(&filter))
            .collect();
        let (column, descending) = (self.sorted_by, self.descending);
        shown.sort_by(|&a, &b| {
            let (a, b) = (&rows[a], &rows[b]);
            let order = a.compare(b, column);
            let order = if descending { order.reverse() } else { order };
            // Rows of equal figures do not jump about.
            order.then_with(|| a.compare(b, 0))
        });
        self.shown = shown;
        let chosen = self.chosen.as_deref();
        let mut names = self.shown.iter().map(|&index| rows[index].name());
        match chosen.and_then(|chosen| names.position(|name| name == chosen)) {
            Some(index) => self.cursor.go_to(index),
            None => self.cursor.stay_within(self.shown.len()),
        }
    }
}

/// By a figure that may not be known; those that are not come last when the largest comes first.
pub(super) fn compare_rates(a: Option<f64>, b: Option<f64>) -> Ordering {
    let known = |rate: Option<f64>| rate.unwrap_or(-1.0);
    known(a).total_cmp(&known(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fruit(&'static str, u32);

    impl Row for Fruit {
        const COLUMNS: &'static [Column] = &[Column::name("name"), Column::number("count")];

        fn name(&self) -> &str {
            self.0
        }

        fn compare(&self, other: &Self, column: usize) -> Ordering {
            match column {
                0 => self.0.cmp(other.0),
                _ => self.1.cmp(&other.1),
            }
        }

        fn cells(&self) -> Vec<String> {
            vec![self.0.to_owned(), self.1.to_string()]
        }
    }

    fn names(list: &mut Listing<Fruit>) -> Vec<&'static str> {
        list.window(10).1.map(|fruit| fruit.0).collect()
    }

    #[test]
    fn the_chosen_row_stays_chosen_wherever_it_moves() {
        let mut list = Listing::sorted_by(0);
        list.replace(vec![Fruit("pear", 3), Fruit("apple", 1), Fruit("fig", 3)]);
        assert_eq!(names(&mut list), ["apple", "fig", "pear"]);
        list.walk(Cursor::down);
        assert_eq!(list.chosen().map(Row::name), Some("fig"));
        list.sort_by_next();
        assert_eq!(names(&mut list), ["fig", "pear", "apple"]);
        assert_eq!(list.chosen().map(Row::name), Some("fig"));
        list.reverse();
        assert_eq!(names(&mut list), ["apple", "fig", "pear"]);
        list.replace(vec![Fruit("cherry", 9), Fruit("fig", 3)]);
        assert_eq!(list.chosen().map(Row::name), Some("fig"));
        // Gone: what stands in its place is chosen.
        list.replace(vec![Fruit("cherry", 9)]);
        assert_eq!(list.chosen().map(Row::name), Some("cherry"));
        list.replace(Vec::new());
        assert!(list.chosen().is_none());
    }

    #[test]
    fn a_filter_leaves_rows_out() {
        let mut list = Listing::sorted_by(0);
        list.replace(vec![Fruit("pear", 3), Fruit("apple", 1), Fruit("fig", 3)]);
        list.set_filter("P");
        assert_eq!(names(&mut list), ["apple", "pear"]);
        assert_eq!((list.len(), list.len_of_all()), (2, 3));
    }
}
