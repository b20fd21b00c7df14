//! How well questions are answered without a language model: whether the cited message and the quoted sentences hold the
//! true answer, and whether “I don't know” is said when, and only when, the message with the answer was left out.
//!
//! Each paragraph of a SQuAD file is sent once. A paragraph is left out by asking with the topics of the others, so that
//! everything is asked of the same index.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bench::platform::Platform;
use comfy_table::{Table, presets};
use contract::seer::{Answer, AskRequest, IndexState};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use crate::Wanted;

/// Questions asked at once: as many as there are cores on a small machine.
const AT_ONCE: usize = 2;
const INDEXED_TIMEOUT: Duration = Duration::from_secs(120);
/// Articles are spread over so many topics, times the places of paragraphs in an article: below the 100 that a question
/// may name.
const ARTICLE_GROUPS: usize = 4;

#[derive(Deserialize)]
struct Squad {
    data: Vec<Article>,
}

#[derive(Deserialize)]
struct Article {
    paragraphs: Vec<SquadParagraph>,
}

#[derive(Deserialize)]
struct SquadParagraph {
    context: String,
    qas: Vec<Qa>,
}

#[derive(Deserialize)]
struct Qa {
    question: String,
    answers: Vec<TrueAnswer>,
}

#[derive(Deserialize)]
struct TrueAnswer {
    text: String,
}

/// A paragraph with what is asked about it.
struct Paragraph {
    article: usize,
    place: usize,
    text: String,
    questions: Vec<Question>,
}

#[derive(Clone)]
struct Question {
    text: String,
    answers: Vec<String>,
    article: usize,
    place: usize,
}

/// What may be searched.
#[derive(Clone, Copy)]
enum Sent {
    All,
    /// All but the paragraphs at the place of the question's own, in whatever article.
    AllButPlace,
    /// All but the question's article and those that share its topics.
    AllButArticle,
}

struct Outcome {
    known: bool,
    /// Whether the message of the first citation holds the true answer.
    cited: bool,
    /// Whether the quoted sentences do.
    quoted: bool,
    took: Duration,
}

/// Sends the paragraphs of `squad` to the producer, waits until they can be found, and asks.
pub(crate) async fn measure(platform: &Platform, squad: &Path) -> anyhow::Result<Table> {
    let http = &reqwest::Client::new();
    let (producer_url, seer_url) = (&platform.producer_url, &platform.seer_url);
    let paragraphs = read(squad)?;
    let places = 1 + paragraphs
        .iter()
        .map(|paragraph| paragraph.place)
        .max()
        .unwrap_or(0);
    send(http, producer_url, &paragraphs).await?;
    indexed(http, seer_url, paragraphs.len() as u64).await?;
    let ask_all = async |sent: Sent| -> anyhow::Result<Vec<Outcome>> {
        let questions = paragraphs
            .iter()
            .flat_map(|paragraph| paragraph.questions.clone());
        let outcomes =
            questions.map(|question| ask(http, seer_url, question, sent, places, &paragraphs));
        stream::iter(outcomes).buffered(AT_ONCE).try_collect().await
    };
    let all = ask_all(Sent::All).await?;
    let without_place = ask_all(Sent::AllButPlace).await?;
    let without_article = ask_all(Sent::AllButArticle).await?;
    let share = |outcomes: &[Outcome], is: &dyn Fn(&Outcome) -> bool| {
        outcomes.iter().filter(|outcome| is(outcome)).count() as f64 / outcomes.len().max(1) as f64
    };
    let mut took: Vec<Duration> = all.iter().map(|outcome| outcome.took).collect();
    took.sort_unstable();
    let median_ms = took
        .get(took.len() / 2)
        .map_or(0.0, |took| took.as_secs_f64() * 1e3);
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    let title = format!("{} questions to {} messages", all.len(), paragraphs.len());
    table.set_header([&title, "measured", "wanted", ""]);
    let not_known = |outcome: &Outcome| !outcome.known;
    for (what, measured, wanted) in [
        (
            "the first citation's message holds the answer",
            share(&all, &|outcome| outcome.cited),
            Wanted::Nothing,
        ),
        (
            "the quoted sentences hold the answer",
            share(&all, &|outcome| outcome.quoted),
            Wanted::Nothing,
        ),
        (
            "“I don't know” although its paragraph was sent",
            share(&all, &not_known),
            Wanted::AtMost(0.10),
        ),
        (
            "“I don't know”, its paragraph not sent",
            share(&without_place, &not_known),
            Wanted::AtLeast(0.80),
        ),
        (
            "“I don't know”, its article not sent",
            share(&without_article, &not_known),
            Wanted::AtLeast(0.80),
        ),
    ] {
        let (wanted, verdict) = wanted.judge(measured, "");
        table.add_row([
            what.to_owned(),
            format!("{measured:.3}"),
            wanted,
            verdict.to_owned(),
        ]);
    }
    table.add_row([
        format!("an answer, {AT_ONCE} at once, p50"),
        format!("{median_ms:.0} ms"),
        String::new(),
        String::new(),
    ]);
    Ok(table)
}

fn read(squad: &Path) -> anyhow::Result<Vec<Paragraph>> {
    let text = std::fs::read(squad).with_context(|| format!("cannot read {}", squad.display()))?;
    let squad: Squad = serde_json::from_slice(&text).context("not in SQuAD's format")?;
    let mut paragraphs = Vec::new();
    for (article, of_article) in squad.data.into_iter().enumerate() {
        for (place, paragraph) in of_article.paragraphs.into_iter().enumerate() {
            let questions = paragraph.qas.into_iter().map(|qa| Question {
                text: qa.question,
                answers: qa.answers.into_iter().map(|answer| answer.text).collect(),
                article,
                place,
            });
            paragraphs.push(Paragraph {
                article,
                place,
                text: paragraph.context,
                questions: questions.collect(),
            });
        }
    }
    Ok(paragraphs)
}

fn topic(article: usize, place: usize) -> String {
    format!("answers-{}-{place}", article % ARTICLE_GROUPS)
}

async fn send(
    http: &reqwest::Client,
    producer_url: &str,
    paragraphs: &[Paragraph],
) -> anyhow::Result<()> {
    for paragraph in paragraphs {
        let topic = topic(paragraph.article, paragraph.place);
        let request = http.post(format!("{producer_url}/produce/{topic}"));
        let answer = request.body(paragraph.text.clone()).send().await?;
        ensure!(
            answer.status().is_success(),
            "the producer answered {}",
            answer.status()
        );
    }
    Ok(())
}

/// Waits until there are at least so many points and all are there.
async fn indexed(http: &reqwest::Client, seer_url: &str, messages: u64) -> anyhow::Result<()> {
    let done = async {
        loop {
            let answer = http.get(format!("{seer_url}/index")).send().await?;
            let index: IndexState = answer.error_for_status()?.json().await?;
            if index.points >= messages && index.lag == Some(0) {
                return anyhow::Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(INDEXED_TIMEOUT, done)
        .await
        .context("the messages are not indexed in time")?
}

async fn ask(
    http: &reqwest::Client,
    seer_url: &str,
    question: Question,
    sent: Sent,
    places: usize,
    paragraphs: &[Paragraph],
) -> anyhow::Result<Outcome> {
    let group = question.article % ARTICLE_GROUPS;
    let topics = (0..ARTICLE_GROUPS).flat_map(|other| (0..places).map(move |place| (other, place)));
    let topics = topics.filter(|(other, place)| match sent {
        Sent::All => true,
        Sent::AllButPlace => *place != question.place,
        Sent::AllButArticle => *other != group,
    });
    let request = AskRequest {
        question: question.text,
        topics: topics.map(|(other, place)| topic(other, place)).collect(),
        ..AskRequest::default()
    };
    let begun = Instant::now();
    let answer = http
        .post(format!("{seer_url}/ask"))
        .json(&request)
        .send()
        .await?;
    let answer: Answer = answer.error_for_status()?.json().await?;
    let took = begun.elapsed();
    let holds = |text: &str| question.answers.iter().any(|answer| text.contains(answer));
    let quoted = answer
        .citations
        .iter()
        .any(|citation| holds(&citation.text));
    // A citation quotes sentences; its message is the paragraph that holds them.
    let message = answer.citations.first().and_then(|citation| {
        let first_quoted = citation.text.get(..citation.text.len().min(40))?;
        paragraphs
            .iter()
            .find(|paragraph| paragraph.text.contains(first_quoted))
    });
    Ok(Outcome {
        known: answer.known,
        cited: message.is_some_and(|message| holds(&message.text)),
        quoted,
        took,
    })
}
