//! Teaching by HTTP: what is sent is in the log when the answer says so.

use std::{future::Future, net::SocketAddr, time::Duration};

use bus::{Admin, KafkaConfig, Publisher, PublisherConfig};
use clap::Parser;
use contract::{Receipt, header, record::RecordView, seer::LoadedFile, topic};
use reqwest::{
    Body, Client, Response,
    multipart::{Form, Part},
};
use seer::teach::{self, TeachConfig, Teacher};
use service::{Access, CancellationToken, Limits, health::Health};
use streamer::StreamerConfig;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

mod limits;

/// Longest wait for anything to come true.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    teach: TeachConfig,
}

/// The routes for teaching beside a broker.
struct School {
    url: String,
    http: Client,
    admin: Admin,
    stop: CancellationToken,
    broker: Option<(CancellationToken, JoinHandle<anyhow::Result<()>>)>,
    _data: TempDir,
}

impl School {
    async fn open(arguments: &[&str]) -> Self {
        let (listener, data) = (bind().await, tempfile::tempdir().unwrap());
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let config = StreamerConfig::new(data.path());
        let broker = tokio::spawn(streamer::serve(listener, config, stop.clone()));
        Self::open_at(address, data, Some((stop, broker)), arguments).await
    }

    async fn open_at(
        broker_address: SocketAddr,
        data: TempDir,
        broker: Option<(CancellationToken, JoinHandle<anyhow::Result<()>>)>,
        arguments: &[&str],
    ) -> Self {
        let kafka = KafkaConfig::open(broker_address.to_string());
        let config = PublisherConfig {
            message_timeout: Duration::from_secs(2),
            ..PublisherConfig::default()
        };
        let publisher = Publisher::new(&kafka, "test", config).unwrap();
        let stop = CancellationToken::new();
        let arguments = Arguments::parse_from(["test"].iter().chain(arguments));
        let consumer_url = "http://consumer.test".parse().unwrap();
        let teacher = Teacher::new(publisher, arguments.teach, &consumer_url, stop.clone());
        let api = teach::routes(teacher);
        let router = service::router(
            "seer",
            api,
            Health::default(),
            Limits::default(),
            Access::default(),
        );
        let listener = bind().await;
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(service::serve_http(listener, router, None, stop.clone()));
        Self {
            url,
            http: Client::new(),
            admin: Admin::new(&kafka, "test").unwrap(),
            stop,
            broker,
            _data: data,
        }
    }

    async fn accept(&self, content_type: &str, body: impl Into<Body>) -> (u16, serde_json::Value) {
        let request = self.http.post(format!("{}/accept", self.url));
        let request = request
            .header("content-type", content_type)
            .header("traceparent", TRACEPARENT);
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    async fn load(&self, form: Form) -> Response {
        let request = self.http.post(format!("{}/load", self.url));
        request.multipart(form).send().await.unwrap()
    }

    /// The records of the topic for statements, by partition.
    async fn records(&self) -> Vec<RecordView> {
        let topics = self.admin.topics().await.unwrap();
        let topic = topics
            .into_iter()
            .find(|topic| topic.name == topic::SEER_STATEMENT);
        let mut records = Vec::new();
        for partition in topic.unwrap().partitions {
            for offset in partition.first_offset..partition.next_offset {
                let record = self
                    .admin
                    .record(topic::SEER_STATEMENT, partition.partition, offset);
                records.push(record.await.unwrap());
            }
        }
        records
    }
}

impl Drop for School {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some((stop, _)) = &self.broker {
            stop.cancel();
        }
    }
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async fn bind() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

fn file(form: Form, name: &str, content: impl Into<Body>) -> Form {
    let part = Part::stream(content).file_name(name.to_owned());
    form.part("file", part)
}

fn header_of<'a>(record: &'a RecordView, name: &str) -> Option<&'a str> {
    let header = record.headers.iter().find(|header| header.name == name)?;
    header.value.as_deref()
}

/// All lines of an answer.
async fn lines(response: Response) -> Vec<LoadedFile> {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let text = tokio::time::timeout(DEADLINE, response.text())
        .await
        .unwrap()
        .unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The last line of each file.
async fn finished(response: Response) -> Vec<LoadedFile> {
    let mut lines = lines(response).await;
    lines.retain(|line| line.finished);
    lines
}

async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asking)
        .await
        .expect("came true in time")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_in_the_log_with_its_receipt() {
    let school = School::open(&[]).await;
    let statement = "The Wilymajinkas are a tribe of northeastern Native Pandorians.";
    let (status, receipt) = school.accept("text/plain", statement).await;
    assert_eq!(status, 201, "{receipt}");
    let receipt: Receipt = serde_json::from_value(receipt).unwrap();
    assert_eq!(receipt.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        receipt.status,
        format!("http://consumer.test/status/{}", receipt.id)
    );
    let [record] = &school.records().await[..] else {
        panic!("one record");
    };
    assert_eq!(
        (record.id, record.partition, record.offset),
        (receipt.id, receipt.partition, receipt.offset)
    );
    assert_eq!(record.topic, "seer-statement");
    assert_eq!(record.value.as_deref(), Some(statement));
    assert_eq!(
        (record.key.as_deref(), record.timestamp),
        (None, Some(receipt.timestamp))
    );
    assert_eq!(header_of(record, header::CONTENT_TYPE), Some("text/plain"));
    assert!(header_of(record, header::ACCEPTED_AT).is_some());
    let trace = header_of(record, header::TRACEPARENT).unwrap();
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{trace}"
    );
    assert!(
        !trace.contains("00f067aa0ba902b7"),
        "a span of its own: {trace}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_statement_is_refused() {
    let school = School::open(&["--statement-bytes-max", "1000"]).await;
    for (content_type, body, status, kind) in [
        ("text/plain", Vec::new(), 400, "empty-body"),
        ("text/plain", b" \r\n\t".to_vec(), 400, "empty-body"),
        (
            "application/json",
            b"{\"a\":null}".to_vec(),
            422,
            "not-text",
        ),
        (
            "text/plain",
            b"\0\0\0\0\x01\x06Ada".to_vec(),
            422,
            "not-text",
        ),
        ("text/plain", vec![b'x'; 1001], 413, "too-large"),
    ] {
        let (got, problem) = school.accept(content_type, body).await;
        assert_eq!(got, status, "{problem}");
        assert_eq!(
            problem["type"],
            format!("urn:kafkloud:problem:{kind}"),
            "{problem}"
        );
    }
    let (status, _) = school.accept("text/plain", vec![b'x'; 1000]).await;
    assert_eq!(status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_become_messages_in_their_order() {
    let school = School::open(&[]).await;
    let form = file(Form::new(), "notes.txt", "One paragraph.\n\nAnother.");
    let form = file(form, "events.ndjson", "{\"n\":1}\n{broken\n{\"n\":2}\n");
    let form = file(form, "letter.docx", &b"PK\x03\x04\0\0"[..]);
    let form = file(form, "empty.txt", "");
    let form = file(form, "broken.pdf", &b"%PDF-1.7 broken"[..]);
    let form = file(form, "people.csv", "name,born\nAda,1815\nGrace,1906\n");
    let files = finished(
        school
            .load(form.text("note", "{\"a\": \"field without a file\"}"))
            .await,
    )
    .await;
    let names: Vec<_> = files
        .iter()
        .map(|file| (file.name.as_str(), file.messages))
        .collect();
    let expected = [
        ("notes.txt", 1),
        ("events.ndjson", 2),
        ("letter.docx", 0),
        ("empty.txt", 0),
        ("broken.pdf", 0),
        ("people.csv", 2),
        ("note", 1),
    ];
    assert_eq!(names, expected);
    for (index, problem) in [
        (0, None),
        (1, Some("left out line 2: not valid JSON")),
        (2, Some("it is an archive or an Office document")),
        (3, Some("it is empty")),
        (4, Some("it is damaged")),
        (5, None),
    ] {
        let error = files[index].error.as_deref();
        let as_expected = match problem {
            Some(problem) => error.is_some_and(|error| error.starts_with(problem)),
            None => error.is_none(),
        };
        assert!(as_expected, "{error:?}");
    }
    let records = school.records().await;
    assert_eq!(records.len(), 6);
    let of = |key: &str| -> Vec<&RecordView> {
        let records = records.iter();
        records
            .filter(|record| record.key.as_deref() == Some(key))
            .collect()
    };
    let [ada, grace] = of("people.csv")[..] else {
        panic!("two rows");
    };
    assert_eq!(
        ada.value.as_deref(),
        Some(r#"{"name":"Ada","born":"1815"}"#)
    );
    assert_eq!(
        header_of(ada, header::CONTENT_TYPE),
        Some("application/json")
    );
    assert_eq!(
        (files[5].first, files[5].last),
        (Some(ada.id), Some(grace.id))
    );
    assert_eq!(
        of("notes.txt")[0].value.as_deref(),
        Some("One paragraph.\n\nAnother.")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_loaded_with_progress() {
    let school = School::open(&[]).await;
    let paragraphs: Vec<String> = (0..16_000)
        .map(|number| {
            format!("Paragraph {number} says that {number} is a number, as others are before it.")
        })
        .collect();
    let text = paragraphs.join("\n\n");
    assert!(text.len() > 1_000_000);
    let lines_of_it: Vec<String> = (0..5_000)
        .map(|number| format!("{{\"n\":{number}}}\n"))
        .collect();
    let form = file(Form::new(), "book.txt", text.clone());
    let form = file(form, "events.jsonl", lines_of_it.concat());
    let lines = lines(school.load(form).await).await;
    let (book, events): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.name == "book.txt");
    for file in [&book, &events] {
        assert!(file.is_sorted_by_key(|line| (line.messages, line.bytes)));
        assert_eq!(file.iter().filter(|line| line.finished).count(), 1);
    }
    assert!(events.len() > 1, "told in between");
    let (book, events) = (book.last().unwrap(), events.last().unwrap());
    assert_eq!((book.bytes, &book.error), (text.len() as u64, &None));
    assert_eq!(events.messages, 5_000);
    let topics = school.admin.topics().await.unwrap();
    let topic = topics
        .iter()
        .find(|topic| topic.name == topic::SEER_STATEMENT);
    assert_eq!(topic.unwrap().records as u64, book.messages + 5_000);
}
