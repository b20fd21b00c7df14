//! Starting, watching and ending the parts.
//!
//! Order of the end: the portal and the producer take no more and answer what they have taken; the consumer and the seer
//! finish and commit; the streamer, which all of them write to, goes last. Nothing is lost if a step is cut short: what was acked
//! is in the log, and the consumer's offsets move only together with its state.

use std::{collections::HashMap, fmt, time::Duration};

use anyhow::Context;
use service::CancellationToken;
use streamer::Streamer;
use tokio::{
    task::{self, JoinSet},
    time::{Instant, timeout_at},
};

use crate::up::{Addresses, UpConfig, addresses::Listeners, data_dir::DataDir};

/// The steps of the end, and how long each may take before the next begins beside it. The services let requests in
/// progress go on for 3 s.
const STOP_STEPS: [(&[Part], Duration); 3] = [
    (&[Part::Portal, Part::Producer], Duration::from_millis(3200)),
    (&[Part::Consumer, Part::Seer], Duration::from_millis(700)),
    (&[Part::Streamer], Duration::from_millis(500)),
];
/// After which what is left is cut: `kafkloud up` ends within 5 s.
const STOP_DEADLINE: Duration = Duration::from_millis(4700);

/// What runs in this process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    Portal,
    Producer,
    Consumer,
    Seer,
    Streamer,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portal => "portal",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
            Self::Seer => "seer",
            Self::Streamer => "streamer",
        })
    }
}

/// A running platform. Dropping it without [`Platform::join`] cuts everything off at once, as a crash would.
#[derive(Debug)]
pub struct Platform {
    addresses: Addresses,
    stop: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
    running: HashMap<task::Id, RunningPart>,
    /// Unlocked when everything has ended.
    _data_dir: DataDir,
}

#[derive(Debug)]
struct RunningPart {
    part: Part,
    stop: CancellationToken,
}

/// Locks the data folder, binds every address, recovers the log and starts every part, all to end with `stop`.
pub async fn start(mut config: UpConfig, stop: CancellationToken) -> anyhow::Result<Platform> {
    let data_dir = DataDir::lock(&config.data_dir)?;
    let listeners = Listeners::bind(&config).await?;
    let addresses = listeners.addresses(&config)?;
    config.connect(&addresses, &data_dir)?;
    let mut platform = Platform {
        addresses,
        stop,
        tasks: JoinSet::new(),
        running: HashMap::new(),
        _data_dir: data_dir,
    };
    if let Some(listener) = listeners.streamer {
        // Recovery runs before anything else starts: what it finds wrong ends the start with its reason.
        let streamer = Streamer::open(listener, config.streamer)
            .await
            .context("cannot start the streamer")?;
        platform.spawn(Part::Streamer, |stop| streamer.run(stop));
    }
    platform.spawn(Part::Producer, |stop| {
        producer::serve(listeners.producer, config.producer, stop)
    });
    platform.spawn(Part::Consumer, |stop| {
        consumer::serve(listeners.consumer, config.consumer, stop)
    });
    if let (Some(listener), Some(config)) = (listeners.seer, config.seer) {
        platform.spawn(Part::Seer, |stop| seer::serve(listener, config, stop));
    }
    platform.spawn(Part::Portal, |stop| {
        portal::serve(listeners.portal, config.portal, stop)
    });
    Ok(platform)
}

impl Platform {
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Asks everything to end; [`Platform::join`] waits for it.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Runs until asked to stop or until a part fails, then ends the rest in order. The error is that of the part that
    /// failed first.
    pub async fn join(mut self) -> anyhow::Result<()> {
        let stop = self.stop.clone();
        let first_ended = tokio::select! {
            () = stop.cancelled() => None,
            ended = self.next_ended() => ended,
        };
        let mut result = match first_ended {
            None => Ok(()),
            Some((part, Ok(()))) => Err(anyhow::anyhow!("the {part} ended without being asked to")),
            Some((_, failed)) => failed,
        };
        let deadline = Instant::now() + STOP_DEADLINE;
        for (parts, patience) in STOP_STEPS {
            let of_step = |running: &&RunningPart| parts.contains(&running.part);
            self.running
                .values()
                .filter(of_step)
                .for_each(|running| running.stop.cancel());
            let step_deadline = deadline.min(Instant::now() + patience);
            while self.running.values().any(|running| of_step(&running)) {
                match timeout_at(step_deadline, self.next_ended()).await {
                    Ok(Some((_, outcome))) => result = result.and(outcome),
                    Ok(None) | Err(_) => break,
                }
            }
        }
        while let Ok(Some((_, outcome))) = timeout_at(deadline, self.next_ended()).await {
            result = result.and(outcome);
        }
        for cut in self.running.values() {
            result = result.and(Err(anyhow::anyhow!(
                "the {} did not end in time and was cut",
                cut.part
            )));
        }
        result
    }

    fn spawn<F>(&mut self, part: Part, run: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let task = self.tasks.spawn(run(stop.clone()));
        self.running.insert(task.id(), RunningPart { part, stop });
    }

    /// The next part that ends, with how; `None` when none runs.
    async fn next_ended(&mut self) -> Option<(Part, anyhow::Result<()>)> {
        let ended = self.tasks.join_next_with_id().await?;
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(panicked) => (panicked.id(), Err(panicked.into())),
        };
        let part = self.running.remove(&id)?.part;
        Some((part, outcome.with_context(|| format!("the {part} failed"))))
    }
}
