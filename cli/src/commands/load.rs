//! `kafkloud load`: files for the seer, one request each, so that a damaged one stops none of the others.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use contract::{MessageId, seer::LoadedFile};
use futures::TryStreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::multipart::{Form, Part};
use tokio_util::io::ReaderStream;

use crate::{
    Failure, Outcome,
    args::Context,
    body::BodyLines,
    commands::status::{self, Goal},
    http::{Service, ServiceError},
    output::{Output, Paint, grouped, printable},
};

#[derive(Args, Debug)]
pub struct LoadArgs {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Wait until all of it can be asked about, at most this many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "60")]
    wait: Option<u64>,
}

/// A large file is cut up and written before anything is answered.
const SILENCE_MAX: Duration = Duration::from_secs(600);
const BAR: &str = "{bar:30} {percent:>3} %  {msg}  {bytes_per_sec}, {eta} left";

pub(crate) async fn run(args: LoadArgs, context: &Context) -> Result<Outcome, Failure> {
    let seer = Service::seer(&context.endpoints)?;
    let output = &context.output;
    let sizes = args.files.iter().filter_map(|file| file.metadata().ok());
    let bar = progress(output, sizes.map(|size| size.len()).sum());
    let mut failed = 0_usize;
    let mut last_ids = Vec::new();
    for path in &args.files {
        let outcomes = match load(&seer, path, &bar).await {
            Ok(outcomes) => outcomes,
            // What is wrong with the file is its own matter; a seer that is away is everybody's.
            Err(LoadError::File(error)) => vec![refused(path, error)],
            Err(LoadError::Seer(ServiceError::Problem(problem))) if problem.status < 500 => {
                vec![refused(
                    path,
                    format!("{}: {}", problem.title, problem.detail),
                )]
            }
            Err(LoadError::Seer(error)) => {
                bar.finish_and_clear();
                return Err(error.into());
            }
        };
        for outcome in outcomes {
            failed += usize::from(outcome.error.is_some());
            last_ids.extend(outcome.last);
            let printed = bar.suspend(|| print(&outcome, output));
            printed?;
        }
    }
    bar.finish_and_clear();
    if let Some(seconds) = args.wait {
        let indexed = wait(&last_ids, Duration::from_secs(seconds), context).await?;
        if !indexed {
            return Err(Failure::new(
                Outcome::NotYet,
                format!("loaded, but not all of it was indexed within {seconds} s"),
            ));
        }
    }
    Ok(if failed == 0 {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}

/// Why a file was not loaded.
enum LoadError {
    File(String),
    Seer(ServiceError),
}

impl From<ServiceError> for LoadError {
    fn from(error: ServiceError) -> Self {
        Self::Seer(error)
    }
}

/// Sends a file piece by piece, and gives what became of it.
async fn load(
    seer: &Service,
    path: &Path,
    bar: &ProgressBar,
) -> Result<Vec<LoadedFile>, LoadError> {
    let unreadable = |error: std::io::Error| LoadError::File(format!("cannot be read: {error}"));
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(LoadError::File(
            "is a folder: give the files in it".to_owned(),
        ));
    }
    let name = name_of(path);
    bar.set_message(printable(&name));
    let pieces = {
        let bar = bar.clone();
        ReaderStream::new(file).inspect_ok(move |piece| bar.inc(piece.len() as u64))
    };
    let body = reqwest::Body::wrap_stream(pieces);
    let part = Part::stream_with_length(body, metadata.len()).file_name(name);
    let request = seer
        .client
        .post(seer.url(&["load"]))
        .multipart(Form::new().part("file", part));
    let mut lines = BodyLines::new(seer.send(request).await?, SILENCE_MAX);
    let mut outcomes = Vec::new();
    while let Some(line) = lines
        .next()
        .await
        .map_err(|error| seer.body_error(&error))?
    {
        let told: LoadedFile =
            serde_json::from_slice(&line).map_err(|error| seer.unexpected(&error))?;
        if told.finished {
            outcomes.push(told);
        } else {
            let (name, messages) = (printable(&told.name), grouped(told.messages));
            bar.set_message(format!("{name}: {messages} messages"));
        }
    }
    if outcomes.is_empty() {
        return Err(seer.broken("it said nothing about the file").into());
    }
    Ok(outcomes)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn refused(path: &Path, error: String) -> LoadedFile {
    LoadedFile {
        name: path.display().to_string(),
        messages: 0,
        bytes: 0,
        finished: true,
        first: None,
        last: None,
        error: Some(error),
    }
}

fn print(file: &LoadedFile, output: &Output) -> Result<(), Failure> {
    if output.json {
        return output.json_line(file);
    }
    let name = printable(&file.name);
    match &file.error {
        None => {
            let loaded = output.paint(Paint::Green, "loaded");
            output.line(format!(
                "{loaded} {name}: {} messages",
                grouped(file.messages)
            ))
        }
        Some(error) => {
            output.warn(format!(
                "{} {name}: {} ({} messages were loaded)",
                output.paint(Paint::Red, "failed"),
                printable(error),
                grouped(file.messages)
            ));
            Ok(())
        }
    }
}

/// Whether the last message of every file can be asked about in time. A file's messages may lie in several partitions, so
/// this says it of nearly all of them.
async fn wait(ids: &[MessageId], patience: Duration, context: &Context) -> Result<bool, Failure> {
    let consumer = Service::consumer(&context.endpoints)?;
    let deadline = tokio::time::Instant::now() + patience;
    for &id in ids {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        let life = status::life_of(&consumer, id, Goal::Indexed, left).await?;
        if !life.is_some_and(|life| Goal::Indexed.is_met(&life)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn progress(output: &Output, bytes: u64) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    // Only a mistake in the template fails; then the plain bar is shown.
    let style = ProgressStyle::with_template(BAR);
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
