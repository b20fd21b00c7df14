//! One suite for both stores.

use bus::BatchEnd;
use contract::LifecycleEvent;
use uuid::Uuid;

use super::*;
use crate::observation::RecordSeen;

mod places;
mod replicas;
mod tls;

use places::{Place, places};

fn id(offset: i64) -> MessageId {
    MessageId::of_record("stream", 0, offset)
}

fn record(offset: i64) -> Observation {
    Observation::Record(RecordSeen {
        id: id(offset),
        topic: "stream".into(),
        partition: 0,
        offset,
        key: Some(Box::from(*b"\xffkey")),
        trace_id: None,
        accepted_at: Some(Timestamp::from_millis(1_000)),
        streamed_at: Some(Timestamp::from_millis(1_002)),
        size_bytes: 100,
    })
}

fn indexed(offset: i64) -> Observation {
    Observation::Reached {
        event: LifecycleEvent {
            id: id(offset),
            stage: Stage::Indexed,
            at: Timestamp::from_millis(3_000),
            component: "seer".to_owned(),
            topic: "stream".to_owned(),
            partition: 0,
            offset,
            took_us: 7,
            error: None,
            trace_id: Some("0000000000000000000000000000000a".to_owned()),
        },
        from: 0,
    }
}

fn batch(
    observations: Vec<Observation>,
    last_offset: i64,
    topic_id: Option<Uuid>,
) -> Arc<FoldBatch> {
    let end = |topic: &str| BatchEnd {
        topic: topic.into(),
        partition: 0,
        last_offset,
        topic_id,
    };
    let mut topics: Vec<&str> = observations.iter().map(|seen| seen.source().0).collect();
    topics.push("stream");
    topics.sort_unstable();
    topics.dedup();
    let ends = topics.into_iter().map(end).collect();
    Arc::new(FoldBatch {
        observations,
        ends: BatchEnds(ends),
        at: Timestamp::from(std::time::SystemTime::now()),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn folding_again_changes_nothing() {
    for place in places() {
        let store = place.open().await;
        let records = batch(vec![record(0), record(1), record(0)], 1, None);
        let folded = store.fold(Arc::clone(&records)).await.unwrap();
        assert_eq!(folded.changed, [id(0), id(1)]);
        let before = store.lives(vec![id(0)]).await.unwrap();
        assert_eq!(before[0].key.as_deref(), Some("\u{fffd}key"));
        let again = store.fold(records).await.unwrap();
        assert!(again.changed.is_empty());
        assert_eq!(again.totals, folded.totals);
        assert_eq!(store.lives(vec![id(0)]).await.unwrap(), before);
        assert_eq!(store.totals().await.unwrap().get(Stage::Consumed), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_before_its_record_and_after_comes_to_the_same() {
    for place in places() {
        let store = place.open().await;
        for observations in [
            vec![indexed(0), record(1)],
            vec![record(0), indexed(1), indexed(1)],
        ] {
            store.fold(batch(observations, 1, None)).await.unwrap();
        }
        let lives = store.lives(vec![id(0), id(1)]).await.unwrap();
        for life in &lives {
            let stages: Vec<Stage> = life.stages.iter().map(|reached| reached.stage).collect();
            // By time: the event of this test lies before the fold.
            assert_eq!(
                stages,
                [
                    Stage::Accepted,
                    Stage::Streamed,
                    Stage::Indexed,
                    Stage::Consumed
                ]
            );
            assert_eq!(life.stages[1].took_us, 2_000);
            assert_eq!(life.stage, Stage::Indexed);
        }
        let totals = store.totals().await.unwrap();
        for stage in [Stage::Accepted, Stage::Consumed, Stage::Indexed] {
            assert_eq!(totals.get(stage), 2, "{stage}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_totals_and_lives_outlast_the_store() {
    for place in places() {
        let store = place.open().await;
        let topic_id = Some(Uuid::from_u128(5));
        store
            .fold(batch(vec![record(7)], 7, topic_id))
            .await
            .unwrap();
        store.close().await;
        assert!(store.fold(batch(vec![record(8)], 8, None)).await.is_err());
        assert!(place.is_tidy(), "closed cleanly");
        drop(store);
        let store = place.open().await;
        let partitions = [("stream", 0), ("stream", 1), ("never-read", 0)];
        let partitions = partitions.map(|(topic, partition)| (topic.to_owned(), partition));
        let start = StartPosition {
            next_offset: 8,
            topic_id,
        };
        let expected = Positions::from([(partitions[0].clone(), start)]);
        assert_eq!(store.claim(partitions.to_vec()).await.unwrap(), expected);
        assert_eq!(store.totals().await.unwrap().get(Stage::Consumed), 1);
        assert_eq!(store.lives(vec![id(7), id(8)]).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_leave_in_small_steps() {
    for place in places() {
        let store = place.open_keeping(10).await;
        store
            .fold(batch((0..1000).map(record).collect(), 999, None))
            .await
            .unwrap();
        // A step follows each fold, in front of the next.
        store
            .fold(batch(vec![record(1000)], 1000, None))
            .await
            .unwrap();
        store
            .fold(batch(vec![record(1001)], 1001, None))
            .await
            .unwrap();
        let lives = store.lives((0..1002).map(id).collect()).await.unwrap();
        assert!((10..=11).contains(&lives.len()), "{} rows", lives.len());
        assert_eq!(lives.last().unwrap().offset, 1001);
        assert_eq!(store.totals().await.unwrap().get(Stage::Consumed), 1002);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sizes_are_averaged_and_begin_anew_with_the_topic() {
    for place in places() {
        let store = place.open().await;
        let sized = |offset, size_bytes| match record(offset) {
            Observation::Record(seen) => Observation::Record(RecordSeen { size_bytes, ..seen }),
            event => event,
        };
        let average = async || store.record_sizes().await.unwrap().get("stream").copied();
        let (first, second) = (Some(Uuid::from_u128(1)), Some(Uuid::from_u128(2)));
        assert_eq!(average().await, None);
        let records = vec![sized(0, 100), sized(1, 300), sized(1, 300)];
        store.fold(batch(records, 1, first)).await.unwrap();
        assert_eq!(average().await, Some(200.0), "each counts once");
        store
            .fold(batch(vec![sized(2, 800)], 2, first))
            .await
            .unwrap();
        assert_eq!(average().await, Some(400.0));
        store
            .fold(batch(vec![sized(3, 7)], 3, second))
            .await
            .unwrap();
        assert_eq!(average().await, Some(7.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_with_the_same_key_lead_to_each_other() {
    for place in places() {
        let store = place.open().await;
        let keyed = |offset, key: Option<&str>, topic: &str| match record(offset) {
            Observation::Record(seen) => Observation::Record(RecordSeen {
                key: key.map(|key| key.as_bytes().into()),
                topic: topic.into(),
                ..seen
            }),
            event => event,
        };
        let records = vec![
            keyed(0, Some("a"), "stream"),
            keyed(1, Some("b"), "stream"),
            keyed(2, Some("a"), "other"),
            keyed(3, None, "stream"),
            keyed(4, Some("a"), "stream"),
            keyed(5, None, "stream"),
            keyed(6, Some("a"), "stream"),
        ];
        store.fold(batch(records, 6, None)).await.unwrap();
        let beside = async |offset| {
            let (before, after) = store.with_same_key(id(offset)).await.unwrap();
            let offset = |place: RecordPlace| place.offset;
            (before.map(offset), after.map(offset))
        };
        assert_eq!(beside(0).await, (None, Some(4)));
        assert_eq!(beside(4).await, (Some(0), Some(6)));
        assert_eq!(beside(6).await, (Some(4), None));
        for alone in [1, 2, 3, 99] {
            assert_eq!(beside(alone).await, (None, None), "{alone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_counted_by_when_they_were_streamed() {
    for place in places() {
        let store = place.open().await;
        let records = vec![record(0), record(1), indexed(1), indexed(2)];
        store.fold(batch(records, 2, None)).await.unwrap();
        let stats = async |since_ms, until_ms, topic: &str| {
            let query = StatsQuery {
                since: Timestamp::from_millis(since_ms),
                until: Timestamp::from_millis(until_ms),
                topic: Some(topic.to_owned()),
                buckets: 2,
            };
            store.stats(query).await.unwrap()
        };
        // Streamed at 1.002 s, indexed at 3 s; consumed much later.
        let both = stats(1_000, 5_000, "stream").await;
        assert_eq!((both.messages, both.complete), (2, true));
        assert_eq!(both.reached[&Stage::Streamed], [2, 0]);
        assert_eq!(both.reached[&Stage::Indexed], [0, 1]);
        assert_eq!(both.reached[&Stage::Consumed], [0, 0]);
        let whole = both.steps.last().unwrap();
        assert_eq!((whole.messages, whole.p50_us), (1, 2_000_000));
        assert_eq!(stats(1_000, 5_000, "other").await.messages, 0);
        assert_eq!(stats(1_003, 5_000, "stream").await.messages, 0);
        assert_eq!(stats(0, 1_002, "stream").await.messages, 0);
    }
}
