//! What is printed: rates beside each other and their ratio.

use comfy_table::{CellAlignment, Table, presets};

/// One thing measured on us and on a peer, a figure per round, of which the first does not count; more is better.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// Such as `POST /produce, requests/s`.
    pub(crate) what: String,
    /// The broker behind both.
    pub(crate) broker: &'static str,
    pub(crate) ours: Vec<f64>,
    pub(crate) peer: &'static str,
    /// Why there are none, when the peer is absent.
    pub(crate) theirs: Result<Vec<f64>, String>,
    /// The ratio that is wanted at least.
    pub(crate) target: f64,
}

pub(crate) fn of(comparisons: &[Comparison]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header([
        "median of the rounds",
        "broker",
        "Kafkloud",
        "peer",
        "of the peer",
        "ratio",
        "wanted",
        "",
    ]);
    for row in comparisons {
        let ours = median(&row.ours);
        let mut cells = vec![
            row.what.clone(),
            row.broker.to_owned(),
            format!("{ours:.0}"),
            row.peer.to_owned(),
        ];
        match &row.theirs {
            Ok(theirs) => {
                let ratio = ours / median(theirs);
                cells.extend([
                    format!("{:.0}", median(theirs)),
                    format!("{ratio:.2}"),
                    format!("≥ {}", row.target),
                    if ratio >= row.target {
                        "reached"
                    } else {
                        "missed"
                    }
                    .to_owned(),
                ]);
            }
            Err(reason) => cells.extend([
                "absent".to_owned(),
                String::new(),
                format!("≥ {}", row.target),
                reason.clone(),
            ]),
        }
        table.add_row(cells);
    }
    for column in [2, 4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The name of a round in the output.
pub(crate) fn round(round: usize) -> String {
    match round {
        0 => "warm-up".to_owned(),
        _ => format!("round {round}"),
    }
}

/// Of the rounds after the first; NaN when there are none.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.get(1..).unwrap_or_default().to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
