//! `/message/{id}` and `/message/{topic}/{partition}/{offset}`, and the same as data under `/api`: all that is known of one message.
//!
//! Each page asks the consumer four questions, each with a limit of its own; what one of them does not answer in time is missing
//! from the page, and the page says so.

mod cited;

use axum::{
    extract::{self, FromRequestParts, Request},
    http::request::Parts,
    response::Response,
};
use contract::{
    MessageId, Problem,
    record::{RecordNeighbours, RecordView},
    topic,
};
use serde::Deserialize;
use service::{
    ApiProblem, ApiResult,
    extract::{Json, Path, Query},
};

use super::{Portal, lookup, place::Place, shown, upstream::Peer};
use crate::{
    lookup::Lookup,
    message::{Cited, MessageData, Record},
    record::{self, Shape, Value},
};

/// Topic, partition and offset as an address has them.
type PlaceInPath = (String, String, String);

/// The query of the page.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
pub(crate) struct MessageQuery {
    /// Where the record is said to lie, as `topic:partition:offset`: finds it when the life is kept no longer, and tells it from others
    /// with the same id
    at: String,
    /// How the value is shown
    #[serde(rename = "as")]
    shape: Shape,
}

/// How somebody names a message.
enum Asked {
    Id(String),
    Place(Place),
}

/// All that can be found out about one message, in the words of its page.
#[utoipa::path(get, path = "/api/message/{id}", tag = "portal", params(("id" = String, Path), MessageQuery), responses(
    (status = 200, description = "Life, record, neighbours, answers that cite it, and why it is not more", body = Object),
    (status = "default", description = "Nothing could be found out", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn by_id(
    portal: Portal,
    Path(id): Path<String>,
    Query(query): Query<MessageQuery>,
) -> ApiResult<Json<MessageData>> {
    find(&portal, Asked::Id(id), &query).await.map(Json)
}

/// The same of whatever lies at one place of the log.
#[utoipa::path(get, path = "/api/message/{topic}/{partition}/{offset}", tag = "portal",
    params(("topic" = String, Path), ("partition" = i32, Path), ("offset" = i64, Path), MessageQuery),
    responses(
        (status = 200, description = "Life, record, neighbours, answers that cite it, and why it is not more", body = Object),
        (status = "default", description = "Nothing could be found out", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn by_place(
    portal: Portal,
    Path(place): Path<PlaceInPath>,
    Query(query): Query<MessageQuery>,
) -> ApiResult<Json<MessageData>> {
    let asked = Asked::Place(parse(place)?);
    find(&portal, asked, &query).await.map(Json)
}

pub(crate) async fn page(portal: &Portal, request: Request, has_place: bool) -> Response {
    let (mut parts, body) = request.into_parts();
    let found = match asked(&mut parts, has_place).await {
        Ok((asked, query)) => find(portal, asked, &query).await,
        Err(problem) => Err(problem),
    };
    shown::respond(portal, Request::from_parts(parts, body), found).await
}

async fn asked(parts: &mut Parts, has_place: bool) -> ApiResult<(Asked, MessageQuery)> {
    let asked = if has_place {
        let Path(place) = Path::<PlaceInPath>::from_request_parts(parts, &()).await?;
        Asked::Place(parse(place)?)
    } else {
        let Path(id) = Path::<String>::from_request_parts(parts, &()).await?;
        Asked::Id(id)
    };
    let extract::Query(query) = extract::Query::try_from_uri(&parts.uri)?;
    Ok((asked, query))
}

fn parse((topic, partition, offset): PlaceInPath) -> ApiResult<Place> {
    match (partition.parse(), offset.parse()) {
        (Ok(partition), Ok(offset)) => Ok(Place {
            topic,
            partition,
            offset,
        }),
        _ => Err(ApiProblem::bad_request(
            "invalid-place",
            "This is no place of a message",
            "A place is a topic, the number of a partition and an offset in it, such as /message/orders/0/42.",
        )),
    }
}

async fn find(portal: &Portal, asked: Asked, query: &MessageQuery) -> ApiResult<MessageData> {
    let (lookup, found) = match asked {
        Asked::Id(id) => {
            let lookup = lookup::life(portal, id).await;
            let found = record_of(portal, &lookup, &query.at).await;
            (lookup, found)
        }
        Asked::Place(place) => {
            let record = portal.upstream.record(&place).await;
            let record = record.map_err(|error| gone(error, &place))?;
            let lookup = lookup::life(portal, record.id.to_string()).await;
            (lookup, Ok(record))
        }
    };
    let Lookup { entry, problem, .. } = lookup;
    let (record, mut gone) = match found {
        Ok(record) => (Some(record), None),
        Err(problem) => (None, problem),
    };
    let id = match (&record, &entry) {
        (Some(record), _) => record.id,
        (None, Some(entry)) => entry.id,
        (None, None) => {
            let problem = problem.or(gone).unwrap_or_else(|| unknown().problem);
            return Err(ApiProblem {
                problem,
                retry_after: None,
            });
        }
    };
    // Who is away is named once.
    gone = gone.filter(|gone| Some(gone) != problem.as_ref());
    let (neighbours, cited) = tokio::join!(
        neighbours(portal, record.as_ref()),
        cited::cited(portal, id)
    );
    let of_record = record.as_ref().map(|record| &record.topic);
    let topic = of_record.or(entry.as_ref().map(|entry| &entry.topic));
    let is_learned = topic.is_some_and(|topic| topic::is_learned(topic));
    let is_told = |cited: &Cited| match &cited.problem {
        Some(_) => cited.problem != problem,
        None => is_learned || !cited.answers.is_empty(),
    };
    let cited = Some(cited).filter(is_told);
    let first = entry.as_ref().map(Place::of);
    let first = first.filter(|first| record.as_ref().is_some_and(|record| !first.holds(record)));
    Ok(MessageData {
        entry,
        problem,
        record: record.map(|record| told(&record, query.shape)),
        gone,
        neighbours,
        first: first.map(|place| place.with_id(id)),
        cited,
    })
}

/// The record of a message: where the address says that it lies, else where its life says so. Otherwise why it is not there, if that is
/// known.
async fn record_of(
    portal: &Portal,
    lookup: &Lookup,
    at: &str,
) -> Result<RecordView, Option<Problem>> {
    let claimed: Option<Place> = at.parse().ok();
    let known = lookup.entry.as_ref().map(Place::of);
    let known = known.filter(|known| Some(known) != claimed.as_ref());
    let id: Option<MessageId> = lookup.id.parse().ok();
    let mut problem = None;
    for place in claimed.into_iter().chain(known) {
        match portal.upstream.record(&place).await {
            // The place comes with the address, so it may name any record.
            Ok(record) if Some(record.id) == id => return Ok(record),
            Ok(_) => problem = lookup.entry.as_ref().map(|_| no_record(&place).problem),
            Err(error) => problem = Some(gone(error, &place).problem),
        }
    }
    Err(problem)
}

async fn neighbours(portal: &Portal, record: Option<&RecordView>) -> Option<RecordNeighbours> {
    let record = record?;
    let (partition, offset) = (record.partition.to_string(), record.offset.to_string());
    let path = ["messages", &record.topic, &partition, &offset, "neighbours"];
    let request = portal
        .upstream
        .get(portal.upstream.url(Peer::Consumer, &path));
    // The page is worth showing without them.
    portal.upstream.ask_consumer(request).await.ok()
}

fn told(record: &RecordView, shape: Shape) -> Record {
    let place = [
        ("Topic", record.topic.clone()),
        ("Partition", record.partition.to_string()),
        ("Offset", record.offset.to_string()),
    ];
    let place = place.map(|(name, value)| (name.to_owned(), value));
    Record {
        place: record.place(),
        has_key: record.key.is_some(),
        value: Value::of(record, shape),
        facts: place.into_iter().chain(record::facts(record)).collect(),
    }
}

/// What the consumer says, unless it is that nothing lies there.
fn gone(error: ApiProblem, place: &Place) -> ApiProblem {
    if error.problem.kind.ends_with(":no-record") {
        return no_record(place);
    }
    error
}

fn no_record(place: &Place) -> ApiProblem {
    let Place {
        topic,
        partition,
        offset,
    } = place;
    ApiProblem::not_found(
        "no-record",
        "The log does not hold this record",
        format!(
            "Nothing of it lies at {topic}/{partition} @ {offset}: it was deleted when it was old, or is not written yet. The topic's page \
             tells which offsets there are, and how long records are kept."
        ),
    )
}

fn unknown() -> ApiProblem {
    ApiProblem::not_found(
        "unknown-message",
        "No such message was seen",
        "Nobody knows this id. Copy it from a receipt, or look for the message on the page of the stream.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_an_address_is_checked() {
        let place = |partition: &str, offset: &str| {
            parse(("orders".to_owned(), partition.to_owned(), offset.to_owned()))
        };
        assert!(place("0", "7").is_ok());
        for (partition, offset) in [("x", "7"), ("0", ""), ("0", "7:8"), ("0.5", "7")] {
            let problem = place(partition, offset).err().map(|error| error.problem);
            assert_eq!(problem.map(|problem| problem.status), Some(400));
        }
    }

    #[test]
    fn what_is_gone_is_said_and_all_else_as_the_consumer_says_it() {
        let place: Place = "orders:0:7".parse().unwrap_or_else(|_| panic!("a place"));
        let kept = ApiProblem::not_found("unknown-topic", "There is no such topic", "orders");
        assert_eq!(gone(kept, &place).problem.detail, "orders");
        let old = ApiProblem::not_found("no-record", "No record is there", "offsets 9 to 12");
        let detail = gone(old, &place).problem.detail;
        assert!(detail.contains("orders/0 @ 7"), "{detail}");
    }
}
