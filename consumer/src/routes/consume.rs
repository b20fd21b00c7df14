use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, sse::Event},
};
use bus::{Tail, TailOptions, TailStart, TopicSelection};
use contract::{Position, Problem, record::RecordView};
use futures::stream;
use serde::Deserialize;
use service::{ApiProblem, ApiResult, extract::Query};
use utoipa::IntoParams;

use super::{parse_position, parse_topics};
use crate::{
    app::{App, kafka_away},
    hub::Positions,
    pace::Pace,
    resume,
    selected::{Selected, Shown},
    sse,
    viewer::{History, Source, Viewer},
};

/// How long a reader of old records waits for another to end.
const ROOM_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct ConsumeQuery {
    /// Topics, separated by commas [default: all of users, also those made later]
    #[serde(default)]
    topics: String,
    /// `earliest`, `latest`, an offset, or a time: RFC 3339, or milliseconds since 1970 (numbers from 100000000000 on)
    /// [default: latest]
    from: Option<String>,
    /// What the data of an event is
    #[serde(default)]
    format: Format,
    /// Only records with this in their key, value or headers, in capital or small letters
    text: Option<String>,
    /// Only records of which this jq expression is true. It sees id, topic, partition, offset, timestamp, key, value (what
    /// its JSON stands for, or a string) and headers
    #[serde(rename = "where")]
    expression: Option<String>,
    /// Records shown per second at most; how many are left out is told
    rate_max: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// The record as JSON
    #[default]
    Record,
    /// The bare value; base64 when it is not UTF-8
    Value,
}

/// Records as they come, each an event named `streamer`. Its id names the last record seen of every partition; sent back
/// as `Last-Event-ID`, which browsers do by themselves, the stream goes on there.
#[utoipa::path(get, path = "/consume", tag = "records",
    params(ConsumeQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event seen; goes before `from`")),
    responses(
        (status = 200, description = "Events named `streamer` with a record; `missed` with a number when the viewer is too slow; `progress` (ConsumeProgress) once a \
            second where something is left out on purpose; `problem` (Problem) when the expression has to be given up, and the stream with it",
            content_type = "text/event-stream", body = RecordView),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 503, description = "Kafka is away, or too many streams are open", body = Problem),
    ))]
pub(crate) async fn consume(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(query): Query<ConsumeQuery>,
) -> ApiResult<impl IntoResponse> {
    let topics = parse_topics(&query.topics)?;
    let start = match headers.get("last-event-id") {
        Some(id) => {
            let start = id.to_str().ok().and_then(resume::parse);
            start.ok_or_else(invalid_event_id)?
        }
        None => TailStart::At(match &query.from {
            Some(from) => parse_position("from", from)?,
            None => Position::Latest,
        }),
    };
    let pace = match query.rate_max {
        Some(0) => return Err(invalid_rate()),
        rate_max => rate_max.map(|per_second| Pace::new(per_second, Instant::now())),
    };
    app.require_kafka()?;
    let room = sse::take_room(&app)?;
    let filter = app.filters.filter(query.text, query.expression).await?;
    let viewer = match start {
        TailStart::At(Position::Latest) => live(&app, topics).await?,
        start => history(&app, topics, start).await?,
    };
    let format = query.format;
    let selected = Selected::new(viewer, filter, pace);
    let events = stream::unfold(selected, move |mut selected| async move {
        let shown = selected.next().await?;
        Some((event(&shown, selected.positions(), format), selected))
    });
    Ok(sse::respond(&app, room, events))
}

async fn live(app: &App, topics: TopicSelection) -> ApiResult<Viewer> {
    let live = app.hub.join(topics.clone()).await?;
    let live = live.ok_or_else(kafka_away)?;
    Ok(Viewer {
        topics,
        positions: live.positions.clone(),
        source: Source::Live(live),
    })
}

async fn history(app: &App, topics: TopicSelection, start: TailStart) -> ApiResult<Viewer> {
    let room = Arc::clone(&app.history).acquire_owned();
    let room = tokio::time::timeout(ROOM_TIMEOUT, room).await;
    let Ok(Ok(room)) = room else {
        return Err(sse::too_many());
    };
    let options = TailOptions {
        client_id: "kafkloud-consumer-history",
        batch_max: 256,
        ahead_kbytes: 2 * 1024,
        start,
    };
    let tail = Tail::start(&app.kafka, options, topics.clone(), |record| record.view())?;
    let history = History::new(tail, Arc::clone(&app.hub), room);
    Ok(Viewer {
        topics,
        positions: Positions::new(),
        source: Source::History(Box::new(history)),
    })
}

fn event(shown: &Shown, positions: &Positions, format: Format) -> Event {
    let record = match shown {
        Shown::Record(record) => record,
        Shown::Missed(count) => return sse::missed(*count),
        Shown::Progress(progress) => {
            return sse::json("progress", progress).id(resume::progress_id(positions));
        }
        Shown::Ended(problem) => return sse::json("problem", &problem.problem),
    };
    let event = match format {
        Format::Record => sse::json("streamer", &**record),
        Format::Value => Event::default()
            .event("streamer")
            .data(record.value.as_deref().unwrap_or_default()),
    };
    event.id(resume::event_id(record, positions))
}

fn invalid_rate() -> ApiProblem {
    ApiProblem::bad_request(
        "invalid-rate",
        "The rate is not valid",
        "Give `rate_max` as a number of records per second, from 1 on.",
    )
}

fn invalid_event_id() -> ApiProblem {
    ApiProblem::bad_request(
        "invalid-event-id",
        "The Last-Event-ID is not valid",
        "Give the `id` of an event of this stream as it was, or leave the header out.",
    )
}
