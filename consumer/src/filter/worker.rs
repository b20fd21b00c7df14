//! The process that evaluates one expression: its first line of input is the expression, each further one a record, both as
//! JSON; each line of output is the answer to one of input.
//!
//! It may be broken by what it evaluates, in any way but this: that it takes more than its share, stays when nobody waits for
//! it any more, or tells what is not the caller's.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader, BufWriter, Write},
    process::{ExitCode, exit},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;
use contract::record::RecordView;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::{Verdict, expression::Expression};

/// The only argument of a process that is to evaluate an expression.
pub(super) const ARGUMENT: &str = "--evaluate-where";

/// Memory that an expression may take, beside what the program has at its start.
const MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Input read at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// Answers are given after so long at the latest while there is more input.
const FLUSH_INTERVAL: Duration = Duration::from_millis(50);
/// The exit code of a process that ended itself for being busy too long.
pub(super) const TOO_SLOW: u8 = 3;
/// Far above the time after which the service ends the process: for when there is no service any more.
const RECORD_TIME_MAX: Duration = Duration::from_secs(5);

/// Evaluates an expression when this process was started to do so by the consumer, and then is all that it does. The first
/// thing in the `main` of every program that serves the consumer.
pub fn filter_worker() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(ARGUMENT)) {
        return None;
    }
    limit_itself();
    Some(match evaluate_all() {
        Ok(()) => ExitCode::SUCCESS,
        // The service sees that there is no answer.
        Err(_) => ExitCode::FAILURE,
    })
}

/// Where the system has no such limit, the time limit alone has to do.
fn limit_itself() {
    if let Some(bytes) = address_space_bytes() {
        limit(Resource::As, bytes + MEMORY_BYTES_MAX);
    }
    limit(Resource::Core, 0);
    // When the machine is out of memory all the same, this is what it can do without.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
}

fn limit(resource: Resource, most: u64) {
    let limits = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    let _ = setrlimit(resource, limits);
}

fn address_space_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn evaluate_all() -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(BUFFER_BYTES, io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    let watch = Watch::start()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    let code: String = serde_json::from_str(&line)?;
    let parsed = watch.over(|| Expression::parse(&code));
    let problem = parsed.as_ref().err();
    writeln!(output, "{}", serde_json::to_string(&problem)?)?;
    output.flush()?;
    let Ok(expression) = parsed else {
        return Ok(());
    };
    let mut flushed_at = Instant::now();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let record: RecordView = serde_json::from_str(&line).context("no record")?;
        let verdict = match watch.over(|| expression.is_true_of(&record)) {
            Ok(true) => Verdict::Wanted,
            Ok(false) => Verdict::Unwanted,
            Err(reason) => Verdict::Failed(reason),
        };
        writeln!(output, "{}", verdict.line())?;
        if input.buffer().is_empty() || flushed_at.elapsed() >= FLUSH_INTERVAL {
            output.flush()?;
            flushed_at = Instant::now();
        }
    }
}

impl Verdict {
    fn line(&self) -> String {
        match self {
            Self::Wanted => "t".to_owned(),
            Self::Unwanted => "f".to_owned(),
            Self::Failed(reason) => format!("e{}", reason.replace(['\n', '\r'], " ")),
        }
    }

    /// Of a line of the process's output.
    pub(super) fn of_line(line: &str) -> Option<Self> {
        match line.split_at_checked(1)? {
            ("t", "") => Some(Self::Wanted),
            ("f", "") => Some(Self::Unwanted),
            ("e", reason) => Some(Self::Failed(reason.to_owned())),
            _ => None,
        }
    }
}

/// Ends the process when it is busy with one thing for too long.
struct Watch {
    started: Instant,
    /// Milliseconds from the start until the present work began; 0 while there is none.
    busy_since_ms: Arc<AtomicU64>,
}

impl Watch {
    fn start() -> io::Result<Self> {
        let watch = Self {
            started: Instant::now(),
            busy_since_ms: Arc::default(),
        };
        let (started, busy_since_ms) = (watch.started, Arc::clone(&watch.busy_since_ms));
        thread::Builder::new().spawn(move || {
            loop {
                thread::park_timeout(RECORD_TIME_MAX / 4);
                let since = busy_since_ms.load(Ordering::Relaxed);
                let busy = started
                    .elapsed()
                    .saturating_sub(Duration::from_millis(since));
                if since > 0 && busy > RECORD_TIME_MAX {
                    exit(TOO_SLOW.into());
                }
            }
        })?;
        Ok(watch)
    }

    fn over<T>(&self, work: impl FnOnce() -> T) -> T {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.busy_since_ms.store(now_ms.max(1), Ordering::Relaxed);
        let done = work();
        self.busy_since_ms.store(0, Ordering::Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_pass_as_lines() {
        for verdict in [
            Verdict::Wanted,
            Verdict::Unwanted,
            Verdict::Failed("cannot index".to_owned()),
            Verdict::Failed(String::new()),
        ] {
            assert_eq!(Verdict::of_line(&verdict.line()), Some(verdict));
        }
        let lines = Verdict::Failed("two\nlines".to_owned()).line();
        assert_eq!(lines, "etwo lines");
        for line in ["", "x", "true", "running 1 test"] {
            assert_eq!(Verdict::of_line(line), None, "{line}");
        }
    }
}
