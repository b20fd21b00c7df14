use contract::{MessageId, Receipt};
use futures::future::join_all;
use reqwest::{Response, StatusCode};

use crate::stack::{Stack, values};

async fn send(stack: &Stack, path: &str, idempotency_key: &str, body: &'static str) -> Response {
    let request = stack.post(path).header("Idempotency-Key", idempotency_key);
    request.body(body).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_receipt_and_writes_nothing() {
    let stack = Stack::start(&[]).await;
    let attempts = (0..8).map(|_| send(&stack, "/produce/orders/42", "try-1", "a"));
    let mut receipts = Vec::new();
    for answer in join_all(attempts).await {
        assert_eq!(answer.status(), StatusCode::CREATED);
        receipts.push(answer.json::<Receipt>().await.unwrap());
    }
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(
        receipts[0].id,
        MessageId::of_idempotency_key("orders", b"try-1")
    );

    for (path, body) in [
        ("/produce/orders/42", "b"),
        ("/produce/orders/43", "a"),
        ("/produce/other/42", "a"),
    ] {
        let answer = send(&stack, path, "try-1", body).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path} {body}"
        );
    }
    let answer = send(&stack, "/produce/orders/42", "try-2", "c").await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(values(&stack.records("orders", 2).await), [b"a", b"c"]);
    stack.stop_producer().await;
}
