//! Messages sent line by line: `POST /api/stream/lines`, and `POST /stream` as its form sends them without JavaScript.
//!
//! Lines pass through piece by piece, however many there are. The producer answers each while they come and takes no more than it can
//! answer, but a browser reads nothing before all is sent. So the answers are counted here, and only the counts go on.

use std::{convert::Infallible, sync::atomic::Ordering, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{
        Multipart,
        multipart::{Field, MultipartError, MultipartRejection},
    },
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use contract::{LineOutcome, Problem};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use service::{ApiProblem, ApiResult, extract::Query};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::{
    codec::{FramedRead, LinesCodec},
    io::StreamReader,
};

use super::{
    Portal, outbox,
    seer::load::LOAD_TIMEOUT,
    shown,
    stream::{GoOn, look},
    upstream::{Peer, broken},
};
use crate::{
    address::escape,
    lines::{LineError, LinesForm, LinesSent},
    stream::StreamForm,
};

const NDJSON: &str = "application/x-ndjson";
/// How often it is told how far it is.
const TELL_INTERVAL: Duration = Duration::from_millis(200);
/// Lines of which it is told why they failed: more than people read.
const ERRORS_MAX: usize = 20;
/// The longest outcome of a line that is taken from the producer.
const OUTCOME_BYTES_MAX: usize = 64 * 1024;
/// Of a field that says how lines become messages.
const SETTING_BYTES_MAX: usize = 4096;
/// Pieces of a form that wait for the producer.
const PIECES_MAX: usize = 8;

/// Sends each line of the body as a message.
#[utoipa::path(post, path = "/api/stream/lines", tag = "stream", params(LinesForm),
    request_body(content = String, description = "A message in each line", content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "How many are in the log so far, line by line; the last one has all", body = Object, content_type = "application/x-ndjson"),
        (status = "default", description = "Why none was sent", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn post(
    portal: Portal,
    Query(form): Query<LinesForm>,
    body: Body,
) -> ApiResult<Response> {
    let lines = reqwest::Body::wrap_stream(body.into_data_stream());
    let told = send(&portal, &form, lines).await?.map(|sent| {
        let mut line = serde_json::to_vec(&sent).unwrap_or_default();
        line.push(b'\n');
        Ok::<_, Infallible>(line)
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(NDJSON)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(told)).into_response())
}

/// Leads to the page of the topic; if a line failed, that page says so at once.
pub(crate) async fn submit(
    portal: Portal,
    multipart: Result<Multipart, MultipartRejection>,
) -> Response {
    let mut form = LinesForm::default();
    let problem = match send_form(&portal, multipart, &mut form).await {
        Ok(sent) if sent.problem.is_none() && sent.failed == 0 && !sent.is_nothing() => {
            let topic = escape(&form.topic);
            let page = format!("/stream?topics={topic}&sent={}", sent.acked);
            return Redirect::to(&page).into_response();
        }
        Ok(sent) => incomplete(&sent),
        Err(problem) => problem,
    };
    let asked = StreamForm {
        topics: form.topic.clone(),
        ..StreamForm::default()
    };
    let address = format!("/stream?topics={}", escape(&form.topic));
    let data = look(&portal, asked, &GoOn::default()).await;
    shown::refuse(&portal, &address, Ok(data), form, problem).await
}

/// Sends what is in the form, and waits until each line has its outcome.
async fn send_form(
    portal: &Portal,
    multipart: Result<Multipart, MultipartRejection>,
    form: &mut LinesForm,
) -> ApiResult<LinesSent> {
    let multipart = multipart.map_err(|_| no_form())?;
    let (settings, is_set) = oneshot::channel();
    let (pieces, received) = mpsc::channel(PIECES_MAX);
    tokio::spawn(take_apart(multipart, settings, pieces));
    *form = is_set.await.map_err(|_| no_form())?;
    let lines = reqwest::Body::wrap_stream(ReceiverStream::new(received));
    let told = send(portal, form, lines).await?;
    Ok(told
        .fold(LinesSent::default(), async |_, latest| latest)
        .await)
}

/// Gives what the form says before its lines, then the lines, piece by piece.
async fn take_apart(
    mut multipart: Multipart,
    settings: oneshot::Sender<LinesForm>,
    pieces: mpsc::Sender<Result<Bytes, MultipartError>>,
) {
    let mut settings = Some(settings);
    let mut form = LinesForm::default();
    loop {
        let mut field = match multipart.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return,
            // Fails when nobody waits for lines any more; so below.
            Err(error) => return drop(pieces.send(Err(error)).await),
        };
        let setting = match field.name() {
            Some("topic") => &mut form.topic,
            Some("key_field") => &mut form.key_field,
            Some("format") => &mut form.format,
            Some("lines" | "file") => {
                if let Some(settings) = settings.take() {
                    let _ = settings.send(form.clone());
                }
                while let Some(piece) = field.chunk().await.transpose() {
                    let is_last = piece.is_err();
                    if pieces.send(piece).await.is_err() || is_last {
                        return;
                    }
                }
                // What comes after it begins a line of its own.
                let _ = pieces.send(Ok(Bytes::from_static(b"\n"))).await;
                continue;
            }
            _ => continue,
        };
        *setting = read_setting(field).await;
    }
}

/// A longer one is cut off, and then refused for what it is.
async fn read_setting(mut field: Field<'_>) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(piece)) = field.chunk().await {
        bytes.extend_from_slice(&piece);
        if bytes.len() > SETTING_BYTES_MAX {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Gives how far it is, from time to time and at the end.
async fn send(
    portal: &Portal,
    form: &LinesForm,
    lines: reqwest::Body,
) -> ApiResult<impl Stream<Item = LinesSent> + use<>> {
    let topic = form.topic.trim();
    outbox::validate(topic, "")?;
    let url = portal.upstream.url(Peer::Producer, &["produce", topic]);
    let settings = [
        ("key-field", form.key_field.trim()),
        ("format", form.format.trim()),
    ];
    let settings: Vec<_> = settings
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let request = portal.upstream.post(url).query(&settings);
    let request = request.header(header::CONTENT_TYPE, NDJSON).body(lines);
    let response = portal
        .upstream
        .send(Peer::Producer, request, LOAD_TIMEOUT)
        .await?;
    if !response.status().is_success() {
        let refused: ApiResult<Problem> = portal.upstream.parse(Peer::Producer, response).await;
        return Err(refused.map_or_else(|problem| problem, |_| broken(Peer::Producer)));
    }
    Ok(tally(portal.clone(), response))
}

fn tally(portal: Portal, response: reqwest::Response) -> impl Stream<Item = LinesSent> {
    let outcomes = StreamReader::new(response.bytes_stream().map_err(std::io::Error::other));
    let codec = LinesCodec::new_with_max_length(OUTCOME_BYTES_MAX);
    let outcomes = FramedRead::new(outcomes, codec);
    let begin = (Some(outcomes), LinesSent::default());
    stream::unfold(begin, move |(outcomes, mut sent)| {
        let portal = portal.clone();
        async move {
            let mut outcomes = outcomes?;
            let before = sent.acked;
            let begun_at = Instant::now();
            let mut is_over = false;
            while !is_over && begun_at.elapsed() < TELL_INTERVAL {
                match outcomes.next().await {
                    Some(Ok(outcome)) => count(&mut sent, &outcome),
                    Some(Err(error)) => {
                        tracing::debug!(%error, "the producer broke off while lines were sent");
                        sent.problem = Some(broken(Peer::Producer).problem);
                        is_over = true;
                    }
                    None => {
                        sent.finished = true;
                        is_over = true;
                    }
                }
            }
            let acked = sent.acked - before;
            portal.sent.fetch_add(acked, Ordering::Relaxed);
            metrics::counter!("portal_messages_sent_total").increment(acked);
            Some((sent.clone(), ((!is_over).then_some(outcomes), sent)))
        }
    })
}

fn count(sent: &mut LinesSent, outcome: &str) {
    match serde_json::from_str(outcome) {
        Ok(LineOutcome::Acked { .. }) => sent.acked += 1,
        Ok(LineOutcome::Failed { line, error }) => {
            sent.failed += 1;
            if sent.errors.len() < ERRORS_MAX {
                let why = format!("{}: {}", error.title, error.detail);
                sent.errors.push(LineError { line, why });
            }
        }
        // Of another version; it is an outcome all the same, and not known to be good.
        Err(_) => sent.failed += 1,
    }
}

fn incomplete(sent: &LinesSent) -> ApiProblem {
    if let Some(problem) = &sent.problem {
        return ApiProblem {
            problem: problem.clone(),
            retry_after: None,
        };
    }
    if sent.is_nothing() {
        return no_form();
    }
    let errors = sent.errors.iter();
    let errors: Vec<String> = errors
        .map(|error| format!("Line {}: {}", error.line, error.why))
        .collect();
    ApiProblem::bad_request(
        "lines-failed",
        "Not all lines were sent",
        format!(
            "{} messages are in the log, {} lines are not. {}",
            sent.acked,
            sent.failed,
            errors.join(" ")
        ),
    )
}

fn no_form() -> ApiProblem {
    ApiProblem::bad_request(
        "no-lines",
        "There are no lines",
        "Write a message in each line, or choose a file that has one in each.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_counted_and_the_first_errors_kept() {
        let mut sent = LinesSent::default();
        let problem = Problem::new(400, "invalid-json", "The line is no JSON", "Send JSON.");
        for line in 1..=30 {
            let error = problem.clone();
            let outcome = serde_json::to_string(&LineOutcome::Failed { line, error }).unwrap();
            count(&mut sent, &outcome);
        }
        count(
            &mut sent,
            "{\"line\":31,\"id\":\"018f0000-0000-7000-8000-000000000000\",\"topic\":\"t\",\"partition\":0,\"offset\":1,\"timestamp\":1,\"trace_id\":\"a\",\"status\":\"\",\"took_us\":1}",
        );
        assert_eq!((sent.acked, sent.failed), (1, 30));
        assert_eq!(sent.errors.len(), ERRORS_MAX);
        assert_eq!(sent.errors[1].line, 2);
        let problem = incomplete(&sent).problem;
        assert!(problem.detail.contains("Line 2: The line is no JSON"));
    }
}
