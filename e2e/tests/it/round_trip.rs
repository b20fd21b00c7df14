use std::collections::HashSet;

use contract::{LineOutcome, Receipt, Stage, header, record::RecordView};
use e2e::wait::{self, until};

use crate::stack::{Stack, example_events};

#[tokio::test(flavor = "multi_thread")]
async fn one_id_leads_from_receipt_to_record_to_life() -> anyhow::Result<()> {
    let stack = Stack::start().await?;
    let body = "{\"name\": \"Größe\",  \"odd\\u0000\": 1}\n";
    let answer = stack
        .produce("orders/k%2F1")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await?;
    assert_eq!(answer.status(), 201);
    let receipt: Receipt = answer.json().await?;
    assert_eq!(receipt.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");

    let life = stack.consumed_life(&receipt).await?;
    assert_eq!(
        (life.id, life.offset, life.stage),
        (receipt.id, receipt.offset, Stage::Consumed)
    );
    assert_eq!(life.key.as_deref(), Some("k/1"));
    let climbed: Vec<_> = life.stages.iter().map(|reached| reached.stage).collect();
    assert_eq!(climbed, [Stage::Accepted, Stage::Streamed, Stage::Consumed]);
    assert!(life.stages.is_sorted_by_key(|reached| reached.at));

    let place = format!(
        "/messages/{}/{}/{}",
        receipt.topic, receipt.partition, receipt.offset
    );
    let record: RecordView = stack.ask_consumer(&place).send().await?.json().await?;
    assert_eq!(record.value.as_deref(), Some(body));
    let id = record
        .headers
        .iter()
        .find(|header| header.name == header::ID);
    assert_eq!(
        id.and_then(|header| header.value.clone()),
        Some(receipt.id.to_string())
    );
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_file_is_acked_and_consumed_once() -> anyhow::Result<()> {
    let stack = Stack::start().await?;
    let events = example_events()?;
    let lines = events.lines().count();
    assert!(lines >= 5000, "only {lines} events");
    let answer = stack
        .produce("package-events?key-field=package")
        .header("content-type", "application/x-ndjson")
        .timeout(wait::DEADLINE)
        .body(events)
        .send()
        .await?
        .error_for_status()?
        .text()
        .await?;

    let mut ids = HashSet::new();
    let mut last = None;
    for outcome in answer.lines() {
        match serde_json::from_str(outcome)? {
            LineOutcome::Acked { receipt, .. } => {
                assert!(ids.insert(receipt.id), "{} came twice", receipt.id);
                last = Some(receipt);
            }
            LineOutcome::Failed { line, error } => anyhow::bail!("line {line}: {error:?}"),
        }
    }
    assert_eq!(ids.len(), lines);
    assert!(last.is_some());
    until("every line to be consumed", async || {
        Ok((stack.n_consumed().await? >= lines as u64).then_some(()))
    })
    .await?;
    assert_eq!(stack.n_consumed().await?, lines as u64);
    stack.stop().await
}
