//! What only a store has that several replicas share.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    places::{claim, database},
    *,
};

const DEADLINE: Duration = Duration::from_secs(30);

async fn heard(others: &mut mpsc::Receiver<FoldedByOthers>) -> FoldedByOthers {
    timeout(DEADLINE, others.recv()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_replaced_folds_nothing_any_more() {
    let Some(place) = database() else { return };
    let (old, _) = place.replica().await;
    let (new, _) = place.replica().await;
    claim(&*old).await;
    let first = batch(vec![record(0), indexed(0)], 0, None);
    old.fold(first).await.unwrap();
    let positions = claim(&*new).await;
    let stream = ("stream".to_owned(), 0);
    assert_eq!(positions[&stream].next_offset, 1);

    // With these in its hands it was cut off.
    let late = batch(vec![record(1), indexed(1)], 1, None);
    let folded = old.fold(Arc::clone(&late)).await.unwrap();
    assert!(folded.changed.is_empty());
    assert!(new.lives(vec![id(1)]).await.unwrap().is_empty());
    assert_eq!(new.totals().await.unwrap().get(Stage::Consumed), 1);

    new.fold(late).await.unwrap();
    assert_eq!(new.totals().await.unwrap().get(Stage::Consumed), 2);
    // Of a batch that is taken over in part, the rest counts.
    let other = ("other".to_owned(), 0);
    assert!(!old.claim(vec![other]).await.unwrap().contains_key(&stream));
    let elsewhere = match record(2) {
        Observation::Record(seen) => Observation::Record(RecordSeen {
            topic: "other".into(),
            ..seen
        }),
        event => event,
    };
    let mixed = batch(vec![elsewhere, record(3)], 3, None);
    assert_eq!(old.fold(mixed).await.unwrap().changed, [id(2)]);
    assert_eq!(claim(&*new).await[&stream].next_offset, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_replica_hears_what_the_others_fold() {
    let Some(place) = database() else { return };
    let (one, mut of_others) = place.replica().await;
    let (two, mut of_one) = place.replica().await;
    for others in [&mut of_others, &mut of_one] {
        // That it listens.
        assert!(matches!(heard(others).await, FoldedByOthers::Unknown));
    }
    claim(&*one).await;
    let records = (0..500).map(record).collect();
    one.fold(batch(records, 499, None)).await.unwrap();
    let mut ids = Vec::new();
    while ids.len() < 500 {
        let FoldedByOthers::Part(folded) = heard(&mut of_one).await else {
            panic!("nothing was lost");
        };
        assert_eq!(folded.totals.get(Stage::Consumed), 500);
        ids.extend(folded.changed);
    }
    assert_eq!(ids, (0..500).map(id).collect::<Vec<_>>());
    assert_eq!(two.lives(ids).await.unwrap().len(), 500);
    assert!(of_others.try_recv().is_err(), "not its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_fold_the_same_messages_at_once_count_each_once() {
    let Some(place) = database() else { return };
    let ((one, _), (two, _)) = (place.replica().await, place.replica().await);
    claim(&*one).await;
    let events = (contract::topic::LIFECYCLE.to_owned(), 0);
    two.claim(vec![events]).await.unwrap();
    let rounds = 20;
    let records = async {
        for round in 0..rounds {
            let offsets = round * 50..round * 50 + 50;
            let last = offsets.end - 1;
            let records = offsets.map(record).collect();
            one.fold(batch(records, last, None)).await.unwrap();
        }
    };
    let indexed = async {
        for round in 0..rounds {
            // The other way round, and each twice.
            let offsets = (round * 50..round * 50 + 50).rev();
            let events: Vec<_> = offsets.map(indexed).collect();
            let again = events.clone();
            two.fold(batch(events, round, None)).await.unwrap();
            two.fold(batch(again, round, None)).await.unwrap();
        }
    };
    tokio::join!(records, indexed);
    let totals = one.totals().await.unwrap();
    assert_eq!(totals.get(Stage::Consumed), 1000);
    assert_eq!(totals.get(Stage::Indexed), 1000);
    let numbered = "SELECT count(*), min(seq), max(seq) FROM message WHERE consumed_at IS NOT NULL AND indexed_at IS NOT NULL";
    assert_eq!(place.query(numbered), "1000|1|1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_postgres_cannot_keep_is_changed_and_not_in_the_way() {
    let Some(place) = database() else { return };
    let store = place.open().await;
    let hostile = match indexed(0) {
        Observation::Reached { event, from } => Observation::Reached {
            event: LifecycleEvent {
                component: "se\0er".to_owned(),
                topic: "str\0eam".to_owned(),
                error: Some("no\0text".to_owned()),
                ..event
            },
            from,
        },
        record => record,
    };
    let keyed = match record(1) {
        Observation::Record(seen) => Observation::Record(RecordSeen {
            key: Some(Box::from(*b"a\0B")),
            ..seen
        }),
        event => event,
    };
    store
        .fold(batch(vec![hostile, keyed], 1, None))
        .await
        .unwrap();
    let life = store.lives(vec![id(0)]).await.unwrap().remove(0);
    assert_eq!(life.topic, "str\u{fffd}eam");
    let found = async |filter| {
        let search = LifeSearch {
            filter,
            before: None,
            limit: 10,
        };
        store.search(search).await.unwrap().total
    };
    let text = |text: &str| LifeFilter {
        text: Some(text.to_owned()),
        ..LifeFilter::default()
    };
    assert_eq!(found(text("no\0TEXT")).await, 1);
    assert_eq!(found(text("\\000b")).await, 1);
    let topic = LifeFilter {
        topic: Some("str\0eam".to_owned()),
        ..LifeFilter::default()
    };
    assert_eq!(found(topic).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_is_used_again_when_it_is_back() {
    let Some(mut server) = scratch_postgres::ScratchPostgres::start().unwrap() else {
        return;
    };
    let url = service::Secret::new(server.database("status").unwrap());
    let config = StoreConfig {
        status_database_url: Some(url),
        ..Place::Folder(tempfile::tempdir().unwrap()).config(1000)
    };
    let (store, others) = open(&config).await.unwrap();
    let mut others = others.unwrap();
    heard(&mut others).await;
    claim(&*store).await;
    store.fold(batch(vec![record(0)], 0, None)).await.unwrap();
    server.crash().unwrap();
    let away = store.fold(batch(vec![record(1)], 1, None)).await;
    let away = format!("{:#}", away.unwrap_err());
    assert!(away.contains("PostgreSQL"), "{away}");
    assert!(store.lives(vec![id(0)]).await.is_err());
    server.restart().unwrap();
    store.fold(batch(vec![record(1)], 1, None)).await.unwrap();
    assert_eq!(store.lives(vec![id(0), id(1)]).await.unwrap().len(), 2);
    // And what others folded meanwhile is asked for.
    assert!(matches!(heard(&mut others).await, FoldedByOthers::Unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused_with_the_remedy() {
    let Some(place) = database() else { return };
    let store = place.open().await;
    place.query("UPDATE status_store SET format = 1000");
    let refused = store.fold(batch(vec![record(0)], 0, None)).await;
    let refused = format!("{:#}", refused.unwrap_err());
    assert!(refused.contains("format 1000"), "{refused}");
    let refused = open(&place.config(1000)).await.err().unwrap();
    let refused = format!("{refused:#}");
    assert!(refused.contains("STATUS_DATABASE_URL"), "{refused}");
}
