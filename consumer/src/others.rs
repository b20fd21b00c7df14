//! What other replicas fold into a shared store, for those who watch here: any replica tells everything live.

use std::sync::Arc;

use contract::Stage;
use service::CancellationToken;
use tokio::sync::mpsc;

use crate::{
    lives::Lives,
    store::{FoldedByOthers, StageCounts, StatusStore},
    totals::Totals,
};

pub(crate) struct Others {
    pub(crate) folded: mpsc::Receiver<FoldedByOthers>,
    pub(crate) store: Arc<dyn StatusStore>,
    pub(crate) totals: Arc<Totals>,
    pub(crate) lives: Arc<Lives>,
}

impl Others {
    /// Shows it until `stop`.
    pub(crate) async fn follow(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        while let Some(Some(folded)) = stop.run_until_cancelled(self.folded.recv()).await {
            match folded {
                FoldedByOthers::Part(folded) => {
                    self.totals.reach(&folded.totals);
                    self.lives.show(&*self.store, &folded.changed).await;
                }
                FoldedByOthers::Unknown => self.look_again().await,
            }
        }
        // The store tells as long as it is open.
        stop.cancelled().await;
        Ok(())
    }

    async fn look_again(&self) {
        match self.store.totals().await {
            Ok(totals) => {
                let missed = changes(&self.totals.reach(&totals));
                self.lives.show_after_gap(&*self.store, missed).await;
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::warn!(error, "cannot read the totals of the status store");
            }
        }
    }
}

/// How often a life has changed: a record brings the first rungs at once.
fn changes(reached: &StageCounts) -> u64 {
    let stages = [Stage::Consumed, Stage::Indexed, Stage::Dead];
    stages.map(|stage| reached.get(stage)).iter().sum()
}
