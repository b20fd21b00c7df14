use contract::{Problem, Receipt};
use reqwest::{Response, StatusCode};

use crate::stack::{Stack, within};

async fn refused(answer: Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    let problem: Problem = answer.json().await.unwrap();
    assert_eq!(problem.kind, "urn:kafkloud:problem:kafka-away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_told_in_bounded_time_and_comes_back_by_itself() {
    let mut stack = Stack::start_without_broker(&["--message-timeout", "1s"]).await;
    stack.wait_until_ready(false).await;
    let produce = async |stack: &Stack| {
        within(stack.post("/produce").body("x").send())
            .await
            .unwrap()
    };
    refused(produce(&stack).await).await;

    let lines = stack
        .post("/produce")
        .header("content-type", "application/x-ndjson");
    let lines = within(lines.body("1\n".repeat(5000)).send()).await.unwrap();
    let outcomes = within(lines.text()).await.unwrap();
    assert_eq!(
        outcomes
            .lines()
            .filter(|line| line.contains("kafka-away"))
            .count(),
        5000
    );

    stack.start_broker().await;
    stack.wait_until_ready(true).await;
    let answer = produce(&stack).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let acked: Receipt = answer.json().await.unwrap();

    stack.stop_broker().await;
    stack.wait_until_ready(false).await;
    refused(produce(&stack).await).await;

    stack.start_broker().await;
    stack.wait_until_ready(true).await;
    let next: Receipt = produce(&stack).await.json().await.unwrap();
    assert!(next.offset > acked.offset);
    stack.stop_producer().await;
}
