//! The topics of the broker, how much is in them and how fast they grow, as the consumer says.

use std::{cmp::Ordering, time::Instant};

use contract::cluster::TopicView;

use super::{
    figures,
    freshness::Freshness,
    listing::{Column, Listing, Row, compare_rates},
};

pub(super) struct Topics {
    pub(super) list: Listing<TopicRow>,
    heard: Vec<TopicView>,
    shows_internal: bool,
    pub(super) freshness: Freshness,
}

pub(super) struct TopicRow {
    name: String,
    partitions: usize,
    records: i64,
    rate: Option<f64>,
    size_bytes: Option<u64>,
}

impl Topics {
    pub(super) fn new() -> Self {
        Self {
            list: Listing::sorted_by(0),
            heard: Vec::new(),
            shows_internal: false,
            freshness: Freshness::default(),
        }
    }

    pub(super) fn hear(&mut self, at: Instant, topics: Result<Vec<TopicView>, String>) {
        match topics {
            Ok(topics) => {
                self.heard = topics;
                self.freshness.heard(at);
            }
            Err(reason) => self.freshness.failed(reason),
        }
        self.list_anew();
    }

    pub(super) fn shows_internal(&self) -> bool {
        self.shows_internal
    }

    pub(super) fn show_internal(&mut self, shows: bool) {
        self.shows_internal = shows;
        self.list_anew();
    }

    /// Records per second that come to a topic; unknown while nobody tells.
    pub(super) fn rate(&self, name: &str) -> Option<f64> {
        let topic = self.heard.iter().find(|topic| topic.name == name);
        topic.filter(|_| self.freshness.is_current())?.rate
    }

    pub(super) fn chosen(&self) -> Option<&str> {
        self.list.chosen().map(Row::name)
    }

    fn list_anew(&mut self) {
        let rows = self.heard.iter();
        let rows = rows.filter(|topic| self.shows_internal || !topic.internal);
        let rows = rows.map(|topic| TopicRow {
            name: topic.name.clone(),
            partitions: topic.partitions.len(),
            records: topic.records,
            rate: topic.rate.filter(|_| self.freshness.is_current()),
            size_bytes: topic.size_bytes,
        });
        self.list.replace(rows.collect());
    }
}

impl Row for TopicRow {
    const COLUMNS: &'static [Column] = &[
        Column::name("topic"),
        Column::number("partitions"),
        Column::number("records"),
        Column::number("records/s"),
        Column::number("size"),
    ];

    fn name(&self) -> &str {
        &self.name
    }

    fn compare(&self, other: &Self, column: usize) -> Ordering {
        match column {
            0 => self.name.cmp(&other.name),
            1 => self.partitions.cmp(&other.partitions),
            2 => self.records.cmp(&other.records),
            3 => compare_rates(self.rate, other.rate),
            _ => self.size_bytes.cmp(&other.size_bytes),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.partitions.to_string(),
            figures::count(self.records),
            figures::rate(self.rate),
            self.size_bytes
                .map_or_else(|| figures::UNKNOWN.to_owned(), figures::bytes),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::top::samples::topic;

    fn cells(topics: &mut Topics) -> Vec<String> {
        let rows = topics.list.window(20).1;
        rows.map(|row| row.cells().join(" ")).collect()
    }

    #[test]
    fn rates_are_unknown_while_nobody_tells() {
        let start = Instant::now();
        let after_2s = start + Duration::from_secs(2);
        let mut topics = Topics::new();
        let orders = TopicView {
            rate: Some(510.0),
            size_bytes: Some(123_456),
            ..topic("orders", &[1000, 30])
        };
        let both = vec![orders, topic("kafkloud-lifecycle", &[5])];
        topics.hear(start, Ok(both));
        assert_eq!(cells(&mut topics), ["orders 2 1,030 510 123 kB"]);
        assert_eq!(topics.rate("orders"), Some(510.0));
        topics.show_internal(true);
        assert_eq!(cells(&mut topics)[0], "kafkloud-lifecycle 1 5 25 85 kB");
        topics.hear(after_2s, Err("away".to_owned()));
        assert_eq!(cells(&mut topics)[1], "orders 2 1,030 – 123 kB");
        assert_eq!(topics.rate("orders"), None);
        let words = topics.freshness.age_words(Some(after_2s));
        assert_eq!(words.as_deref(), Some("as of 2 s ago"));
    }
}
