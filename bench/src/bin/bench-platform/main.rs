//! The whole platform in one process, against its promises: how soon it is ready, what it takes at rest, and how long
//! a click takes until IsDone.
#![allow(clippy::print_stdout, reason = "a benchmark's output is its table")]

mod click;

use std::{path::PathBuf, time::Duration};

use bench::platform::Platform;
use clap::Parser;
use comfy_table::{CellAlignment, Table, presets};

/// Measures `kafkloud up`: ready after start, memory at rest, and click → IsDone
#[derive(Parser)]
#[command(name = "bench-platform")]
struct Args {
    /// The program's release binary
    #[arg(long, env = "KAFKLOUD_BIN", default_value = "target/release/kafkloud")]
    kafkloud: PathBuf,

    /// Clicks per second
    #[arg(long, default_value_t = 50)]
    clicks_per_second: u32,

    /// Clicks that count
    #[arg(long, default_value_t = 1000)]
    clicks: usize,

    /// How long the platform rests before its memory is read, in seconds
    #[arg(long, default_value_t = 5)]
    rest_s: u64,
}

/// The platform with and without what computes beside the round trip.
const SETUPS: [Setup; 2] = [
    Setup {
        name: "without the seer",
        with_seer: false,
        memory_mb_max: 100.0,
    },
    Setup {
        name: "with the seer",
        with_seer: true,
        memory_mb_max: 300.0,
    },
];

struct Setup {
    name: &'static str,
    with_seer: bool,
    memory_mb_max: f64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    for setup in SETUPS {
        println!("{}", args.measure(&setup).await?);
    }
    Ok(())
}

impl Args {
    async fn measure(&self, setup: &Setup) -> anyhow::Result<Table> {
        let platform = Platform::start(&self.kafkloud, setup.with_seer).await?;
        tokio::time::sleep(Duration::from_secs(self.rest_s)).await;
        let memory_mb = platform.memory_mb()?;
        let interval = Duration::from_secs(1) / self.clicks_per_second;
        let mut took = click::measure(&platform.portal_url, self.clicks, interval).await?;
        took.sort_unstable();
        let quantile = |of_100: usize| took[took.len() * of_100 / 100].as_secs_f64() * 1e3;
        let ready_after = platform.ready_after.as_secs_f64();
        Ok(table(
            setup,
            [
                ("ready after start", ready_after, 2.0, "s"),
                ("memory at rest", memory_mb, setup.memory_mb_max, "MB"),
                ("click → IsDone, p50", quantile(50), 5.0, "ms"),
                ("click → IsDone, p99", quantile(99), 25.0, "ms"),
            ],
        ))
    }
}

fn table(setup: &Setup, rows: [(&str, f64, f64, &str); 4]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let title = format!("one process, {}", setup.name);
    table.set_header([&title, "measured", "wanted", "ratio", ""]);
    for (what, measured, wanted, unit) in rows {
        let ratio = measured / wanted;
        table.add_row([
            what.to_owned(),
            format!("{measured:.1} {unit}"),
            format!("≤ {wanted} {unit}"),
            format!("{ratio:.2}"),
            if ratio <= 1.0 { "reached" } else { "missed" }.to_owned(),
        ]);
    }
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
