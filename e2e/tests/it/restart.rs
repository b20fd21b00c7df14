use contract::Receipt;

use crate::stack::Stack;

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_a_restart() -> anyhow::Result<()> {
    let stack = Stack::start().await?;
    let before = stack.produce("stream").body("before").send().await?;
    let before: Receipt = before.error_for_status()?.json().await?;
    let life = stack.consumed_life(&before).await?;

    let stack = stack.restart().await?;
    assert_eq!(stack.consumed_life(&before).await?, life);
    let after = stack.produce("stream").body("after").send().await?;
    let after: Receipt = after.error_for_status()?.json().await?;
    assert_eq!(after.offset, before.offset + 1);
    stack.consumed_life(&after).await?;
    assert_eq!(stack.n_consumed().await?, 2);
    stack.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_services_say_so_and_end_cleanly() -> anyhow::Result<()> {
    let stack = Stack::start_without_broker().await?;
    let refused = stack.produce("stream").body("lost?").send().await?;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: contract::Problem = refused.json().await?;
    assert!(problem.detail.contains("Kafka"), "{problem:?}");

    let readiness = stack.ask_consumer("/readyz").send().await?;
    assert_eq!(readiness.status(), 503);
    let readiness: contract::Readiness = readiness.json().await?;
    assert!(!readiness.checks["kafka"].ready);
    stack.stop().await
}
