use std::{sync::Arc, time::Duration};

use anyhow::{Context, anyhow};
use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::timeout};
use tokio_postgres::Client;

use super::{address::Address, tls::Tls};

/// Connections that read at once; further questions wait.
const READERS: usize = 4;
/// How long one question may take, the wait for a connection included.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// What PostgreSQL ends by itself when we are gone without a word, so that no lock outlives us for long.
const SESSION: &str =
    "SET idle_in_transaction_session_timeout = '15s'; SET statement_timeout = '60s'";

/// A few connections that read, used by whoever comes next. Made when they are needed, and anew when they were lost.
pub(super) struct Connections {
    address: Arc<Address>,
    free: Semaphore,
    idle: Mutex<Vec<Client>>,
}

impl Connections {
    pub(super) fn new(address: Arc<Address>) -> Self {
        Self {
            address,
            free: Semaphore::new(READERS),
            idle: Mutex::default(),
        }
    }

    /// Questions after it fail.
    pub(super) fn close(&self) {
        self.free.close();
        self.idle.lock().clear();
    }

    /// `ask` gets a connection of its own. One that failed in the middle of something is not used again.
    pub(super) async fn with<T>(
        &self,
        ask: impl AsyncFnOnce(&mut Client) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let answered = timeout(READ_TIMEOUT, async {
            let _permit = self.free.acquire().await?;
            let idle = self.idle.lock().pop().filter(|client| !client.is_closed());
            let mut client = match idle {
                Some(client) => client,
                None => connect(&self.address).await?,
            };
            let answer = ask(&mut client).await?;
            self.idle.lock().push(client);
            Ok(answer)
        });
        let answered = answered
            .await
            .unwrap_or_else(|_| Err(anyhow!("no answer in time")));
        answered.context("cannot read the status store")
    }
}

/// A connection, kept going in the background until its client is dropped.
pub(super) async fn connect(address: &Address) -> anyhow::Result<Client> {
    let tls = Tls(Arc::clone(&address.tls));
    let connected = address.config.connect(tls).await;
    let (client, connection) = connected.with_context(|| away(address))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to PostgreSQL was lost");
        }
    });
    client.batch_execute(SESSION).await?;
    Ok(client)
}

pub(super) fn away(address: &Address) -> String {
    format!(
        "cannot connect to PostgreSQL at {}, which STATUS_DATABASE_URL names",
        address.shown
    )
}
