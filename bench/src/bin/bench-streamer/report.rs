use bench::broker::{KAFKA, STREAMER};
use comfy_table::{CellAlignment, Table, presets};

use crate::load::Figures;

/// The figures of all rounds that count.
pub(crate) struct Report {
    rounds: Vec<(&'static str, Vec<Figures>)>,
}

struct Row {
    title: &'static str,
    figure: fn(&Figures) -> f64,
    decimals: usize,
    /// For a time or a size, less is better; then the ratio is turned around.
    less_is_better: bool,
}

const ROWS: &[Row] = &[
    more("records in, per second", 0, |figures| {
        figures.records_in_per_s
    }),
    more("records out, per second", 0, |figures| {
        figures.records_out_per_s
    }),
    less("broker's CPU per record in, µs", 2, |figures| {
        figures.cpu_in_us
    }),
    less("broker's CPU per record out, µs", 2, |figures| {
        figures.cpu_out_us
    }),
    less("ack p50, ms", 2, |figures| figures.ack_p50_ms),
    less("ack p99, ms", 2, |figures| figures.ack_p99_ms),
    less("end to end p50, ms", 2, |figures| figures.end_to_end_p50_ms),
    less("end to end p99, ms", 2, |figures| figures.end_to_end_p99_ms),
    less("memory, MB", 0, |figures| figures.memory_mb),
];

const fn more(title: &'static str, decimals: usize, figure: fn(&Figures) -> f64) -> Row {
    Row {
        title,
        figure,
        decimals,
        less_is_better: false,
    }
}

const fn less(title: &'static str, decimals: usize, figure: fn(&Figures) -> f64) -> Row {
    Row {
        title,
        figure,
        decimals,
        less_is_better: true,
    }
}

impl Report {
    pub(crate) fn new() -> Report {
        Report { rounds: Vec::new() }
    }

    pub(crate) fn add(&mut self, broker: &'static str, figures: Figures) {
        match self.rounds.iter_mut().find(|(name, _)| *name == broker) {
            Some((_, rounds)) => rounds.push(figures),
            None => self.rounds.push((broker, vec![figures])),
        }
    }

    /// Medians and how many times as good the streamer is; without Kafka the streamer's figures alone.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["median of the rounds", STREAMER, KAFKA, "times as good"]);
        for row in ROWS {
            let (ours, theirs) = (self.median(STREAMER, row), self.median(KAFKA, row));
            let ratio = ours
                .zip(theirs)
                .map(|(ours, theirs)| match row.less_is_better {
                    true => theirs / ours,
                    false => ours / theirs,
                });
            let number = |value: Option<f64>, decimals: usize| {
                value.map_or("absent".to_owned(), |value| format!("{value:.decimals$}"))
            };
            table.add_row([
                row.title.to_owned(),
                number(ours, row.decimals),
                number(theirs, row.decimals),
                number(ratio, 2),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn median(&self, broker: &str, row: &Row) -> Option<f64> {
        let (_, rounds) = self.rounds.iter().find(|(name, _)| *name == broker)?;
        let mut values: Vec<f64> = rounds.iter().map(row.figure).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}
