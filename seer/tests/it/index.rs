//! What is learned is found, through every change of the index.

use std::{path::Path, sync::Arc, time::Duration};

use contract::{
    MessageId,
    seer::{SearchHit, SearchMode},
};
use futures::future::BoxFuture;
use seer::{
    embed::{BatchLimits, EmbedError, Embedder, Embeddings},
    index::{Document, Index, IndexError, Phase, SearchQuery},
    store::{Alias, EdgeStore, Filter, SharedStore},
};

mod reindex;
mod start;

/// Longest wait for anything to come true.
const DEADLINE: Duration = Duration::from_secs(30);

/// A model of words: texts with the same words are near to each other.
struct Words {
    model: &'static str,
    dimension: usize,
}

impl Embedder for Words {
    fn model(&self) -> &str {
        self.model
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn tokens_max(&self) -> usize {
        256
    }

    fn token_starts(&self, text: &str) -> Vec<usize> {
        let words = text.split_whitespace();
        words
            .map(|word| word.as_ptr() as usize - text.as_ptr() as usize)
            .collect()
    }

    fn batch_limits(&self) -> BatchLimits {
        BatchLimits {
            calls: 2,
            texts: 8,
            bytes: 4096,
        }
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        let vectors = texts.iter().map(|text| self.vector(text)).collect();
        Box::pin(async { Ok(vectors) })
    }
}

impl Words {
    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.01; self.dimension];
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()) {
            let hash = word.bytes().fold(5381_usize, |hash, byte| {
                hash.wrapping_mul(33) ^ usize::from(byte)
            });
            vector[hash % self.dimension] += 1.0;
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter().map(|x| x / length).collect()
    }
}

fn alias() -> Alias {
    "kafkloud".parse().unwrap()
}

fn edge(folder: &Path) -> SharedStore {
    Arc::new(EdgeStore::open(folder, alias()).unwrap())
}

fn words(model: &'static str) -> Embeddings {
    let dimension = 64;
    Embeddings::of(Arc::new(Words { model, dimension }))
}

async fn ready(index: &Index) {
    until(index, |phase| *phase == Phase::Ready).await;
}

async fn until(index: &Index, wanted: impl Fn(&Phase) -> bool) -> Phase {
    let mut phase = index.phase();
    let reached = tokio::time::timeout(DEADLINE, phase.wait_for(|phase| wanted(phase)));
    reached.await.unwrap().unwrap().clone()
}

fn document(number: i64, text: &str) -> Document {
    Document {
        id: MessageId::of_record("stream", 0, number),
        topic: if number % 2 == 0 { "even" } else { "odd" }.to_owned(),
        partition: 0,
        offset: number,
        key: Some(format!("key-{number}")),
        timestamp: Some(1_700_000_000_000 + number),
        text: text.to_owned(),
    }
}

fn query(text: &str, mode: SearchMode) -> SearchQuery {
    SearchQuery {
        text: text.to_owned(),
        mode,
        filter: Filter::default(),
        limit: 5,
    }
}

fn offsets(hits: &[SearchHit]) -> Vec<i64> {
    hits.iter().map(|hit| hit.offset).collect()
}

async fn points(index: &Index) -> u64 {
    index.state().await.unwrap().points
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_found_in_every_mode_as_soon_as_it_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(edge(folder.path()), words("words")).unwrap();
    let documents = [
        "The Wilymajinkas are a tribe of northeastern Native Pandorians.",
        "Order 42 was shipped on Tuesday.",
        "The disk of host db-3 is full.",
    ];
    let documents = documents.iter().zip(0..).map(|(text, n)| document(n, text));
    index.add(documents.collect()).await.unwrap();
    for mode in [SearchMode::Hybrid, SearchMode::Dense, SearchMode::Sparse] {
        let hits = index
            .search(query("the tribe of Wilymajinkas", mode))
            .await
            .unwrap();
        let best = &hits[0];
        assert_eq!(
            (best.offset, best.key.as_deref()),
            (0, Some("key-0")),
            "{mode:?}"
        );
        assert!(best.text.ends_with("Native Pandorians."));
        assert_eq!(best.ranks.dense.is_some(), mode != SearchMode::Sparse);
        assert_eq!(best.ranks.sparse.is_some(), mode != SearchMode::Dense);
        assert!(hits.iter().zip(&hits[1..]).all(|(a, b)| a.score >= b.score));
    }
    let mut filtered = query("the full disk", SearchMode::Hybrid);
    filtered.filter.topics = vec!["even".to_owned()];
    assert_eq!(offsets(&index.search(filtered).await.unwrap()), [2, 0]);
    let state = index.state().await.unwrap();
    assert_eq!((state.model.as_str(), state.dimension), ("words", 64));
    assert_eq!((state.points, state.store.as_str()), (3, "embedded"));
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_delivered_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(edge(folder.path()), words("words")).unwrap();
    let long = "A sentence of some words that goes on for a while. ".repeat(100);
    let documents = vec![document(1, "short"), document(2, &long), document(3, " \n")];
    index.add(documents.clone()).await.unwrap();
    let before = points(&index).await;
    assert!(before > 5, "{before}");
    index.add(documents).await.unwrap();
    assert_eq!(points(&index).await, before);
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_is_one_hit_by_the_part_that_says_it() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(edge(folder.path()), words("words")).unwrap();
    let filler = "Nothing of interest is said in this sentence at all. ".repeat(60);
    let text = format!("{filler}The secret ingredient is cardamom. {filler}");
    let other = "Interest rates were not discussed.";
    index
        .add(vec![document(1, &text), document(2, other)])
        .await
        .unwrap();
    let wanted = query("secret ingredient cardamom", SearchMode::Hybrid);
    let hits = index.search(wanted).await.unwrap();
    assert_eq!(offsets(&hits), [1, 2]);
    assert!(hits[0].text.contains("cardamom"), "{}", hits[0].text);
    assert!(hits[0].text.len() < text.len() / 4);
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_as_it_was_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let index = Index::open(edge(folder.path()), words("words")).unwrap();
        ready(&index).await;
        assert_eq!(points(&index).await, round as u64);
        index.add(vec![document(round, "again")]).await.unwrap();
        index.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_at_once_get_their_own_answers() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(edge(folder.path()), words("words")).unwrap();
    let adding = (0..40).map(|number| {
        let index = index.clone();
        async move {
            index
                .add(vec![document(number, &format!("word{number}"))])
                .await
        }
    });
    for added in futures::future::join_all(adding).await {
        added.unwrap();
    }
    let asking = (0..40).map(|number| {
        let index = index.clone();
        async move {
            let wanted = query(&format!("word{number}"), SearchMode::Hybrid);
            (number, index.search(wanted).await.unwrap()[0].offset)
        }
    });
    for (number, found) in futures::future::join_all(asking).await {
        assert_eq!(number, found);
    }
    index.close().await;
}
