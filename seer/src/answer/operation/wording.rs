//! Lives of messages in sentences that a person reads.

use contract::{Stage, Timestamp, status::MessageLife};

/// “2 ms”, “1.5 s”, “3 minutes”.
pub(super) fn span(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    let counted = |count: u64, unit: &str| match count {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    };
    match seconds {
        0 if micros < 1000 => format!("{micros} µs"),
        0 => format!("{} ms", micros / 1000),
        1..=9 => format!("{:.1} s", micros as f64 / 1e6),
        10..=119 => format!("{seconds} s"),
        120..=7199 => counted(seconds / 60, "minute"),
        7200..=172_799 => counted(seconds / 3600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}

/// “at 09:30:00 UTC” for today, with the date for other days.
pub(super) fn at(time: Timestamp, now: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    // 2026-01-31T09:30:00.123456Z
    let (text, today) = (time.to_string(), now.to_string());
    let clock = &text[11..19];
    if text[..10] == today[..10] {
        return format!("at {clock} UTC");
    }
    let month = text[5..7].parse::<usize>().unwrap_or(1);
    let month = MONTHS[(month - 1).min(11)];
    let day = text[8..10].trim_start_matches('0');
    format!("on {day} {month} {} at {clock} UTC", &text[..4])
}

/// “order 42 on `stream`”, with the place in the log.
pub(super) fn name(life: &MessageLife) -> String {
    let key = life.key.as_deref().filter(|key| !key.is_empty());
    let key = key.map(|key| format!(" with key “{key}”"));
    format!(
        "message {}{} (topic {}, partition {}, offset {})",
        life.id,
        key.unwrap_or_default(),
        life.topic,
        life.partition,
        life.offset
    )
}

/// The rungs in the order in which they were reached, with times: “accepted at 09:30:00 UTC, streamed 2 ms later, …”.
pub(super) fn ladder(life: &MessageLife, now: Timestamp) -> String {
    let mut text = String::new();
    let mut before: Option<Timestamp> = None;
    for reached in &life.stages {
        let when = match before {
            None => at(reached.at, now),
            Some(before) => format!("{} later", span(reached.at.micros_since(before))),
        };
        let joint = if text.is_empty() { "" } else { ", " };
        let rung = match reached.stage {
            Stage::Dead => "dead",
            stage => stage.name(),
        };
        text.push_str(&format!("{joint}{rung} {when}"));
        if let Some(error) = &reached.error {
            text.push_str(&format!(" ({error})"));
        }
        before = Some(reached.at);
    }
    text
}

/// What a message's life comes to: done, dead, or what it waits for.
pub(super) fn verdict(life: &MessageLife, now: Timestamp) -> String {
    let last = life.stages.last();
    let since = last.map_or(0, |reached| now.micros_since(reached.at));
    let error = life
        .stages
        .iter()
        .rev()
        .find_map(|reached| reached.error.as_deref());
    let waits = |what: &str| format!("not done: {what}, for {} now", span(since));
    match (life.stage, error) {
        (Stage::Dead, Some(error)) => format!("dead: {error}"),
        (Stage::Dead, None) => "dead; it lies on the topic of dead letters".to_owned(),
        (Stage::Indexed, Some(error)) => format!("done, but cannot be found: {error}"),
        (Stage::Indexed, None) => "done".to_owned(),
        (Stage::Consumed, _) => waits("it waits for the seer to index it"),
        (Stage::Streamed, _) => waits("it waits for the consumer to process it"),
        (Stage::Accepted, _) => waits("it was accepted and is not in the log yet"),
    }
}

pub(super) fn messages(count: u64) -> String {
    match count {
        0 => "No message".to_owned(),
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

#[cfg(test)]
mod tests {
    use contract::{MessageId, status::StageReached};

    use super::*;

    fn now() -> Timestamp {
        "2026-01-31T09:35:00Z".parse().unwrap()
    }

    fn life(stages: &[(Stage, &str, Option<&str>)]) -> MessageLife {
        MessageLife {
            id: MessageId::of_record("stream", 0, 0),
            topic: "stream".to_owned(),
            partition: 0,
            offset: 7,
            key: Some("42".to_owned()),
            stage: stages.last().unwrap().0,
            trace_id: None,
            stages: stages
                .iter()
                .map(|(stage, at, error)| StageReached {
                    stage: *stage,
                    at: at.parse().unwrap(),
                    component: "test".to_owned(),
                    took_us: 0,
                    error: error.map(str::to_owned),
                })
                .collect(),
        }
    }

    #[test]
    fn spans_and_times_as_a_person_says_them() {
        for (micros, expected) in [
            (7, "7 µs"),
            (2_400, "2 ms"),
            (1_500_000, "1.5 s"),
            (60_000_000, "60 s"),
            (300_000_000, "5 minutes"),
            (7_200_000_000, "2 hours"),
            (400_000_000_000, "4 days"),
        ] {
            assert_eq!(span(micros), expected);
        }
        let at = |text: &str| at(text.parse().unwrap(), now());
        assert_eq!(at("2026-01-31T09:30:00.5Z"), "at 09:30:00 UTC");
        assert_eq!(
            at("2025-12-05T09:30:00Z"),
            "on 5 December 2025 at 09:30:00 UTC"
        );
    }

    #[test]
    fn a_life_in_words() {
        let waiting = life(&[
            (Stage::Accepted, "2026-01-31T09:30:00Z", None),
            (Stage::Streamed, "2026-01-31T09:30:00.002Z", None),
            (Stage::Consumed, "2026-01-31T09:30:00.007Z", None),
        ]);
        assert_eq!(
            ladder(&waiting, now()),
            "accepted at 09:30:00 UTC, streamed 2 ms later, consumed 5 ms later"
        );
        assert_eq!(
            verdict(&waiting, now()),
            "not done: it waits for the seer to index it, for 4 minutes now"
        );
        let dead = life(&[
            (Stage::Streamed, "2026-01-31T09:30:00Z", None),
            (Stage::Dead, "2026-01-31T09:30:01Z", Some("no JSON")),
        ]);
        assert_eq!(verdict(&dead, now()), "dead: no JSON");
        assert_eq!(
            ladder(&dead, now()),
            "streamed at 09:30:00 UTC, dead 1.0 s later (no JSON)"
        );
        let indexed = life(&[(Stage::Indexed, "2026-01-31T09:30:00Z", Some("not text"))]);
        assert_eq!(
            verdict(&indexed, now()),
            "done, but cannot be found: not text"
        );
    }
}
