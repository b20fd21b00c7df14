use std::time::{Duration, Instant};

use clap::ValueEnum;
use contract::LineOutcome;
use serde::de::IgnoredAny;

use crate::{
    exit::Failure,
    ingest::{Batch, Format, Progress, Source, Tally, Upload},
};

/// What the lines are said to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum FormatChoice {
    /// JSON when the file's name ends in .ndjson or .jsonl or the first line is a JSON object or array, else text
    Auto,
    /// A JSON value a line; a line that is none is refused
    Json,
    /// Any bytes but line ends
    Text,
}

/// How an upload went.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) tally: Tally,
    pub(crate) elapsed: Duration,
    /// Why not all lines were sent.
    pub(crate) ended_early: Option<Failure>,
}

/// Sends the lines of a source until its end, a failure that does not pass, or the stop signal of `upload`.
pub(crate) async fn push(
    source: Source,
    from_line: u64,
    choice: FormatChoice,
    mut upload: Upload,
    mut tally: Tally,
    progress: &Progress,
    mut on_outcome: impl FnMut(&LineOutcome) -> Result<(), Failure>,
) -> Result<Pushed, Failure> {
    let started = Instant::now();
    let mut batches = source.clone().read(from_line)?;
    let mut format = None;
    let ended_early = loop {
        let batch = tokio::select! {
            biased;
            () = upload.stop.cancelled() => break stopped(&source),
            batch = batches.recv() => batch,
        };
        let batch = match batch {
            None => break None,
            Some(Ok(batch)) => batch,
            Some(Err(error)) => break Some(error.into()),
        };
        upload.format = *format.get_or_insert_with(|| choice.resolve(&source, &batch));
        let mut printed = Ok(());
        let sent = upload
            .send(&batch, &mut tally, |outcome| {
                if printed.is_ok() {
                    printed = on_outcome(outcome);
                }
            })
            .await;
        progress.advance(batch.source_bytes, &tally);
        printed?;
        if let Err(error) = sent {
            break Some(error.into());
        }
    };
    progress.finish();
    Ok(Pushed {
        tally,
        elapsed: started.elapsed(),
        ended_early,
    })
}

/// Ctrl-C is how one ends a stream without end; a file is cut short by it.
fn stopped(source: &Source) -> Option<Failure> {
    match source {
        Source::Stdin => None,
        Source::File(_) => Some(anyhow::anyhow!("stopped before the end of the file").into()),
    }
}

impl FormatChoice {
    fn resolve(self, source: &Source, first: &Batch) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Text => Format::Text,
            Self::Auto => {
                let named = matches!(source, Source::File(path) if path
                    .extension()
                    .is_some_and(|extension| extension == "ndjson" || extension == "jsonl"));
                let line = first.lines.first();
                if named || line.is_some_and(|line| is_json_document(&line.bytes)) {
                    Format::Json
                } else {
                    Format::Text
                }
            }
        }
    }
}

/// Whether it is a JSON object or array. A bare number or word is JSON too, but not meant as such.
pub(crate) fn is_json_document(bytes: &[u8]) -> bool {
    let document = bytes.trim_ascii_start();
    matches!(document.first(), Some(b'{' | b'['))
        && serde_json::from_slice::<IgnoredAny>(document).is_ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::ingest::Line;

    #[test]
    fn formats_are_found_out() {
        let resolve = |name: &str, line: &'static str| {
            let batch = Batch {
                lines: vec![Line {
                    number: 1,
                    bytes: Bytes::from_static(line.as_bytes()),
                }],
                source_bytes: 0,
            };
            FormatChoice::Auto.resolve(&Source::File(name.into()), &batch)
        };
        assert_eq!(resolve("a.ndjson", "not json"), Format::Json);
        assert_eq!(resolve("a.log", " {\"a\":1}"), Format::Json);
        assert_eq!(resolve("a.log", "{braces}"), Format::Text);
        assert_eq!(resolve("a.log", "42"), Format::Text);
    }
}
