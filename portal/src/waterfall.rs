//! The life of a message as bars on one axis of time.

use contract::{Stage, Timestamp};

use crate::{entry::Entry, flow::Seer};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waterfall {
    /// The rungs that were reached, each from where the one before ended, unless it was reached earlier.
    pub(crate) steps: Vec<Step>,
    /// How long the axis is.
    pub(crate) total_us: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) stage: Stage,
    pub(crate) begun_us: u64,
    pub(crate) took_us: u64,
    /// At its end, what the component itself was at work, as it measured it; before that the message waited.
    pub(crate) worked_us: Option<u64>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) component: Option<String>,
    pub(crate) error: Option<String>,
}

impl Waterfall {
    pub(crate) fn of(entry: &Entry) -> Self {
        let mut end_us = 0;
        // Only what was reached: whether there is a seer does not matter.
        let rungs = entry.ladder(Seer::Unknown).into_iter();
        let steps = rungs.filter(|rung| rung.reached).map(|rung| {
            let life = entry.life.as_ref();
            let reached = life.and_then(|life| {
                let mut stages = life.stages.iter();
                stages.find(|reached| reached.stage == rung.stage)
            });
            // What a component reports has a time of its own, whatever comes before.
            let reports = matches!(rung.stage, Stage::Indexed | Stage::Dead);
            let until_us = entry.us_until(rung.stage).filter(|_| reports);
            let worked_us = reached.filter(|_| reports).map(|reached| reached.took_us);
            let (begun_us, ended_us) = match until_us {
                // The seer was faster than the consumer, which read the record at the same time.
                Some(until_us) if until_us < end_us => {
                    (until_us.saturating_sub(worked_us.unwrap_or(0)), until_us)
                }
                Some(until_us) => (end_us, until_us),
                None => (end_us, end_us + rung.took_us.unwrap_or(0)),
            };
            end_us = end_us.max(ended_us);
            let took_us = ended_us - begun_us;
            Step {
                stage: rung.stage,
                begun_us,
                took_us,
                worked_us: worked_us.filter(|worked_us| *worked_us < took_us),
                at: rung.at,
                component: reached.map(|reached| reached.component.clone()),
                error: rung.remark,
            }
        });
        Self {
            steps: steps.collect(),
            total_us: end_us,
        }
    }

    /// Where a time lies on an axis from 0 to `width`.
    pub(crate) fn place(&self, micros: u64, width: u64) -> u64 {
        let place = u128::from(micros) * u128::from(width) / u128::from(self.total_us.max(1));
        u64::try_from(place).unwrap_or(width).min(width)
    }
}

#[cfg(test)]
mod tests {
    use contract::{
        MessageId,
        status::{MessageLife, StageReached},
    };

    use super::*;

    fn entry(stages: &[(Stage, i64, u64)]) -> Entry {
        let reached = |&(stage, at_us, took_us): &(Stage, i64, u64)| StageReached {
            stage,
            at: Timestamp::from_micros(1_769_851_800_000_000 + at_us),
            component: "test".to_owned(),
            took_us,
            error: (stage == Stage::Dead).then(|| "no such order".to_owned()),
        };
        Entry::of_life(MessageLife {
            id: MessageId::of_record("stream", 0, 7),
            topic: "stream".to_owned(),
            partition: 0,
            offset: 7,
            key: None,
            stage: stages.last().map_or(Stage::Streamed, |last| last.0),
            trace_id: None,
            stages: stages.iter().map(reached).collect(),
        })
    }

    fn bars(waterfall: &Waterfall) -> Vec<(Stage, u64, u64, Option<u64>)> {
        let steps = waterfall.steps.iter();
        steps
            .map(|step| (step.stage, step.begun_us, step.took_us, step.worked_us))
            .collect()
    }

    #[test]
    fn each_step_begins_where_the_one_before_ended() {
        let life = entry(&[
            (Stage::Accepted, 0, 0),
            (Stage::Streamed, 1000, 1000),
            (Stage::Consumed, 3400, 2400),
            (Stage::Indexed, 90_000, 12_000),
        ]);
        let waterfall = Waterfall::of(&life);
        let expected = [
            (Stage::Accepted, 0, 0, None),
            (Stage::Streamed, 0, 1000, None),
            (Stage::Consumed, 1000, 2400, None),
            (Stage::Indexed, 3400, 86_600, Some(12_000)),
        ];
        assert_eq!(bars(&waterfall), expected);
        assert_eq!(waterfall.total_us, 90_000);
        assert_eq!(waterfall.place(45_000, 1000), 500);
        assert_eq!(waterfall.place(100_000, 1000), 1000);
    }

    #[test]
    fn a_seer_that_is_faster_than_the_consumer_works_beside_it() {
        let life = entry(&[
            (Stage::Streamed, 0, 0),
            (Stage::Indexed, 300, 100),
            (Stage::Consumed, 500, 500),
        ]);
        let waterfall = Waterfall::of(&life);
        let expected = [
            (Stage::Streamed, 0, 0, None),
            (Stage::Consumed, 0, 500, None),
            (Stage::Indexed, 200, 100, None),
        ];
        assert_eq!(bars(&waterfall), expected);
        assert_eq!(waterfall.total_us, 500);
        let alone = entry(&[(Stage::Streamed, 0, 0), (Stage::Indexed, 500, 700)]);
        assert_eq!(
            bars(&Waterfall::of(&alone))[1],
            (Stage::Indexed, 0, 500, None)
        );
    }

    #[test]
    fn a_death_is_the_last_bar_and_says_why() {
        let life = entry(&[
            (Stage::Streamed, 0, 0),
            (Stage::Consumed, 400, 400),
            (Stage::Dead, 5000, 100),
        ]);
        let waterfall = Waterfall::of(&life);
        assert_eq!(bars(&waterfall)[2], (Stage::Dead, 400, 4600, Some(100)));
        assert_eq!(waterfall.steps[2].error.as_deref(), Some("no such order"));
    }

    #[test]
    fn a_life_of_one_moment_has_an_axis_too() {
        let waterfall = Waterfall::of(&entry(&[(Stage::Streamed, 0, 0)]));
        assert_eq!((waterfall.total_us, waterfall.place(0, 1000)), (0, 0));
    }
}
