//! How many messages a second are learned, beside what the model alone takes.

use std::time::Instant;

use bench::platform::Platform;

use crate::{Row, Wanted, candle::CandleAlone, service::Service, xquad::Xquad};

/// Of what candle alone does with the same texts, in the same order, and the same threads.
const RATIO_WANTED: f64 = 0.9;
const TOPIC: &str = "sentences";

pub(crate) async fn measure(
    platform: &Platform,
    xquad: &Xquad,
    candle: &CandleAlone,
    count: usize,
) -> anyhow::Result<Vec<Row>> {
    let service = Service::of(platform);
    let sentences = xquad.sentences(count);
    // The first texts make threads and buffers.
    candle.embed(&sentences[..count.min(64)])?;
    let alone_per_s = rate(candle, &sentences)?;
    // Texts of like length together, which a stream cannot wait for: as little padding to compute as there can be.
    let mut by_length = sentences.clone();
    by_length.sort_by_key(String::len);
    let sorted_per_s = rate(candle, &by_length)?;

    // The topic, its partitions and their reader are new.
    service
        .produce(TOPIC, "The first of them.".to_owned())
        .await?;
    service.holds(1).await?;
    let before = service.state().await?.points;
    let started = Instant::now();
    service.produce_all(TOPIC, &sentences).await?;
    // A sentence is one chunk.
    service.holds(before + count as u64).await?;
    let seer_per_s = count as f64 / started.elapsed().as_secs_f64();
    let row = |what: &str, measured, wanted, unit| Row {
        what: what.to_owned(),
        measured,
        wanted,
        unit,
    };
    Ok(vec![
        row("candle alone", alone_per_s, Wanted::Nothing, "sentences/s"),
        row(
            "candle alone, all sorted by length first",
            sorted_per_s,
            Wanted::Nothing,
            "sentences/s",
        ),
        row(
            "learns, sent to searchable",
            seer_per_s,
            Wanted::Nothing,
            "sentences/s",
        ),
        row(
            "learns, of candle alone",
            seer_per_s / alone_per_s,
            Wanted::AtLeast(RATIO_WANTED),
            "",
        ),
        row(
            "learns, of candle with all sorted",
            seer_per_s / sorted_per_s,
            Wanted::Nothing,
            "",
        ),
    ])
}

fn rate(candle: &CandleAlone, texts: &[String]) -> anyhow::Result<f64> {
    let started = Instant::now();
    candle.embed(texts)?;
    Ok(texts.len() as f64 / started.elapsed().as_secs_f64())
}
