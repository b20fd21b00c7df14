//! A viewer's stream, less what it does not want to see, which is told in numbers.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use contract::record::{ConsumeProgress, RecordView};
use futures::FutureExt;
use service::ApiProblem;
use tokio::time::{error::Elapsed, timeout};

use crate::{
    filter::{Filter, Verdict},
    hub::Positions,
    pace::Pace,
    resume,
    viewer::{Seen, Viewer},
};

/// How often it is told what was left out.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);
/// What a filter looks at in one go: many records, so that it is fast, but few enough that the first is not held up.
const BATCH_RECORDS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 1024 * 1024;

pub(crate) struct Selected {
    viewer: Viewer,
    filter: Filter,
    pace: Option<Pace>,
    /// The next offset of each partition for what comes out here, which is behind the viewer's.
    positions: Positions,
    /// Looked at and not out yet.
    judged: VecDeque<Judged>,
    progress: ConsumeProgress,
    told_at: Instant,
    has_ended: bool,
    /// Why it has ended before the viewer has.
    problem: Option<ApiProblem>,
}

enum Judged {
    Record(Arc<RecordView>, Verdict),
    Missed(u64),
}

/// What a viewer is sent.
pub(crate) enum Shown {
    Record(Arc<RecordView>),
    /// The viewer was too slow for so many records.
    Missed(u64),
    Progress(ConsumeProgress),
    /// The filter has ended, and with it the stream.
    Ended(ApiProblem),
}

impl Selected {
    pub(crate) fn new(viewer: Viewer, filter: Filter, pace: Option<Pace>) -> Self {
        Self {
            positions: viewer.positions.clone(),
            viewer,
            filter,
            pace,
            judged: VecDeque::new(),
            progress: ConsumeProgress::default(),
            told_at: Instant::now(),
            has_ended: false,
            problem: None,
        }
    }

    /// The next offset of each partition after what was shown last.
    pub(crate) fn positions(&self) -> &Positions {
        &self.positions
    }

    /// The next thing to show; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Shown> {
        loop {
            while let Some(judged) = self.judged.pop_front() {
                let shown = self.show(judged);
                if shown.is_some() {
                    return shown;
                }
            }
            if let Some(progress) = self.progress_due() {
                return Some(Shown::Progress(progress));
            }
            if self.has_ended {
                return self.problem.take().map(Shown::Ended);
            }
            let Ok(batch) = self.gather().await else {
                // Nothing more for now, but something is to be told.
                continue;
            };
            if let Err(problem) = self.judge(batch).await {
                self.has_ended = true;
                self.problem = Some(problem);
            }
        }
    }

    fn show(&mut self, judged: Judged) -> Option<Shown> {
        let (record, verdict) = match judged {
            Judged::Missed(count) => return Some(Shown::Missed(count)),
            Judged::Record(record, verdict) => (record, verdict),
        };
        resume::advance(&mut self.positions, &record);
        self.progress.seen += 1;
        match verdict {
            Verdict::Unwanted => None,
            Verdict::Failed(reason) => {
                self.progress.failed += 1;
                self.progress.error = Some(reason);
                None
            }
            Verdict::Wanted if !self.is_allowed() => {
                self.progress.left_out += 1;
                None
            }
            Verdict::Wanted => {
                self.progress.shown += 1;
                Some(Shown::Record(record))
            }
        }
    }

    fn is_allowed(&mut self) -> bool {
        let now = Instant::now();
        self.pace.as_mut().is_none_or(|pace| pace.allows(now))
    }

    /// Streams that leave nothing out have no progress to tell.
    fn leaves_out(&self) -> bool {
        self.pace.is_some() || !self.filter.is_open()
    }

    fn progress_due(&mut self) -> Option<ConsumeProgress> {
        let is_due = self.progress.seen > 0
            && (self.told_at.elapsed() >= PROGRESS_INTERVAL || self.has_ended);
        if !is_due || !self.leaves_out() {
            return None;
        }
        self.told_at = Instant::now();
        Some(std::mem::take(&mut self.progress))
    }

    /// Waits for something and takes what else is there; an error when progress is to be told first.
    async fn gather(&mut self) -> Result<Vec<Seen>, Elapsed> {
        let first = if self.progress.seen > 0 && self.leaves_out() {
            let left = PROGRESS_INTERVAL.saturating_sub(self.told_at.elapsed());
            timeout(left, self.viewer.next()).await?
        } else {
            self.viewer.next().await
        };
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        // Without a filter nothing is gained by more at once.
        let count_max = if self.filter.is_open() {
            1
        } else {
            BATCH_RECORDS_MAX
        };
        while let Some(seen) = next {
            match seen {
                None => {
                    self.has_ended = true;
                    break;
                }
                Some(seen) => {
                    bytes += size_bytes(&seen);
                    batch.push(seen);
                }
            }
            let is_full = batch.len() >= count_max || bytes >= BATCH_BYTES_MAX;
            next = match is_full {
                true => None,
                false => self.viewer.next().now_or_never(),
            };
        }
        Ok(batch)
    }

    async fn judge(&mut self, batch: Vec<Seen>) -> Result<(), ApiProblem> {
        self.begin_partitions(&batch);
        let records: Vec<Arc<RecordView>> = batch
            .iter()
            .filter_map(|seen| match seen {
                Seen::Record(record) => Some(Arc::clone(record)),
                Seen::Missed(_) => None,
            })
            .collect();
        let verdicts = match self.filter.is_open() {
            true => vec![Verdict::Wanted; records.len()],
            false => {
                let verdicts = self.filter.verdicts(&records).await;
                verdicts.map_err(|end| end.problem())?
            }
        };
        let mut verdicts = verdicts.into_iter();
        self.judged.extend(batch.into_iter().map(|seen| match seen {
            Seen::Record(record) => {
                let verdict = verdicts.next().unwrap_or(Verdict::Unwanted);
                Judged::Record(record, verdict)
            }
            Seen::Missed(count) => Judged::Missed(count),
        }));
        Ok(())
    }

    /// Notes where the partitions begin that the viewer has come to know while the batch was gathered: at the first record
    /// of them in it, or where the viewer is.
    fn begin_partitions(&mut self, batch: &[Seen]) {
        // None is ever forgotten.
        if self.positions.len() == self.viewer.positions.len() {
            return;
        }
        for (partition, next) in &self.viewer.positions {
            if self.positions.contains_key(partition) {
                continue;
            }
            let of_partition = batch.iter().find_map(|seen| match seen {
                Seen::Record(record) => {
                    let (topic, number) = partition;
                    let is_of_it = record.partition == *number && record.topic == **topic;
                    is_of_it.then_some(record.offset)
                }
                Seen::Missed(_) => None,
            });
            let start = of_partition.unwrap_or(*next);
            self.positions.insert(partition.clone(), start);
        }
    }
}

/// About what a record takes when it is passed on.
fn size_bytes(seen: &Seen) -> usize {
    match seen {
        Seen::Record(record) => {
            let length = |part: &Option<String>| part.as_ref().map_or(0, String::len);
            length(&record.key) + length(&record.value)
        }
        Seen::Missed(_) => 0,
    }
}
