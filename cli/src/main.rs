use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, run};

/// Everything runs in one process and on small threads: mimalloc gives memory back that the system's allocator would
/// keep in an arena per thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if let Some(done) = consumer::filter_worker() {
        return done;
    }
    run(Cli::parse())
}
