//! What one replica folds, told to the others.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use contract::{MessageId, Stage};
use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Transaction, types::Type};
use uuid::Uuid;

use super::{address::Address, connections::away, fold::totals, tls::Tls};
use crate::store::{Folded, FoldedByOthers};

/// Ids of one notification: its text may have 8000 bytes.
const IDS_MAX: usize = 200;
/// How long PostgreSQL is left alone after it could not be listened to.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Stores of one database do not hear each other.
fn channel(store: Uuid) -> String {
    format!("kafkloud_{}", store.simple())
}

/// Sent when the transaction is durable.
pub(super) async fn tell(
    transaction: &Transaction<'_>,
    store: Uuid,
    replica: Uuid,
    folded: &Folded,
) -> anyhow::Result<()> {
    let parts = folded.changed.chunks(IDS_MAX);
    let texts: Vec<String> = parts.map(|ids| write(replica, folded, ids)).collect();
    transaction
        .execute_typed(
            "SELECT pg_notify($1, text) FROM unnest($2) AS text",
            &[(&channel(store), Type::TEXT), (&texts, Type::TEXT_ARRAY)],
        )
        .await?;
    Ok(())
}

/// The replica; the totals; the ids.
fn write(replica: Uuid, folded: &Folded, ids: &[MessageId]) -> String {
    let totals = Stage::ALL.map(|stage| folded.totals.get(stage).to_string());
    let ids: Vec<String> = ids.iter().map(|id| id.0.simple().to_string()).collect();
    format!(
        "{};{};{}",
        replica.simple(),
        totals.join(","),
        ids.join(",")
    )
}

fn read(text: &str) -> Option<(Uuid, Folded)> {
    let mut parts = text.split(';');
    let replica = parts.next()?.parse().ok()?;
    let numbers: Result<Vec<i64>, _> = parts.next()?.split(',').map(str::parse).collect();
    let ids: Result<Vec<Uuid>, _> = parts.next()?.split(',').map(str::parse).collect();
    let folded = Folded {
        changed: ids.ok()?.into_iter().map(MessageId).collect(),
        totals: totals(&numbers.ok()?),
    };
    Some((replica, folded))
}

/// Tells what other replicas than `replica` have folded, until nobody wants to know.
pub(super) async fn listen(
    address: Arc<Address>,
    store: Uuid,
    replica: Uuid,
    others: mpsc::Sender<FoldedByOthers>,
) {
    while !others.is_closed() {
        let heard = tokio::select! {
            heard = listen_once(&address, store, replica, &others) => heard,
            () = others.closed() => return,
        };
        if let Err(error) = heard {
            let error = format!("{error:#}");
            tracing::warn!(error, "cannot hear what other replicas fold; trying again");
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

async fn listen_once(
    address: &Address,
    store: Uuid,
    replica: Uuid,
    others: &mpsc::Sender<FoldedByOthers>,
) -> anyhow::Result<()> {
    let connected = address.config.connect(Tls(Arc::clone(&address.tls))).await;
    let (client, mut connection) = connected.with_context(|| away(address))?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let listening = format!("LISTEN {}", channel(store));
    let mut listening = Box::pin(client.batch_execute(&listening));
    let mut is_listening = false;
    loop {
        let message = tokio::select! {
            listened = &mut listening, if !is_listening => {
                listened?;
                is_listening = true;
                // Nothing is missed from here on; what was before is not known.
                others.send(FoldedByOthers::Unknown).await?;
                continue;
            }
            message = messages.next() => message,
        };
        match message.context("the connection was lost")?? {
            AsyncMessage::Notification(notification) => {
                if let Some((by, folded)) = read(notification.payload())
                    && by != replica
                {
                    others.send(FoldedByOthers::Part(folded)).await?;
                }
            }
            AsyncMessage::Notice(notice) => tracing::debug!(%notice, "PostgreSQL says"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StageCounts;

    #[test]
    fn what_is_told_is_read_back_and_fits() {
        let mut totals = StageCounts::default();
        for stage in Stage::ALL {
            totals.add(stage, u64::try_from(i64::MAX).unwrap() - stage as u64);
        }
        let ids = (0..IDS_MAX as i64).map(|offset| MessageId::of_record("t", 0, offset));
        let folded = Folded {
            changed: ids.collect(),
            totals,
        };
        let replica = Uuid::from_u128(7);
        let text = write(replica, &folded, &folded.changed);
        assert!(text.len() < 8000, "{}", text.len());
        let (by, heard) = read(&text).unwrap();
        assert_eq!(
            (by, heard.changed, heard.totals),
            (replica, folded.changed, totals)
        );
        for nothing in ["", "x", ";;", "00000000000000000000000000000007;1;x"] {
            assert!(read(nothing).is_none(), "{nothing:?}");
        }
    }
}
