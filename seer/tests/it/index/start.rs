//! Stores and models that are away, half made, or others than before.

use seer::{
    EmbeddingsConfig,
    store::{CollectionSpec, QdrantStore},
};

use super::*;
use crate::store::qdrant_server::{API_KEY, QdrantServer};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_unfinished_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let store = edge(folder.path());
    let index = Index::open(Arc::clone(&store), words("words")).unwrap();
    index.add(vec![document(1, "kept")]).await.unwrap();
    let spec = CollectionSpec {
        model: "words".to_owned(),
        dimension: 64,
    };
    store.create("kafkloud-2".to_owned(), spec).await.unwrap();
    index.close().await;
    drop((index, store));

    let store = edge(folder.path());
    let index = Index::open(Arc::clone(&store), words("words")).unwrap();
    ready(&index).await;
    assert_eq!(store.collections().await.unwrap(), ["kafkloud-1"]);
    assert_eq!(points(&index).await, 1);
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(edge(folder.path()), words("old")).unwrap();
    index
        .add(vec![document(1, "learned with the old model")])
        .await
        .unwrap();
    index.close().await;
    drop(index);

    let index = Index::open(edge(folder.path()), words("new")).unwrap();
    let phase = until(&index, |phase| matches!(phase, Phase::OtherModel(_))).await;
    let what = phase.missing().unwrap();
    for part in ["old", "new", "`kafkloud reindex`"] {
        assert!(what.contains(part), "{what}");
    }
    let refused = index.add(vec![document(2, "new")]).await;
    assert!(
        matches!(refused, Err(IndexError::OtherModel(_))),
        "{refused:?}"
    );
    let refused = index.search(query("learned", SearchMode::Hybrid)).await;
    assert!(
        matches!(refused, Err(IndexError::OtherModel(_))),
        "{refused:?}"
    );
    // Words need no model.
    let found = index
        .search(query("learned", SearchMode::Sparse))
        .await
        .unwrap();
    assert_eq!(offsets(&found), [1]);
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_is_waited_for() {
    let server = QdrantServer::start(alias()).await;
    let url = server.url.parse().unwrap();
    let address = server.stop();
    let store = QdrantStore::connect(&url, Some(API_KEY), alias()).unwrap();
    let index = Index::open(Arc::new(store), words("words")).unwrap();
    let phase = until(&index, |phase| {
        phase.missing().is_some_and(|what| what.contains("away"))
    })
    .await;
    assert!(matches!(phase, Phase::Starting(_)));
    let away = index.search(query("anything", SearchMode::Sparse)).await;
    assert!(matches!(away, Err(IndexError::Away(_))), "{away:?}");

    let adding = tokio::spawn({
        let index = index.clone();
        async move { index.add(vec![document(1, "patience")]).await }
    });
    let _server = QdrantServer::start_at(address, alias()).await;
    tokio::time::timeout(DEADLINE, adding)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let found = index
        .search(query("patience", SearchMode::Hybrid))
        .await
        .unwrap();
    assert_eq!(offsets(&found), [1]);
    index.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_missing_is_said_and_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let model_dir = folder.path().join("model");
    let config = EmbeddingsConfig {
        model_dir: Some(model_dir.clone()),
        embeddings_url: None,
        embeddings_model: "none".to_owned(),
        embeddings_api_key: None,
        embeddings_api_key_file: None,
        threads: Some(1),
    };
    let embeddings = Embeddings::start(&config, None).unwrap();
    let index = Index::open(edge(&folder.path().join("store")), embeddings).unwrap();
    let phase = until(&index, |phase| {
        phase.missing().is_some_and(|what| what.contains("make up"))
    })
    .await;
    assert!(phase.missing().unwrap().contains("SEER_MODEL_DIR"));

    let there = std::env::var_os("SEER_MODEL_DIR").map_or_else(
        || {
            Path::new(&std::env::var("HOME").unwrap())
                .join(".cache/kafkloud/models/all-MiniLM-L6-v2")
        },
        Into::into,
    );
    std::os::unix::fs::symlink(there, &model_dir).unwrap();
    ready(&index).await;
    assert_eq!(index.state().await.unwrap().dimension, 384);
    index.close().await;
}
