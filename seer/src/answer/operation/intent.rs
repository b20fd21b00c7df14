//! Which questions are about operation, by rules.
//!
//! A question about content must not be caught. So every word of it has to be one that such questions are made of; what is
//! left over can only be a topic, or the subject of “why isn't … done?”. Both are looked up before they are believed.

use contract::{MessageId, Stage};

use super::window::Window;

/// What is asked about operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Intent {
    /// What became of the message with this id.
    Life(MessageId),
    /// What became of the messages that a few words describe, such as “order 42”.
    Subject(String),
    Failed(Scope),
    Stuck(Scope),
    /// How many messages came, or reached a rung.
    Count {
        scope: Scope,
        stage: Stage,
    },
    Lag,
}

/// What the question is narrowed to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Scope {
    /// Believed only if there is such a topic.
    pub(super) topic: Option<String>,
    pub(super) window: Option<Window>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Filler,
    Article,
    /// “message”, “record”, …
    Thing,
    Topic,
    /// After it a topic may stand.
    Preposition,
    Time,
    Failed,
    /// A noun that needs a plural or a time to be about operation: “errors”.
    Failure,
    Stuck,
    Came,
    Consumed,
    Indexed,
    Lag,
    Unknown,
}

struct Word {
    /// As it stands there, without punctuation.
    raw: String,
    lower: String,
    quoted: bool,
    kind: Kind,
}

/// The longest subject, in words.
const SUBJECT_WORDS_MAX: usize = 5;

pub(super) fn parse(question: &str) -> Option<Intent> {
    let words = words(question);
    if let Some(intent) = life(&words) {
        return Some(intent);
    }
    closed(&words).or_else(|| subject(&words))
}

fn words(question: &str) -> Vec<Word> {
    let pieces = question.split_whitespace();
    let words = pieces.filter_map(|piece| {
        let quote = |c: char| matches!(c, '`' | '"' | '“' | '”' | '‘' | '«' | '»' | '„');
        let raw = piece.trim_matches(|c: char| quote(c) || "?!.,;:()'".contains(c));
        let lower = raw.to_lowercase().replace('’', "'");
        (!raw.is_empty()).then(|| Word {
            kind: kind(&lower),
            raw: raw.to_owned(),
            lower,
            quoted: piece.starts_with(quote),
        })
    });
    words.collect()
}

fn kind(lower: &str) -> Kind {
    match lower {
        "a" | "an" => Kind::Article,
        "message" | "messages" | "record" | "records" | "event" | "events" | "msgs" | "msg" => {
            Kind::Thing
        }
        "topic" | "topics" => Kind::Topic,
        "on" | "in" | "to" | "from" | "into" | "of" | "for" => Kind::Preposition,
        "last" | "past" | "hour" | "hours" | "minute" | "minutes" | "min" | "second"
        | "seconds" | "day" | "days" | "week" | "weeks" | "today" | "yesterday" | "ago"
        | "within" => Kind::Time,
        "failed" | "fail" | "failing" | "fails" | "died" | "dead-lettered" => Kind::Failed,
        "error" | "errors" | "failure" | "failures" | "dead" | "letter" | "letters"
        | "dead-letters" | "wrong" | "went" => Kind::Failure,
        "stuck" | "hanging" | "hangs" | "pending" | "waiting" | "unfinished" | "blocked"
        | "unprocessed" => Kind::Stuck,
        "came" | "come" | "arrived" | "arrive" | "sent" | "streamed" | "received" | "produced"
        | "accepted" | "published" => Kind::Came,
        "consumed" | "processed" | "handled" => Kind::Consumed,
        "indexed" | "answerable" | "searchable" | "done" | "finished" => Kind::Indexed,
        "lag" | "lagging" | "behind" | "backlog" => Kind::Lag,
        "the" | "is" | "are" | "was" | "were" | "be" | "been" | "has" | "have" | "had" | "did"
        | "do" | "does" | "there" | "any" | "anything" | "all" | "my" | "our" | "me" | "please"
        | "can" | "you" | "could" | "tell" | "show" | "list" | "what" | "what's" | "which"
        | "how" | "many" | "much" | "far" | "number" | "count" | "so" | "now" | "right"
        | "currently" | "yet" | "still" | "already" | "not" | "isn't" | "aren't" | "hasn't"
        | "haven't" | "wasn't" | "weren't" | "didn't" | "and" | "or" | "by" | "we" | "i" | "at"
        | "during" | "since" | "through" | "big" | "large" | "status" | "consumer" | "seer"
        | "group" | "groups" | "kafka" | "why" | "it" | "that" | "this" | "with" => Kind::Filler,
        _ => Kind::Unknown,
    }
}

/// A question that names a message by its id, and else only what such questions say.
fn life(words: &[Word]) -> Option<Intent> {
    let id = words.iter().find_map(|word| word.raw.parse().ok())?;
    let left = words.iter().filter(|word| {
        word.kind == Kind::Unknown
            && word.raw.parse::<MessageId>().is_err()
            && !matches!(
                word.lower.as_str(),
                "id" | "state"
                    | "life"
                    | "happened"
                    | "happening"
                    | "become"
                    | "became"
                    | "where"
                    | "stage"
                    | "up"
                    | "about"
            )
    });
    (left.count() == 0).then_some(Intent::Life(id))
}

/// A question in which no word is left over but a topic.
fn closed(words: &[Word]) -> Option<Intent> {
    let (window, in_window) = Window::find(words.iter().map(|word| word.lower.as_str()));
    let mut topic = None;
    for (index, word) in words.iter().enumerate() {
        if in_window.contains(&index) {
            continue;
        }
        let stray_number = word.lower.chars().all(|c| c.is_ascii_digit());
        if word.kind != Kind::Unknown && word.kind != Kind::Time && !word.quoted {
            continue;
        }
        let before = index.checked_sub(1).map(|index| words[index].kind);
        let after = words.get(index + 1).map(|word| word.kind);
        let named = word.quoted
            || matches!(before, Some(Kind::Topic | Kind::Preposition))
            || after == Some(Kind::Topic);
        let legal = contract::topic::validate(&word.raw).is_ok();
        if !named || !legal || stray_number || topic.is_some() {
            return None;
        }
        topic = Some(word.raw.clone());
    }
    intent(words, Scope { topic, window })
}

fn intent(words: &[Word], scope: Scope) -> Option<Intent> {
    let has = |kind| words.iter().any(|word| word.kind == kind && !word.quoted);
    let says = |texts: &[&str]| {
        words
            .iter()
            .any(|word| texts.contains(&word.lower.as_str()))
    };
    if has(Kind::Lag) {
        return Some(Intent::Lag);
    }
    let narrowed = scope != Scope::default();
    let plural = says(&["errors", "failures", "letters", "dead-letters"]);
    let wrong = says(&["wrong"]) && says(&["went"]);
    if has(Kind::Failed) || plural || (says(&["dead"]) || wrong) && (narrowed || has(Kind::Thing)) {
        return Some(Intent::Failed(scope));
    }
    let negated = words
        .iter()
        .any(|word| word.lower == "not" || word.lower.ends_with("n't"));
    if has(Kind::Stuck)
        || negated && (has(Kind::Consumed) || has(Kind::Indexed)) && has(Kind::Thing)
    {
        return Some(Intent::Stuck(scope));
    }
    let counts = says(&["many", "number", "count"]);
    let stage = match () {
        () if has(Kind::Indexed) => Stage::Indexed,
        () if has(Kind::Consumed) => Stage::Consumed,
        () => Stage::Streamed,
    };
    let moved = has(Kind::Came) || has(Kind::Consumed) || has(Kind::Indexed);
    let asked = counts && (has(Kind::Thing) || moved) || has(Kind::Thing) && has(Kind::Came);
    asked.then_some(Intent::Count { scope, stage })
}

/// “why isn't order 42 done?”, “has invoice A-7 been processed?”: what stands between is the subject.
fn subject(words: &[Word]) -> Option<Intent> {
    let asks = [
        "why", "is", "isn't", "has", "hasn't", "was", "wasn't", "did", "didn't", "are",
    ];
    let is_end = |word: &Word| {
        matches!(
            word.kind,
            Kind::Indexed | Kind::Consumed | Kind::Stuck | Kind::Failed
        ) || matches!(
            word.lower.as_str(),
            "arrived" | "arrive" | "delivered" | "dead" | "through"
        )
    };
    let first = words.first()?;
    let last = words
        .iter()
        .rposition(|word| !matches!(word.lower.as_str(), "yet" | "now" | "already" | "still"))?;
    if !asks.contains(&first.lower.as_str()) || !is_end(&words[last]) {
        return None;
    }
    let between: Vec<&Word> = words[1..last]
        .iter()
        .filter(|word| word.quoted || !matches!(word.kind, Kind::Filler | Kind::Article))
        .collect();
    let named = between
        .iter()
        .any(|word| word.quoted || word.raw.chars().any(|c| c.is_ascii_digit()));
    if !named || between.len() > SUBJECT_WORDS_MAX {
        return None;
    }
    let subject: Vec<&str> = between.iter().map(|word| word.raw.as_str()).collect();
    Some(Intent::Subject(subject.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(question: &str) -> String {
        match parse(question) {
            None => "content".to_owned(),
            Some(Intent::Life(_)) => "life".to_owned(),
            Some(Intent::Subject(subject)) => format!("subject {subject}"),
            Some(Intent::Lag) => "lag".to_owned(),
            Some(Intent::Failed(scope)) => format!("failed{}", narrowed(scope)),
            Some(Intent::Stuck(scope)) => format!("stuck{}", narrowed(scope)),
            Some(Intent::Count { scope, stage }) => format!("count {stage}{}", narrowed(scope)),
        }
    }

    fn narrowed(scope: Scope) -> String {
        let topic = scope.topic.map(|topic| format!(" of {topic}"));
        let window = scope.window.map(|window| format!(", {}", window.words()));
        topic.unwrap_or_default() + &window.unwrap_or_default()
    }

    #[test]
    fn questions_about_operation() {
        let id = MessageId::of_record("stream", 0, 0);
        for (question, expected) in [
            ("why isn't order 42 done?", "subject order 42"),
            ("Why is order 42 not done yet?", "subject order 42"),
            ("Why isn’t order 42 done?", "subject order 42"),
            ("Has invoice A-7 been processed?", "subject invoice A-7"),
            ("is “blue car” stuck?", "subject blue car"),
            ("did order 42 arrive?", "subject order 42"),
            ("what failed in the last hour?", "failed, in the last hour"),
            ("Which messages failed today?", "failed, today"),
            (
                "any errors on `orders` in the past 10 minutes",
                "failed of orders, in the last 10 minutes",
            ),
            ("are there dead letters?", "failed"),
            ("what went wrong today?", "failed, today"),
            (
                "how many messages came on `stream` today?",
                "count streamed of stream, today",
            ),
            (
                "How many messages came on stream today?",
                "count streamed of stream, today",
            ),
            (
                "How many messages arrived yesterday",
                "count streamed, yesterday",
            ),
            ("how many records were consumed?", "count consumed"),
            (
                "How many events are indexed on topic orders.v1?",
                "count indexed of orders.v1",
            ),
            ("how many messages are there?", "count streamed"),
            (
                "which messages came in the last 5 minutes?",
                "count streamed, in the last 5 minutes",
            ),
            ("what is the lag?", "lag"),
            ("How far behind is the consumer?", "lag"),
            ("is the seer lagging?", "lag"),
            ("what is stuck?", "stuck"),
            ("Is anything stuck on orders?", "stuck of orders"),
            ("which messages are not done?", "stuck"),
            ("what's pending", "stuck"),
        ] {
            assert_eq!(about(question), expected, "{question}");
        }
        for question in [
            "is message {} done?",
            "What happened to {}?",
            "status of {}",
            "where is {}",
        ] {
            let question = question.replace("{}", &id.to_string());
            assert_eq!(parse(&question), Some(Intent::Life(id)), "{question}");
        }
    }

    #[test]
    fn questions_about_content() {
        for question in [
            "Do you know anything about the Wilymajinkas?",
            "How many points did the Panthers defense surrender?",
            "How many messages did Lincoln send?",
            "How many records did the Beatles sell?",
            "How many came to Paris in 1990?",
            "Why is the sky blue?",
            "Why did the Roman Empire fail?",
            "What failed in the economy of 1929?",
            "Who was behind the revolution?",
            "What is an error?",
            "What is dead reckoning?",
            "What is a message?",
            "What happened yesterday?",
            "When was the canal finished?",
            "Is the cathedral finished?",
            "What is the status of order 42?",
            "Who is waiting for Godot?",
            "How many days are in a week?",
            "What does message 7c5617cb-a859-5e8b-86ed-313dd222ff33 say?",
            "",
        ] {
            assert_eq!(about(question), "content", "{question}");
        }
    }
}
