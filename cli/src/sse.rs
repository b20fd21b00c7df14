//! Server-Sent Events, as the WHATWG HTML standard (§9.2) has clients read them.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};

/// Bytes of one event; a server that sends more is not one of ours.
const EVENT_BYTES_MAX: usize = 16 << 20;

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// `message` when the server names none.
    pub(crate) name: String,
    pub(crate) data: String,
    /// The last id seen on the stream, which is where to resume.
    pub(crate) id: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SseError {
    #[error(transparent)]
    Transport(#[from] reqwest::Error),
    #[error("an event is larger than {EVENT_BYTES_MAX} bytes")]
    TooLarge,
}

/// The events in a response's body.
pub(crate) fn events(
    body: impl Stream<Item = reqwest::Result<Bytes>> + Unpin,
) -> impl Stream<Item = Result<Event, SseError>> {
    stream::try_unfold((body, Parser::default()), async |(mut body, mut parser)| {
        loop {
            if let Some(event) = parser.next_event() {
                return Ok(Some((event, (body, parser))));
            }
            if parser.pending.len() + parser.data.len() > EVENT_BYTES_MAX {
                return Err(SseError::TooLarge);
            }
            match body.next().await {
                Some(chunk) => parser.pending.extend_from_slice(&chunk?),
                // An event without its blank line is incomplete and dropped, as the standard asks.
                None => return Ok(None),
            }
        }
    })
}

#[derive(Default)]
struct Parser {
    /// Bytes of which no whole line has been read yet.
    pending: Vec<u8>,
    /// Up to where `pending` is known to hold no line end.
    searched: usize,
    name: String,
    data: String,
    id: Option<String>,
}

impl Parser {
    fn next_event(&mut self) -> Option<Event> {
        while let Some(line) = self.next_line() {
            if !line.is_empty() {
                self.field(&line);
                continue;
            }
            let name = std::mem::take(&mut self.name);
            let mut data = std::mem::take(&mut self.data);
            if data.pop().is_none() {
                continue;
            }
            return Some(Event {
                name: if name.is_empty() {
                    "message".to_owned()
                } else {
                    name
                },
                data,
                id: self.id.clone(),
            });
        }
        None
    }

    /// Our servers end lines with LF; a CR before it, which the standard allows too, is taken off.
    fn next_line(&mut self) -> Option<String> {
        let Some(length) = self.pending[self.searched..]
            .iter()
            .position(|&byte| byte == b'\n')
        else {
            self.searched = self.pending.len();
            return None;
        };
        let end = self.searched + length;
        let line = self.pending[..end]
            .strip_suffix(b"\r")
            .unwrap_or(&self.pending[..end]);
        let line = String::from_utf8_lossy(line).into_owned();
        self.pending.drain(..=end);
        self.searched = 0;
        Some(line)
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.name = value.to_owned(),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            // Comments (an empty name), `retry` and fields to come.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    async fn parse(chunks: &[&str]) -> Vec<Event> {
        let chunks: Vec<reqwest::Result<Bytes>> = chunks
            .iter()
            .map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes())))
            .collect();
        events(stream::iter(chunks)).try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn reads_events_across_chunks() {
        let events = parse(&[
            ": hello\nevent: stre",
            "amer\nid: stream:0:1\ndata: {\"a\"",
            ":1}\r\n\n\ndata: x\ndata:y\n\ndata: cut off",
        ])
        .await;
        let expected = |name: &str, data: &str| Event {
            name: name.to_owned(),
            data: data.to_owned(),
            id: Some("stream:0:1".to_owned()),
        };
        assert_eq!(
            events,
            [
                expected("streamer", "{\"a\":1}"),
                expected("message", "x\ny")
            ]
        );
    }
}
