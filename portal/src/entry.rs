//! A message as the portal shows it: what its receipt said, and its life so far.

use contract::{
    MessageId, Receipt, Stage, Timestamp,
    status::{MessageLife, StageReached},
    topic,
};
use serde::{Deserialize, Serialize};

use crate::flow::Seer;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) id: MessageId,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) key: Option<String>,
    pub(crate) trace_id: Option<String>,
    /// From taking the message to the broker's acknowledgement, as the producer measured it.
    pub(crate) ack_us: Option<u64>,
    /// The record's own time, as the receipt tells it; the producer sets it when it takes the message.
    pub(crate) recorded_at: Option<Timestamp>,
    /// Absent until the consumer has told.
    pub(crate) life: Option<MessageLife>,
}

/// A rung of the ladder as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rung {
    pub(crate) stage: Stage,
    pub(crate) reached: bool,
    /// From the rung before.
    pub(crate) took_us: Option<u64>,
    pub(crate) at: Option<Timestamp>,
    /// What went wrong on it, or why it is not reached.
    pub(crate) remark: Option<String>,
}

impl Entry {
    /// `key` is what the sender gave; empty means none.
    pub(crate) fn of_receipt(receipt: Receipt, key: &str) -> Self {
        Self {
            id: receipt.id,
            topic: receipt.topic,
            partition: receipt.partition,
            offset: receipt.offset,
            key: (!key.is_empty()).then(|| key.to_owned()),
            trace_id: Some(receipt.trace_id),
            ack_us: Some(receipt.took_us),
            recorded_at: Some(Timestamp::from_millis(receipt.timestamp)),
            life: None,
        }
    }

    #[cfg_attr(
        not(feature = "ssr"),
        expect(dead_code, reason = "the browser is given entries")
    )]
    pub(crate) fn of_life(life: MessageLife) -> Self {
        Self {
            id: life.id,
            topic: life.topic.clone(),
            partition: life.partition,
            offset: life.offset,
            key: life.key.clone(),
            trace_id: life.trace_id.clone(),
            ack_us: None,
            recorded_at: None,
            life: Some(life),
        }
    }

    /// Takes over what is newly known. News can arrive out of order; a life never gets shorter.
    pub(crate) fn learn(&mut self, life: MessageLife) {
        let known = self.life.as_ref().map_or(0, |life| life.stages.len());
        if life.id == self.id && life.stages.len() >= known {
            self.life = Some(life);
        }
    }

    pub(crate) fn has_reached(&self, stage: Stage) -> bool {
        self.life
            .as_ref()
            .is_some_and(|life| life.has_reached(stage))
    }

    /// It is on the top of the ladder, or lies among the dead letters.
    pub(crate) fn is_done(&self, seer: Seer) -> bool {
        let top = if seer.is_there() && self.is_learned() {
            Stage::Indexed
        } else {
            Stage::Consumed
        };
        self.has_reached(top)
    }

    /// Nothing more can happen to it, now or when a seer comes.
    pub(crate) fn is_settled(&self) -> bool {
        self.has_reached(if self.is_learned() {
            Stage::Indexed
        } else {
            Stage::Consumed
        })
    }

    /// Whether a seer finds it among what it has learned.
    pub(crate) fn is_answerable(&self) -> bool {
        let indexed = self.reached(Stage::Indexed);
        indexed.is_some_and(|reached| reached.error.is_none())
    }

    /// Why the seer has not learned it, although it came to it.
    pub(crate) fn index_error(&self) -> Option<&str> {
        self.reached(Stage::Indexed)?.error.as_deref()
    }

    /// A seer does not learn from questions and its own answers.
    fn is_learned(&self) -> bool {
        topic::is_learned(&self.topic)
    }

    fn reached(&self, stage: Stage) -> Option<&StageReached> {
        let stages = &self.life.as_ref()?.stages;
        stages.iter().find(|reached| reached.stage == stage)
    }

    /// Why it could not be processed, when that is how it ended.
    pub(crate) fn death(&self) -> Option<&str> {
        let death = self.reached(Stage::Dead)?;
        Some(death.error.as_deref().unwrap_or("no reason was given"))
    }

    /// Where its life began: accepted over HTTP, or written by another Kafka client.
    pub(crate) fn first_stage(&self) -> Stage {
        let stages = self.life.as_ref().map(|life| life.stages.as_slice());
        let first = stages.unwrap_or_default().first();
        first.map_or(Stage::Accepted, |first| first.stage)
    }

    /// From the first rung to another one.
    pub(crate) fn us_until(&self, stage: Stage) -> Option<u64> {
        let first = self.life.as_ref()?.stages.first()?;
        Some(self.reached(stage)?.at.micros_since(first.at))
    }

    /// From the first rung to the highest.
    pub(crate) fn total_us(&self) -> Option<u64> {
        let until = |stage| self.us_until(stage);
        until(Stage::Consumed).max(until(Stage::Indexed))
    }

    /// Until the acknowledgement, as the producer measured it. The consumer can be faster than the acknowledgement is to arrive;
    /// then the message was in the log by that time.
    fn streamed_us(&self) -> Option<u64> {
        let ack_us = self.ack_us?;
        Some(
            self.us_until(Stage::Consumed)
                .map_or(ack_us, |consumed_us| ack_us.min(consumed_us)),
        )
    }

    fn consumed_us(&self) -> Option<u64> {
        Some(self.us_until(Stage::Consumed)? - self.streamed_us()?)
    }

    /// From the consumed rung, which the message may reach later.
    fn indexed_us(&self) -> Option<u64> {
        let consumed_us = self.us_until(Stage::Consumed).unwrap_or(0);
        Some(self.us_until(Stage::Indexed)?.saturating_sub(consumed_us))
    }

    /// The rungs to show: those that every message of the producer climbs, and what else has happened.
    pub(crate) fn ladder(&self, seer: Seer) -> Vec<Rung> {
        Stage::ALL
            .into_iter()
            .filter_map(|stage| self.rung(stage, seer))
            .collect()
    }

    fn rung(&self, stage: Stage, seer: Seer) -> Option<Rung> {
        let reached = self.reached(stage);
        // A receipt says by itself that the message was taken and is in the log.
        let by_receipt = self.ack_us.is_some() && stage <= Stage::Streamed;
        let expected = match stage {
            // A record of another Kafka client was never accepted by the producer.
            Stage::Accepted => self.life.is_none(),
            Stage::Streamed | Stage::Consumed => true,
            Stage::Indexed => self.is_learned(),
            Stage::Dead => false,
        };
        if reached.is_none() && !by_receipt && !expected {
            return None;
        }
        let measured_us = match stage {
            Stage::Accepted => None,
            // The producer measured it to the microsecond; the record's own timestamp has milliseconds.
            Stage::Streamed => self
                .streamed_us()
                .or(reached.map(|reached| reached.took_us)),
            // The steps of one ladder add up, so this one goes on where the producer's measure ended.
            Stage::Consumed => self
                .consumed_us()
                .or(reached.map(|reached| reached.took_us)),
            // The seer measures its own work alone; what the message waited for is part of the step as well.
            Stage::Indexed => self.indexed_us(),
            Stage::Dead => reached.map(|reached| reached.took_us),
        };
        let excuse = seer
            .excuse()
            .filter(|_| stage == Stage::Indexed && reached.is_none());
        let at_by_receipt = self.recorded_at.filter(|_| stage == Stage::Accepted);
        Some(Rung {
            stage,
            reached: reached.is_some() || by_receipt,
            took_us: measured_us,
            at: reached.map(|reached| reached.at).or(at_by_receipt),
            remark: reached
                .and_then(|reached| reached.error.clone())
                .or(excuse.map(str::to_owned)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            id: MessageId::of_record("stream", 0, 7),
            topic: "stream".to_owned(),
            partition: 0,
            offset: 7,
            timestamp: 1_769_851_800_000,
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
            status: String::new(),
            took_us: 842,
        }
    }

    fn life(stages: &[(Stage, i64)]) -> MessageLife {
        let receipt = receipt();
        let reached = |&(stage, at_us): &(Stage, i64)| StageReached {
            stage,
            at: Timestamp::from_micros(1_769_851_800_000_000 + at_us),
            component: "test".to_owned(),
            took_us: 1000,
            error: (stage == Stage::Dead).then(|| "no such order".to_owned()),
        };
        MessageLife {
            id: receipt.id,
            topic: receipt.topic,
            partition: receipt.partition,
            offset: receipt.offset,
            key: None,
            stage: stages.last().map_or(Stage::Streamed, |last| last.0),
            trace_id: None,
            stages: stages.iter().map(reached).collect(),
        }
    }

    fn reached(entry: &Entry) -> Vec<(Stage, bool)> {
        let rungs = entry.ladder(Seer::Ready).into_iter();
        rungs.map(|rung| (rung.stage, rung.reached)).collect()
    }

    #[test]
    fn a_receipt_alone_stands_on_the_second_rung() {
        let entry = Entry::of_receipt(receipt(), "");
        let expected = [
            (Stage::Accepted, true),
            (Stage::Streamed, true),
            (Stage::Consumed, false),
            (Stage::Indexed, false),
        ];
        assert_eq!(reached(&entry), expected);
        assert_eq!(entry.ladder(Seer::Ready)[1].took_us, Some(842));
        assert!(!entry.is_done(Seer::Away));
        assert_eq!(entry.key, None);
    }

    #[test]
    fn a_life_climbs_and_never_falls_back() {
        let mut entry = Entry::of_receipt(receipt(), "key");
        let done = life(&[
            (Stage::Accepted, 0),
            (Stage::Streamed, 1000),
            (Stage::Consumed, 3400),
        ]);
        entry.learn(done);
        entry.learn(life(&[(Stage::Accepted, 0), (Stage::Streamed, 1000)]));
        assert!(entry.is_done(Seer::Away));
        assert_eq!(entry.total_us(), Some(3400));
        let consumed_us = entry.ladder(Seer::Ready)[2].took_us;
        assert_eq!(consumed_us, Some(3400 - 842), "the steps add up");
        assert_eq!(
            entry.ladder(Seer::Ready)[1].took_us,
            Some(842),
            "the producer's own measure counts"
        );
    }

    #[test]
    fn the_steps_add_up_when_the_consumer_is_faster_than_the_acknowledgement() {
        let mut entry = Entry::of_receipt(receipt(), "");
        entry.learn(life(&[
            (Stage::Accepted, 0),
            (Stage::Streamed, 0),
            (Stage::Consumed, 500),
        ]));
        let ladder = entry.ladder(Seer::Ready);
        let took: Vec<_> = ladder.iter().map(|rung| rung.took_us).collect();
        assert_eq!(took, [None, Some(500), Some(0), None]);
    }

    #[test]
    fn a_record_of_another_client_was_not_accepted_by_us() {
        let entry = Entry::of_life(life(&[(Stage::Streamed, 0), (Stage::Consumed, 500)]));
        assert_eq!(
            reached(&entry),
            [
                (Stage::Streamed, true),
                (Stage::Consumed, true),
                (Stage::Indexed, false)
            ]
        );
        assert_eq!(entry.first_stage(), Stage::Streamed);
    }

    #[test]
    fn a_dead_letter_says_why() {
        let entry = Entry::of_life(life(&[(Stage::Streamed, 0), (Stage::Dead, 500)]));
        assert_eq!(entry.death(), Some("no such order"));
        assert_eq!(reached(&entry).last(), Some(&(Stage::Dead, true)));
    }

    #[test]
    fn a_message_is_done_when_it_can_be_asked_about_where_there_is_a_seer() {
        let mut entry = Entry::of_receipt(receipt(), "");
        entry.learn(life(&[(Stage::Accepted, 0), (Stage::Consumed, 3400)]));
        for (seer, done) in [
            (Seer::Ready, false),
            (Seer::Ailing, false),
            (Seer::Away, true),
            (Seer::Unknown, true),
        ] {
            assert_eq!(entry.is_done(seer), done, "{seer:?}");
        }
        assert!(!entry.is_settled(), "a seer may come");
        let remark = |seer| entry.ladder(seer).pop().and_then(|rung| rung.remark);
        assert_eq!(remark(Seer::Ready), None);
        assert_eq!(remark(Seer::Away).as_deref(), Some("seer is away"));

        let stages = [
            (Stage::Accepted, 0),
            (Stage::Consumed, 3400),
            (Stage::Indexed, 90_000),
        ];
        entry.learn(life(&stages));
        assert!(entry.is_done(Seer::Ready) && entry.is_settled() && entry.is_answerable());
        assert_eq!(entry.total_us(), Some(90_000));
        let top = entry.ladder(Seer::Ready).pop();
        assert_eq!(top.and_then(|rung| rung.took_us), Some(90_000 - 3400));
    }

    #[test]
    fn what_cannot_be_indexed_says_why_and_is_done_all_the_same() {
        let mut indexed = life(&[(Stage::Streamed, 0), (Stage::Indexed, 9000)]);
        indexed.stages[1].error = Some("not text".to_owned());
        let entry = Entry::of_life(indexed);
        assert!(entry.is_done(Seer::Ready) && !entry.is_answerable());
        let top = entry.ladder(Seer::Ready).pop();
        assert_eq!(
            top.and_then(|rung| rung.remark).as_deref(),
            Some("not text")
        );
    }

    #[test]
    fn questions_are_not_learned() {
        let mut entry = Entry::of_life(life(&[(Stage::Streamed, 0), (Stage::Consumed, 500)]));
        entry.topic = topic::SEER_QUESTION.to_owned();
        assert!(entry.is_done(Seer::Ready) && entry.is_settled());
        assert_eq!(entry.ladder(Seer::Ready).len(), 2);
    }
}
