//! Records as they are printed.

use clap::ValueEnum;
use contract::{Timestamp, record::RecordView};

use crate::{
    Failure,
    output::{Output, Paint, printable},
};

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// Position, time, key and value
    #[default]
    Record,
    /// The value alone
    Value,
}

impl Format {
    pub(crate) fn print(self, record: &RecordView, output: &Output) -> Result<(), Failure> {
        let value = record.value.as_deref().unwrap_or_default();
        match self {
            Self::Value if output.json => output.json_line(&record.value),
            Self::Value if output.terminal => output.line(printable(value)),
            Self::Value => output.line(value),
            Self::Record if output.json => output.json_line(record),
            Self::Record => {
                let place = format!("{}:{}:{}", record.topic, record.partition, record.offset);
                let at = record.timestamp.map(Timestamp::from_millis);
                output.line(format!(
                    "{}  {}  {}  {}",
                    output.paint(Paint::Dim, &place),
                    at.map_or_else(|| "-".to_owned(), |at| at.to_string()),
                    printable(record.key.as_deref().unwrap_or("-")),
                    printable(value),
                ))
            }
        }
    }
}
