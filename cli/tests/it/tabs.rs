//! Many who watch at once.

use futures::future::join_all;
use tokio::time::timeout;

use crate::harness::{PATIENCE, Stack};

const TABS: usize = 200;

/// Reads a stream of events until `text` has come by.
async fn read_until(tab: &mut reqwest::Response, text: &str) {
    let mut read = String::new();
    let reading = timeout(PATIENCE, async {
        while !read.contains(text) {
            let chunk = tab.chunk().await.unwrap();
            let chunk = chunk.unwrap_or_else(|| panic!("ended before {text:?}: {read}"));
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    });
    reading.await.expect(text);
}

/// Waits until the consumer serves so many streams from so many readers.
async fn serves(stack: &Stack, viewers: usize, readers: usize) {
    let url = stack.url(contract::port::CONSUMER, "/metrics");
    let wanted = [
        format!("\nconsumer_live_viewers {viewers}\n"),
        format!("\nconsumer_live_readers {readers}\n"),
    ];
    let waited = timeout(PATIENCE, async {
        loop {
            let metrics = reqwest::get(&url).await.unwrap().text().await.unwrap();
            if wanted.iter().all(|line| metrics.contains(line)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("{wanted:?}"));
}

#[tokio::test]
async fn two_hundred_tabs_are_served_from_one_reader() {
    let stack = Stack::start().await;
    stack.run(&["topics", "create", "orders"]).await;
    let url = stack.url(
        contract::port::PORTAL,
        "/api/stream/tail?topics=orders&from=latest",
    );
    let client = reqwest::Client::new();
    let tabs = join_all((0..TABS).map(|_| client.get(&url).send())).await;
    let mut tabs: Vec<_> = tabs.into_iter().map(Result::unwrap).collect();
    join_all(tabs.iter_mut().map(|tab| read_until(tab, "event: begin"))).await;
    serves(&stack, TABS, 1).await;

    stack.run(&["produce", "orders", "for everybody"]).await;
    join_all(tabs.iter_mut().map(|tab| read_until(tab, "for everybody"))).await;

    drop(tabs);
    serves(&stack, 0, 0).await;
    let (status, _) = stack.terminate().await;
    assert_eq!(status.code(), Some(0));
}
