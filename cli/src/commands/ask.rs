//! `kafkloud ask`: a question to the seer, and its answer as it is written.

use std::io::{self, Read};

use clap::Args;
use contract::{
    Problem, Timestamp,
    seer::{Answer, AnswerMode, AskRequest, Citation},
};
use serde::de::DeserializeOwned;

use crate::{
    Failure, Outcome,
    args::Context,
    filter::FilterArgs,
    http::{Service, ServiceError},
    output::{Output, Paint, printable},
    sse::{Event, Events},
};

#[derive(Args, Debug)]
pub struct AskArgs {
    /// The question; `-` reads it from standard input
    question: String,
    #[command(flatten)]
    filter: FilterArgs,
    /// Ask in this conversation, so that the question may refer to earlier ones: the id that an answer told, or any of your own
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
}

pub(crate) async fn run(args: AskArgs, context: &Context) -> Result<Outcome, Failure> {
    args.filter.validate()?;
    let question = given(args.question)?;
    if question.trim().is_empty() {
        return Err(Failure::usage(
            "there is no question: give it as `kafkloud ask 'What …?'`",
        ));
    }
    let request = AskRequest {
        question,
        topics: args.filter.topic,
        since: args.filter.since.map(|since| since.to_string()),
        until: args.filter.until.map(|until| until.to_string()),
        top_k: Some(args.filter.top_k.into()),
        conversation: args.conversation,
        stream: true,
    };
    let seer = Service::seer(&context.endpoints)?;
    let output = &context.output;
    let answer = follow(&seer, &request, output).await?;
    if output.json {
        output.json_line(&answer)?;
    } else {
        print_notes(&answer, output)?;
    }
    Ok(if answer.known {
        Outcome::Done
    } else {
        Outcome::NotYet
    })
}

/// Text from the command line, or all of standard input.
pub(crate) fn given(text: String) -> Result<String, Failure> {
    if text != "-" {
        return Ok(text);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}

/// Asks, and prints the answer's text: for somebody who watches as it is written, else when it is complete.
async fn follow(seer: &Service, request: &AskRequest, output: &Output) -> Result<Answer, Failure> {
    let request = seer.client.post(seer.url(&["ask"])).json(request);
    let mut events = Events::new(seer.send(request).await?);
    let watched = output.terminal && !output.json;
    let mut shown = String::new();
    let answer: Answer = loop {
        let next = events
            .next()
            .await
            .map_err(|error| seer.body_error(&error))?;
        let Some(event) = next else {
            return Err(seer.broken("the answer ended too early").into());
        };
        match event.name.as_str() {
            "token" if watched => {
                let token: String = parse(seer, &event)?;
                output.growing(&token)?;
                shown.push_str(&token);
            }
            // The text so far does not count; another follows.
            "restart" if watched && !shown.is_empty() => {
                output.growing("\n\n")?;
                shown.clear();
            }
            "done" => break parse(seer, &event)?,
            "problem" => {
                let problem: Problem = parse(seer, &event)?;
                return Err(ServiceError::Problem(problem).into());
            }
            _ => {}
        }
    };
    if !output.json {
        if shown != answer.answer {
            // What was shown is not what counts, as when a language model broke off in the middle.
            let line_end = if shown.is_empty() { "" } else { "\n\n" };
            output.growing(line_end)?;
            output.growing(&answer.answer)?;
        }
        output.line("")?;
    }
    Ok(answer)
}

fn parse<T: DeserializeOwned>(seer: &Service, event: &Event) -> Result<T, ServiceError> {
    serde_json::from_str(&event.data).map_err(|error| seer.unexpected(&error))
}

/// What is to be said about an answer: what it rests on, and what it lacks.
fn print_notes(answer: &Answer, output: &Output) -> Result<(), Failure> {
    for sentence in &answer.unsupported {
        let sentence = printable(sentence);
        output.warn(format!(
            "unsupported, the messages do not say it: {sentence}"
        ));
    }
    if let Some(reason) = &answer.degraded {
        output.warn(format!("less than it could be: {}", printable(reason)));
    }
    if !answer.citations.is_empty() {
        output.line("")?;
    }
    for citation in &answer.citations {
        print_citation(citation, output)?;
    }
    let mode = match answer.mode {
        AnswerMode::Extractive => "extractive: sentences of the messages themselves",
        AnswerMode::Model => "written by a language model",
        AnswerMode::Operation => "from the status of messages",
    };
    output.hint(match &answer.conversation {
        Some(id) => format!("{mode}; to follow up: --conversation {}", printable(id)),
        None => mode.to_owned(),
    });
    Ok(())
}

fn print_citation(citation: &Citation, output: &Output) -> Result<(), Failure> {
    let Citation {
        n,
        topic,
        partition,
        offset,
        ..
    } = citation;
    let number = output.paint(Paint::Bold, &format!("[{n}]"));
    let place = format!("{}:{partition}:{offset}", printable(topic));
    let key = citation.key.as_deref().map(printable);
    let at = citation.timestamp.map(Timestamp::from_millis);
    let facts = [
        at.map(|at| at.to_string()),
        key.map(|key| format!("key {key}")),
    ];
    let facts: String = facts
        .into_iter()
        .flatten()
        .map(|fact| format!("  {fact}"))
        .collect();
    output.line(format!("{number} {place}  {}{facts}", citation.id))?;
    let text = printable(&citation.text);
    output.line(format!("    {}", output.paint(Paint::Dim, &text)))
}
