//! Which records are wanted, for commands that show them.

use clap::Args;
use contract::Problem;
use reqwest::StatusCode;

use crate::{Failure, Outcome, http::ServiceError};

#[derive(Args, Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Selection {
    /// Only messages of which this jq expression is true. It sees topic, partition, offset, timestamp, key, value, headers
    /// and id
    #[arg(long = "where", value_name = "JQ")]
    pub(crate) expression: Option<String>,
    /// Only messages with this in their key, value or headers, in capital or small letters
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
}

impl Selection {
    /// As the consumer takes it.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let given = [
            ("where", self.expression.clone()),
            ("text", self.text.clone()),
        ];
        given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// What the consumer cannot make sense of stood on the command line.
pub(crate) fn failure(error: ServiceError) -> Failure {
    match &error {
        ServiceError::Problem(Problem { status, .. }) if *status == StatusCode::BAD_REQUEST => {
            Failure {
                outcome: Outcome::Usage,
                cause: error.into(),
            }
        }
        _ => error.into(),
    }
}
