//! The life of one message, for every page that shows it.

use std::time::Duration;

use contract::MessageId;
use service::ApiProblem;

use super::Portal;
use crate::{entry::Entry, lookup::Lookup};

/// How long a page may take so that it can show a message as done. Most are done before they are asked for.
const LIFE_WAIT: Duration = Duration::from_secs(1);

/// The life, and why it is not known.
pub(crate) async fn life(portal: &Portal, id: String) -> Lookup {
    let Ok(message_id) = id.parse::<MessageId>() else {
        let problem = ApiProblem::not_found(
            "invalid-id",
            "This is not a message id",
            "A message id looks like 01993f5c-7c1e-7000-8000-000000000000. Copy it from a receipt.",
        );
        return Lookup {
            id,
            entry: None,
            problem: Some(problem.problem),
        };
    };
    let mut entry = portal.recent.find(message_id);
    let problem = match portal.upstream.life(message_id, LIFE_WAIT).await {
        Ok(life) => {
            let known = entry.get_or_insert_with(|| Entry::of_life(life.clone()));
            known.learn(life);
            None
        }
        // The receipt says that it is in the log; the consumer will see it.
        Err(error) if error.problem.status == 404 && entry.is_some() => None,
        Err(error) => Some(error.problem),
    };
    Lookup { id, entry, problem }
}
