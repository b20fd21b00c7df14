//! One suite for both stores. With `QDRANT_URL` (and `QDRANT_API_KEY`) set it runs against that Qdrant too.

use std::{sync::Arc, time::Duration};

use contract::MessageId;
use seer::store::{
    Alias, CollectionSpec, EdgeStore, Filter, Found, FoundLists, Payload, Point, QdrantStore,
    Query, SharedStore, SparseVector, StoreError,
};
use uuid::Uuid;

mod crash;
mod qdrant_points;
pub(crate) mod qdrant_server;

use crate::harness::DEADLINE;
use qdrant_server::{API_KEY, QdrantServer};

const DIMENSION: usize = 4;

/// Stores to be tested, each empty, and what keeps them alive.
async fn stores() -> Vec<(SharedStore, Box<dyn std::any::Any>)> {
    let folder = tempfile::tempdir().unwrap();
    let edge = EdgeStore::open(folder.path(), alias("test")).unwrap();
    let server = QdrantServer::start(alias("test")).await;
    let url = server.url.parse().unwrap();
    let remote = QdrantStore::connect(&url, Some(API_KEY), alias("test")).unwrap();
    let mut stores: Vec<(SharedStore, Box<dyn std::any::Any>)> = vec![
        (Arc::new(edge), Box::new(folder)),
        (Arc::new(remote), Box::new(server)),
    ];
    if let Ok(url) = std::env::var("QDRANT_URL") {
        let key = std::env::var("QDRANT_API_KEY").ok();
        // A name of its own for each test, on a Qdrant that others use as well.
        let alias = alias(&format!("test-{}", fastrand::u64(..)));
        let real = QdrantStore::connect(&url.parse().unwrap(), key.as_deref(), alias).unwrap();
        stores.push((Arc::new(real), Box::new(())));
    }
    stores
}

fn alias(name: &str) -> Alias {
    name.parse().unwrap()
}

fn spec(model: &str) -> CollectionSpec {
    CollectionSpec {
        model: model.to_owned(),
        dimension: DIMENSION,
    }
}

/// The collection of a number.
fn name(store: &SharedStore, number: u32) -> String {
    format!("{}-{number}", store.alias())
}

/// A point that lies on an axis and has some words.
fn point(number: i64, topic: &str, axis: usize, words: &[u32]) -> Point {
    let mut dense = vec![0.0; DIMENSION];
    dense[axis] = 1.0;
    let id = MessageId::of_record(topic, 0, number);
    Point {
        id: Uuid::new_v5(&id.0, b"0"),
        dense,
        sparse: words_of(words),
        payload: Payload {
            id,
            topic: topic.to_owned(),
            partition: 3,
            offset: number,
            key: (number % 2 == 0).then(|| format!("key “{number}”")),
            timestamp: (number > 0).then_some(1_700_000_000_000 + number),
            chunk: 0,
            text: format!("text {number}\nwith \u{1f980}"),
        },
    }
}

fn words_of(words: &[u32]) -> SparseVector {
    SparseVector {
        indices: words.to_vec(),
        values: vec![1.0; words.len()],
    }
}

fn near(axis: usize, words: &[u32]) -> Query {
    let mut dense = vec![0.1; DIMENSION];
    dense[axis] = 1.0;
    Query {
        dense: Some(dense),
        sparse: Some(words_of(words)),
        filter: Filter::default(),
        limit: 10,
    }
}

fn offsets(found: &[Found]) -> Vec<i64> {
    found.iter().map(|found| found.payload.offset).collect()
}

async fn clear(store: &SharedStore) {
    for collection in store.collections().await.unwrap() {
        store.delete(collection).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_made_listed_and_deleted() {
    for (store, _alive) in stores().await {
        assert!(store.collections().await.unwrap().is_empty());
        assert_eq!(store.current().await.unwrap(), None);
        let (first, second) = (name(&store, 1), name(&store, 2));
        store.create(first.clone(), spec("a")).await.unwrap();
        store.create(second.clone(), spec("b")).await.unwrap();
        assert_eq!(
            store.collections().await.unwrap(),
            [first.clone(), second.clone()]
        );
        assert_eq!(store.spec(second.clone()).await.unwrap(), spec("b"));
        assert_eq!(store.count(second.clone()).await.unwrap(), 0);

        let again = store.create(first.clone(), spec("a")).await;
        assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
        // It may be made yet: nothing is given up for it.
        let unknown = store.spec(name(&store, 9)).await;
        assert!(matches!(unknown, Err(StoreError::Away(_))), "{unknown:?}");

        store.delete(first.clone()).await.unwrap();
        store.delete(first).await.unwrap();
        assert_eq!(store.collections().await.unwrap(), [second]);
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alias_moves() {
    for (store, _alive) in stores().await {
        for number in [1, 2] {
            let collection = name(&store, number);
            store.create(collection.clone(), spec("a")).await.unwrap();
            store.set_current(collection.clone()).await.unwrap();
            assert_eq!(store.current().await.unwrap(), Some(collection));
        }
        assert!(store.set_current(name(&store, 9)).await.is_err());
        assert_eq!(store.current().await.unwrap(), Some(name(&store, 2)));
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_is_found_by_meaning_and_by_words() {
    for (store, _alive) in stores().await {
        let collection = name(&store, 1);
        store.create(collection.clone(), spec("a")).await.unwrap();
        let points = vec![
            point(1, "orders", 0, &[10, 11]),
            point(2, "orders", 1, &[11, 12, 13]),
            // Only stop words: no words at all.
            point(3, "logs", 2, &[]),
        ];
        store
            .upsert(collection.clone(), points.clone())
            .await
            .unwrap();
        let found = store
            .search(collection.clone(), near(1, &[10, 99]))
            .await
            .unwrap();
        assert_eq!(found.dense.len(), 3);
        assert_eq!(found.dense[0].payload, points[1].payload);
        assert!(found.dense[0].score > 0.97 && found.dense[1].score < 0.2);
        assert_eq!(offsets(&found.sparse), [1]);
        assert_eq!(found.sparse[0].payload, points[0].payload);
        assert!(found.sparse[0].score > 0.0);

        let one_list = Query {
            dense: None,
            ..near(0, &[11])
        };
        let found = store.search(collection.clone(), one_list).await.unwrap();
        assert!(found.dense.is_empty() && found.sparse.len() == 2);
        let nothing = Query {
            dense: None,
            ..near(0, &[])
        };
        let found = store.search(collection, nothing).await.unwrap();
        assert_eq!(found, FoundLists::default());
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_words_weigh_more() {
    for (store, _alive) in stores().await {
        let collection = name(&store, 1);
        store.create(collection.clone(), spec("a")).await.unwrap();
        let mut points: Vec<Point> = (0..20).map(|n| point(n, "logs", 0, &[7])).collect();
        points.push(point(20, "logs", 0, &[8]));
        store.upsert(collection.clone(), points).await.unwrap();
        let found = store.search(collection, near(0, &[7, 8])).await.unwrap();
        assert_eq!(found.sparse[0].payload.offset, 20);
        assert!(found.sparse[0].score > 4.0 * found.sparse[1].score);
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_point_again_changes_nothing() {
    for (store, _alive) in stores().await {
        let collection = name(&store, 1);
        store.create(collection.clone(), spec("a")).await.unwrap();
        let points: Vec<Point> = (0..50).map(|n| point(n, "logs", 0, &[7])).collect();
        for _ in 0..3 {
            store
                .upsert(collection.clone(), points.clone())
                .await
                .unwrap();
        }
        assert_eq!(store.count(collection).await.unwrap(), 50);
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_topics_and_times() {
    for (store, _alive) in stores().await {
        let collection = name(&store, 1);
        store.create(collection.clone(), spec("a")).await.unwrap();
        let topics = ["orders", "logs", "odd “name”"];
        let points = (0..9).map(|n| point(n, topics[n as usize % 3], 0, &[7]));
        store
            .upsert(collection.clone(), points.collect())
            .await
            .unwrap();
        let time = |number: i64| Some(1_700_000_000_000 + number);
        for (topics, since_ms, until_ms, expected) in [
            (vec!["orders"], None, None, vec![0, 3, 6]),
            (
                vec!["logs", "odd “name”"],
                None,
                None,
                vec![1, 2, 4, 5, 7, 8],
            ),
            (vec!["nobody"], None, None, vec![]),
            // A message without a time is in no range.
            (vec![], Some(0), None, vec![1, 2, 3, 4, 5, 6, 7, 8]),
            (vec![], time(4), time(6), vec![4, 5]),
            (vec!["orders"], time(4), None, vec![6]),
        ] {
            let topics = topics.into_iter().map(str::to_owned).collect();
            let query = Query {
                filter: Filter {
                    topics,
                    since_ms,
                    until_ms,
                },
                ..near(0, &[7])
            };
            let found = store.search(collection.clone(), query).await.unwrap();
            for list in [found.dense, found.sparse] {
                let mut found = offsets(&list);
                found.sort_unstable();
                assert_eq!(found, expected);
            }
        }
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_of_another_dimension_are_refused() {
    for (store, _alive) in stores().await {
        let collection = name(&store, 1);
        store.create(collection.clone(), spec("a")).await.unwrap();
        let mut wrong = point(1, "logs", 0, &[7]);
        wrong.dense.push(0.0);
        let refused = store.upsert(collection.clone(), vec![wrong]).await;
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
        store
            .upsert(collection.clone(), vec![point(1, "logs", 0, &[7])])
            .await
            .unwrap();
        assert_eq!(store.count(collection).await.unwrap(), 1);
        clear(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_people_s_collections_are_left_alone() {
    let server = QdrantServer::start(alias("test")).await;
    let url = server.url.parse().unwrap();
    let store = QdrantStore::connect(&url, Some(API_KEY), alias("test")).unwrap();
    let store: SharedStore = Arc::new(store);
    assert!(store.collections().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qdrant_that_is_away_or_lets_nobody_in_is_waited_for() {
    let server = QdrantServer::start(alias("test")).await;
    let url = server.url.parse().unwrap();
    let stranger = QdrantStore::connect(&url, Some("wrong"), alias("test")).unwrap();
    let stranger: SharedStore = Arc::new(stranger);
    let turned_away = stranger.collections().await;
    assert!(
        matches!(&turned_away, Err(StoreError::Away(reason)) if reason.contains("QDRANT_API_KEY")),
        "{turned_away:?}"
    );
    let nowhere = "http://127.0.0.1:1".parse().unwrap();
    let nowhere = QdrantStore::connect(&nowhere, None, alias("test")).unwrap();
    let nowhere: SharedStore = Arc::new(nowhere);
    let away = nowhere.collections().await;
    assert!(
        matches!(&away, Err(StoreError::Away(reason)) if reason.ends_with("127.0.0.1:1/")),
        "{away:?}"
    );

    let store = QdrantStore::connect(&url, Some(API_KEY), alias("test")).unwrap();
    let store: SharedStore = Arc::new(store);
    assert_eq!(store.name(), server.url);
    store.create(name(&store, 1), spec("a")).await.unwrap();
    let address = server.stop();
    let away = store.count(name(&store, 1)).await;
    assert!(matches!(away, Err(StoreError::Away(_))), "{away:?}");
    // It comes back by itself; a call may still meet the connection that broke.
    let _server = QdrantServer::start_at(address, alias("test")).await;
    let back = async {
        loop {
            match store.collections().await {
                Err(StoreError::Away(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                collections => return collections,
            }
        }
    };
    let collections = tokio::time::timeout(DEADLINE, back).await;
    assert!(collections.unwrap().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_store_keeps_all_and_belongs_to_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = EdgeStore::open(folder.path(), alias("test")).unwrap();
    let error = EdgeStore::open(folder.path(), alias("test")).err().unwrap();
    assert!(error.to_string().contains("another seer"), "{error}");

    let shared: SharedStore = Arc::new(store);
    let collection = name(&shared, 1);
    shared.create(collection.clone(), spec("a")).await.unwrap();
    shared.set_current(collection.clone()).await.unwrap();
    let points: Vec<Point> = (0..100).map(|n| point(n, "logs", 0, &[7])).collect();
    shared.upsert(collection.clone(), points).await.unwrap();
    shared.close().await;
    drop(shared);

    let again: SharedStore = Arc::new(EdgeStore::open(folder.path(), alias("test")).unwrap());
    assert_eq!(again.current().await.unwrap(), Some(collection.clone()));
    assert_eq!(again.spec(collection.clone()).await.unwrap(), spec("a"));
    assert_eq!(again.count(collection).await.unwrap(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_collection_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let store: SharedStore = Arc::new(EdgeStore::open(folder.path(), alias("test")).unwrap());
    let collection = name(&store, 1);
    store.create(collection.clone(), spec("a")).await.unwrap();
    store.close().await;
    drop(store);
    let vectors = folder.path().join("collections/test-1/vectors");
    std::fs::remove_dir_all(vectors.join("segments")).unwrap();
    std::fs::write(vectors.join("edge_config.json"), "{broken").unwrap();

    let store: SharedStore = Arc::new(EdgeStore::open(folder.path(), alias("test")).unwrap());
    let error = store.count(collection).await.unwrap_err();
    assert!(error.to_string().contains("kafkloud reindex"), "{error}");
}
