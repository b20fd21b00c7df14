//! Server-Sent Events, as the WHATWG HTML standard (§9.2) has clients read them.

use std::time::Duration;

use reqwest::Response;

use crate::body::{BodyError, BodyLines};

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Event {
    /// `message` when the server names none.
    pub(crate) name: String,
    pub(crate) data: String,
    /// The last id seen on the stream, which is where to resume.
    pub(crate) id: Option<String>,
}

/// The events in a response's body.
pub(crate) struct Events {
    lines: BodyLines,
    parser: Parser,
}

/// Our services send a comment every few seconds; a stream without is dead.
const SILENCE_MAX: Duration = Duration::from_secs(60);

impl Events {
    pub(crate) fn new(response: Response) -> Self {
        Self {
            lines: BodyLines::new(response, SILENCE_MAX),
            parser: Parser::default(),
        }
    }

    /// `None` at the end of the stream. An event without its blank line is incomplete and dropped.
    pub(crate) async fn next(&mut self) -> Result<Option<Event>, BodyError> {
        while let Some(line) = self.lines.next().await? {
            let event = self.parser.line(&String::from_utf8_lossy(&line));
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }
}

#[derive(Default)]
struct Parser {
    name: String,
    data: String,
    id: Option<String>,
}

impl Parser {
    /// Takes the next line of the stream; a blank one completes an event.
    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            return self.complete();
        }
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
        None
    }

    fn complete(&mut self) -> Option<Event> {
        let mut name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?;
        if name.is_empty() {
            name.push_str("message");
        }
        Some(Event {
            name,
            data,
            id: self.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_events() {
        let text = ": hello\nevent: streamer\nid: stream:0:1\ndata: {\"a\":1}\n\n\ndata: x\ndata:y\n\ndata: cut off";
        let mut parser = Parser::default();
        let events: Vec<Event> = text.lines().filter_map(|line| parser.line(line)).collect();
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
