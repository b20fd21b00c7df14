//! One message looked at closely: where it lies, what it holds, how it climbs the ladder.

use std::sync::Arc;

use contract::{MessageId, Stage, record::RecordView, status::MessageLife};

use super::value::Value;

pub(super) struct Message {
    pub(super) record: Arc<RecordView>,
    pub(super) value: Value,
    pub(super) life: Life,
    /// The first row on the screen, of all there are.
    scroll: usize,
    /// As last drawn.
    rows: usize,
    height: usize,
}

/// Before the message is drawn, it may be as long as it likes.
const ROWS_UNKNOWN: usize = usize::MAX;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Life {
    /// Asked for.
    Awaited,
    /// The consumer knows nothing of it (yet).
    Unknown,
    Known(MessageLife),
    /// Why nobody tells.
    Silent(String),
}

impl Message {
    pub(super) fn new(record: Arc<RecordView>) -> Self {
        let value = record.value.as_deref().unwrap_or_default();
        Self {
            value: Value::new(value, record.value_encoding),
            record,
            life: Life::Awaited,
            scroll: 0,
            rows: ROWS_UNKNOWN,
            height: 0,
        }
    }

    /// What the consumer said; a failure after an answer leaves the answer.
    pub(super) fn hear(&mut self, id: MessageId, life: Result<Option<MessageLife>, String>) {
        if id != self.record.id {
            return;
        }
        match life {
            Ok(Some(life)) => self.life = Life::Known(life),
            Ok(None) => self.life = Life::Unknown,
            Err(_) if matches!(self.life, Life::Known(_)) => {}
            Err(reason) => self.life = Life::Silent(reason),
        }
    }

    /// Whether more is to come.
    pub(super) fn is_climbing(&self) -> bool {
        match &self.life {
            Life::Known(life) => !life.has_reached(Stage::Indexed),
            _ => true,
        }
    }

    pub(super) fn change_format(&mut self) {
        self.value.change_format();
        self.rows = ROWS_UNKNOWN;
    }

    pub(super) fn scroll_by(&mut self, rows: isize) {
        self.scroll = self.scroll.saturating_add_signed(rows).min(self.lowest());
    }

    pub(super) fn page(&self) -> isize {
        self.height.max(1).cast_signed()
    }

    pub(super) fn scroll_to_end(&mut self) {
        self.scroll = self.lowest();
    }

    /// Which of `rows` rows stands first on a screen of `height`.
    pub(super) fn window(&mut self, rows: usize, height: usize) -> usize {
        (self.rows, self.height) = (rows, height);
        self.scroll = self.scroll.min(self.lowest());
        self.scroll
    }

    fn lowest(&self) -> usize {
        self.rows.saturating_sub(self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples;

    #[test]
    fn an_answer_outlives_a_failure() {
        let record = samples::record(0, "x");
        let id = record.id;
        let mut message = Message::new(Arc::new(record));
        message.hear(id, Err("away".to_owned()));
        assert_eq!(message.life, Life::Silent("away".to_owned()));
        message.hear(id, Ok(None));
        assert_eq!(message.life, Life::Unknown);
        let life = samples::life(id);
        message.hear(id, Ok(Some(life.clone())));
        message.hear(id, Err("away".to_owned()));
        assert_eq!(message.life, Life::Known(life));
        message.hear(MessageId::of_record("other", 0, 0), Ok(None));
        assert!(matches!(message.life, Life::Known(_)));
    }

    #[test]
    fn scrolling_ends_at_the_last_row() {
        let mut message = Message::new(Arc::new(samples::record(0, "x")));
        assert_eq!(message.window(10, 4), 0);
        message.scroll_by(message.page());
        assert_eq!(message.window(10, 4), 4);
        message.scroll_by(9);
        assert_eq!(message.window(10, 4), 6);
        message.scroll_by(-100);
        assert_eq!(message.window(10, 4), 0);
        message.scroll_to_end();
        assert_eq!(message.window(2, 4), 0);
        // Before it is drawn anew.
        message.change_format();
        message.scroll_to_end();
        assert_eq!(message.window(10, 4), 6);
    }
}
