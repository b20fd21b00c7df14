//! Which records a caller wants to see: a text they hold, or a jq expression that is true of them.
//!
//! Expressions come from whoever asks. jaq has no bound on time, memory or depth, so each expression is evaluated in a
//! process of its own, which is this program once more (see [`process`] and [`worker`]): it can be ended, and what it breaks
//! is only itself.

use std::{path::PathBuf, sync::Arc, time::Duration};

use contract::record::{RecordPlace, RecordView};
use service::{ApiProblem, ApiResult};
use tokio::sync::Semaphore;

use crate::config::ViewerConfig;
use process::Evaluator;
use text::TextFilter;

mod expression;
mod process;
mod text;
mod worker;

pub use worker::filter_worker;

/// Longest text and longest expression, in bytes.
const TEXT_BYTES_MAX: usize = 256;
const EXPRESSION_BYTES_MAX: usize = 4096;
/// How long a caller waits for another's expression to end.
const ROOM_TIMEOUT: Duration = Duration::from_secs(2);

/// Room and means for filters of all callers.
pub(crate) struct Filters {
    /// Evaluates expressions.
    program: PathBuf,
    /// Room for processes.
    processes: Arc<Semaphore>,
    /// Room for searches in texts, which take a thread for a moment.
    searches: Arc<Semaphore>,
}

/// What one caller wants to see.
pub(crate) struct Filter {
    text: Option<TextFilter>,
    expression: Option<Evaluator>,
    searches: Arc<Semaphore>,
}

/// What a filter says of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Wanted,
    Unwanted,
    /// The expression could not be evaluated on it, with the reason.
    Failed(String),
}

/// Why a filter has ended, and at which record.
#[derive(Debug)]
pub(crate) enum FilterEnd {
    TooSlow(RecordPlace),
    Broken(RecordPlace),
}

impl Filters {
    pub(crate) fn new(config: &ViewerConfig) -> Self {
        let parallelism = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            program: config.filter_program.clone().unwrap_or_else(this_program),
            processes: Arc::new(Semaphore::new(config.filters_max)),
            searches: Arc::new(Semaphore::new(parallelism)),
        }
    }

    /// A filter by what the caller gave, checked.
    pub(crate) async fn filter(
        &self,
        text: Option<String>,
        expression: Option<String>,
    ) -> ApiResult<Filter> {
        let text = text.filter(|text| !text.is_empty());
        if text
            .as_ref()
            .is_some_and(|text| text.len() > TEXT_BYTES_MAX)
        {
            return Err(too_long("text", TEXT_BYTES_MAX));
        }
        let expression = expression.filter(|expression| !expression.trim().is_empty());
        let evaluator = match expression {
            Some(expression) => Some(self.evaluator(expression).await?),
            None => None,
        };
        Ok(Filter {
            text: text.map(|text| TextFilter::new(&text)),
            expression: evaluator,
            searches: Arc::clone(&self.searches),
        })
    }

    async fn evaluator(&self, expression: String) -> ApiResult<Evaluator> {
        if expression.len() > EXPRESSION_BYTES_MAX {
            return Err(too_long("where", EXPRESSION_BYTES_MAX));
        }
        let room = Arc::clone(&self.processes).acquire_owned();
        let Ok(Ok(room)) = tokio::time::timeout(ROOM_TIMEOUT, room).await else {
            return Err(ApiProblem::unavailable(
                "too-many-filters",
                "Too many expressions are evaluated",
                "Try again when some streams with `where` have ended, or look for a `text` instead.",
            ));
        };
        Evaluator::start(&self.program, &expression, room).await
    }
}

/// The program that runs now, even when its file was replaced meanwhile.
fn this_program() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    match own.exists() {
        true => own,
        false => std::env::current_exe().unwrap_or(own),
    }
}

impl Filter {
    /// Whether it lets everything pass.
    pub(crate) fn is_open(&self) -> bool {
        self.text.is_none() && self.expression.is_none()
    }

    /// Says of each record whether it is wanted.
    pub(crate) async fn verdicts(
        &mut self,
        records: &[Arc<RecordView>],
    ) -> Result<Vec<Verdict>, FilterEnd> {
        let mut verdicts = match &self.text {
            Some(text) => search(text, records, &self.searches).await,
            None => vec![Verdict::Wanted; records.len()],
        };
        if let Some(expression) = &mut self.expression {
            let wanted = verdicts.iter_mut().zip(records);
            let (wanted, records): (Vec<_>, Vec<_>) = wanted
                .filter(|(verdict, _)| **verdict == Verdict::Wanted)
                .map(|(verdict, record)| (verdict, Arc::clone(record)))
                .unzip();
            let evaluated = expression.verdicts(&records).await?;
            for (verdict, evaluated) in wanted.into_iter().zip(evaluated) {
                *verdict = evaluated;
            }
        }
        Ok(verdicts)
    }
}

/// On a thread where it holds up nobody else.
async fn search(
    text: &TextFilter,
    records: &[Arc<RecordView>],
    room: &Arc<Semaphore>,
) -> Vec<Verdict> {
    let (text, records) = (text.clone(), records.to_vec());
    // An error means that the service is about to end.
    let room = Arc::clone(room).acquire_owned().await;
    let searched = tokio::task::spawn_blocking(move || {
        let _room = room;
        let verdict = |record: &Arc<RecordView>| match text.is_in(record) {
            true => Verdict::Wanted,
            false => Verdict::Unwanted,
        };
        records.iter().map(verdict).collect()
    });
    searched.await.unwrap_or_default()
}

impl FilterEnd {
    pub(crate) fn problem(&self) -> ApiProblem {
        let (kind, title, place, why) = match self {
            Self::TooSlow(place) => (
                "filter-too-slow",
                "The expression takes too long",
                place,
                "took longer than a second",
            ),
            Self::Broken(place) => (
                "filter-broken",
                "The expression cannot be evaluated",
                place,
                "needed more memory, or nests deeper, than is allowed",
            ),
        };
        let RecordPlace {
            topic,
            partition,
            offset,
            ..
        } = place;
        ApiProblem::bad_request(
            kind,
            title,
            format!(
                "`where` {why} on the record {topic}:{partition}:{offset}. Give one that looks at less, and ends."
            ),
        )
    }
}

fn too_long(parameter: &str, bytes_max: usize) -> ApiProblem {
    ApiProblem::bad_request(
        "filter-too-long",
        "The filter is too long",
        format!("`{parameter}` takes at most {bytes_max} bytes: shorten it."),
    )
}
