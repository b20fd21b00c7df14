//! Questions about operation, answered from the consumer's status of messages: “why isn't order 42 done?”, “what failed in
//! the last hour?”, “what is the lag?”.

use std::{collections::HashSet, time::SystemTime};

use contract::{
    MessageId, Stage, Timestamp,
    seer::{Citation, SearchMode},
    status::MessageLife,
};
use unicode_segmentation::UnicodeSegmentation;

use super::Knowledge;
use crate::{index::SearchQuery, store::Filter};
use consumer::{Consumer, ConsumerAway};
use intent::{Intent, Scope};

mod consumer;
mod intent;
mod window;
mod wording;

/// Messages whose text is looked through for a subject.
const SUBJECT_HITS_MAX: usize = 10;
/// Lives that a count is shown with.
const EXAMPLES_MAX: usize = 3;

pub(super) struct Operation {
    consumer: Consumer,
}

/// What the status of messages says.
#[derive(Debug, PartialEq)]
pub(super) struct OperationAnswer {
    pub(super) text: String,
    pub(super) known: bool,
    pub(super) citations: Vec<Citation>,
    pub(super) degraded: Option<String>,
}

type Told = Result<Option<OperationAnswer>, ConsumerAway>;

impl Operation {
    pub(super) fn new(http: reqwest::Client, consumer_url: url::Url) -> Self {
        Self {
            consumer: Consumer::new(http, consumer_url),
        }
    }

    /// `None` when the question is about content.
    pub(super) async fn answer(
        &self,
        knowledge: &dyn Knowledge,
        question: &str,
        top_k: usize,
    ) -> Option<OperationAnswer> {
        let intent = intent::parse(question)?;
        let now = Timestamp::from(SystemTime::now());
        let told = match intent {
            Intent::Life(id) => self.life(id, now).await,
            Intent::Subject(subject) => self.subject(knowledge, &subject, top_k, now).await,
            Intent::Failed(scope) => self.failed(&scope, top_k, now).await,
            Intent::Stuck(scope) => self.stuck(&scope, top_k, now).await,
            Intent::Count { scope, stage } => self.count(&scope, stage, top_k, now).await,
            Intent::Lag => self.lag().await,
        };
        told.unwrap_or_else(|away| {
            Some(OperationAnswer {
                text: format!("I can't tell now: {away}. Ask again when it is back."),
                known: false,
                citations: Vec::new(),
                degraded: Some(away.to_string()),
            })
        })
    }

    async fn life(&self, id: MessageId, now: Timestamp) -> Told {
        let Some(life) = self.consumer.life(id).await? else {
            return Ok(Some(OperationAnswer {
                text: format!(
                    "I don't know: no message with the id {id} was consumed, or it was so long ago that its status was cleared."
                ),
                known: false,
                citations: Vec::new(),
                degraded: None,
            }));
        };
        Ok(Some(of_lives(&[life], now)))
    }

    /// Messages with the subject as their key or in their text; none: the question was about content after all.
    async fn subject(
        &self,
        knowledge: &dyn Knowledge,
        subject: &str,
        top_k: usize,
        now: Timestamp,
    ) -> Told {
        let mut lives: Vec<MessageLife> = Vec::new();
        for key in keys(subject) {
            let query = [("key", key), ("limit", top_k.to_string())];
            lives.extend(self.consumer.lives(&query).await?.lives);
        }
        let query = SearchQuery {
            text: subject.to_owned(),
            mode: SearchMode::Sparse,
            filter: Filter::default(),
            limit: SUBJECT_HITS_MAX,
        };
        // An index that is away leaves the keys.
        let hits = knowledge.search(query).await.unwrap_or_default();
        let wanted = word_set(subject);
        for hit in hits
            .iter()
            .filter(|hit| wanted.is_subset(&word_set(&hit.text)))
        {
            lives.extend(self.consumer.life(hit.id).await?);
        }
        let mut seen = HashSet::new();
        lives.retain(|life| seen.insert(life.id));
        // The last message about a thing tells its state now.
        lives.sort_by_key(|life| std::cmp::Reverse(life.stages.first().map(|reached| reached.at)));
        lives.truncate(top_k);
        Ok((!lives.is_empty()).then(|| of_lives(&lives, now)))
    }

    async fn failed(&self, scope: &Scope, top_k: usize, now: Timestamp) -> Told {
        let Some(mut query) = self.query(scope, now).await? else {
            return Ok(None);
        };
        query.push(("failed", "true".to_owned()));
        query.push(("limit", top_k.to_string()));
        let found = self.consumer.lives(&query).await?;
        let text = format!("{} failed{}", wording::messages(found.total), place(scope));
        Ok(Some(of_list(text, &found.lives, found.total, now)))
    }

    async fn stuck(&self, scope: &Scope, top_k: usize, now: Timestamp) -> Told {
        let Some(mut query) = self.query(scope, now).await? else {
            return Ok(None);
        };
        query.push(("stuck", "true".to_owned()));
        query.push(("limit", top_k.to_string()));
        let found = self.consumer.lives(&query).await?;
        let verb = if found.total > 1 { "are" } else { "is" };
        let text = format!(
            "{} {verb} stuck{}: in the log for more than a minute and not done",
            wording::messages(found.total),
            place(scope)
        );
        Ok(Some(of_list(text, &found.lives, found.total, now)))
    }

    async fn count(&self, scope: &Scope, stage: Stage, top_k: usize, now: Timestamp) -> Told {
        let Some(query) = self.query(scope, now).await? else {
            return Ok(None);
        };
        let limit = ("limit", top_k.min(EXAMPLES_MAX).to_string());
        // Those that came further have been there too.
        let rungs: &[Option<Stage>] = match stage {
            Stage::Indexed => &[Some(Stage::Indexed)],
            Stage::Consumed => &[Some(Stage::Indexed), Some(Stage::Consumed)],
            _ => &[None],
        };
        let (mut total, mut lives) = (0, Vec::new());
        for rung in rungs {
            let mut query = query.clone();
            query.push(limit.clone());
            query.extend(rung.map(|rung| ("stage", rung.name().to_owned())));
            let found = self.consumer.lives(&query).await?;
            total += found.total;
            lives.extend(found.lives);
        }
        lives.truncate(EXAMPLES_MAX);
        let (count, place) = (wording::messages(total), place(scope));
        let verb = if total > 1 { "were" } else { "was" };
        let text = match stage {
            Stage::Streamed if place.is_empty() => format!("{count} {verb} seen"),
            Stage::Streamed => format!("{count} came{place}"),
            stage => format!("{count} {verb} {stage}{place}"),
        };
        Ok(Some(of_list(text, &lives, total, now)))
    }

    async fn lag(&self) -> Told {
        let summary = self.consumer.summary().await?;
        let mut behind: Vec<(&String, i64)> = summary
            .lag
            .iter()
            .map(|(group, lag)| (group, *lag))
            .filter(|(_, lag)| *lag > 0)
            .collect();
        behind.sort_by_key(|(_, lag)| std::cmp::Reverse(*lag));
        let text = match (summary.lag.len(), &behind[..]) {
            (0, _) => "No consumer group reads now, or Kafka does not tell.".to_owned(),
            (1, []) => "No lag: the only consumer group has read everything.".to_owned(),
            (groups, []) => format!("No lag: all {groups} consumer groups have read everything."),
            (_, behind) => {
                let each = behind.iter().map(|(group, lag)| {
                    format!(
                        "group {group} has {} to read",
                        wording::messages(*lag as u64)
                    )
                });
                let each: Vec<String> = each.collect();
                format!("{}.", capitalised(&each.join(", ")))
            }
        };
        Ok(Some(OperationAnswer {
            text,
            known: !summary.lag.is_empty(),
            citations: Vec::new(),
            degraded: None,
        }))
    }

    /// The parameters of a scope; `None` when its topic is no topic.
    async fn query(
        &self,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Option<Vec<(&'static str, String)>>, ConsumerAway> {
        let mut query = Vec::new();
        if let Some(topic) = &scope.topic {
            if !self.consumer.has_topic(topic).await? {
                return Ok(None);
            }
            query.push(("topic", topic.clone()));
        }
        if let Some(window) = scope.window {
            let (since, until) = window.bounds(now);
            query.push(("since", since.to_string()));
            query.extend(until.map(|until| ("until", until.to_string())));
        }
        Ok(Some(query))
    }
}

/// Keys by which a subject may go: “order 42”, “order-42”, …, “42”.
fn keys(subject: &str) -> Vec<String> {
    let mut keys = vec![subject.to_owned()];
    let words: Vec<&str> = subject.split_whitespace().collect();
    if words.len() > 1 {
        keys.extend(["-", "_", ":", "/", ""].map(|joint| words.join(joint)));
        let numbered = words
            .iter()
            .filter(|word| word.contains(|c: char| c.is_ascii_digit()));
        keys.extend(numbered.map(|word| (*word).to_owned()));
    }
    keys
}

fn word_set(text: &str) -> HashSet<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// “ on stream today”
fn place(scope: &Scope) -> String {
    let topic = scope.topic.as_ref().map(|topic| format!(" on {topic}"));
    let window = scope.window.map(|window| format!(" {}", window.words()));
    topic.unwrap_or_default() + &window.unwrap_or_default()
}

/// A sentence for each life, with its ladder.
fn of_lives(lives: &[MessageLife], now: Timestamp) -> OperationAnswer {
    let sentences = lives.iter().enumerate().map(|(index, life)| {
        format!(
            "{} is {}. It was {} [{}].",
            capitalised(&wording::name(life)),
            wording::verdict(life, now),
            wording::ladder(life, now),
            index + 1
        )
    });
    OperationAnswer {
        text: sentences.collect::<Vec<_>>().join("\n"),
        known: true,
        citations: cited(lives, now),
        degraded: None,
    }
}

/// A first sentence, and a line for each life.
fn of_list(mut text: String, lives: &[MessageLife], total: u64, now: Timestamp) -> OperationAnswer {
    if lives.is_empty() {
        text.push('.');
    } else if total > lives.len() as u64 {
        text.push_str(&format!("; the last {}:", lives.len()));
    } else {
        text.push(':');
    }
    for (index, life) in lives.iter().enumerate() {
        let (name, verdict) = (wording::name(life), wording::verdict(life, now));
        let came = life
            .stages
            .first()
            .map(|reached| wording::at(reached.at, now));
        let came = came.unwrap_or_default();
        text.push_str(&format!("\n{name} came {came}, {verdict} [{}].", index + 1));
    }
    OperationAnswer {
        text,
        known: true,
        citations: cited(lives, now),
        degraded: None,
    }
}

fn cited(lives: &[MessageLife], now: Timestamp) -> Vec<Citation> {
    let citation = |(index, life): (usize, &MessageLife)| Citation {
        n: index + 1,
        id: life.id,
        topic: life.topic.clone(),
        partition: life.partition,
        offset: life.offset,
        key: life.key.clone(),
        timestamp: life.stages.first().map(|reached| reached.at.as_millis()),
        text: wording::ladder(life, now),
        score: 1.0,
    };
    lives.iter().enumerate().map(citation).collect()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + chars.as_str())
        .unwrap_or_default()
}
