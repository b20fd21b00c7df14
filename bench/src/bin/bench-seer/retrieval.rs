//! Which of the paragraphs is found for a question: each paragraph is a message, the hit is the message.

use std::{collections::HashMap, time::Instant};

use bench::platform::Platform;
use comfy_table::{CellAlignment, Table, presets};
use contract::MessageId;

use crate::{announced::Announced, service::Service, xquad::Xquad};

const TOPIC: &str = "paragraphs";
const TOP_K: usize = 100;
/// Recall@1, recall@5 and mean reciprocal rank of the same model's vectors of whole paragraphs, of BM25, and of both by
/// reciprocal rank fusion, computed without the platform.
const PLAIN: [(&str, [f64; 3]); 3] = [
    ("plain MiniLM", [0.889, 0.992, 0.934]),
    ("plain BM25", [0.920, 0.979, 0.948]),
    ("plain RRF of both", [0.926, 0.992, 0.957]),
];

pub(crate) async fn measure(platform: &Platform, xquad: &Xquad) -> anyhow::Result<Table> {
    let service = Service::of(platform);
    let mut numbers: HashMap<MessageId, usize> = HashMap::new();
    for (number, paragraph) in xquad.paragraphs.iter().enumerate() {
        let receipt = service.produce(TOPIC, paragraph.clone()).await?;
        numbers.insert(receipt.id, number);
    }
    let sent = numbers.keys().map(|&id| (id, Instant::now())).collect();
    Announced::follow(&platform.broker)?.until_all(sent).await?;
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        &format!(
            "{} questions, {} paragraphs",
            xquad.questions.len(),
            xquad.paragraphs.len()
        ),
        "recall@1",
        "recall@5",
        "MRR",
    ]);
    for mode in ["dense", "sparse", "hybrid"] {
        let mut ranks = Vec::with_capacity(xquad.questions.len());
        for question in &xquad.questions {
            let found = service.search(&question.text, mode, TOPIC, TOP_K).await?;
            let rank = found
                .hits
                .iter()
                .position(|hit| numbers.get(&hit.id) == Some(&question.paragraph));
            ranks.push(rank.map(|rank| rank + 1));
        }
        add(&mut table, mode, scores(&ranks));
    }
    for (name, scores) in PLAIN {
        add(&mut table, name, scores);
    }
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    Ok(table)
}

fn scores(ranks: &[Option<usize>]) -> [f64; 3] {
    let share = |hits: f64| hits / ranks.len() as f64;
    let within = |most: usize| {
        let hits = ranks.iter().flatten().filter(|&&rank| rank <= most).count();
        share(hits as f64)
    };
    let reciprocal = ranks.iter().flatten().map(|&rank| 1.0 / rank as f64).sum();
    [within(1), within(5), share(reciprocal)]
}

fn add(table: &mut Table, name: &str, scores: [f64; 3]) {
    let mut cells = vec![name.to_owned()];
    cells.extend(scores.map(|score| format!("{score:.3}")));
    table.add_row(cells);
}
