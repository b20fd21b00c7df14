//! What both stores keep of a message, as the life it stands for.

use contract::{
    MessageId, Stage, Timestamp,
    status::{MessageLife, StageReached},
};

/// A message as its row has it; times are microseconds since 1970.
#[derive(Debug)]
pub(super) struct LifeRow {
    pub(super) id: MessageId,
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) key: Option<Vec<u8>>,
    pub(super) trace_id: Option<u128>,
    pub(super) accepted_at: Option<i64>,
    pub(super) streamed_at: Option<i64>,
    pub(super) consumed_at: Option<i64>,
    pub(super) indexed: Option<Reported>,
    pub(super) dead: Option<Reported>,
}

/// A rung that a component reported.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) at: i64,
    pub(super) component: String,
    pub(super) took_us: i64,
    pub(super) error: Option<String>,
}

impl LifeRow {
    pub(super) fn life(self) -> MessageLife {
        let mut stages = self.record_stages();
        let reported = [(Stage::Indexed, self.indexed), (Stage::Dead, self.dead)];
        for (stage, reported) in reported {
            stages.extend(reported.map(|reported| reported.reached(stage)));
        }
        stages.sort_by_key(|reached| (reached.at, reached.stage));
        let highest = stages.iter().map(|reached| reached.stage).max();
        let key = self.key.as_deref().map(String::from_utf8_lossy);
        MessageLife {
            id: self.id,
            topic: self.topic,
            partition: self.partition,
            offset: self.offset,
            key: key.map(std::borrow::Cow::into_owned),
            // Every row is written with at least one stage.
            stage: highest.unwrap_or(Stage::Streamed),
            trace_id: self.trace_id.map(|id| format!("{id:032x}")),
            stages,
        }
    }

    /// The rungs that the message's own record tells, each timed from the one before.
    fn record_stages(&self) -> Vec<StageReached> {
        let rungs = [
            (Stage::Accepted, "producer", self.accepted_at),
            (Stage::Streamed, "streamer", self.streamed_at),
            (Stage::Consumed, "consumer", self.consumed_at),
        ];
        let mut before = None;
        let mut stages = Vec::with_capacity(4);
        for (stage, component, at) in rungs {
            let Some(at) = at.map(Timestamp::from_micros) else {
                continue;
            };
            stages.push(StageReached {
                stage,
                at,
                component: component.to_owned(),
                took_us: before.map_or(0, |before| at.micros_since(before)),
                error: None,
            });
            before = Some(at);
        }
        stages
    }
}

impl Reported {
    fn reached(self, stage: Stage) -> StageReached {
        StageReached {
            stage,
            at: Timestamp::from_micros(self.at),
            component: self.component,
            took_us: u64::try_from(self.took_us).unwrap_or(0),
            error: self.error,
        }
    }
}
