//! Uploads that are too much, too slow, or end in the middle.

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn uploads_have_a_limit_and_a_form() {
    let school = School::open(&["--load-bytes-max", "10000"]).await;
    let url = format!("{}/load", school.url);
    let no_form = school.http.post(&url).body("text").send().await.unwrap();
    let no_files = school.http.post(&url).body("--x--\r\n");
    let no_files = no_files.header("content-type", "multipart/form-data; boundary=x");
    let no_files = no_files.send().await.unwrap();
    let large = Form::new().part(
        "file",
        Part::bytes(vec![b'x'; 10_001]).file_name("large.txt"),
    );
    let too_large = school.load(large).await;
    for (response, status, kind) in [
        (no_form, 400, "no-form"),
        (no_files, 400, "no-files"),
        (too_large, 413, "too-large"),
    ] {
        assert_eq!(response.status(), status);
        let problem: serde_json::Value = response.json().await.unwrap();
        assert_eq!(
            problem["type"],
            format!("urn:kafkloud:problem:{kind}"),
            "{problem}"
        );
    }
    // Without a length, it is found out on the way.
    let Slow { sender, answer } = Slow::start(&school).await;
    let more = sender.send(Ok(Bytes::from("{\"n\":2}\n".repeat(1_000))));
    let (files, _) = tokio::join!(finished(answer), more);
    assert_eq!(files.len(), 1);
    let error = files[0].error.as_deref().unwrap();
    assert!(
        error.starts_with("At most 10000 bytes are taken"),
        "{error}"
    );
}

/// An upload whose file does not end by itself.
struct Slow {
    sender: mpsc::Sender<std::io::Result<Bytes>>,
    answer: Response,
}

impl Slow {
    async fn start(school: &School) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let body = Body::wrap_stream(ReceiverStream::new(receiver));
        let form = file(Form::new(), "slow.ndjson", body);
        let answer = school.load(form);
        // More than what is looked at first, to tell what a file is.
        let first = format!("{{\"n\":1}}\n{}", "\n".repeat(9_000));
        let first = sender.send(Ok(Bytes::from(first)));
        let (answer, _) = tokio::join!(answer, first);
        Self { sender, answer }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_room_for_so_many_uploads() {
    let school = School::open(&[]).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(Slow::start(&school).await);
    }
    assert!(slow.iter().all(|slow| slow.answer.status() == 200));
    let small = || file(Form::new(), "small.txt", "words");
    let refused = school.load(small()).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    // One caller goes away in the middle; another ends as it should.
    let Slow { sender, answer } = slow.remove(0);
    drop((sender, answer));
    let Slow { sender, answer } = slow.remove(0);
    sender.send(Ok(Bytes::from("{\"n\":2}\n"))).await.unwrap();
    drop(sender);
    assert_eq!(finished(answer).await[0].messages, 2);
    eventually(async || {
        let response = school.load(small()).await;
        (response.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_uploads_with_a_word() {
    let school = School::open(&[]).await;
    let slow = Slow::start(&school).await;
    school.stop.cancel();
    let files = finished(slow.answer).await;
    let error = files[0].error.as_deref().unwrap();
    assert!(error.contains("stopping"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_kafka_there_is_a_clear_answer() {
    let address = free_ports::address();
    let school = School::open_at(address, tempfile::tempdir().unwrap(), None, &[]).await;
    let (status, problem) = school.accept("text/plain", "words").await;
    assert_eq!(
        (status, &problem["type"]),
        (503, &"urn:kafkloud:problem:kafka-away".into())
    );
    let response = eventually(async || {
        let response = school.load(file(Form::new(), "a.txt", "words")).await;
        (response.status() == 503).then_some(response)
    })
    .await;
    assert!(response.headers().contains_key("retry-after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_that_goes_away_ends_the_file_and_says_how_far_it_came() {
    let mut school = School::open(&[]).await;
    let Slow { sender, answer } = Slow::start(&school).await;
    let mut answer = answer.bytes_stream();
    let mut text = String::new();
    // The first message is acknowledged.
    while !text.contains("\"messages\":1") {
        let piece = tokio::time::timeout(DEADLINE, answer.next()).await.unwrap();
        text.push_str(str::from_utf8(&piece.unwrap().unwrap()).unwrap());
    }
    let (stop, broker) = school.broker.take().unwrap();
    stop.cancel();
    broker.await.unwrap().unwrap();
    sender.send(Ok(Bytes::from("{\"n\":2}\n"))).await.unwrap();
    drop(sender);
    while let Some(piece) = tokio::time::timeout(DEADLINE, answer.next()).await.unwrap() {
        text.push_str(str::from_utf8(&piece.unwrap()).unwrap());
    }
    let last: LoadedFile = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((last.messages, last.finished), (1, true));
    let error = last.error.unwrap();
    assert!(error.contains("Kafka is away"), "{error}");
}
