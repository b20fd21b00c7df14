//! The index made anew while it is used.

use contract::seer::ReindexProgress;
use futures::{StreamExt, stream};
use seer::index::{Log, LogBatch};
use tokio::sync::mpsc;

use super::*;

/// A log whose records come as the test sends them.
fn log(records_total: u64, batches: mpsc::UnboundedReceiver<anyhow::Result<LogBatch>>) -> Log {
    let batches = stream::unfold(batches, async |mut batches| {
        batches.recv().await.map(|batch| (batch, batches))
    });
    Log {
        records_total,
        batches: batches.boxed(),
    }
}

fn batch(documents: Vec<Document>) -> LogBatch {
    LogBatch {
        records: documents.len() as u64,
        documents,
    }
}

async fn progress(index: &Index, wanted: impl Fn(&ReindexProgress) -> bool) -> ReindexProgress {
    let reached = tokio::time::timeout(DEADLINE, async {
        loop {
            let progress = index.state().await.unwrap().reindex.unwrap_or_default();
            if wanted(&progress) {
                return progress;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    reached.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_made_anew_while_messages_come_and_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = edge(folder.path());
    let index = Index::open(Arc::clone(&store), words("words")).unwrap();
    let known: Vec<Document> = (0..20).map(|n| document(n, &format!("word{n}"))).collect();
    index.add(known.clone()).await.unwrap();

    let (batches, receiver) = mpsc::unbounded_channel();
    index
        .reindex(move || Box::pin(async move { Ok(log(20, receiver)) }))
        .unwrap();
    let progress_then = progress(&index, |progress| progress.records_total == 20).await;
    assert_eq!(progress_then.collection, "kafkloud-2");
    let again = index.reindex(|| Box::pin(async { anyhow::bail!("not called") }));
    assert!(matches!(again, Err(IndexError::Reindexing)));

    batches.send(Ok(batch(known[..10].to_vec()))).unwrap();
    progress(&index, |progress| progress.records_done == 10).await;
    index.add(vec![document(20, "word20 live")]).await.unwrap();
    // The collection before still answers, for all that is known.
    for number in [15, 20] {
        let wanted = query(&format!("word{number}"), SearchMode::Hybrid);
        assert_eq!(index.search(wanted).await.unwrap()[0].offset, number);
    }
    assert_eq!(index.state().await.unwrap().collection, "kafkloud-1");

    batches.send(Ok(batch(known[10..].to_vec()))).unwrap();
    drop(batches);
    let finished = progress(&index, |progress| progress.finished).await;
    assert_eq!((finished.records_done, finished.error), (20, None));
    let state = index.state().await.unwrap();
    assert_eq!(
        (state.collection.as_str(), state.points),
        ("kafkloud-2", 21)
    );
    for number in [0, 15, 20] {
        let wanted = query(&format!("word{number}"), SearchMode::Hybrid);
        assert_eq!(index.search(wanted).await.unwrap()[0].offset, number);
    }
    assert_eq!(store.collections().await.unwrap(), ["kafkloud-2"]);
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_fails_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = edge(folder.path());
    let index = Index::open(Arc::clone(&store), words("words")).unwrap();
    index.add(vec![document(1, "known")]).await.unwrap();
    let (batches, receiver) = mpsc::unbounded_channel();
    batches.send(Ok(batch(vec![document(1, "known")]))).unwrap();
    batches
        .send(Err(anyhow::anyhow!("the broker is away")))
        .unwrap();
    index
        .reindex(move || Box::pin(async move { Ok(log(2, receiver)) }))
        .unwrap();
    let failed = progress(&index, |progress| progress.error.is_some()).await;
    assert!(failed.error.unwrap().contains("the broker is away"));
    assert!(!failed.finished);
    assert_eq!(store.collections().await.unwrap(), ["kafkloud-1"]);
    let found = index
        .search(query("known", SearchMode::Hybrid))
        .await
        .unwrap();
    assert_eq!(offsets(&found), [1]);
    // And it may be tried again.
    index
        .reindex(|| Box::pin(async { Ok(log(0, mpsc::unbounded_channel().1)) }))
        .unwrap();
    progress(&index, |progress| progress.finished).await;
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_takes_over_and_live_messages_wait_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(edge(folder.path()), words("old")).unwrap();
    index.add(vec![document(1, "one")]).await.unwrap();
    index.close().await;
    drop(index);

    let index = Index::open(edge(folder.path()), words("new")).unwrap();
    until(&index, |phase| matches!(phase, Phase::OtherModel(_))).await;
    let (batches, receiver) = mpsc::unbounded_channel();
    index
        .reindex(move || Box::pin(async move { Ok(log(1, receiver)) }))
        .unwrap();
    until(&index, |phase| matches!(phase, Phase::Starting(_))).await;
    let live = tokio::spawn({
        let index = index.clone();
        async move { index.add(vec![document(2, "two")]).await }
    });
    batches.send(Ok(batch(vec![document(1, "one")]))).unwrap();
    progress(&index, |progress| progress.records_done == 1).await;
    assert!(!live.is_finished());
    drop(batches);
    live.await.unwrap().unwrap();
    let state = index.state().await.unwrap();
    assert_eq!((state.model.as_str(), state.points), ("new", 2));
    for (text, offset) in [("one", 1), ("two", 2)] {
        let found = index.search(query(text, SearchMode::Hybrid)).await.unwrap();
        assert_eq!(found[0].offset, offset);
    }
    index.close().await;
}
