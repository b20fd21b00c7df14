//! The portal in a real browser, against its promises: what the first page weighs, how soon it is there and how soon it answers on a
//! slow processor, and whether the live list keeps up.
#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

mod tail;
mod vitals;
mod weight;

use std::path::PathBuf;

use bench::platform::Platform;
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};

/// Measures the portal's page in Chromium: weight, LCP, INP, and the list at 1,000 messages a second
#[derive(Parser)]
#[command(name = "bench-page")]
struct Args {
    /// The program's release binary
    #[arg(long, env = "KAFKLOUD_BIN", default_value = "target/release/kafkloud")]
    kafkloud: PathBuf,

    /// Page loads, each in a browser that has nothing in its cache
    #[arg(long, default_value_t = 5)]
    loads: usize,

    /// How long the live list is watched, in seconds
    #[arg(long, default_value_t = 300)]
    tail_s: u64,

    /// Messages a second for the live list
    #[arg(long, default_value_t = 1000)]
    tail_rate: u64,
}

/// What was measured and what was wanted of it.
struct Row {
    what: &'static str,
    measured: f64,
    wanted: Wanted,
    unit: &'static str,
}

#[derive(Clone, Copy)]
enum Wanted {
    AtMost(f64),
    AtLeast(f64),
    Nothing,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let platform = Platform::start(&args.kafkloud, false).await?;
    let mut rows = weight::measure(&platform).await?;
    rows.extend(vitals::measure(&platform, args.loads).await?);
    rows.extend(tail::measure(&platform, args.tail_rate, args.tail_s).await?);
    println!("{}", table(rows));
    Ok(())
}

fn table(rows: Vec<Row>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["the portal in Chromium", "measured", "wanted", ""]);
    for row in rows {
        let Row {
            what,
            measured,
            wanted,
            unit,
        } = row;
        let (limit, reached) = match wanted {
            Wanted::AtMost(limit) => (format!("≤ {limit} {unit}"), Some(measured <= limit)),
            Wanted::AtLeast(limit) => (format!("≥ {limit} {unit}"), Some(measured >= limit)),
            Wanted::Nothing => ("–".to_owned(), None),
        };
        let verdict = match reached {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "",
        };
        table.add_row([
            what.to_owned(),
            format!("{} {unit}", (measured * 1000.0).round() / 1000.0),
            limit,
            verdict.to_owned(),
        ]);
    }
    for column in 1..3 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
