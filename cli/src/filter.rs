//! Which messages a question is about: options of `ask` and `search`.

use clap::Args;
use contract::{
    Timestamp,
    seer::{TOP_K_DEFAULT, TOP_K_MAX},
    topic,
};

use crate::{exit::Failure, moment};

#[derive(Args, Debug)]
pub(crate) struct FilterArgs {
    /// Only messages of this topic; may be given many times
    #[arg(long, short, value_name = "TOPIC")]
    pub(crate) topic: Vec<String>,
    /// Only messages from this time on (2026-01-31T09:30:00Z), or of this age at most (15m, 2h)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub(crate) since: Option<Timestamp>,
    /// Only messages before this time
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub(crate) until: Option<Timestamp>,
    /// Messages to find, at most
    #[arg(long, short = 'k', value_name = "N", default_value_t = TOP_K_DEFAULT as u16,
        value_parser = clap::value_parser!(u16).range(1..=TOP_K_MAX as i64))]
    pub(crate) top_k: u16,
}

impl FilterArgs {
    pub(crate) fn validate(&self) -> Result<(), Failure> {
        let mut names = self.topic.iter();
        names.try_for_each(|name| topic::validate(name).map_err(Failure::usage))
    }
}
