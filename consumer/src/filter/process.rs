//! The other end of a process that evaluates an expression.

use std::{
    os::unix::process::ExitStatusExt, path::Path, process::Stdio, sync::Arc, time::Duration,
};

use anyhow::Context;
use contract::record::RecordView;
use service::{ApiProblem, ApiResult};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::OwnedSemaphorePermit,
    time::timeout,
};

use super::{FilterEnd, Verdict, worker};

/// How long a process may take to start and to read its expression.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an expression may take on one record.
const RECORD_TIMEOUT: Duration = Duration::from_secs(1);

/// What is wrong with an expression that is never read to its end.
const TOO_SLOW: &str = "reading it takes too long";

/// A process that evaluates one expression until it is dropped, which kills it.
pub(super) struct Evaluator {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _room: OwnedSemaphorePermit,
}

impl Evaluator {
    /// Refuses a text that is no expression.
    pub(super) async fn start(
        program: &Path,
        expression: &str,
        room: OwnedSemaphorePermit,
    ) -> ApiResult<Self> {
        let mut evaluator = Self::spawn(program, room).map_err(|error| no_filters(&error))?;
        let answer = timeout(START_TIMEOUT, evaluator.ask(expression)).await;
        let problem = match answer {
            Ok(Ok(problem)) => problem,
            Ok(Err(error)) => Some(evaluator.end(error).await?),
            Err(_) => Some(TOO_SLOW.to_owned()),
        };
        match problem {
            None => Ok(evaluator),
            Some(problem) => Err(ApiProblem::bad_request(
                "invalid-where",
                "The expression is not valid",
                format!(
                    "`where` takes a jq expression such as .value.order == 42; this is none: {problem}."
                ),
            )),
        }
    }

    fn spawn(program: &Path, room: OwnedSemaphorePermit) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .arg(worker::ARGUMENT)
            // An expression can read the environment, and there may be secrets in it.
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output).lines(),
            _room: room,
        })
    }

    /// Hands over the expression; returns what is wrong with it.
    async fn ask(&mut self, expression: &str) -> anyhow::Result<Option<String>> {
        let mut line = serde_json::to_vec(expression)?;
        line.push(b'\n');
        self.input.write_all(&line).await?;
        let answer = self.output.next_line().await?;
        Ok(serde_json::from_str(&answer.context("no answer")?)?)
    }

    /// What is wrong with an expression to which there was no answer; or that it is not to blame.
    async fn end(&mut self, error: anyhow::Error) -> ApiResult<String> {
        let status = timeout(RECORD_TIMEOUT, self.child.wait()).await;
        let status = status.ok().and_then(Result::ok);
        if status.and_then(|status| status.code()) == Some(worker::TOO_SLOW.into()) {
            return Ok(TOO_SLOW.to_owned());
        }
        // Reading what nests too deep takes the stack or the memory, of which the system lets a process die.
        if status.is_some_and(|status| status.signal().is_some()) {
            tracing::debug!(?status, "an expression was not read");
            return Ok("it nests too deep to be read".to_owned());
        }
        let ended = status.map_or_else(|| "still there".to_owned(), |status| status.to_string());
        Err(no_filters(&error.context(format!(
            "the process ({ended}) does not evaluate expressions"
        ))))
    }

    /// Evaluates the expression on each record; after an error never again.
    pub(super) async fn verdicts(
        &mut self,
        records: &[Arc<RecordView>],
    ) -> Result<Vec<Verdict>, FilterEnd> {
        let mut lines = Vec::new();
        for record in records {
            // Our own types always serialise, and a Vec takes all.
            let _ = serde_json::to_writer(&mut lines, &**record);
            lines.push(b'\n');
        }
        let mut verdicts = Vec::with_capacity(records.len());
        // A process that has ended takes no input; that it gives no answers says so.
        let write = async {
            let _ = self.input.write_all(&lines).await;
        };
        let read = async {
            for record in records {
                let line = timeout(RECORD_TIMEOUT, self.output.next_line()).await;
                let line = line.map_err(|_| FilterEnd::TooSlow(record.place()))?;
                let verdict = line.ok().flatten();
                let verdict = verdict.and_then(|line| Verdict::of_line(&line));
                verdicts.push(verdict.ok_or_else(|| FilterEnd::Broken(record.place()))?);
            }
            Ok(())
        };
        let evaluated = tokio::select! {
            biased;
            evaluated = read => evaluated,
            // The writing is done first mostly.
            () = async { write.await; std::future::pending().await } => Ok(()),
        };
        if evaluated.is_err() {
            // An error means that it has ended already.
            let _ = self.child.start_kill();
        }
        evaluated.map(|()| verdicts)
    }
}

/// No expression can be evaluated, whatever it is.
fn no_filters(error: &anyhow::Error) -> ApiProblem {
    tracing::error!(error = format!("{error:#}"), "no process for expressions");
    ApiProblem::unavailable(
        "no-filters",
        "Expressions cannot be evaluated here",
        "The consumer could not start the process that evaluates `where`; its log says why. Look for a `text` instead, which needs none.",
    )
}
