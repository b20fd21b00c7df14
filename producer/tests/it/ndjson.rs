use bytes::Bytes;
use contract::{LineOutcome, MessageId};
use futures::stream;
use rdkafka::Message;
use reqwest::{Body, Response};
use tokio::sync::mpsc;

use crate::stack::{Stack, values, within};

async fn post(stack: &Stack, path: &str, body: impl Into<Body>) -> Response {
    let request = stack
        .post(path)
        .header("content-type", "application/x-ndjson");
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    answer
}

fn outcomes(text: &str) -> Vec<LineOutcome> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Line and offset, or the last part of the problem's name.
fn summary(outcome: &LineOutcome) -> (u64, Result<i64, &str>) {
    match outcome {
        LineOutcome::Acked { line, receipt } => (*line, Ok(receipt.offset)),
        LineOutcome::Failed { line, error } => (*line, Err(error.kind.rsplit(':').next().unwrap())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_has_its_outcome_in_order() {
    let stack = Stack::start(&[]).await;
    let body = format!(
        "{{\"k\":{{\"a\":7}}}}\n{{bad\n\n [1, 2]\r\n\"{}\"\n{{\"k\":{{\"a\":{{}}}}}}\nnull",
        "x".repeat(1000)
    );
    let answer = post(&stack, "/produce/lines?key-field=k.a", body).await;
    let outcomes = outcomes(&answer.text().await.unwrap());
    let summaries: Vec<_> = outcomes.iter().map(summary).collect();
    let expected = [
        (1, Ok(0)),
        (2, Err("invalid-json")),
        (4, Ok(1)),
        (5, Err("too-large")),
        (6, Err("invalid-json")),
        (7, Ok(2)),
    ];
    assert_eq!(summaries, expected);
    let records = stack.records("lines", 3).await;
    assert_eq!(
        values(&records),
        [b"{\"k\":{\"a\":7}}".as_slice(), b" [1, 2]", b"null"]
    );
    assert_eq!(records[0].key(), Some(b"7".as_slice()));
    assert_eq!(records[1].key(), None);
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_flow_while_the_upload_goes_on_and_stopping_ends_it() {
    let stack = Stack::start(&[]).await;
    let (lines, sent) = mpsc::channel::<Bytes>(1);
    let body = stream::unfold(sent, async |mut sent| {
        Some((Ok::<_, std::io::Error>(sent.recv().await?), sent))
    });
    lines.send(Bytes::from("1\n2")).await.unwrap();
    let mut answer = post(&stack, "/produce/flow/key", Body::wrap_stream(body)).await;
    let mut received = String::new();
    for (more, count) in [("", 1), ("\n3\n", 3)] {
        lines.send(Bytes::from(more)).await.unwrap();
        while received.lines().count() < count {
            let piece = within(answer.chunk()).await.unwrap().unwrap();
            received.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }
    stack.signal_stop();
    while let Some(piece) = within(answer.chunk()).await.unwrap() {
        received.push_str(std::str::from_utf8(&piece).unwrap());
    }
    let outcomes = outcomes(&received);
    let summaries: Vec<_> = outcomes.iter().map(summary).collect();
    assert_eq!(
        summaries,
        [(1, Ok(0)), (2, Ok(1)), (3, Ok(2)), (4, Err("stopping"))]
    );
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_are_all_acked_and_a_repeat_has_the_same_ids() {
    let stack = Stack::start(&[]).await;
    let body: String = (0..20_000).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let mut ids: Vec<Vec<MessageId>> = Vec::new();
    for attempt in 0..2 {
        let request = stack
            .post("/produce/many")
            .header("Idempotency-Key", "upload-1");
        let request = request.header("content-type", "application/x-ndjson");
        let answer = request.body(body.clone()).send().await.unwrap();
        let outcomes = outcomes(&answer.text().await.unwrap());
        ids.push(Vec::new());
        for (index, outcome) in outcomes.iter().enumerate() {
            let LineOutcome::Acked { line, receipt } = outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(*line, index as u64 + 1);
            ids[attempt].push(receipt.id);
        }
        assert_eq!(outcomes.len(), 20_000);
    }
    assert_eq!(ids[0], ids[1]);
    stack.stop_producer().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_begin_is_refused_as_a_whole() {
    let stack = Stack::start(&[]).await;
    for path in [
        "/produce/a%20b",
        "/produce/lines/key?key-field=a",
        "/produce/lines?key-field=a&format=text",
        "/produce/lines?format=xml",
    ] {
        let request = stack
            .post(path)
            .header("content-type", "application/x-ndjson");
        let answer = request.body("1\n").send().await.unwrap();
        assert_eq!(answer.status(), 400, "{path}");
    }
    stack.stop_producer().await;
}
