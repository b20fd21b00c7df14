//! `POST /load`: uploaded files become messages while they arrive, and the answer tells how far each is.
//!
//! Three halves run side by side for each file: one takes it from the request, a thread reads it into pieces, and one
//! hands those to Kafka. Between them there is little room, so that an upload waits for Kafka and takes no more memory
//! than its format needs. A file that is uploaded again gives new messages: the log keeps both.

use std::{
    convert::Infallible,
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use axum::{
    body::{Body, Bytes},
    extract::{
        Multipart, State,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{Problem, TraceParent, seer::LoadedFile, topic};
use futures::StreamExt;
use service::{ApiProblem, ApiResult, Audit};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

use self::{
    progress::{Progress, Unread},
    reader::{FileReader, UPLOAD_PAUSE_MAX},
};
use crate::{
    files::FileInfo,
    teach::{Teacher, trace_of},
};

mod progress;
mod publish;
mod reader;

const NDJSON: &str = "application/x-ndjson";
/// Lines of the answer that may wait for the caller.
const LINES_MAX: usize = 64;
/// Longest name of a file; it is the key of its messages.
const NAME_BYTES_MAX: usize = 255;

#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only the shape of this type counts")]
pub(crate) struct LoadForm {
    /// One or many, whatever the field is called
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<Vec<u8>>,
}

/// An upload that is being read.
struct Load {
    teacher: Arc<Teacher>,
    trace: TraceParent,
    lines: mpsc::Sender<Bytes>,
    /// Held by each reading thread too: one that does not end keeps its place.
    room: Arc<OwnedSemaphorePermit>,
}

/// The upload has ended in the middle, or nobody reads the answer any more.
struct Over;

/// Loads files: each becomes messages on `seer-statement` that have its name as their key and its order as theirs. Text
/// is cut between paragraphs into messages of at most 2,000 characters; JSON arrays, NDJSON and tables give a message a
/// record, PDF at least one a page. The answer is a line for each file, and lines with its progress before it; a file that
/// cannot be read does not hold up the others. Loading a file again gives new messages.
#[utoipa::path(post, path = "/load", tag = "teach",
    request_body(content = LoadForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "A `LoadedFile` a line; the last one of each file is `finished`", content_type = "application/x-ndjson", body = LoadedFile),
        (status = 400, description = "There are no files, or it is no multipart form", body = Problem),
        (status = 413, description = "The upload is too large", body = Problem),
        (status = 503, description = "Kafka is away, or too many uploads are being read", body = Problem),
    ))]
pub(crate) async fn load(
    State(teacher): State<Arc<Teacher>>,
    audit: Audit,
    headers: HeaderMap,
    multipart: Result<Multipart, MultipartRejection>,
) -> ApiResult<Response> {
    audit.topic(topic::SEER_STATEMENT);
    let multipart = multipart.map_err(|_| no_form())?;
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > teacher.config.load_bytes_max) {
        return Err(ApiProblem::too_large(teacher.config.load_bytes_max));
    }
    teacher.require_kafka()?;
    let room = Arc::clone(&teacher.loads).try_acquire_owned();
    let room = room.map_err(|_| {
        ApiProblem::unavailable(
            "too-many-loads",
            "Too many uploads are being read",
            "Try again when one has ended.",
        )
    })?;
    let (lines, received) = mpsc::channel(LINES_MAX);
    let load = Load {
        trace: trace_of(&headers),
        teacher,
        lines,
        room: Arc::new(room),
    };
    let (begun, beginning) = oneshot::channel();
    tokio::spawn(load.run(multipart, begun));
    // Until the first file there may be nothing but a problem.
    beginning
        .await
        .map_err(|_| anyhow::anyhow!("an upload ended without a word"))??;
    let body = ReceiverStream::new(received).map(Ok::<_, Infallible>);
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(body)).into_response())
}

impl Load {
    async fn run(self, mut multipart: Multipart, begun: oneshot::Sender<ApiResult<()>>) {
        let mut begun = Some(begun);
        let stop = self.teacher.stop.clone();
        loop {
            let field = tokio::time::timeout(UPLOAD_PAUSE_MAX, multipart.next_field());
            let field = match stop.run_until_cancelled(field).await {
                Some(Ok(Ok(Some(field)))) => Ok(field),
                Some(Ok(Ok(None))) if begun.is_none() => return,
                Some(Ok(Ok(None))) => Err(no_files()),
                Some(Ok(Err(error))) => Err(self.unreadable(&error)),
                Some(Err(_)) => Err(paused()),
                None => Err(stopping()),
            };
            let begun = begun.take();
            match (field, begun) {
                (Ok(field), begun) => {
                    let gone = begun.is_some_and(|begun| begun.send(Ok(())).is_err());
                    if gone || self.file(field).await.is_err() {
                        return;
                    }
                }
                (Err(problem), Some(begun)) => {
                    // Fails when the caller has gone.
                    let _ = begun.send(Err(problem));
                    return;
                }
                (Err(problem), None) => {
                    let mut rest = Progress::new("the rest of the upload".to_owned(), &self.lines);
                    let _ = rest.finish(Err(problem.problem.detail.into())).await;
                    return;
                }
            }
        }
    }

    async fn file(&self, field: Field<'_>) -> Result<(), Over> {
        let file = FileInfo {
            name: name_of(&field),
            content_type: field.content_type().map(str::to_owned),
            message_bytes_max: self.teacher.config.statement_bytes_max,
        };
        let mut progress = Progress::new(file.name.clone(), &self.lines);
        let key = file.name.clone().into_bytes();
        let (chunks, reader) = match FileReader::start(file, Arc::clone(&self.room)) {
            Ok(started) => started,
            Err(error) => return progress.finish(Err(Unread::from(error))).await,
        };
        let bytes_read = AtomicU64::new(0);
        let feed = self.feed(field, chunks, &bytes_read);
        let publish = publish::run(
            &self.teacher,
            self.trace,
            &key,
            reader,
            &bytes_read,
            &mut progress,
        );
        let (fed, published) = tokio::join!(feed, publish);
        progress.bytes(bytes_read.load(Relaxed));
        match fed {
            Ok(()) => progress.finish(published).await,
            // What ended the upload explains what came of reading it.
            Err(problem) => {
                progress.finish(Err(problem.problem.detail.into())).await?;
                Err(Over)
            }
        }
    }

    /// Moves a file from the request to its reader, until either has enough.
    async fn feed(
        &self,
        mut field: Field<'_>,
        chunks: reader::Chunks,
        bytes_read: &AtomicU64,
    ) -> ApiResult<()> {
        loop {
            let chunk = tokio::time::timeout(UPLOAD_PAUSE_MAX, field.chunk());
            let problem = match self.teacher.stop.run_until_cancelled(chunk).await {
                Some(Ok(Ok(Some(chunk)))) => {
                    bytes_read.fetch_add(chunk.len() as u64, Relaxed);
                    if chunks.send(chunk).await.is_err() {
                        return Ok(());
                    }
                    continue;
                }
                Some(Ok(Ok(None))) => return Ok(()),
                Some(Ok(Err(error))) => self.unreadable(&error),
                Some(Err(_)) => paused(),
                None => stopping(),
            };
            chunks.fail().await;
            return Err(problem);
        }
    }

    fn unreadable(&self, error: &MultipartError) -> ApiProblem {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return ApiProblem::too_large(self.teacher.config.load_bytes_max);
        }
        ApiProblem::bad_request(
            "unreadable-body",
            "The upload cannot be read",
            "The upload ended in the middle, or is no valid form: load what is missing again.",
        )
    }
}

/// The file's name without what no reader sees; the field's for what is no file.
fn name_of(field: &Field<'_>) -> String {
    let name = field.file_name().or(field.name()).unwrap_or_default();
    let name = crate::text::clean(name).replace('\n', " ");
    match name.floor_char_boundary(NAME_BYTES_MAX) {
        0 => "upload".to_owned(),
        end => name[..end].to_owned(),
    }
}

fn no_form() -> ApiProblem {
    ApiProblem::bad_request(
        "no-form",
        "This is no upload of files",
        "Send files as multipart/form-data, for example with curl -F file=@notes.txt.",
    )
}

fn no_files() -> ApiProblem {
    ApiProblem::bad_request(
        "no-files",
        "There are no files in the upload",
        "Send at least one, for example with curl -F file=@notes.txt.",
    )
}

fn paused() -> ApiProblem {
    ApiProblem::new(
        StatusCode::REQUEST_TIMEOUT,
        "upload-paused",
        "The upload paused for too long",
        "The upload paused for too long: load what is missing again.",
    )
}

fn stopping() -> ApiProblem {
    ApiProblem::unavailable(
        "stopping",
        "The seer is stopping",
        "The seer is stopping: load what is missing again.",
    )
}
