//! A load generator for HTTP/1.1 that takes little of the machine it shares with what it measures: fixed requests,
//! kept connections, one thread, and no more of the answer looked at than needed.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

/// What to send.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// `host:port`
    pub(crate) address: String,
    pub(crate) path: String,
    /// What the caller shows, where callers are asked who they are.
    pub(crate) token: Option<String>,
    pub(crate) body: String,
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// What came back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Load {
    /// Every connection sends its next request when the last is answered. An answer that is no success ends the run.
    pub(crate) async fn run(self) -> anyhow::Result<Answers> {
        tokio::task::spawn_blocking(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(self.run_here())
        })
        .await?
    }

    async fn run_here(self) -> anyhow::Result<Answers> {
        let token = self
            .token
            .map(|token| format!("authorization: Bearer {token}\r\n"));
        let request: std::sync::Arc<[u8]> = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\n{}content-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
            self.path, self.address, token.unwrap_or_default(), self.body.len(), self.body
        )
        .into_bytes()
        .into();
        let started = Instant::now();
        let end = started + self.duration;
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            connections.spawn(drive(stream, request.clone(), end));
        }
        let mut took = Vec::new();
        while let Some(connection) = connections.join_next().await {
            took.extend(connection??);
        }
        let elapsed = started.elapsed();
        took.sort_unstable();
        ensure!(!took.is_empty(), "no answer within {:?}", self.duration);
        Ok(Answers {
            per_second: took.len() as f64 / elapsed.as_secs_f64(),
            p50: took[took.len() / 2],
            p99: took[took.len() * 99 / 100],
        })
    }
}

/// Sends until `end`; the time that each answer took.
async fn drive(
    mut stream: TcpStream,
    request: std::sync::Arc<[u8]>,
    end: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let started = Instant::now();
        if started >= end {
            return Ok(took);
        }
        stream.write_all(&request).await?;
        let mut filled = 0;
        while !is_complete(&buffer[..filled])? {
            ensure!(filled < buffer.len(), "the answer is too long");
            let read = stream.read(&mut buffer[filled..]).await?;
            ensure!(read > 0, "the server closed the connection");
            filled += read;
        }
        took.push(started.elapsed());
    }
}

/// Whether this is a whole answer; fails when it is no success.
fn is_complete(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = answer.split_at(head + 4);
    if !head.starts_with(b"HTTP/1.1 2") {
        bail!("{}", String::from_utf8_lossy(answer));
    }
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("no content-length")?
        .1;
    let length: usize = length.trim().parse()?;
    Ok(body.len() >= length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_complete_with_its_body() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nab";
        assert!(is_complete(answer).unwrap());
        for length in [0, 10, answer.len() - 1] {
            assert!(!is_complete(&answer[..length]).unwrap());
        }
        assert!(is_complete(b"HTTP/1.1 503 Away\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
