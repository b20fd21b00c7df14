//! What a search takes among many points, beyond the embedding of its question.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use bench::platform::Platform;
use contract::MessageId;
use seer::{
    bm25::Bm25,
    store::{Alias, CollectionSpec, EdgeStore, Payload, Point, VectorStore},
};
use uuid::Uuid;

use crate::{Args, Row, Wanted, candle::CandleAlone, quantile_ms, service::Service, xquad::Xquad};

const P99_WANTED_MS: f64 = 50.0;
const TOPIC: &str = "many";
const BATCH: usize = 500;
/// What the store does with so many points at once, it does in the background.
const SETTLE_TIME: Duration = Duration::from_secs(60);
/// The first searches open connections and files.
const WARM_UP: usize = 20;

pub(crate) async fn measure(
    args: &Args,
    xquad: &Xquad,
    candle: &CandleAlone,
) -> anyhow::Result<Vec<Row>> {
    let folder = tempfile::tempdir()?;
    fill(&folder.path().join("seer"), args.points, xquad, candle).await?;
    let platform = Platform::start_in(folder, &args.kafkloud, true).await?;
    let service = Service::of(&platform);
    service.holds(args.points as u64).await?;
    tokio::time::sleep(SETTLE_TIME).await;
    let questions = xquad.questions.iter().cycle();
    let (mut whole, mut overhead) = (Vec::new(), Vec::new());
    for (number, question) in questions.take(WARM_UP + args.searches).enumerate() {
        let text = std::slice::from_ref(&question.text);
        let started = Instant::now();
        candle.embed(text)?;
        let embedding = started.elapsed();
        let started = Instant::now();
        service.search(&question.text, "hybrid", TOPIC, 5).await?;
        let took = started.elapsed();
        if number >= WARM_UP {
            whole.push(took);
            overhead.push(took.saturating_sub(embedding));
        }
    }
    let name = |what: &str| format!("search among {} points, {what}, p99", args.points);
    Ok(vec![
        Row {
            what: name("with its embedding"),
            measured: quantile_ms(&mut whole, 99)?,
            wanted: Wanted::Nothing,
            unit: "ms",
        },
        Row {
            what: name("beyond it"),
            measured: quantile_ms(&mut overhead, 99)?,
            wanted: Wanted::AtMost(P99_WANTED_MS),
            unit: "ms",
        },
    ])
}

/// Fills a store as the seer would: real words, and vectors around those of real sentences.
async fn fill(
    folder: &Path,
    points: usize,
    xquad: &Xquad,
    candle: &CandleAlone,
) -> anyhow::Result<()> {
    let alias: Alias = "kafkloud".parse()?;
    let store = EdgeStore::open(folder, alias.clone())?;
    let collection = "kafkloud-1".to_owned();
    let spec = CollectionSpec {
        model: candle.name.clone(),
        dimension: candle.dimension,
    };
    store.create(collection.clone(), spec).await?;
    store.set_current(collection.clone()).await?;
    let bm25 = Bm25::new()?;
    let sentences = xquad.sentences(500);
    let vectors = candle.embed(&sentences)?;
    for first in (0..points).step_by(BATCH) {
        let batch = (first..points.min(first + BATCH)).map(|number| {
            let sentence = number % sentences.len();
            let text = &sentences[sentence];
            Point {
                id: Uuid::from_u128(number as u128),
                dense: around(&vectors[sentence]),
                sparse: bm25.document(text),
                payload: Payload {
                    id: MessageId::of_record(TOPIC, 0, number as i64),
                    topic: TOPIC.to_owned(),
                    partition: 0,
                    offset: number as i64,
                    key: None,
                    timestamp: Some(number as i64),
                    chunk: 0,
                    text: text.clone(),
                },
            }
        });
        store.upsert(collection.clone(), batch.collect()).await?;
    }
    store.close().await;
    drop(store);
    // Closed, but its background work may go on for a while, and the folder belongs to it until then.
    while EdgeStore::open(folder, alias.clone()).is_err() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn around(vector: &[f32]) -> Vec<f32> {
    let noise = || (fastrand::f32() - 0.5) * 0.1;
    vector.iter().map(|component| component + noise()).collect()
}
