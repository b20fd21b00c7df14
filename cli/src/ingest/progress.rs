use indicatif::{ProgressBar, ProgressStyle};

use crate::{ingest::Tally, output::Output, output::grouped};

/// How far an upload is: on standard error, where somebody looks at it.
pub(crate) struct Progress(ProgressBar);

const BAR: &str = "{bar:30} {percent:>3} %  {msg}  {bytes_per_sec}, {eta} left";
const COUNTER: &str = "{spinner} {msg}  {elapsed}";

impl Progress {
    /// `bytes` is how much there is to send, where that is known.
    pub(crate) fn new(output: &Output, bytes: Option<u64>) -> Self {
        if !output.shows_progress() {
            return Self(ProgressBar::hidden());
        }
        let (bar, template) = match bytes {
            Some(bytes) => (ProgressBar::new(bytes), BAR),
            None => (ProgressBar::new_spinner(), COUNTER),
        };
        // Only a mistake in the template fails; then the plain bar is shown.
        let style = ProgressStyle::with_template(template);
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    pub(crate) fn advance(&self, source_bytes: u64, tally: &Tally) {
        self.0.inc(source_bytes);
        let seconds = self.0.elapsed().as_secs_f64().max(1e-3);
        let rate = grouped((tally.acked as f64 / seconds) as u64);
        let acked = grouped(tally.acked);
        self.0.set_message(match tally.failed {
            0 => format!("{acked} acked, {rate}/s"),
            failed => format!("{acked} acked, {} failed, {rate}/s", grouped(failed)),
        });
    }

    /// Takes the bar away, so that results stand alone.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
