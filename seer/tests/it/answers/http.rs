//! `/ask` and the topics of questions and answers, of a whole seer.

use contract::{seer::AnswerRecord, topic};
use futures::TryStreamExt;
use serde_json::json;

use super::*;
use crate::harness::{Broker, Seer};

const FACT: &str = "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
const QUESTION: &str = "Do you know anything about the Wilymajinkas?";

async fn taught(arguments: &[&str]) -> (Broker, tempfile::TempDir, Seer) {
    let (broker, data) = (Broker::start().await, tempfile::tempdir().unwrap());
    let seer = Seer::ready(&broker, data.path(), arguments).await;
    broker.write("facts", "tribe", FACT.as_bytes()).await;
    seer.points(1).await;
    (broker, data, seer)
}

/// The names of the events and their data, to the end.
async fn sse(response: reqwest::Response) -> Vec<(String, serde_json::Value)> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let parts: Vec<bytes::Bytes> = response.bytes_stream().try_collect().await.unwrap();
    let text = String::from_utf8(parts.concat()).unwrap();
    let field = |event: &str, name: &str| {
        let mut lines = event.lines();
        lines.find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
    };
    text.split("\n\n")
        .filter_map(|event| {
            let data = serde_json::from_str(&field(event, "data:")?).unwrap();
            Some((field(event, "event:")?, data))
        })
        .collect()
}

#[tokio::test]
async fn a_question_in_every_form() {
    let (_broker, _data, seer) = taught(&[]).await;
    let url = format!("{}/ask", seer.url);
    let get = seer
        .http
        .get(&url)
        .query(&[("q", QUESTION), ("topics", "facts,other")]);
    let text = seer.http.post(&url).body(QUESTION);
    let form = seer
        .http
        .post(&url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(QUESTION);
    let json = seer
        .http
        .post(&url)
        .json(&json!({"question": QUESTION, "top_k": 1}));
    for request in [get, text, form, json] {
        let answer: Answer = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer.answer, format!("{FACT} [1]"));
        assert_eq!(answer.citations[0].key.as_deref(), Some("tribe"));
    }
    let filtered = json!({"question": QUESTION, "since": "2999-01-01T00:00:00Z"});
    let answer: Answer = seer
        .http
        .post(&url)
        .json(&filtered)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        !answer.known && answer.answer.contains("these topics and times"),
        "{answer:?}"
    );
    for streamed in [
        seer.http
            .get(&url)
            .query(&[("q", QUESTION), ("stream", "true")]),
        seer.http
            .post(&url)
            .json(&json!({"question": QUESTION, "stream": true})),
    ] {
        let events = sse(streamed.send().await.unwrap()).await;
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["retrieved", "token", "citations", "done"]);
        assert_eq!(events[0].1["hits"][0]["topic"], "facts");
        assert_eq!(events[1].1, format!("{FACT} [1]"));
        let answer: Answer = serde_json::from_value(events[3].1.clone()).unwrap();
        assert!(answer.known);
    }
    seer.stop().await;
}

#[tokio::test]
async fn answers_over_http_are_kept_with_their_question_and_citations() {
    let (broker, _data, seer) = taught(&[]).await;
    let url = format!("{}/ask", seer.url);
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let whole = seer.http.post(&url).header("traceparent", trace);
    let whole = whole.body(format!(" {QUESTION}\n")).send().await.unwrap();
    let whole: Answer = whole.json().await.unwrap();
    let streamed = [("q", "Who are the Wilymajinkas?"), ("stream", "true")];
    sse(seer.http.get(&url).query(&streamed).send().await.unwrap()).await;
    for question in [QUESTION, streamed[0].1] {
        let record = broker.find(topic::SEER_ANSWER, move |key, value| {
            let record: AnswerRecord = serde_json::from_slice(value).unwrap();
            let id: MessageId = std::str::from_utf8(key?).unwrap().parse().unwrap();
            (record.question == question).then_some((id, record))
        });
        let (id, record) = record.await;
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(record.answer.citations[0].text, FACT);
        if question == QUESTION {
            assert_eq!(record.answer, whole);
        }
    }
    seer.stop().await;
}

#[tokio::test]
async fn what_cannot_be_asked_is_a_problem() {
    let (_broker, _data, seer) = taught(&[]).await;
    let url = format!("{}/ask", seer.url);
    let post = |body: Vec<u8>| seer.http.post(&url).body(body);
    let json = |body: serde_json::Value| seer.http.post(&url).json(&body);
    for (request, status, says) in [
        (seer.http.get(&url), 422, "?q="),
        (post(b"  ".to_vec()), 422, "body"),
        (post(vec![b'a'; 8193]), 413, "8192"),
        (post(b"\xff\xfe".to_vec()), 415, "UTF-8"),
        (json(json!({"question": "a", "top_k": 0})), 400, "1 to 100"),
        (
            json(json!({"question": "a", "until": "soon"})),
            400,
            "until",
        ),
        (json(json!({"question": "a", "topics": ["a/b"]})), 400, "/"),
        (
            json(json!({"question": "a", "asked_by": "me"})),
            422,
            "asked_by",
        ),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let problem: contract::Problem = response.json().await.unwrap();
        assert!(problem.detail.contains(says), "{problem:?}");
    }
    seer.stop().await;
}

#[tokio::test]
async fn a_question_over_kafka_is_answered_under_its_id_and_none_is_dropped() {
    let (broker, _data, seer) = taught(&[]).await;
    let huge = "why ".repeat(3000);
    let asked = json!({"question": QUESTION, "topics": ["nowhere"]}).to_string();
    let questions: [&[u8]; 4] = [
        b"\xff\xfe",
        huge.as_bytes(),
        asked.as_bytes(),
        QUESTION.as_bytes(),
    ];
    for question in questions {
        broker.write(topic::SEER_QUESTION, "", question).await;
    }
    for (offset, says) in [
        (0, "not UTF-8"),
        (1, "too long"),
        (2, "I don't know"),
        (3, FACT),
    ] {
        let key = MessageId::of_record(topic::SEER_QUESTION, 0, offset).to_string();
        let answer = broker.find(topic::SEER_ANSWER, move |found, value| {
            (found == Some(key.as_bytes()))
                .then(|| serde_json::from_slice::<AnswerRecord>(value).unwrap())
        });
        let AnswerRecord { question, answer } = answer.await;
        assert!(answer.answer.contains(says), "{answer:?}");
        assert_eq!(answer.known, offset == 3);
        assert_eq!(question.is_empty(), offset == 0, "{question}");
    }
    seer.stop().await;
}

#[tokio::test]
async fn a_slow_chat_api_is_read_word_by_word_and_ends_with_the_seer() {
    let openai = OpenAi::start([Reply::Stall]).await;
    let (_broker, _data, seer) = taught(&["--openai-base-url", &openai.url]).await;
    let request = seer.http.get(format!("{}/ask", seer.url));
    let response = request
        .query(&[("q", QUESTION), ("stream", "true")])
        .send()
        .await
        .unwrap();
    let mut parts = response.bytes_stream();
    let mut text = String::new();
    while !text.contains("event: token") {
        let part = tokio::time::timeout(crate::harness::DEADLINE, parts.try_next()).await;
        text.push_str(std::str::from_utf8(&part.unwrap().unwrap().unwrap()).unwrap());
    }
    assert!(!text.contains("event: done"));
    // An open stream must not hold up the stop.
    seer.stop().await;
}
