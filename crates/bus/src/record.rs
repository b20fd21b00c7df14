use std::{borrow::Cow, collections::HashSet, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use contract::record::{Encoding, HeaderView, RecordView};
use rdkafka::message::{BorrowedMessage, Message};

use crate::{RecordMeta, headers};

/// A record as it lies in the client's fetch buffer: nothing is copied until someone asks.
#[derive(Clone, Copy)]
pub struct RecordRef<'a> {
    message: &'a BorrowedMessage<'a>,
    topic: &'a Arc<str>,
}

impl<'a> RecordRef<'a> {
    /// `topic` is the message's, shared by all its records.
    pub(crate) fn new(message: &'a BorrowedMessage<'a>, topic: &'a Arc<str>) -> Self {
        Self { message, topic }
    }

    pub fn topic(&self) -> &'a Arc<str> {
        self.topic
    }

    pub fn partition(&self) -> i32 {
        self.message.partition()
    }

    pub fn offset(&self) -> i64 {
        self.message.offset()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.message.timestamp().to_millis()
    }

    pub fn key(&self) -> Option<&'a [u8]> {
        self.message.key()
    }

    /// `None` for a tombstone.
    pub fn value(&self) -> Option<&'a [u8]> {
        self.message.payload()
    }

    /// Names and values in the record's order; names may repeat.
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'a, str>, Option<&'a [u8]>)> {
        headers(self.message)
    }

    /// What Kafkloud's own headers say, with an id also for records that other clients wrote.
    pub fn meta(&self) -> RecordMeta {
        RecordMeta::of(self.message)
    }

    /// The record as JSON shows it.
    pub fn view(&self) -> RecordView {
        let (key, key_encoding) = text_or_base64(self.key());
        let (value, value_encoding) = text_or_base64(self.value());
        RecordView {
            id: self.meta().id,
            topic: self.topic().to_string(),
            partition: self.partition(),
            offset: self.offset(),
            timestamp: self.timestamp_ms(),
            key,
            key_encoding,
            value,
            value_encoding,
            headers: self
                .headers()
                .map(|(name, value)| {
                    let (value, value_encoding) = text_or_base64(value);
                    HeaderView {
                        name: name.into_owned(),
                        value,
                        value_encoding,
                    }
                })
                .collect(),
        }
    }
}

/// Names of topics, each shared by all its records.
#[derive(Default)]
pub(crate) struct TopicNames(HashSet<Arc<str>>);

impl TopicNames {
    pub(crate) fn shared(&mut self, topic: &str) -> Arc<str> {
        if let Some(shared) = self.0.get(topic) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = Arc::from(topic);
        self.0.insert(Arc::clone(&shared));
        shared
    }
}

fn text_or_base64(bytes: Option<&[u8]>) -> (Option<String>, Encoding) {
    let Some(bytes) = bytes else {
        return (None, Encoding::Text);
    };
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), Encoding::Text),
        Err(_) => (Some(BASE64_STANDARD.encode(bytes)), Encoding::Base64),
    }
}
