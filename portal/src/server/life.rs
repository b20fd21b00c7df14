//! `/life`, and the same as data under `/api/life`: messages by how far they have come.

use axum::{
    extract::{self, Request},
    response::Response,
};
use contract::{
    Problem,
    status::{LifeList, LifeStats},
};
use service::{
    ApiResult,
    extract::{Json, Query},
};

use super::{Portal, shown, typed::with_zone, upstream::Peer};
use crate::life::{LifeForm, LifePage};

/// Messages of a page.
const LIVES_MAX: usize = 50;

/// Messages by what is known of them, and all of that time in numbers.
#[utoipa::path(get, path = "/api/life", tag = "stream", params(LifeForm), responses(
    (status = 200, description = "Lives and numbers, as the consumer tells them", body = Object),
    (status = "default", description = "A field is not valid, or nobody can tell now", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn get(portal: Portal, Query(form): Query<LifeForm>) -> ApiResult<Json<LifePage>> {
    find(&portal, form).await.map(Json)
}

pub(crate) async fn page(portal: &Portal, request: Request) -> Response {
    let found = match extract::Query::<LifeForm>::try_from_uri(request.uri()) {
        Ok(extract::Query(form)) => find(portal, form).await,
        Err(rejection) => Err(rejection.into()),
    };
    shown::respond(portal, request, found).await
}

async fn find(portal: &Portal, form: LifeForm) -> ApiResult<LifePage> {
    let (list, stats) = tokio::join!(lives(portal, &form), stats(portal, &form));
    Ok(LifePage {
        form,
        list: list?,
        // The list is worth showing without them.
        stats: stats.ok(),
    })
}

async fn lives(portal: &Portal, form: &LifeForm) -> ApiResult<LifeList> {
    let url = portal.upstream.url(Peer::Consumer, &["lives"]);
    let request = portal
        .upstream
        .get(url)
        .query(&query(form))
        .query(&[("limit", LIVES_MAX)]);
    portal.upstream.ask_consumer(request).await
}

/// Of the topic and the time that are asked for; what else is asked for tells which messages, not how the stream does.
async fn stats(portal: &Portal, form: &LifeForm) -> ApiResult<LifeStats> {
    let url = portal.upstream.url(Peer::Consumer, &["lives", "stats"]);
    let mut query = query(form);
    query.retain(|(name, _)| matches!(*name, "topic" | "since" | "until"));
    portal
        .upstream
        .ask_consumer(portal.upstream.get(url).query(&query))
        .await
}

/// As the consumer takes it. How long and which rung mean something for stuck messages alone.
fn query(form: &LifeForm) -> Vec<(&'static str, String)> {
    let fields = form.fields().into_iter();
    let fields = fields.map(|(name, value)| (name, value.trim().to_owned()));
    let fields = fields.filter(|(_, value)| !value.is_empty());
    let fields = fields.filter_map(|(name, value)| match name {
        "since" | "until" => Some((name, with_zone(value))),
        "stuck" => form.is_stuck().then(|| (name, "true".to_owned())),
        "stuck_after" | "reached" => form.is_stuck().then_some((name, value)),
        _ => Some((name, value)),
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_means_something_for_stuck_messages_alone() {
        let mut form = LifeForm {
            topic: " orders ".to_owned(),
            since: "2026-01-31T09:30".to_owned(),
            stuck_after: "5".to_owned(),
            ..LifeForm::default()
        };
        let topic = ("topic", "orders".to_owned());
        let since = ("since", "2026-01-31T09:30:00Z".to_owned());
        assert_eq!(query(&form), [topic.clone(), since.clone()]);
        form.stuck = "yes".to_owned();
        let stuck = [
            ("stuck", "true".to_owned()),
            ("stuck_after", "5".to_owned()),
        ];
        assert_eq!(query(&form), [[topic, since], stuck].concat());
    }
}
