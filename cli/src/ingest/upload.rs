use std::time::Duration;

use contract::{LineOutcome, Problem};
use reqwest::RequestBuilder;
use service::CancellationToken;

use crate::{
    body::BodyLines,
    http::{Service, ServiceError, is_temporary},
    ingest::{Batch, Line, Tally, lines::BLOCK_LINES},
};

/// What a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Json,
    Text,
}

/// Where lines go, and how.
///
/// The producer makes a line's id from the request's `Idempotency-Key` and the line's number in the request. A request
/// holds lines of one block of [`BLOCK_LINES`], each at its place in the block, with blank lines for those that are not
/// sent (again). So an id depends on `idempotency_key` and the line's number in the source alone, whatever was sent
/// before, and however often.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) producer: Service,
    pub(crate) topic: String,
    pub(crate) format: Format,
    /// The key of every message.
    pub(crate) key: Option<String>,
    /// The field of each message that holds its key.
    pub(crate) key_field: Option<String>,
    pub(crate) idempotency_key: String,
    /// Ends the attempts.
    pub(crate) stop: CancellationToken,
}

/// Attempts for one batch. With the delays between them they outlast a restart of the platform.
const ATTEMPTS_MAX: u32 = 8;
const DELAY_MIN: Duration = Duration::from_millis(100);
const DELAY_MAX: Duration = Duration::from_secs(3);
/// In the middle of an answer. The producer itself gives up on Kafka before.
const SILENCE_MAX: Duration = Duration::from_secs(60);

impl Upload {
    /// Sends a batch until every line has a final outcome, and counts them. The error is of the last attempt.
    pub(crate) async fn send(
        &self,
        batch: &Batch,
        tally: &mut Tally,
        mut on_outcome: impl FnMut(&LineOutcome),
    ) -> Result<(), ServiceError> {
        let mut outcomes: Vec<Option<LineOutcome>> = vec![None; batch.lines.len()];
        let mut in_doubt = false;
        let mut error = None;
        let mut delay = DELAY_MIN;
        for attempt in 1..=ATTEMPTS_MAX {
            error = self.attempt(&batch.lines, &mut outcomes).await.err();
            in_doubt |= error.as_ref().is_some_and(ServiceError::is_in_doubt);
            let temporary = outcomes.iter().flatten().find_map(temporary_problem);
            error = error.or_else(|| temporary.cloned().map(ServiceError::Problem));
            match &error {
                // Nobody was ever there: that is to be said at once, not waited out.
                Some(ServiceError::Absent(_)) if tally.is_empty() && !in_doubt => break,
                Some(error) if error.is_temporary() && attempt < ATTEMPTS_MAX => {
                    tracing::debug!(%error, attempt, "lines are sent again");
                }
                _ => break,
            }
            tokio::select! {
                () = self.stop.cancelled() => break,
                () = tokio::time::sleep(delay) => {}
            }
            delay = (delay * 2).min(DELAY_MAX);
            for outcome in &mut outcomes {
                outcome.take_if(|outcome| temporary_problem(outcome).is_some());
            }
        }
        for (line, outcome) in batch.lines.iter().zip(outcomes) {
            match outcome {
                Some(outcome) => {
                    let is_final = temporary_problem(&outcome).is_none();
                    on_outcome(&outcome);
                    tally.count(line.number, outcome, is_final);
                }
                None => tally.count_unanswered(line.number, in_doubt),
            }
        }
        error.map_or(Ok(()), Err)
    }

    /// Sends the lines without outcome once, and fills in what is answered, even when the answer breaks off.
    async fn attempt(
        &self,
        lines: &[Line],
        outcomes: &mut [Option<LineOutcome>],
    ) -> Result<(), ServiceError> {
        let Some(first) = lines.first() else {
            return Ok(());
        };
        let block = (first.number - 1) / BLOCK_LINES;
        let mut body = Vec::new();
        let mut number = block * BLOCK_LINES + 1;
        for (line, outcome) in lines.iter().zip(&*outcomes) {
            while number < line.number {
                body.push(b'\n');
                number += 1;
            }
            if outcome.is_none() {
                body.extend_from_slice(&line.bytes);
            }
        }
        body.push(b'\n');
        let response = self.producer.send(self.request(block, body)).await?;
        let mut answers = BodyLines::new(response, SILENCE_MAX);
        let broken = |error| self.producer.body_error(&error);
        while let Some(text) = answers.next().await.map_err(broken)? {
            let mut outcome: LineOutcome =
                serde_json::from_slice(&text).map_err(|error| self.producer.unexpected(&error))?;
            let (LineOutcome::Acked { line: number, .. }
            | LineOutcome::Failed { line: number, .. }) = &mut outcome;
            *number += block * BLOCK_LINES;
            // A problem with what follows the last line, such as a producer that stops, concerns none of ours.
            if let Ok(index) = lines.binary_search_by_key(number, |line| line.number) {
                outcomes[index] = Some(outcome);
            }
        }
        if outcomes.iter().any(Option::is_none) {
            return Err(self.producer.broken("not all lines were answered"));
        }
        Ok(())
    }

    fn request(&self, block: u64, body: Vec<u8>) -> RequestBuilder {
        let mut segments = vec!["produce", &self.topic];
        segments.extend(self.key.as_deref());
        let mut query = Vec::new();
        if let Some(field) = &self.key_field {
            query.push(("key-field", field.as_str()));
        }
        if self.format == Format::Text {
            query.push(("format", "text"));
        }
        self.producer
            .client
            .post(self.producer.url(&segments))
            .query(&query)
            .header("content-type", "application/x-ndjson")
            .header(
                "idempotency-key",
                format!("{}:{block}", self.idempotency_key),
            )
            .body(body)
    }
}

/// The problem of a line that may pass by itself.
fn temporary_problem(outcome: &LineOutcome) -> Option<&Problem> {
    match outcome {
        LineOutcome::Failed { error, .. } if is_temporary(error) => Some(error),
        _ => None,
    }
}
